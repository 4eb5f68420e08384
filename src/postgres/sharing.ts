/**
 * What several ferrata processes need to share one server: a lock file, and a folder in which each process that uses
 * the server has a file. Both survive the death of their owner: a file counts only while its process lives.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FerrataError } from '../errors.ts';

const LOCK_TIMEOUT_MS = 150_000;

/** `<pid>-<start>`: a process id alone is used again, the moment of its start is not. */
export function processMark(pid = process.pid): string {
  return `${pid}-${startOf(pid)}`;
}

/** Whether the process that left this mark still lives. */
export function isAlive(mark: string): boolean {
  const [pid, start] = mark.split('-');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(Number(pid)) === start;
}

/** Field 22 of /proc/<pid>/stat; elsewhere `0`, and the process id has to do. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '0';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in field 2 may hold blanks and brackets: count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? '0');
  } catch {
    return 'gone';
  }
}

/** Runs `work` while no other process does with the same lock file. Throws `server-start` after a long wait. */
export async function withLockFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  const mine = `${path}.${processMark()}.${randomBytes(4).toString('hex')}`;
  await writeFile(mine, processMark());
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  try {
    while (!(await take(mine, path))) {
      if (Date.now() > deadline) {
        const holder = await readFile(path, 'utf8').catch(() => '?');
        throw new FerrataError('server-start', 'Another ferrata is starting or stopping the server', {
          why: `Process ${holder.split('-')[0]} has held ${path} for ${LOCK_TIMEOUT_MS / 1000} s.`,
          hint: `If that process hangs, end it; the lock then frees itself.`,
        });
      }
      await sleep(15 + Math.random() * 20);
    }
    try {
      return await work();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** A hard link appears whole or not at all, so that nobody ever reads a lock without its owner. */
async function take(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = await readFile(path, 'utf8').catch(() => null);
  if (holder === null || isAlive(holder)) return false;
  // Moved away under a name of our own first: of several that see a dead owner only one gets it, and one that by then
  // has caught a living owner's lock puts it back.
  const caught = `${mine}.stale`;
  try {
    await rename(path, caught);
    const owner = await readFile(caught, 'utf8');
    if (isAlive(owner)) await link(caught, path).catch(() => {});
    await rm(caught, { force: true });
  } catch {
    // Somebody else was quicker.
  }
  return false;
}

let counter = 0;

/** Puts a file for this use into the folder; returns its path. */
export async function register(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${processMark()}-${++counter}`);
  await writeFile(path, '');
  return path;
}

/** How many living uses the folder holds; files of dead processes are removed. */
export async function countUsers(folder: string): Promise<number> {
  let living = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    if (isAlive(name)) living++;
    else await rm(join(folder, name), { force: true });
  }
  return living;
}

/** As `countUsers`, for exit hooks: without waiting, and without this process' own files, which are removed. */
export function countOthersNow(folder: string): number {
  let living = 0;
  const own = `${processMark()}-`;
  for (const name of readNames(folder)) {
    if (name.startsWith(own) || !isAlive(name)) removeNow(join(folder, name));
    else living++;
  }
  return living;
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function removeNow(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // removed by somebody else
  }
}
