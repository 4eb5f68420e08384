/**
 * The development server of a project: it lives in `.ferrata/postgres/<major>`, is started by the first command that
 * needs it, shared by all that run at the same time, and stopped by the last one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FerrataError } from '../errors.ts';
import type { Connector } from './connection.ts';
import { findServers, type ServerPrograms } from './programs.ts';
import { adoptServer, type RunningServer, startServer } from './server.ts';
import { countOthersNow, countUsers, isAlive, register, withLockFile } from './sharing.ts';

/** The database that commands use when the settings name none. */
export const EMBEDDED_DATABASE = 'ferrata_dev';

export interface EmbeddedServer {
  /** To `EMBEDDED_DATABASE`. */
  readonly connector: Connector;
  readonly server: RunningServer;
  /** Ends this use; the last use stops the server, unless somebody asked to keep it. */
  release(): Promise<void>;
  /** The server goes on after the last release, until `stopEmbedded` or the machine stops it. */
  keep(): void;
}

interface Places {
  readonly base: string;
  readonly data: string;
  readonly clients: string;
  readonly lock: string;
  readonly kept: string;
}

function placesOf(directory: string, major: number): Places {
  const base = join(directory, 'postgres', String(major));
  return {
    base,
    data: join(base, 'data'),
    clients: join(base, 'clients'),
    lock: join(base, 'lock'),
    kept: join(base, 'keep'),
  };
}

/**
 * The development server under `directory` (`.ferrata`), running. Without `major`: the one that is there already, else
 * the newest that can be started. Throws `server-programs-missing`, `server-start`.
 */
export async function useEmbedded(directory: string, major?: number): Promise<EmbeddedServer> {
  const programs = await choosePrograms(directory, major);
  const places = placesOf(directory, programs.major);
  await mkdir(places.base, { recursive: true });
  return await withLockFile(places.lock, async () => {
    await countUsers(places.clients); // sweeps what dead processes left
    const server =
      (await adoptServer(places.data)) ??
      (await startServer({ programs, dataDir: places.data, fsync: true, shared: true }));
    await ensureDatabase(server);
    const client = await register(places.clients);
    watchExit(places, server.pid);
    let released: Promise<void> | null = null;
    return {
      connector: server.connector(EMBEDDED_DATABASE),
      server,
      release: () => {
        released ??= release(places, server, client);
        return released;
      },
      keep: () => writeFileSync(places.kept, String(server.pid)),
    };
  });
}

/** Stops the development server whoever uses it, kept or not. Returns false when none was running. */
export async function stopEmbedded(directory: string, major: number): Promise<boolean> {
  const places = placesOf(directory, major);
  if (!(await readdir(places.base).catch(() => null))) return false;
  return await withLockFile(places.lock, async () => {
    const server = await adoptServer(places.data);
    await rm(places.kept, { force: true });
    await server?.stop();
    return server !== null;
  });
}

async function release(places: Places, server: RunningServer, client: string): Promise<void> {
  await withLockFile(places.lock, async () => {
    await rm(client, { force: true });
    if ((await countUsers(places.clients)) > 0 || isKept(places, server.pid)) return;
    unwatchExit(places);
    await server.stop();
  });
}

/** A mark for an earlier server of the same place says nothing about this one. */
function isKept(places: Places, pid: number): boolean {
  try {
    return readFileSync(places.kept, 'utf8').trim() === String(pid);
  } catch {
    return false;
  }
}

async function choosePrograms(directory: string, major: number | undefined): Promise<ServerPrograms> {
  const servers = await findServers(directory);
  const wanted = major ?? (await existingMajor(directory));
  const chosen = wanted === null ? servers[0] : servers.find((server) => server.major === wanted);
  if (chosen !== undefined) return chosen;
  const found = servers.map((server) => server.version).join(', ') || 'none';
  throw new FerrataError(
    'server-programs-missing',
    wanted === null
      ? 'There is no PostgreSQL server on this machine to start'
      : `There is no PostgreSQL ${wanted} on this machine to start`,
    {
      why: `Found: ${found}.${wanted !== null && major === undefined ? ` The development data under ${directory} is of PostgreSQL ${wanted}.` : ''}`,
      hint: `Run: ferrata servers install ${wanted ?? 18}. Or name a database: DATABASE_URL, or --url.`,
    },
  );
}

async function existingMajor(directory: string): Promise<number | null> {
  const names = await readdir(join(directory, 'postgres')).catch(() => []);
  const majors: number[] = [];
  for (const name of names.filter((entry) => /^\d+$/.test(entry))) {
    const { data } = placesOf(directory, Number(name));
    const there = await readFile(join(data, 'PG_VERSION'), 'utf8')
      .catch(() => readFile(`${data}.location`, 'utf8'))
      .catch(() => null);
    if (there !== null) majors.push(Number(name));
  }
  return majors.length === 0 ? null : Math.max(...majors);
}

async function ensureDatabase(server: RunningServer): Promise<void> {
  const connection = await server.connector('postgres').connect('start');
  try {
    const found = await connection.rows('SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1', [
      EMBEDDED_DATABASE,
    ]);
    if (found.length === 0) await connection.script(`CREATE DATABASE ${EMBEDDED_DATABASE}`);
  } finally {
    await connection.close();
  }
}

const watched = new Map<string, { readonly places: Places; readonly pid: number }>();
let hooked = false;

/** A process that ends without `release` must not leave the server to nobody. */
function watchExit(places: Places, pid: number): void {
  watched.set(places.base, { places, pid });
  if (hooked) return;
  hooked = true;
  process.on('exit', leaveNow);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      // Who else listens decides how the process ends, and `exit` comes then.
      if (process.listenerCount(signal) > 0) return;
      leaveNow();
      process.kill(process.pid, signal);
    });
  }
}

function unwatchExit(places: Places): void {
  watched.delete(places.base);
}

function leaveNow(): void {
  for (const { places, pid } of watched.values()) {
    const others = countOthersNow(places.clients);
    // Whoever holds the lock is about to use or stop the server, and looks for itself.
    if (others > 0 || isKept(places, pid) || isLocked(places.lock)) continue;
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // stopped already
    }
  }
  watched.clear();
}

function isLocked(lock: string): boolean {
  try {
    return isAlive(readFileSync(lock, 'utf8'));
  } catch {
    return false;
  }
}
