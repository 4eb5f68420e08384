/**
 * The other kind of backup: `pg_dump -Fd`, which holds everything that a database has. Its rows are counted and
 * checksummed under the snapshot that pg_dump reads (`--snapshot`), so that it is verified like the built-in kind.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fingerprintData } from '../../catalog/data/fingerprint.ts';
import { FerrataError } from '../../errors.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { findClient } from '../../postgres/programs.ts';
import { redact } from '../../postgres/redact.ts';
import type { BackupManifest } from '../model.ts';
import { backupError, formatBytes, hashFile } from './archive.ts';
import type { BackupRequest } from './create.ts';
import type { BackupKey } from './encryption.ts';
import { beginFolder, finishFolder, type StoredFile, type StoredManifest, sealed } from './manifest.ts';
import { storeSchema } from './schema.ts';
import { copySettings, lockTables, readSequences, selectSequences, selectTables } from './tables.ts';

const run = promisify(execFile);
const JOBS = 2;
export const DUMP_FOLDER = 'dump';

/** Throws `tool-missing`, `backup-key` (pg_dump does not encrypt), and as `createBackup`. */
export async function createDump(
  request: BackupRequest,
  name: string,
  key: BackupKey | null,
): Promise<BackupManifest> {
  if (key !== null) {
    throw new FerrataError('backup-key', 'A dump is not encrypted, and a backup key is set', {
      why: 'pg_dump writes its files itself, in the clear.',
      hint: 'Use --kind snapshot, which encrypts, or unset FERRATA_BACKUP_KEY.',
    });
  }
  const { connector, reporter, settings } = request;
  const connection = await connector.connect('backup');
  try {
    const client = await findDump(connection.server.major);
    if (request.tables !== undefined && request.tables !== 'all') {
      reporter({ type: 'warning', message: 'a dump always holds the whole database', hint: null });
    }
    const folder = await beginFolder(settings, name);
    let neededBytes = 0;
    try {
      const size = await connection.query<{ bytes: string }>(
        'SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::text AS bytes',
      );
      neededBytes = Number(size[0]?.bytes ?? 0);
      reporter({
        type: 'backup',
        message: `pg_dump ${client.major} of ${connector.label} (${formatBytes(neededBytes)} on the server)`,
        rows: null,
        bytes: neededBytes,
      });
      const content = await dumpUnderSnapshot(request, connection, client.path, folder);
      const { schema } = content;
      const dumpFiles = await describeFiles(folder);
      const manifest: StoredManifest = sealed(
        {
          ferrata: 1,
          name,
          kind: 'dump',
          createdAt: new Date().toISOString(),
          source: connector.label,
          serverVersion: connection.server.version,
          schemaFingerprint: schema.fingerprint,
          encrypted: false,
          encryption: null,
          migration: request.migration ?? null,
          tables: content.tables,
          sequences: content.sequences,
          dumpFiles,
          dumpSha256: dumpDigest(dumpFiles),
          dumpMajor: client.major,
          verifiedAt: null,
          complete: true,
          encoding: content.encoding,
          catalogFile: schema.catalogFile,
          schemaFile: schema.schemaFile,
          dumpedSchema: null,
          schemaWay: null,
          notRendered: schema.notRendered,
        },
        null,
      );
      await finishFolder(settings, folder, manifest);
      const bytes = dumpFiles.reduce((sum, file) => sum + file.bytes, 0);
      const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
      reporter({
        type: 'backup',
        message: `backup ${name}: ${rows} rows, ${formatBytes(bytes)}`,
        rows,
        bytes,
      });
      return manifest;
    } catch (error) {
      const mapped = await backupError(error, folder, neededBytes);
      await rm(folder, { recursive: true, force: true });
      throw mapped;
    }
  } finally {
    await connection.close();
  }
}

async function findDump(major: number): Promise<{ readonly path: string; readonly major: number }> {
  const client = await findClient('pg_dump', major);
  if (client !== null) return client;
  throw new FerrataError('tool-missing', `pg_dump ${major} or newer is not installed`, {
    why: 'pg_dump refuses a server that is newer than itself.',
    hint: `Install the PostgreSQL ${major} client (Debian: postgresql-client-${major}; RPM: postgresql${major}; Homebrew: postgresql@${major}), or use --kind snapshot, which needs nothing.`,
  });
}

async function dumpUnderSnapshot(
  { connector, openFile }: BackupRequest,
  connection: Connection,
  program: string,
  folder: string,
) {
  const names = await selectTables(connection, 'all', 'skip');
  return connection.transaction(
    async () => {
      await connection.script(`${copySettings(connection.server.major)} SET LOCAL lock_timeout = 10000;`);
      // Before the snapshot is taken, for the reason that `create.ts` gives.
      if (!(await lockTables(connection, names))) {
        throw new FerrataError('backup-failed', 'A table was dropped while the backup was begun', {
          hint: 'Try again when nobody changes the schema.',
        });
      }
      const [snapshot] = await connection.query<{ id: string; encoding: string }>(
        `SELECT pg_catalog.pg_export_snapshot() AS id, pg_catalog.current_setting('server_encoding') AS encoding`,
      );
      const schema = await storeSchema(null, connection, folder, null, openFile);
      const options = [
        `-j${JOBS}`,
        `--snapshot=${snapshot?.id ?? ''}`,
        '--lock-wait-timeout=30000',
        '--no-password',
      ];
      await runProgram(program, ['-Fd', ...options, '-f', join(folder, DUMP_FOLDER)], connector);
      const data = await fingerprintData(connection, { tables: names, inTransaction: true });
      const tables = [...data.tables.values()].map((table) => ({
        table: table.table,
        file: DUMP_FOLDER,
        rows: table.rows,
        bytes: 0,
        sha256: '',
        data: table,
        format: 'text' as const,
        columns: Object.keys(table.columns),
      }));
      const sequences = await readSequences(connection, await selectSequences(connection, 'all'));
      return { schema, tables, sequences, encoding: snapshot?.encoding ?? 'UTF8' };
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}

/** Throws `backup-failed` with what the program said. */
async function runProgram(program: string, args: readonly string[], connector: Connector): Promise<void> {
  try {
    await run(program, [...args], {
      env: { ...process.env, ...connector.clientEnvironment(), LC_ALL: 'C' },
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    const { stderr = '', code } = error as { stderr?: string; code?: string | number };
    const said = redact(stderr).trim().split('\n').slice(0, 5).join('\n');
    if (/No space left on device/i.test(stderr)) {
      throw Object.assign(new Error(said), { code: 'ENOSPC' });
    }
    const name = program.replace(/^.*\//, '');
    throw new FerrataError('backup-failed', `${name} failed (${code ?? 'killed'})`, {
      why: said,
      cause: error,
    });
  }
}

/**
 * Restores a dump into a database without tables of its own, in one transaction. Throws `tool-missing`,
 * `backup-failed`.
 */
export async function restoreDump(
  folder: string,
  manifest: StoredManifest,
  target: Connector,
): Promise<void> {
  const major = manifest.dumpMajor ?? 0;
  const client = await findClient('pg_restore', major);
  if (client === null) {
    throw new FerrataError('tool-missing', `pg_restore ${major} or newer is not installed`, {
      why: `The dump was made by pg_dump ${major}.`,
      hint: `Install the PostgreSQL ${major} client.`,
    });
  }
  const database = target.clientEnvironment().PGDATABASE ?? '';
  const args = ['--exit-on-error', '--single-transaction', '--no-password', '-d', database];
  await runProgram(client.path, [...args, join(folder, DUMP_FOLDER)], target);
}

async function describeFiles(folder: string): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const name of (await readdir(join(folder, DUMP_FOLDER))).sort()) {
    const file = `${DUMP_FOLDER}/${name}`;
    const path = join(folder, file);
    files.push({ file, bytes: (await stat(path)).size, sha256: (await hashFile(path)) ?? '' });
  }
  return files;
}

function dumpDigest(files: readonly StoredFile[]): string {
  const hash = createHash('sha256');
  for (const { file, sha256 } of files) hash.update(`${file}\0${sha256}\n`);
  return hash.digest('hex');
}
