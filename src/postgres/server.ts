/**
 * Starts and stops PostgreSQL servers of our own: scratch servers, which end with the process, and the development
 * server, which several processes share.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { access, mkdir, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FerrataError, isFerrataError } from '../errors.ts';
import {
  type Account,
  canUse,
  own,
  privateFolder,
  runnableBindir,
  serverAccount,
  spawnAs,
} from './account.ts';
import { createConnector } from './connect.ts';
import type { Connector } from './connection.ts';
import { guard } from './guardian.ts';
import { copyTemplate, initialise, isInitialised, passwordFile, readPassword, SUPERUSER } from './initdb.ts';
import type { ServerPrograms } from './programs.ts';

export interface StartOptions {
  readonly programs: ServerPrograms;
  /** Made when it does not exist. Where the server's account can't use it, another place is used (`RunningServer.dataDir`). */
  readonly dataDir: string;
  /** 0 or absent: a free loopback port. */
  readonly port?: number;
  /** False for scratch data: nothing is flushed, a crash of the machine may destroy it. */
  readonly fsync: boolean;
  /** Server settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** True: the server outlives this process. False (default): it ends with it, whatever happens. */
  readonly shared?: boolean;
  /** True: `stop`, and the end of this process, remove the data directory. */
  readonly remove?: boolean;
}

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  readonly major: number;
  /** Where the data really is. */
  readonly dataDir: string;
  connector(database?: string): Connector;
  /** With the password: only for other processes of ours. */
  url(database?: string): string;
  /** Ends sessions, shuts down, waits until the server is gone; more than once does nothing. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;
const PORT_ATTEMPTS = 5;

/**
 * Starts a server on 127.0.0.1 and waits until it takes connections. An empty data directory is initialised (scratch:
 * copied from a template). Throws `server-start` with the end of the server's log.
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const account = await serverAccount();
  const bindir = await runnableBindir(options.programs.bindir, account);
  const dataDir = await placeData(options.dataDir, account, options.remove !== true);
  if (!(await isInitialised(dataDir))) {
    if (options.fsync) await initialise(options.programs, bindir, dataDir, account);
    else await copyTemplate(options.programs, bindir, dataDir, account);
  }
  await clearStalePid(dataDir);
  for (let attempt = 1; ; attempt++) {
    const port = options.port || (await freePort());
    try {
      return await launch({ ...options, port }, bindir, dataDir, account);
    } catch (error) {
      // Between finding a free port and using it somebody else may take it.
      const taken =
        isFerrataError(error) && /Address already in use|could not bind/.test(error.details.why ?? '');
      if (!taken || options.port || attempt === PORT_ATTEMPTS) {
        if (options.remove === true) await removeData(dataDir);
        throw error;
      }
    }
  }
}

/** A scratch server with a new data directory under `directory` (`.ferrata`), gone with `stop` or with this process. */
export async function startScratchServer(
  programs: ServerPrograms,
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const dataDir = join(directory, 'scratch', `${programs.major}-${randomBytes(6).toString('hex')}`);
  return await startServer({ programs, dataDir, fsync: false, remove: true, settings });
}

/** A server that somebody else started on this data directory; null when none runs. */
export async function adoptServer(dataDir: string): Promise<RunningServer | null> {
  const actual = await followPointer(dataDir);
  const running = await readPostmaster(actual);
  if (running === null || !(await isPostmaster(running.pid, actual))) return null;
  const password = await readPassword(actual).catch(() => null);
  if (password === null) return null;
  const major = Number.parseInt(await readFile(join(actual, 'PG_VERSION'), 'utf8'), 10);
  const url = urlFor(running.port, password);
  await waitReady(createConnector(url('postgres')), null, actual);
  return {
    ...running,
    major,
    dataDir: actual,
    url: (database = 'postgres') => url(database),
    connector: (database = 'postgres') => createConnector(url(database)),
    stop: () => stopPid(running.pid, actual, 'SIGINT'),
  };
}

/** The pid and port that the postmaster wrote down; null when the file is not there or not complete. */
export async function readPostmaster(dataDir: string): Promise<{ pid: number; port: number } | null> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return Number.isInteger(pid) && pid > 0 && Number.isInteger(port) && port > 0 ? { pid, port } : null;
}

/** Where the data directory of this name really is (see `placeData`). */
export async function followPointer(dataDir: string): Promise<string> {
  const pointed = await readFile(pointerFile(dataDir), 'utf8').catch(() => null);
  return pointed === null ? dataDir : pointed.trim();
}

function pointerFile(dataDir: string): string {
  return `${dataDir}.location`;
}

/**
 * Makes the folder, or, where the server's account can't reach it (a project under /root), one in a private place; for
 * durable data a file `<name>.location` then says where.
 */
async function placeData(dataDir: string, account: Account | null, durable: boolean): Promise<string> {
  const before = await followPointer(dataDir);
  if (before !== dataDir && (await isInitialised(before))) return before;
  try {
    await mkdir(dirname(dataDir), { recursive: true });
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await own(dataDir, account);
  } catch (cause) {
    throw new FerrataError('server-start', `The data directory ${dataDir} can not be made`, {
      why: cause instanceof Error ? cause.message : undefined,
      hint: `Check that you may write in ${dirname(dataDir)}.`,
      cause,
    });
  }
  if (canUse(account, dataDir, 'write')) return dataDir;
  const name = `${basename(dataDir)}-${randomBytes(6).toString('hex')}`;
  const data = join(await privateFolder(account, durable), 'data');
  await mkdir(data, { recursive: true, mode: 0o700 });
  await own(data, account);
  const actual = join(data, name);
  await mkdir(actual, { mode: 0o700 });
  await own(actual, account);
  await rm(dataDir, { recursive: true, force: true });
  if (durable) {
    await writeFile(pointerFile(dataDir), `${actual}\n`);
    await writeFile(`${actual}.owner`, `${dataDir}\n`);
    await sweepAbandoned(data);
  }
  return actual;
}

/**
 * Removes data whose project lay in the temporary folder and is gone (tests, trials). Data of any other project stays:
 * a folder that is missing may be on a disk that is not mounted.
 */
async function sweepAbandoned(folder: string): Promise<void> {
  const temporary = await realpath(tmpdir());
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.owner')) continue;
    const owner = (await readFile(join(folder, name), 'utf8').catch(() => '')).trim();
    const dataDir = join(folder, name.slice(0, -'.owner'.length));
    if (!owner.startsWith(join(temporary, '/')) || (await exists(dirname(owner)))) continue;
    const running = await readPostmaster(dataDir);
    if (running !== null && (await isPostmaster(running.pid, dataDir))) continue;
    await removeData(dataDir);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** PostgreSQL refuses to start when the pid in a left-over file belongs to any process by now, in containers often. */
async function clearStalePid(dataDir: string): Promise<void> {
  const running = await readPostmaster(dataDir);
  if (running !== null && (await isPostmaster(running.pid, dataDir))) {
    throw new FerrataError('server-start', `A server is running on ${dataDir} already`, {
      why: `Its process id is ${running.pid}, its port ${running.port}.`,
      hint: 'Use it, or stop it first.',
      data: { pid: running.pid, port: running.port },
    });
  }
  await rm(join(dataDir, 'postmaster.pid'), { force: true });
}

async function isPostmaster(pid: number, dataDir: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  if (process.platform !== 'linux') return true;
  // The postmaster works in its data directory; a zombie's folder can't be read.
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(dataDir));
  } catch {
    return false;
  }
}

async function launch(
  options: StartOptions & { readonly port: number },
  bindir: string,
  dataDir: string,
  account: Account | null,
): Promise<RunningServer> {
  const { port, programs } = options;
  const password = await readPassword(dataDir);
  const url = urlFor(port, password);
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // A socket file would need a folder that both accounts reach, and its path is often too long.
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_destination: 'stderr',
    ...(!options.fsync && {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_wal_size: '4GB',
    }),
    ...options.settings,
  };
  const log = `${dataDir}.log`;
  const logFile = openSync(log, 'w', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(
      join(bindir, 'postgres'),
      ['-D', dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      // Detached: Ctrl-C in the terminal must not reach the server before we have finished with it.
      { ...spawnAs(account), stdio: ['ignore', logFile, logFile], detached: true },
    );
  } finally {
    closeSync(logFile);
  }
  const ended: Ended = { how: null };
  child.once('exit', (code, signal) => {
    ended.how = signal ?? `exit code ${code}`;
  });
  child.once('error', (error) => {
    ended.how = error.message;
  });
  child.unref();
  const pid = child.pid ?? 0;
  const release = options.shared === true ? () => {} : guard(pid, dataDir, options.remove === true);
  const connector = createConnector(url('postgres'));
  try {
    await waitReady(connector, ended, dataDir);
  } catch (error) {
    if (ended.how === null) await stopPid(pid, dataDir, 'SIGQUIT', ended);
    release();
    throw error;
  }
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    // What is thrown away needs no checkpoint.
    await stopPid(pid, dataDir, options.remove === true ? 'SIGQUIT' : 'SIGINT', ended);
    release();
    if (options.remove === true) await removeData(dataDir);
  };
  return {
    pid,
    port,
    major: programs.major,
    dataDir,
    url: (database = 'postgres') => url(database),
    connector: (database = 'postgres') => createConnector(url(database)),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface Ended {
  how: string | null;
}

async function waitReady(connector: Connector, ended: Ended | null, dataDir: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (let wait = 10; ; wait = Math.min(wait * 1.3, 100)) {
    try {
      const connection = await connector.connect('start');
      await connection.close();
      return;
    } catch (error) {
      const refused = !isFerrataError(error) || error.code !== 'server-unreachable';
      if (refused) throw error;
    }
    if (ended?.how || Date.now() > deadline) {
      throw new FerrataError('server-start', 'The PostgreSQL server did not start', {
        why: [
          ended?.how ? `It ended with ${ended.how}.` : 'It took no connection in time.',
          await logTail(dataDir),
        ]
          .filter((part) => part !== '')
          .join('\n'),
        hint: `The whole log is in ${dataDir}.log.`,
      });
    }
    await sleep(wait);
  }
}

async function logTail(dataDir: string): Promise<string> {
  const text = await readFile(`${dataDir}.log`, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-12).join('\n');
}

async function stopPid(
  pid: number,
  dataDir: string,
  signal: 'SIGINT' | 'SIGQUIT',
  ended: Ended | null = null,
): Promise<void> {
  const gone = async (): Promise<boolean> =>
    ended === null ? !(await isPostmaster(pid, dataDir)) : ended.how !== null;
  if (pid === 0 || (await gone())) return;
  const send = (name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {
      // It has just ended.
    }
  };
  send(signal);
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  let hard = false;
  while (!(await gone())) {
    if (Date.now() > deadline && !hard) {
      // Immediate shutdown: safe, the next start recovers (PostgreSQL manual, 18.5).
      send('SIGQUIT');
      hard = true;
    }
    if (Date.now() > deadline + STOP_TIMEOUT_MS) return;
    await sleep(10);
  }
}

async function removeData(dataDir: string): Promise<void> {
  for (const path of [dataDir, passwordFile(dataDir), `${dataDir}.log`, `${dataDir}.owner`]) {
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

function urlFor(port: number, password: string): (database: string) => string {
  return (database) =>
    `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new FerrataError('server-start', 'There is no free port on 127.0.0.1')),
      );
    });
  });
}
