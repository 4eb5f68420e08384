/**
 * One file of a backup: a stream, compressed, where asked encrypted, hashed as it goes to disk; and the way back.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PassThrough, type Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { FerrataError, isFerrataError } from '../../errors.ts';
import type { BackupKey } from './encryption.ts';

/** Opens the file that is written to; tests put a full disk in its place. */
export type OpenFile = (path: string) => Writable;

export const openFile: OpenFile = (path) => createWriteStream(path, { flags: 'wx', mode: 0o600 });

export interface WrittenFile {
  /** The name inside the backup's folder. */
  readonly file: string;
  readonly bytes: number;
  /** Hex, of the bytes on disk. */
  readonly sha256: string;
}

/** Speed counts more than the last per cent: the server waits with a snapshot open. */
const GZIP_LEVEL = 3;

/**
 * Writes `source` to `<folder>/<name>.gz`, with `.enc` behind it where there is a key, and syncs it to disk.
 * Rejects with the stream's error; what was written so far stays for the caller to remove.
 */
export async function writeArchive(
  folder: string,
  name: string,
  source: Readable,
  key: BackupKey | null,
  openTarget: OpenFile = openFile,
): Promise<WrittenFile> {
  const file = `${name}.gz${key === null ? '' : '.enc'}`;
  const path = join(folder, file);
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const encryption = key === null ? new PassThrough() : key.encrypt(file);
  await pipeline(source, createGzip({ level: GZIP_LEVEL }), encryption, measured, openTarget(path));
  await syncPath(path);
  return { file, bytes, sha256: hash.digest('hex') };
}

/**
 * Sends the content of `<folder>/<file>` to `target`. Throws `backup-corrupt` where it can't be decompressed or
 * decrypted; an error of the target passes through.
 */
export async function readArchive(
  folder: string,
  file: string,
  key: BackupKey | null,
  target: Writable,
): Promise<void> {
  const decryption = key === null ? new PassThrough() : key.decrypt(file);
  try {
    await pipeline(createReadStream(join(folder, file)), decryption, createGunzip(), target);
  } catch (error) {
    throw isZlibError(error) ? corruptFile(file, 'It can not be decompressed.', error) : error;
  }
}

/** The whole content as text. Throws as `readArchive`. */
export async function readArchiveText(folder: string, file: string, key: BackupKey | null): Promise<string> {
  const parts: Buffer[] = [];
  const sink = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      parts.push(chunk);
      done();
    },
  });
  sink.resume();
  await readArchive(folder, file, key, sink);
  return Buffer.concat(parts).toString('utf8');
}

/** SHA-256 (hex) of the content, decrypted and decompressed. Throws as `readArchive`. */
export async function hashArchive(folder: string, file: string, key: BackupKey | null): Promise<string> {
  const hash = createHash('sha256');
  await readArchive(folder, file, key, hash);
  return hash.digest('hex');
}

/** SHA-256 of a file on disk, hex; null where it is missing. */
export async function hashFile(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  return hash.digest('hex');
}

export function corruptFile(file: string, why: string, cause?: unknown): FerrataError {
  return new FerrataError('backup-corrupt', `The backup file ${file} is damaged`, {
    why,
    hint: 'Use another backup: `ferrata backup list` shows them.',
    data: { file },
    cause,
  });
}

/** Makes a file or folder survive a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems refuse to sync a folder.
    if (!['EINVAL', 'EISDIR', 'EPERM', 'EBADF'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : null;
}

function isZlibError(error: unknown): boolean {
  const code = codeOf(error);
  return code !== null && /^Z_/.test(code);
}

/**
 * The error that the user sees: a full disk becomes `backup-disk-full` with the space that is needed at most, anything
 * that is no FerrataError yet becomes `backup-failed`.
 *
 * @param neededBytes the size of the tables on the server; compression makes the backup smaller
 */
export async function backupError(
  error: unknown,
  folder: string,
  neededBytes: number,
): Promise<FerrataError> {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const free = await freeBytes(folder);
    return new FerrataError('backup-disk-full', `No space is left for the backup in ${basename(folder)}`, {
      why:
        `The tables take ${formatBytes(neededBytes)} on the server, compressed usually less; ` +
        `${free === null ? 'it is not known how much' : formatBytes(free)} is free. The partial backup was removed.`,
      hint: `Free up to ${formatBytes(neededBytes)} there, or back up single tables with --tables.`,
      data: { neededBytes, freeBytes: free },
      cause: error,
    });
  }
  if (isFerrataError(error)) return error;
  return new FerrataError('backup-failed', `The backup could not be written`, {
    why: error instanceof Error ? error.message : String(error),
    hint: 'The partial backup was removed. Check the permissions of the .ferrata folder, then try again.',
    cause: error,
  });
}

async function freeBytes(folder: string): Promise<number | null> {
  for (const place of [folder, dirname(folder)]) {
    try {
      const stats = await statfs(place);
      return stats.bavail * stats.bsize;
    } catch {
      // The folder may be gone already: its parent is on the same disk.
    }
  }
  return null;
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
