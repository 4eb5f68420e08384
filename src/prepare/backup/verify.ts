/**
 * Verifies a backup by restoring it: the files' SHA-256 first, then a scratch database whose schema and content must
 * be what the manifest says. Only a backup that went through this counts as `backup_verified`.
 */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { compareCatalogs } from '../../catalog/compare.ts';
import { fingerprintData } from '../../catalog/data/fingerprint.ts';
import type { Catalog, Comparison } from '../../catalog/model.ts';
import { readCatalog } from '../../catalog/read.ts';
import type { Settings } from '../../config/settings.ts';
import { FerrataError } from '../../errors.ts';
import type { Reporter } from '../../events.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { quoteIdent } from '../../sql/quote.ts';
import type { BackupManifest } from '../model.ts';
import { hashArchive } from './archive.ts';
import { sealData } from './create.ts';
import { restoreDump } from './dump.ts';
import { loadSettings, loadTable, setSequences } from './load.ts';
import {
  type OpenBackup,
  openBackup,
  type StoredManifest,
  type StoredTable,
  writeManifest,
} from './manifest.ts';
import { missingRoles, refreshViews } from './restore.ts';
import { loadCatalog, runStage, SchemaFailure, type SchemaScript, schemaScripts } from './schema.ts';
import { copyToSql, readSequences } from './tables.ts';

/**
 * Gives a database to restore into: empty, or with the backup's schema and no rows. On a server of its own, or one
 * where databases and (NOLOGIN) roles may be made.
 */
export type EmptyDatabaseProvider = () => Promise<{ readonly connector: Connector; drop(): Promise<void> }>;

export interface VerifyBackupRequest {
  readonly settings: Pick<Settings, 'directory'>;
  readonly name: string;
  readonly provider: EmptyDatabaseProvider;
  readonly encryptionKey?: string | null;
  readonly reporter: Reporter;
}

/**
 * Returns the manifest with `verifiedAt`. Throws `backup-missing`, `backup-key`, `backup-corrupt` (a file, or what came
 * back, is not what was written), `backup-failed` (it can't be restored to an equal schema).
 */
export async function verifyBackup(request: VerifyBackupRequest): Promise<BackupManifest> {
  const backup = await openBackup(request.settings, request.name, request.encryptionKey ?? null);
  const wanted = await loadCatalog(backup.folder, backup.manifest, backup.key);
  // Each way to make the schema gets a database of its own.
  let failure: SchemaFailure | null = null;
  let schemaWay: StoredManifest['schemaWay'] = null;
  for (let turn = 0; schemaWay === null; turn++) {
    try {
      schemaWay = await verifyOnce(request, backup, wanted, turn);
    } catch (error) {
      if (!(error instanceof SchemaFailure)) throw error;
      failure ??= error;
    }
    if (schemaWay === null && (turn > 0 || backup.manifest.dumpedSchema === null))
      throw failure?.cause ?? failure;
  }
  const manifest: StoredManifest = { ...backup.manifest, schemaWay, verifiedAt: new Date().toISOString() };
  await writeManifest(backup.folder, manifest);
  request.reporter({
    type: 'verified',
    check: 'backup',
    ok: true,
    message: `backup ${manifest.name} restores: schema and ${manifest.tables.length} tables equal`,
  });
  return manifest;
}

async function verifyOnce(
  { provider }: VerifyBackupRequest,
  backup: OpenBackup,
  wanted: Catalog,
  turn: number,
): Promise<SchemaScript['way']> {
  const scratch = await provider();
  try {
    const connection = await scratch.connector.connect('verify');
    try {
      const way = await restoreToScratch(backup, wanted, scratch.connector, connection, turn);
      await compareContent(backup, connection);
      return way;
    } finally {
      await connection.close();
    }
  } finally {
    await scratch.drop();
  }
}

async function restoreToScratch(
  backup: OpenBackup,
  wanted: Catalog,
  scratch: Connector,
  connection: Connection,
  turn: number,
): Promise<SchemaScript['way']> {
  const { manifest, folder, key } = backup;
  const missing = await missingRoles(connection, wanted);
  if (missing.length > 0) {
    await connection.script(missing.map((role) => `CREATE ROLE ${quoteIdent(role)} NOLOGIN`).join(';\n'));
  }
  if (manifest.kind === 'dump') {
    await restoreDump(folder, manifest, scratch);
    requireEqual(compareCatalogs(wanted, await readCatalog(connection)), manifest);
    return 'dumped';
  }
  const present = await readCatalog(connection);
  const ready = [...present.objects.values()].some((object) => object.kind === 'table');
  const ways = ready ? [] : await schemaScripts(backup, present, wanted, connection.server.user, true);
  const script = ways[Math.min(turn, ways.length - 1)] ?? { way: 'rendered', before: [], after: [] };
  // Where rows are missing, or the schema is there already, constraints are looked at first, and rows without them.
  const constraintsFirst = ready || !manifest.complete;
  const load = async () => {
    for (const table of manifest.tables) await loadTable(connection, folder, manifest, table, key);
  };
  await connection.transaction(async () => {
    await connection.script(loadSettings(connection.server.major));
    await runStage(connection, script.before);
    if (!constraintsFirst) await load();
    await runStage(connection, script.after);
    await refreshViews(connection, wanted, present);
    requireEqual(compareCatalogs(wanted, await readCatalog(connection, { inTransaction: true })), manifest);
    if (constraintsFirst) {
      await dropGuards(connection);
      await load();
    }
    await setSequences(connection, manifest.sequences, new Set());
  });
  return script.way;
}

/** Foreign keys and triggers go: on a scratch copy the rows alone are looked at. */
async function dropGuards(connection: Connection): Promise<void> {
  const guards = await connection.query<{ sql: string }>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS sql
     FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conparentid = 0
     UNION ALL
     SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)
     FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
     WHERE NOT tgisinternal AND tgenabled <> 'D' AND c.relkind IN ('r', 'p')`,
  );
  if (guards.length > 0) await connection.script(guards.map((guard) => guard.sql).join(';\n'));
}

function requireEqual(comparison: Comparison, manifest: StoredManifest): void {
  if (comparison.outcome !== 'different') return;
  const shown = comparison.differences
    .filter((one) => !one.cosmetic)
    .slice(0, 3)
    .map(
      (one) =>
        `${one.kind} ${one.object}: ${one.property} was ${short(one.before)}, came back as ${short(one.after)}`,
    );
  const failure = new FerrataError(
    'backup-failed',
    `The backup ${manifest.name} does not restore to the same schema`,
    {
      why: `${shown.join('; ')}.`,
      hint: 'Its rows may still be whole. `ferrata backup create --kind dump` uses pg_dump instead.',
      data: { differences: comparison.differences },
    },
  );
  throw new SchemaFailure(failure);
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Throws `backup-corrupt` naming the first table whose content is not what the manifest says. */
async function compareContent(backup: OpenBackup, connection: Connection): Promise<void> {
  const { manifest, key } = backup;
  const names = manifest.tables.map((table) => table.table);
  const content = await fingerprintData(connection, { tables: names });
  const [encoding] = await connection.query<{ name: string }>(
    `SELECT pg_catalog.current_setting('server_encoding') AS name`,
  );
  const sameEncoding = encoding?.name === manifest.encoding;
  for (const stored of manifest.tables) {
    const { table, data } = stored;
    const found = content.tables.get(table);
    if (found === undefined) throw differs(manifest, table, 'it is not there');
    if (found.rows !== data.rows)
      throw differs(manifest, table, `${found.rows} rows instead of ${data.rows}`);
    const now = sealData(found, key);
    const changed = Object.keys({ ...data.columns, ...now.columns }).find(
      (column) => data.columns[column] !== now.columns[column],
    );
    if (changed === undefined && now.rowsChecksum === data.rowsChecksum) continue;
    // Checksums are made of the bytes of the server's encoding; copies come in the client's.
    if (!sameEncoding && (await copiesAgain(backup, connection, stored))) continue;
    const what =
      changed === undefined ? 'its rows are not the same' : `the column ${changed} holds other values`;
    throw differs(manifest, table, what);
  }
  const sequences = await readSequences(connection, Object.keys(manifest.sequences));
  for (const [name, position] of Object.entries(manifest.sequences)) {
    if (sequences[name] !== position) {
      throw differs(manifest, name, `it stands at ${sequences[name]} instead of ${position}`);
    }
  }
}

/** Whether a copy of the restored table is, byte by byte, the copy that the backup holds. */
async function copiesAgain(
  { manifest, folder, key }: OpenBackup,
  connection: Connection,
  table: StoredTable,
): Promise<boolean> {
  if (manifest.kind === 'dump') return false;
  const again = createHash('sha256');
  await connection.transaction(
    async () => {
      await connection.script(
        `${loadSettings(connection.server.major)} SET LOCAL synchronize_seqscans = off;`,
      );
      await connection.script('SET LOCAL search_path = pg_catalog');
      await pipeline(await connection.copyTo(copyToSql(table)), again);
    },
    { readOnly: true },
  );
  return again.digest('hex') === (await hashArchive(folder, table.file, key));
}

function differs(manifest: StoredManifest, object: string, what: string): FerrataError {
  return new FerrataError(
    'backup-corrupt',
    `The backup ${manifest.name} does not restore ${object} as it was`,
    {
      why: `In the restored copy ${what}.`,
      hint: 'Make another backup; do not rely on this one.',
      data: { object },
    },
  );
}
