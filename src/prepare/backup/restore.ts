/**
 * Puts a backup, or single tables of it, back: into a database without them (the schema is made from the backup's
 * catalog, rows first, constraints after), or into tables that are there. One transaction: all of it, or nothing.
 */

import { compareCatalogs } from '../../catalog/compare.ts';
import type { Catalog, ObjectKey } from '../../catalog/model.ts';
import { readCatalog } from '../../catalog/read.ts';
import type { Settings } from '../../config/settings.ts';
import { FerrataError } from '../../errors.ts';
import type { Reporter } from '../../events.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { createBackup } from './create.ts';
import { restoreDump } from './dump.ts';
import { goalOf, isWhole } from './goal.ts';
import { checkKeys, loadSettings, loadTable, prepareTables, setSequences } from './load.ts';
import {
  defaultName,
  freeName,
  type OpenBackup,
  openBackup,
  type StoredManifest,
  type StoredTable,
} from './manifest.ts';
import { rolesOf } from './roles.ts';
import {
  firstThatWorks,
  loadCatalog,
  runStage,
  SchemaFailure,
  type SchemaScript,
  schemaScripts,
} from './schema.ts';
import { selectSequences } from './tables.ts';

export interface RestoreRequest {
  readonly settings: Pick<Settings, 'directory'>;
  readonly name: string;
  readonly target: Connector;
  /** `schema.table` as SQL has it; everything when left out. */
  readonly tables?: readonly string[] | 'all';
  /** Whether rows that are there may be overwritten; they are backed up first. */
  readonly yes: boolean;
  readonly encryptionKey?: string | null;
  readonly reporter: Reporter;
}

export interface RestoreOutcome {
  readonly backup: string;
  readonly target: string;
  readonly tables: readonly string[];
  readonly rows: number;
  /** The backup that was made of what has been overwritten; null where nothing was. */
  readonly safetyBackup: string | null;
}

/**
 * Restores. Throws, beside what `openBackup` throws, `backup-target-not-empty` where rows would be overwritten without
 * `yes`, `usage` for a table that the backup does not hold, `catalog-not-renderable`, `backup-failed`.
 */
export async function restoreBackup(request: RestoreRequest): Promise<RestoreOutcome> {
  const { settings, name, target, reporter } = request;
  const backup = await openBackup(settings, name, request.encryptionKey ?? null);
  const connection = await target.connect('restore');
  try {
    const present = await readCatalog(connection);
    const wanted = await loadCatalog(backup.folder, backup.manifest, backup.key);
    const selected = selectStored(backup.manifest, wanted, request.tables ?? 'all');
    if (backup.manifest.kind === 'dump')
      return await restoreWholeDump(request, backup, present, wanted, connection);
    const outcome = await restoreTables(request, backup, connection, present, wanted, selected);
    const rows = selected.reduce((sum, table) => sum + table.rows, 0);
    reporter({
      type: 'backup',
      message: `restored ${selected.length} tables into ${target.label}`,
      rows,
      bytes: null,
    });
    return {
      backup: name,
      target: target.label,
      tables: selected.map((t) => t.table),
      rows,
      safetyBackup: outcome,
    };
  } finally {
    await connection.close();
  }
}

async function restoreWholeDump(
  request: RestoreRequest,
  { manifest, folder }: OpenBackup,
  present: Catalog,
  wanted: Catalog,
  connection: Connection,
): Promise<RestoreOutcome> {
  const taken = [...present.objects.values()].find((object) => object.kind === 'table');
  if ((request.tables ?? 'all') !== 'all' || taken !== undefined) {
    throw new FerrataError(
      'backup-target-not-empty',
      `A dump is restored as a whole, into an empty database`,
      {
        why:
          taken === undefined
            ? 'Single tables were asked for.'
            : `The target has the table ${taken.identity}.`,
        hint: 'Restore it into a new database and copy from there; a snapshot can be restored table by table.',
      },
    );
  }
  await requireRoles(connection, wanted);
  await restoreDump(folder, manifest, request.target);
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const tables = manifest.tables.map((table) => table.table);
  return { backup: manifest.name, target: request.target.label, tables, rows, safetyBackup: null };
}

/** The tables asked for; a partitioned table stands for its partitions. Throws `usage`. */
function selectStored(
  manifest: StoredManifest,
  catalog: Catalog,
  tables: readonly string[] | 'all',
): readonly StoredTable[] {
  if (tables === 'all') return manifest.tables;
  const selected = new Map<string, StoredTable>();
  const add = (name: string): boolean => {
    const stored = manifest.tables.find((table) => table.table === name);
    if (stored !== undefined) selected.set(name, stored);
    const partitions = [...catalog.objects.values()].filter(
      (object) =>
        object.kind === 'table' && (object.properties as { partitionOf?: unknown }).partitionOf === name,
    );
    return partitions.map((partition) => add(partition.identity)).some(Boolean) || stored !== undefined;
  };
  for (const name of tables) {
    const unqualified = manifest.tables.filter((table) => table.table === `public.${name}`);
    if (!add(name) && !(unqualified.length === 1 && add(`public.${name}`))) {
      throw new FerrataError('usage', `The backup ${manifest.name} does not hold the table ${name}`, {
        hint: `It holds ${manifest.tables
          .slice(0, 10)
          .map((table) => table.table)
          .join(', ')}${manifest.tables.length > 10 ? ' …' : ''}.`,
      });
    }
  }
  return [...selected.values()];
}

/** Returns the name of the safety backup, or null. */
async function restoreTables(
  request: RestoreRequest,
  backup: OpenBackup,
  connection: Connection,
  present: Catalog,
  wanted: Catalog,
  selected: readonly StoredTable[],
): Promise<string | null> {
  const isThere = (table: string) => present.objects.has(`table ${table}`);
  const existing = selected.filter((table) => isThere(table.table));
  const missing = selected.filter((table) => !isThere(table.table));
  for (const table of existing) checkColumns(table, present);
  const goal =
    missing.length === 0 && existing.length > 0
      ? null
      : goalOf(backup.manifest, present, wanted, missing, existing);
  const whole = isWhole(backup.manifest, missing, existing);
  if (goal !== null) await requireRoles(connection, goal);
  const scripts =
    goal === null ? [NO_SCHEMA] : await schemaScripts(backup, present, goal, connection.server.user, whole);
  const presentSequences = new Set(await selectSequences(connection, 'all'));
  const restoreWith = async (script: SchemaScript) => {
    await connection.script(loadSettings(connection.server.major));
    const safetyBackup = await emptyTables(request, connection, existing);
    await runStage(connection, script.before);
    const plan = await prepareTables(
      connection,
      existing.map((table) => table.table),
    );
    for (const table of [...plan.order].reverse()) await connection.script(`DELETE FROM ONLY ${table}`);
    await loadInOrder(request, backup, connection, selected, plan.order);
    if (plan.checked) await connection.script('SET CONSTRAINTS ALL IMMEDIATE');
    else if (plan.keys.length > 0) await connection.script('SET LOCAL session_replication_role = origin');
    await plan.restoreTriggers();
    await runStage(connection, script.after);
    if (!plan.checked) await checkKeys(connection, plan.keys);
    await restoreSequences(connection, backup.manifest, selected, presentSequences);
    if (goal !== null) await refreshViews(connection, goal, present);
    if (whole) await compareSchema(request, connection, wanted, script === scripts.at(-1));
    if (selected.length > 0) {
      await connection.script(`ANALYZE ${selected.map((table) => table.table).join(', ')}`);
    }
    return safetyBackup;
  };
  return firstThatWorks(scripts, (script) => connection.transaction(() => restoreWith(script)));
}

const NO_SCHEMA: SchemaScript = { way: 'rendered', before: [], after: [] };

async function loadInOrder(
  request: RestoreRequest,
  { folder, manifest, key }: OpenBackup,
  connection: Connection,
  selected: readonly StoredTable[],
  order: readonly string[],
): Promise<void> {
  const rank = new Map(order.map((table, index) => [table, index]));
  const inOrder = [...selected].sort((a, b) => (rank.get(a.table) ?? -1) - (rank.get(b.table) ?? -1));
  for (const table of inOrder) {
    await loadTable(connection, folder, manifest, table, key);
    const { rows, bytes } = table;
    request.reporter({ type: 'backup', message: `restored ${table.table}`, rows, bytes });
  }
}

/** Throws `SchemaFailure` while there is another way to make the schema; after the last one it is a warning. */
async function compareSchema(
  request: RestoreRequest,
  connection: Connection,
  wanted: Catalog,
  last: boolean,
): Promise<void> {
  const comparison = compareCatalogs(wanted, await readCatalog(connection, { inTransaction: true }));
  const [first] = comparison.differences.filter((difference) => !difference.cosmetic);
  if (first === undefined) return;
  const message = `the restored schema differs from the backup's: ${first.kind} ${first.object} (${first.property})`;
  if (!last) throw new SchemaFailure(new FerrataError('backup-failed', message));
  request.reporter({ type: 'warning', message, hint: null });
}

/**
 * Locks the tables that are there against writers and looks whether they are empty; else makes a backup of them.
 * Throws `backup-target-not-empty`.
 */
async function emptyTables(
  request: RestoreRequest,
  connection: Connection,
  existing: readonly StoredTable[],
): Promise<string | null> {
  if (existing.length === 0) return null;
  const names = existing.map((table) => table.table);
  await connection.script(
    `SET LOCAL lock_timeout = 10000; LOCK TABLE ${names.map((table) => `ONLY ${table}`).join(', ')} IN SHARE ROW EXCLUSIVE MODE`,
  );
  const filled: string[] = [];
  for (const table of names) {
    const [row] = await connection.query<{ filled: boolean }>(
      `SELECT EXISTS (SELECT FROM ONLY ${table}) AS filled`,
    );
    if (row?.filled === true) filled.push(table);
  }
  if (filled.length === 0) return null;
  if (!request.yes) {
    throw new FerrataError(
      'backup-target-not-empty',
      `${filled.slice(0, 5).join(', ')} in ${request.target.label} hold rows`,
      {
        why: 'Restoring replaces every row of the tables that it restores.',
        hint: 'Restore into another database, or say --yes: what is there is backed up first.',
        data: { tables: filled },
      },
    );
  }
  const safety = await createBackup({
    connector: request.target,
    settings: request.settings,
    kind: 'snapshot',
    tables: filled,
    name: await freeName(
      request.settings,
      `${defaultName(null)}-before-restore-of-${request.name}`.slice(0, 100),
    ),
    reporter: request.reporter,
    encryptionKey: request.encryptionKey ?? null,
  });
  return safety.name;
}

/** Throws `backup-failed` where the table that is there can't take the rows. */
function checkColumns(table: StoredTable, present: Catalog): void {
  const lacking = table.columns.filter((column) => {
    const there = present.objects.get(`column ${table.table}.${quoteIdent(column)}`);
    return there === undefined || (there.properties as { generated?: unknown }).generated != null;
  });
  if (lacking.length === 0) return;
  throw new FerrataError(
    'backup-failed',
    `${table.table} lacks columns of the backup: ${lacking.join(', ')}`,
    {
      why: 'The table has another shape than when the backup was made.',
      hint: 'Restore into an empty database, and copy from there what you need.',
    },
  );
}

async function restoreSequences(
  connection: Connection,
  manifest: StoredManifest,
  selected: readonly StoredTable[],
  present: ReadonlySet<string>,
): Promise<void> {
  const whole = selected.length === manifest.tables.length;
  const now = new Set(
    await selectSequences(connection, whole ? 'all' : selected.map((table) => table.table)),
  );
  const positions = Object.entries(manifest.sequences).filter(([name]) => now.has(name));
  await setSequences(connection, Object.fromEntries(positions), present);
}

/** Materialised views that were made empty are filled, those first that others read from. */
export async function refreshViews(connection: Connection, goal: Catalog, present: Catalog): Promise<void> {
  const needs = new Map<ObjectKey, ObjectKey[]>();
  for (const { from, to } of goal.dependencies) needs.set(from, [...(needs.get(from) ?? []), to]);
  const seen = new Set<ObjectKey>();
  const order: string[] = [];
  const visit = (key: ObjectKey): void => {
    if (seen.has(key)) return;
    seen.add(key);
    for (const need of needs.get(key) ?? []) visit(need);
    const object = goal.objects.get(key);
    const populated = (object?.properties as { populated?: unknown } | undefined)?.populated === true;
    if (object?.kind === 'materialized view' && populated && !present.objects.has(key))
      order.push(object.identity);
  };
  for (const key of goal.objects.keys()) visit(key);
  for (const view of order) await connection.script(`REFRESH MATERIALIZED VIEW ${view}`);
}

/** Throws `backup-failed` naming the roles that the schema needs and the server lacks. */
export async function requireRoles(connection: Connection, catalog: Catalog): Promise<void> {
  const missing = await missingRoles(connection, catalog);
  if (missing.length === 0) return;
  throw new FerrataError('backup-failed', `The server lacks roles of the backup: ${missing.join(', ')}`, {
    why: 'Objects belong to them, or they have privileges. Roles belong to the server, not to a database.',
    hint: `Create them first: ${missing.map((role) => `CREATE ROLE ${quoteIdent(role)}`).join('; ')};`,
  });
}

export async function missingRoles(connection: Connection, catalog: Catalog): Promise<string[]> {
  const rows = await connection.query<{ name: string }>(
    'SELECT rolname::text AS name FROM pg_catalog.pg_roles',
  );
  const there = new Set(rows.map((row) => row.name));
  return rolesOf(catalog).filter((role) => !there.has(role));
}
