/** Loads the rows of a backup into a database, table by table, inside the caller's transaction. */
import { type SequencePosition, sequencePosition } from '../../catalog/data/model.ts';
import { FerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { countOrphans, type ForeignKey, readForeignKeys } from '../../verify/foreign-keys.ts';
import { readArchive } from './archive.ts';
import type { BackupKey } from './encryption.ts';
import type { StoredManifest, StoredTable } from './manifest.ts';
import { copyFromSql, copySettings, readSequences } from './tables.ts';

/** Settings of the loading transaction. */
export function loadSettings(major: number): string {
  return `${copySettings(major)} SET LOCAL check_function_bodies = off;`;
}

/** Copies rows in; the connection must be in a transaction with `loadSettings`. */
export async function loadTable(
  connection: Connection,
  folder: string,
  manifest: StoredManifest,
  table: StoredTable,
  key: BackupKey | null,
): Promise<void> {
  if (manifest.encoding === 'SQL_ASCII') await connection.script(`SET LOCAL client_encoding = 'SQL_ASCII'`);
  const target = await connection.copyFrom(copyFromSql(table));
  try {
    await readArchive(folder, table.file, key, target);
  } catch (error) {
    // In the middle of a COPY nothing else can be said; the transaction goes with the connection.
    await connection.close();
    throw error;
  }
}

export interface LoadPlan {
  /** In the order in which they can be filled; to be emptied in the opposite order. */
  readonly order: readonly string[];
  /** Puts triggers back as they were. */
  readonly restoreTriggers: () => Promise<void>;
  /** Whether the server checks foreign keys by itself while rows come. */
  readonly checked: boolean;
  readonly keys: readonly ForeignKey[];
}

/**
 * Prepares tables that are there already: their triggers are switched off (the rows come as they were), foreign keys
 * too where the role may (`session_replication_role`), else the tables are put in order.
 * Throws `backup-failed` where no order helps or where other tables' rows would go as well.
 */
export async function prepareTables(connection: Connection, tables: readonly string[]): Promise<LoadPlan> {
  const restoreTriggers = await disableTriggers(connection, tables);
  const keys = tables.length === 0 ? [] : await readForeignKeys(connection, tables);
  const unchecked = keys.length === 0 || (await switchChecksOff(connection));
  if (unchecked) return { order: tables, restoreTriggers, checked: false, keys };
  await connection.script('SET CONSTRAINTS ALL DEFERRED');
  return { order: orderTables(tables, keys), restoreTriggers, checked: true, keys };
}

async function switchChecksOff(connection: Connection): Promise<boolean> {
  await connection.script('SAVEPOINT ferrata_replica');
  try {
    await connection.script(
      'SET LOCAL session_replication_role = replica; RELEASE SAVEPOINT ferrata_replica',
    );
    return true;
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_replica; RELEASE SAVEPOINT ferrata_replica');
    return false;
  }
}

const STATES: Readonly<Record<string, string>> = { O: 'ENABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };

/** In every state: those for replicas fire under `session_replication_role = replica` too. */
async function disableTriggers(
  connection: Connection,
  tables: readonly string[],
): Promise<() => Promise<void>> {
  const triggers = await connection.query<{ table: string; name: string; state: string }>(
    `SELECT w.name AS "table", t.tgname::text AS name, t.tgenabled::text AS state
     FROM unnest($1::text[]) AS w(name) JOIN pg_catalog.pg_trigger t ON t.tgrelid = pg_catalog.to_regclass(w.name)
     WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'`,
    [tables],
  );
  const change = (how: (state: string) => string) => {
    const statements = triggers.map(
      ({ table, name, state }) => `ALTER TABLE ${table} ${how(state)} TRIGGER ${quoteIdent(name)}`,
    );
    return statements.length === 0 ? Promise.resolve([]) : connection.script(statements.join(';\n'));
  };
  await change(() => 'DISABLE');
  return async () => {
    await change((state) => STATES[state] ?? 'ENABLE');
  };
}

/** Referenced tables first. */
function orderTables(tables: readonly string[], keys: readonly ForeignKey[]): string[] {
  const wanted = new Set(tables);
  for (const key of keys) {
    if (wanted.has(key.references) && !wanted.has(key.table) && ['c', 'n', 'd'].includes(key.onDelete)) {
      throw new FerrataError(
        'backup-failed',
        `${key.table} would lose rows when ${key.references} is overwritten`,
        {
          why: `Its foreign key ${quoteIdent(key.name)} deletes or changes the rows that refer to what is deleted, and this role may not switch that off.`,
          hint: `Restore ${key.table} together with it, or connect as a superuser.`,
        },
      );
    }
  }
  const needs = new Map(tables.map((table) => [table, new Set<string>()]));
  for (const key of keys) {
    if (key.table !== key.references && wanted.has(key.references) && !key.deferrable) {
      needs.get(key.table)?.add(key.references);
    }
  }
  const order: string[] = [];
  while (order.length < tables.length) {
    const ready = tables.filter((table) => needs.has(table) && needs.get(table)?.size === 0);
    if (ready.length === 0) {
      throw new FerrataError('backup-failed', 'The tables refer to each other in a circle', {
        why: `No order of ${[...needs.keys()].join(', ')} keeps their foreign keys satisfied, and this role may not switch the checks off.`,
        hint: 'Connect as a superuser, or restore into an empty database.',
      });
    }
    for (const table of ready) {
      needs.delete(table);
      for (const open of needs.values()) open.delete(table);
      order.push(table);
    }
  }
  return order;
}

/** Throws `backup-failed` where rows refer to nothing: what was loaded does not fit what is there. */
export async function checkKeys(connection: Connection, keys: readonly ForeignKey[]): Promise<void> {
  for (const key of keys.filter((one) => one.validated)) {
    const orphans = await countOrphans(connection, key);
    if (orphans === 0) continue;
    throw new FerrataError('backup-failed', `${orphans} rows of ${key.table} would refer to nothing`, {
      why: `The restored rows break the foreign key ${quoteIdent(key.name)} to ${key.references}. Nothing was changed.`,
      hint: `Restore ${key.table} and ${key.references} together.`,
    });
  }
}

/**
 * Sets sequences to the positions in the backup. One that was there before is never set back: keys that it gave out
 * since may be in use.
 */
export async function setSequences(
  connection: Connection,
  positions: Readonly<Record<string, string>>,
  present: ReadonlySet<string>,
): Promise<void> {
  const names = Object.keys(positions);
  const kept = names.filter((name) => present.has(name));
  const current = await readSequences(connection, kept);
  const calls: string[] = [];
  for (const name of names) {
    const wanted = sequencePosition(positions[name] ?? '');
    const now = current[name];
    if (now !== undefined && !isAhead(wanted, sequencePosition(now))) continue;
    calls.push(
      `SELECT pg_catalog.setval(${quoteLiteral(name)}::regclass, ${wanted.lastValue}, ${wanted.called})`,
    );
  }
  if (calls.length > 0) await connection.script(calls.join(';\n'));
}

function isAhead(wanted: SequencePosition, now: SequencePosition): boolean {
  if (wanted.lastValue !== now.lastValue) return wanted.lastValue > now.lastValue !== wanted.descending;
  return wanted.called && !now.called;
}
