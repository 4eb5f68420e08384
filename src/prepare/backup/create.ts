/**
 * Makes a backup. The rows of all tables, their counts and their checksums come from one exported snapshot, so that
 * what `verify` compares later is exactly what was copied.
 */
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fingerprintData } from '../../catalog/data/fingerprint.ts';
import type { Settings } from '../../config/settings.ts';
import { FerrataError } from '../../errors.ts';
import type { Reporter } from '../../events.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { BackupManifest, TableData } from '../model.ts';
import { backupError, formatBytes, type OpenFile, type WrittenFile, writeArchive } from './archive.ts';
import { createDump } from './dump.ts';
import { BackupKey } from './encryption.ts';
import { beginFolder, defaultName, finishFolder, freeName, type StoredTable, sealed } from './manifest.ts';
import { storeSchema } from './schema.ts';
import {
  type CopiedTable,
  copySettings,
  copyToSql,
  describeTables,
  leftOut,
  lockTables,
  readSequences,
  selectSequences,
  selectTables,
} from './tables.ts';

export interface BackupRequest {
  readonly connector: Connector;
  readonly settings: Pick<Settings, 'directory'>;
  readonly kind: 'snapshot' | 'dump';
  /** `schema.table` as SQL has it; `all` when left out. A `dump` always holds the whole database. */
  readonly tables?: readonly string[] | 'all';
  /** Letters, digits, dots, hyphens, underscores; by default the time. */
  readonly name?: string;
  /** The migration it is made for. Then tables that are not there are left out instead of refused. */
  readonly migration?: string | null;
  readonly reporter: Reporter;
  /** 32 bytes in hex or base64, or a passphrase; the content of FERRATA_BACKUP_KEY. */
  readonly encryptionKey?: string | null;
  /** Connections that copy at the same time. */
  readonly parallel?: number;
  /** For tests: what a file is written to. */
  readonly openFile?: OpenFile;
}

const PARALLEL = 2;
/** While copies wait for a lock, they hold up nobody longer than this. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Makes a backup under `.ferrata/backups/<name>/`; what was written is removed on any failure.
 *
 * Throws `usage` (name, tables), `backup-key`, `backup-disk-full`, `backup-failed`, `tool-missing` (dump without
 * pg_dump), and what the server says.
 */
export async function createBackup(request: BackupRequest): Promise<BackupManifest> {
  const key =
    request.encryptionKey === undefined || request.encryptionKey === null || request.encryptionKey === ''
      ? null
      : BackupKey.create(request.encryptionKey);
  const name = request.name ?? (await freeName(request.settings, defaultName(request.migration ?? null)));
  if (request.kind === 'dump') return createDump(request, name, key);
  const folder = await beginFolder(request.settings, name);
  let neededBytes = 0;
  try {
    const snapshot = await takeSnapshot(request, folder, key, (bytes) => {
      neededBytes = bytes;
    });
    const manifest = sealed(
      {
        ferrata: 1,
        name,
        kind: 'snapshot',
        createdAt: new Date().toISOString(),
        source: request.connector.label,
        encrypted: key !== null,
        encryption: key?.parameters ?? null,
        migration: request.migration ?? null,
        dumpSha256: null,
        dumpFiles: [],
        dumpMajor: null,
        verifiedAt: null,
        ...snapshot,
      },
      key,
    );
    await finishFolder(request.settings, folder, manifest);
    const bytes = manifest.tables.reduce((sum, table) => sum + table.bytes, 0);
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    request.reporter({
      type: 'backup',
      message: `backup ${name}: ${manifest.tables.length} tables, ${rows} rows, ${formatBytes(bytes)}`,
      rows,
      bytes,
    });
    return manifest;
  } catch (error) {
    const mapped = await backupError(error, folder, neededBytes);
    await rm(folder, { recursive: true, force: true });
    throw mapped;
  }
}

/** Opens connections, runs `work`, closes them whatever happened. */
async function withConnections<T>(
  connector: Connector,
  count: number,
  work: (first: Connection, others: readonly Connection[]) => Promise<T>,
): Promise<T> {
  const opened: Connection[] = [];
  try {
    const first = await connector.connect('backup');
    opened.push(first);
    while (opened.length < count) opened.push(await connector.connect('backup'));
    return await work(first, opened.slice(1));
  } finally {
    await Promise.all(opened.map((connection) => connection.close()));
  }
}

async function takeSnapshot(
  request: BackupRequest,
  folder: string,
  key: BackupKey | null,
  onSize: (bytes: number) => void,
) {
  const { connector, reporter } = request;
  const wanted = request.tables ?? 'all';
  const absent = (request.migration ?? null) === null ? 'refuse' : 'skip';
  return withConnections(connector, request.parallel ?? PARALLEL, async (main, workers) => {
    for (let attempt = 1; ; attempt++) {
      const names = await selectTables(main, wanted, absent);
      const result = await main.transaction(
        async () => {
          await main.script(
            `${copySettings(main.server.major)} SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS};`,
          );
          // Before the transaction's snapshot is taken: under a snapshot older than a rewriting ALTER or a TRUNCATE
          // a table looks empty (PostgreSQL manual, 13.6). LOCK takes no snapshot (manual, LOCK).
          if (!(await lockTables(main, names))) return null;
          const again = await selectTables(main, wanted, absent);
          if (again.join('\n') !== names.join('\n')) return null;
          return copyAll(request, folder, key, main, workers, names, onSize);
        },
        { isolation: 'repeatable read', readOnly: true },
      );
      if (result !== null) return result;
      if (attempt === 5) {
        throw new FerrataError('backup-failed', 'Tables came and went while the backup was begun', {
          hint: 'Try again when nobody changes the schema.',
        });
      }
      reporter({ type: 'waiting', message: 'tables changed while the backup was begun: beginning again' });
    }
  });
}

async function copyAll(
  request: BackupRequest,
  folder: string,
  key: BackupKey | null,
  main: Connection,
  workers: readonly Connection[],
  names: readonly string[],
  onSize: (bytes: number) => void,
) {
  const { reporter } = request;
  const [snapshot] = await main.query<{ id: string; encoding: string }>(
    `SELECT pg_catalog.pg_export_snapshot() AS id, pg_catalog.current_setting('server_encoding') AS encoding`,
  );
  const tables = await describeTables(main, names);
  const size = tables.reduce((sum, table) => sum + table.bytes, 0);
  onSize(size);
  reporter({
    type: 'backup',
    message: `backing up ${tables.length} tables (${formatBytes(size)} on the server)`,
    rows: null,
    bytes: size,
  });
  // On the connection that holds the locks: views are printed under locks on their tables, and another connection would
  // wait for ever behind an ALTER that waits for this one.
  const schema = await storeSchema(request.connector, main, folder, key, request.openFile);
  if (schema.notRendered.length > 0 && schema.dumpedSchema === null) {
    reporter({
      type: 'warning',
      message: `the backup's schema lacks ${schema.notRendered.length} objects: ${schema.notRendered[0]}`,
      hint: 'The rows are complete; a restore needs the schema from elsewhere. `--kind dump` has all of it.',
    });
  }
  const complete = (request.tables ?? 'all') === 'all';
  if (complete) await warnAboutRest(main, reporter);
  const copier = new Copier(request, folder, key, tables, snapshot?.encoding ?? 'UTF8');
  await copier.run(main, workers, snapshot?.id ?? '');
  const sequenceNames = await selectSequences(main, complete ? 'all' : names);
  return {
    serverVersion: main.server.version,
    schemaFingerprint: schema.fingerprint,
    tables: copier.stored(),
    sequences: await readSequences(main, sequenceNames),
    complete,
    encoding: snapshot?.encoding ?? 'UTF8',
    catalogFile: schema.catalogFile,
    schemaFile: schema.schemaFile,
    dumpedSchema: schema.dumpedSchema,
    schemaWay: null,
    notRendered: schema.notRendered,
  };
}

async function warnAboutRest(connection: Connection, reporter: Reporter): Promise<void> {
  const rest = await leftOut(connection);
  if (rest.length === 0) return;
  reporter({
    type: 'warning',
    message: `a snapshot does not hold ${rest.join(', ')}`,
    hint: '`--kind dump` holds them, where pg_dump is installed.',
  });
}

/** Copies tables on several connections, the largest first. */
class Copier {
  readonly #request: BackupRequest;
  readonly #folder: string;
  readonly #key: BackupKey | null;
  readonly #encoding: string;
  readonly #tables: readonly CopiedTable[];
  readonly #queue: CopiedTable[];
  /** Left for the connection that holds the locks. */
  readonly #contended: CopiedTable[] = [];
  readonly #files = new Map<string, WrittenFile>();
  readonly #data = new Map<string, TableData>();
  #failed = false;

  constructor(
    request: BackupRequest,
    folder: string,
    key: BackupKey | null,
    tables: readonly CopiedTable[],
    encoding: string,
  ) {
    this.#request = request;
    this.#folder = folder;
    this.#key = key;
    this.#encoding = encoding;
    this.#tables = tables;
    this.#queue = [...tables].sort((a, b) => b.bytes - a.bytes);
  }

  async run(main: Connection, workers: readonly Connection[], snapshot: string): Promise<void> {
    const used = workers.slice(0, Math.max(0, this.#tables.length - 1));
    const work = [
      this.#drain(main, true),
      ...used.map((worker) =>
        worker.transaction(
          async () => {
            await worker.script(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`);
            await worker.script(copySettings(worker.server.major));
            await this.#drain(worker, false);
          },
          { isolation: 'repeatable read', readOnly: true },
        ),
      ),
    ];
    // All must have ended before the folder may be removed.
    const results = await Promise.allSettled(
      work.map((one) =>
        one.catch((error: unknown) => {
          this.#failed = true;
          throw error;
        }),
      ),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    await this.#measure(main, await this.#copyList(main, this.#contended));
  }

  stored(): StoredTable[] {
    return this.#tables.map((table) => {
      const file = this.#files.get(table.table);
      const data = this.#data.get(table.table);
      if (file === undefined || data === undefined) {
        throw new FerrataError('internal', `The table ${table.table} was not copied`);
      }
      return {
        ...file,
        table: table.table,
        rows: data.rows,
        data,
        format: table.format,
        columns: table.columns,
      };
    });
  }

  async #drain(connection: Connection, holdsLocks: boolean): Promise<void> {
    const copied: CopiedTable[] = [];
    for (;;) {
      const table = this.#failed ? undefined : this.#queue.shift();
      if (table === undefined) break;
      // A worker that waited behind somebody's ALTER, which waits for the main connection, would wait for ever.
      if (!holdsLocks && !(await lockAtOnce(connection, table.table))) {
        this.#contended.push(table);
        continue;
      }
      copied.push(...(await this.#copyList(connection, [table])));
    }
    if (!this.#failed) await this.#measure(connection, copied);
  }

  async #copyList(connection: Connection, tables: readonly CopiedTable[]): Promise<readonly CopiedTable[]> {
    // Bytes that are no valid text must come through as they are.
    if (this.#encoding === 'SQL_ASCII') await connection.script(`SET LOCAL client_encoding = 'SQL_ASCII'`);
    for (const table of tables) {
      const name = `${String(this.#tables.indexOf(table) + 1).padStart(4, '0')}-${safeName(table.table)}`;
      const source: Readable = await connection.copyTo(copyToSql(table));
      const { openFile } = this.#request;
      let file: WrittenFile;
      try {
        file = await writeArchive(this.#folder, name, source, this.#key, openFile);
      } catch (error) {
        // The server is still sending: nothing else can be said on this connection.
        await connection.close();
        throw error;
      }
      this.#files.set(table.table, file);
      this.#request.reporter({
        type: 'backup',
        message: `copied ${table.table}`,
        rows: null,
        bytes: file.bytes,
      });
    }
    return tables;
  }

  async #measure(connection: Connection, tables: readonly CopiedTable[]): Promise<void> {
    if (tables.length === 0) return;
    const names = tables.map((table) => table.table);
    const fingerprint = await fingerprintData(connection, { tables: names, inTransaction: true });
    for (const [name, data] of fingerprint.tables) this.#data.set(name, sealData(data, this.#key));
  }
}

/** Checksums as the manifest keeps them: keyed where the backup is encrypted. */
export function sealData(data: TableData, key: BackupKey | null): TableData {
  if (key === null) return data;
  const seal = (column: string, checksum: string) => key.seal(`${data.table}\0${column}\0${checksum}`);
  return {
    ...data,
    columns: Object.fromEntries(Object.entries(data.columns).map(([name, sum]) => [name, seal(name, sum)])),
    rowsChecksum: seal('', data.rowsChecksum),
  };
}

async function lockAtOnce(connection: Connection, table: string): Promise<boolean> {
  await connection.script('SAVEPOINT ferrata_lock');
  try {
    await connection.script(`LOCK TABLE ONLY ${table} IN ACCESS SHARE MODE NOWAIT`);
    await connection.script('RELEASE SAVEPOINT ferrata_lock');
    return true;
  } catch (error) {
    if (sqlStateOf(error) !== '55P03') throw error;
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_lock');
    return false;
  }
}

/** A file name that tells people which table it holds; the number before it makes it unique. */
function safeName(table: string): string {
  return table.replace(/[^A-Za-z0-9_.]+/g, '_').slice(0, 100);
}
