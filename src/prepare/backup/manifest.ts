/**
 * Where backups lie and what describes them: `.ferrata/backups/<name>/manifest.json`, written last. A backup is made
 * in a folder of another name and renamed when it is whole, so that whatever has a manifest is complete.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Settings } from '../../config/settings.ts';
import { FerrataError } from '../../errors.ts';
import type { BackupManifest } from '../model.ts';
import { codeOf, corruptFile, hashFile, syncPath } from './archive.ts';
import { BackupKey, type EncryptionParameters } from './encryption.ts';

type Directories = Pick<Settings, 'directory'>;
type ManifestTable = BackupManifest['tables'][number];

export interface StoredTable extends ManifestTable {
  readonly format: 'binary' | 'text';
  /** In the order of the file; unquoted. */
  readonly columns: readonly string[];
}

export interface StoredFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The manifest as it lies on disk. */
export interface StoredManifest extends BackupManifest {
  readonly tables: readonly StoredTable[];
  /** Whether every table of the database is in it. */
  readonly complete: boolean;
  /** The source's encoding. */
  readonly encoding: string;
  /** The catalog, and the schema as SQL for people. */
  readonly catalogFile: StoredFile;
  readonly schemaFile: StoredFile;
  /** The schema as pg_dump has it, around the rows; null where no pg_dump was installed. */
  readonly dumpedSchema: { readonly before: StoredFile; readonly after: StoredFile } | null;
  /** How `verify` could restore the schema; null before that. */
  readonly schemaWay: 'rendered' | 'dumped' | null;
  /** What pg_dump wrote, and its major version; for a snapshot none. */
  readonly dumpFiles: readonly StoredFile[];
  readonly dumpMajor: number | null;
  /** What the schema's SQL lacks, because it could not be rendered. */
  readonly notRendered: readonly string[];
  readonly encryption: EncryptionParameters | null;
  /** SHA-256 over everything above but what `verify` writes; keyed where the backup is encrypted. */
  readonly seal: string;
}

const file = z.object({ file: z.string(), bytes: z.number(), sha256: z.string() });

const schema = z.object({
  ferrata: z.literal(1),
  name: z.string(),
  kind: z.enum(['snapshot', 'dump']),
  createdAt: z.string(),
  source: z.string(),
  serverVersion: z.string(),
  schemaFingerprint: z.string(),
  encrypted: z.boolean(),
  migration: z.string().nullable(),
  tables: z.array(
    file.extend({
      table: z.string(),
      rows: z.number(),
      data: z.object({
        table: z.string(),
        rows: z.number(),
        columns: z.record(z.string(), z.string()),
        rowsChecksum: z.string(),
      }),
      format: z.enum(['binary', 'text']),
      columns: z.array(z.string()),
    }),
  ),
  sequences: z.record(z.string(), z.string()),
  dumpSha256: z.string().nullable(),
  verifiedAt: z.string().nullable(),
  complete: z.boolean(),
  encoding: z.string(),
  catalogFile: file,
  schemaFile: file,
  dumpedSchema: z.object({ before: file, after: file }).nullable(),
  schemaWay: z.enum(['rendered', 'dumped']).nullable(),
  dumpFiles: z.array(file),
  dumpMajor: z.number().nullable(),
  notRendered: z.array(z.string()),
  encryption: z
    .object({
      cipher: z.literal('aes-256-gcm'),
      derivation: z.enum(['raw', 'scrypt']),
      salt: z.string(),
      check: z.string(),
    })
    .nullable(),
  seal: z.string(),
});

export const MANIFEST = 'manifest.json';
const OWNER = 'owner';
const PARTIAL = '.partial-';

export function backupsFolder(settings: Directories): string {
  return join(settings.directory, 'backups');
}

/** Throws `usage` for a name that can't be a folder's. */
export function backupFolder(settings: Directories, name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name)) {
    throw new FerrataError('usage', `${JSON.stringify(name)} can't be the name of a backup`, {
      hint: 'Use letters, digits, dots, hyphens and underscores, starting with a letter or digit.',
    });
  }
  return join(backupsFolder(settings), name);
}

/** `20261121-141503` in UTC, with the migration behind it. */
export function defaultName(migration: string | null, now = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const suffix = migration === null ? '' : `-${migration.replace(/[^A-Za-z0-9_.-]+/g, '_')}`;
  return `${time}${suffix}`.slice(0, 120);
}

/** `name`, with a number behind it where that is taken. */
export async function freeName(settings: Directories, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    const partial = join(backupsFolder(settings), PARTIAL + candidate);
    if (!(await exists(backupFolder(settings, candidate))) && !(await exists(partial))) return candidate;
  }
}

/** Makes the folder that a backup is written to. Throws `usage` when the name is taken. */
export async function beginFolder(settings: Directories, name: string): Promise<string> {
  const final = backupFolder(settings, name);
  const partial = join(backupsFolder(settings), PARTIAL + name);
  await mkdir(backupsFolder(settings), { recursive: true, mode: 0o700 });
  await removeLeftovers(settings);
  if (await exists(final)) {
    throw new FerrataError('usage', `There is a backup named ${name} already`, {
      hint: 'Choose another --name, or remove the folder .ferrata/backups/ holds it in.',
    });
  }
  try {
    await mkdir(partial, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new FerrataError('usage', `A backup named ${name} is being made right now`, {
      why: 'Another process has begun it, or was stopped on another machine.',
      hint: `Wait for it, or choose another --name; when nothing makes it any more, remove ${PARTIAL}${name} in .ferrata/backups.`,
    });
  }
  await writeFile(join(partial, OWNER), `${hostname()} ${process.pid}\n`);
  return partial;
}

/** The backup is whole: writes its manifest and gives the folder its name. */
export async function finishFolder(
  settings: Directories,
  partial: string,
  manifest: StoredManifest,
): Promise<void> {
  await writeManifest(partial, manifest);
  await rm(join(partial, OWNER), { force: true });
  await syncPath(partial);
  await rename(partial, backupFolder(settings, manifest.name));
  await syncPath(backupsFolder(settings));
}

/** Removes what processes of this machine left half done when they were killed. */
async function removeLeftovers(settings: Directories): Promise<void> {
  const folder = backupsFolder(settings);
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(PARTIAL)) continue;
    const owner = await readFile(join(folder, entry, OWNER), 'utf8').catch(() => null);
    const [host, pid] = owner?.trim().split(' ') ?? [];
    if (host === hostname() && pid !== undefined && !isAlive(Number(pid))) {
      await rm(join(folder, entry), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Throws `backup-missing`; `backup-corrupt` for a manifest that is not what was written. */
export async function readManifest(settings: Directories, name: string): Promise<StoredManifest> {
  const path = join(backupFolder(settings, name), MANIFEST);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    throw new FerrataError('backup-missing', `There is no backup named ${name}`, {
      hint: '`ferrata backup list` shows the ones that are there.',
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corruptFile(MANIFEST, 'It is not valid JSON.', error);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw corruptFile(MANIFEST, `It lacks what it must hold: ${issue?.path.join('.')} ${issue?.message}.`);
  }
  if (parsed.data.name !== name) throw corruptFile(MANIFEST, `It belongs to the backup ${parsed.data.name}.`);
  if (parsed.data.encryption === null) checkSeal(parsed.data, null);
  return parsed.data;
}

/** Every file of a backup but the manifest. */
export function filesOf(manifest: StoredManifest): StoredFile[] {
  const rows = manifest.kind === 'dump' ? manifest.dumpFiles : manifest.tables;
  const { catalogFile, schemaFile, dumpedSchema } = manifest;
  const dumped = dumpedSchema === null ? [] : [dumpedSchema.before, dumpedSchema.after];
  return [catalogFile, schemaFile, ...dumped, ...rows];
}

/** Throws `backup-corrupt` naming the first of the files that is missing or not what was written. */
export async function checkFiles(folder: string, files: readonly StoredFile[]): Promise<void> {
  for (const { file, sha256 } of files) {
    const actual = await hashFile(join(folder, file));
    if (actual === null) throw corruptFile(file, 'It is missing.');
    if (actual !== sha256) throw corruptFile(file, 'Its SHA-256 is not the one in the manifest.');
  }
}

/** Throws `backup-corrupt`. An encrypted backup's seal can be checked only with its key. */
export function checkSeal(manifest: StoredManifest, key: BackupKey | null): void {
  if (sealOf(manifest, key) !== manifest.seal) {
    throw corruptFile(
      MANIFEST,
      'Its content does not match its seal: it was changed after it had been written.',
    );
  }
}

export function sealed(manifest: Omit<StoredManifest, 'seal'>, key: BackupKey | null): StoredManifest {
  return { ...manifest, seal: sealOf(manifest, key) };
}

function sealOf(manifest: Omit<StoredManifest, 'seal'>, key: BackupKey | null): string {
  const text = canonical({ ...manifest, seal: null, verifiedAt: null, schemaWay: null });
  return key === null ? createHash('sha256').update(text).digest('hex') : key.seal(text);
}

/** JSON with the keys of objects in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** Replaces the manifest in one step. */
export async function writeManifest(folder: string, manifest: StoredManifest): Promise<void> {
  const path = join(folder, MANIFEST);
  const fresh = `${path}.new`;
  await writeFile(fresh, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  await syncPath(fresh);
  await rename(fresh, path);
}

export interface ListedBackup {
  readonly name: string;
  /** Null where the manifest can't be read; then `problem` says why. */
  readonly manifest: BackupManifest | null;
  readonly problem: string | null;
  readonly bytes: number | null;
}

/** Every backup, newest first. What was begun and not finished is no backup and is not listed. */
export async function listBackups(settings: Directories): Promise<ListedBackup[]> {
  let entries: string[];
  try {
    entries = await readdir(backupsFolder(settings));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  const listed: ListedBackup[] = [];
  for (const name of entries.filter((entry) => !entry.startsWith('.'))) {
    try {
      const manifest = await readManifest(settings, name);
      const bytes = filesOf(manifest).reduce((sum, one) => sum + one.bytes, 0);
      listed.push({ name, manifest, problem: null, bytes });
    } catch (error) {
      if (!(error instanceof FerrataError) || error.code === 'usage') continue;
      const problem =
        error.code === 'backup-missing' ? 'it has no manifest' : (error.details.why ?? error.message);
      listed.push({ name, manifest: null, problem, bytes: null });
    }
  }
  return listed.sort((a, b) => (b.manifest?.createdAt ?? '').localeCompare(a.manifest?.createdAt ?? ''));
}

/** The newest verified backup that holds what a migration needs; null where there is none. */
export async function newestVerified(
  settings: Directories,
  request: { readonly migration?: string; readonly schemaFingerprint?: string },
): Promise<BackupManifest | null> {
  for (const { manifest } of await listBackups(settings)) {
    if (manifest === null || manifest.verifiedAt === null) continue;
    if (request.migration !== undefined && manifest.migration !== request.migration) continue;
    if (request.schemaFingerprint !== undefined && manifest.schemaFingerprint !== request.schemaFingerprint)
      continue;
    return manifest;
  }
  return null;
}

async function exists(path: string): Promise<boolean> {
  try {
    await readdir(path);
    return true;
  } catch (error) {
    return codeOf(error) === 'ENOTDIR';
  }
}

/** A backup that is open: its manifest, its key, its folder; checked. */
export interface OpenBackup {
  readonly manifest: StoredManifest;
  readonly folder: string;
  readonly key: BackupKey | null;
}

/**
 * Reads and checks a backup. Throws `backup-missing`, `backup-key`, and `backup-corrupt` naming the file.
 */
export async function openBackup(
  settings: Pick<Settings, 'directory'>,
  name: string,
  encryptionKey: string | null,
): Promise<OpenBackup> {
  const manifest = await readManifest(settings, name);
  const folder = backupFolder(settings, name);
  const key = manifest.encryption === null ? null : BackupKey.open(encryptionKey, manifest.encryption, name);
  checkSeal(manifest, key);
  await checkFiles(folder, filesOf(manifest));
  return { manifest, folder, key };
}
