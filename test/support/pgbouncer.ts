/**
 * A real PgBouncer in transaction mode before a test server, on a free port, gone after `stop`.
 */
import { spawn } from 'node:child_process';
import { access, constants, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { own, serverAccount, spawnAs } from '../../src/postgres/account.ts';
import { createConnector } from '../../src/postgres/connect.ts';
import type { Connector } from '../../src/postgres/connection.ts';

export interface PgBouncer {
  readonly port: number;
  /** Through the pooler to this database of the server. */
  connector(database: string): Connector;
  url(database: string): string;
  stop(): Promise<void>;
}

/** Whether PgBouncer is on this machine; with CI=true its absence is an error. */
export async function hasPgBouncer(): Promise<boolean> {
  if ((await findPgBouncer()) !== null) return true;
  const message = 'PgBouncer is not on this machine: scripts/install-test-tools.sh installs it.';
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(message);
  return false;
}

/**
 * Starts PgBouncer in transaction mode.
 * @param target a URL of the server, with its password
 * @param settings more of pgbouncer.ini, e.g. `{ default_pool_size: '1' }`
 */
export async function startPgBouncer(
  target: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncer> {
  const program = await findPgBouncer();
  if (program === null) throw new Error('PgBouncer is not on this machine.');
  const account = await serverAccount();
  const { hostname, port: serverPort, username, password } = new URL(target);
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-pgbouncer-'));
  await own(folder, account);
  const port = await freePort();
  const ini = join(folder, 'pgbouncer.ini');
  const options = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: '5',
    logfile: join(folder, 'log'),
    ...settings,
  };
  await writeFile(
    ini,
    [
      '[databases]',
      `* = host=${hostname} port=${serverPort} user=${username} password='${decodeURIComponent(password)}'`,
      '[pgbouncer]',
      ...Object.entries(options).map(([name, value]) => `${name} = ${value}`),
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  await own(ini, account);
  const child = spawn(program, ['-q', ini], { ...spawnAs(account), stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const killNow = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killNow);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', killNow);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await exited;
      clearTimeout(timer);
    }
    await rm(folder, { recursive: true, force: true });
  };
  const url = (database: string): string => `postgres://${username}@127.0.0.1:${port}/${database}`;
  try {
    await ready(port);
  } catch (error) {
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
    await stop();
    throw new Error(`PgBouncer did not start: ${log}`, { cause: error });
  }
  return { port, url, connector: (database) => createConnector(url(database)), stop };
}

/** It listens; whether it reaches its server is for the test to see. */
async function ready(port: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    if (attempt === 200) throw new Error('It does not listen.');
    await sleep(20);
  }
}

async function findPgBouncer(): Promise<string | null> {
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/sbin',
    '/usr/local/sbin',
    '/opt/homebrew/bin',
  ];
  for (const folder of folders) {
    const path = join(folder, 'pgbouncer');
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return null;
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
          : reject(new Error('no port')),
      );
    });
  });
}
