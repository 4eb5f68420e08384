/** Counts exactly which rows and values differ between two databases, table by table. */
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { compareData } from './compare.ts';
import { columnHash, type DataTable, readDataTables, rowHash } from './hash.ts';
import type { DataFingerprint, DataLoss } from './model.ts';
import { withFixedValues } from './session.ts';

/** Beyond this many rows hashes are not brought to the client; the caller keeps the fingerprint's upper bound. */
const MAX_ROWS = 100_000;

/** Per row: its key's text (null without a key), the whole row's hash, one hash per column. */
type HashedRow = readonly (string | null)[];

interface Side {
  readonly table: DataTable;
  readonly rows: readonly HashedRow[];
}

/** A database with the fingerprint of its content. */
export interface DataSide {
  readonly connection: Connection;
  readonly data: DataFingerprint;
}

/**
 * The losses from one database to the other, with exact row counts. Rows are matched by primary key where both sides
 * have the same one, else as multisets. Rows beside what was there before count under `*`. For a table of more than
 * 100 000 rows the count is the upper bound of `compareData`. Neither connection may be in a transaction.
 */
export async function explainLosses(before: DataSide, after: DataSide): Promise<DataLoss[]> {
  const rough = compareData(before.data, after.data);
  const tables = new Set(rough.map(({ table }) => table));
  const both = [...tables].filter((table) => before.data.tables.has(table) && after.data.tables.has(table));
  if (both.length === 0) return rough;
  const [was, now] = await Promise.all([readKeys(before.connection, both), readKeys(after.connection, both)]);
  const exact = new Map<string, readonly DataLoss[]>();
  for (const table of both) {
    const left = was.get(table);
    const right = now.get(table);
    const sizes = [before.data.tables.get(table)?.rows ?? 0, after.data.tables.get(table)?.rows ?? 0];
    if (left === undefined || right === undefined || Math.max(...sizes) > MAX_ROWS) continue;
    const losses = await explainTable(before.connection, after.connection, left, right);
    // Never less than the checksums saw: they compared everything.
    if (losses.length > 0) exact.set(table, losses);
  }
  const named = new Set<string>();
  return rough.flatMap((loss) => {
    const losses = exact.get(loss.table);
    if (losses === undefined) return [loss];
    if (named.has(loss.table)) return [];
    named.add(loss.table);
    return losses;
  });
}

async function explainTable(
  before: Connection,
  after: Connection,
  left: DataTable,
  right: DataTable,
): Promise<readonly DataLoss[]> {
  const gone = left.columns.filter((column) => !right.columns.includes(column));
  const shared = left.columns.filter((column) => right.columns.includes(column));
  const sameKey = left.key.length > 0 && left.key.join('\0') === right.key.join('\0');
  const key = sameKey ? left.key : [];
  const [was, now] = await Promise.all([
    readHashes(before, left, shared, key),
    readHashes(after, right, shared, key),
  ]);
  const losses = sameKey
    ? byKey(left.table, shared, { table: left, rows: was }, { table: right, rows: now })
    : byMultiset(left.table, shared, was, now);
  if (was.length > 0) {
    for (const column of gone) losses.push({ table: left.table, column, rows: was.length });
  }
  return losses;
}

function byKey(table: string, columns: readonly string[], before: Side, after: Side): DataLoss[] {
  const now = new Map(after.rows.map((row) => [row[0], row]));
  const changed = columns.map(() => 0);
  let missing = 0;
  for (const row of before.rows) {
    const other = now.get(row[0]);
    if (other === undefined) {
      missing++;
      continue;
    }
    now.delete(row[0]);
    if (row[1] === other[1]) continue;
    columns.forEach((_, index) => {
      if (row[index + 2] !== other[index + 2]) changed[index] = (changed[index] ?? 0) + 1;
    });
  }
  return collect(table, columns, missing + now.size, changed);
}

/** Without a key: how many rows have no equal on the other side, and by column how many values have none. */
function byMultiset(
  table: string,
  columns: readonly string[],
  before: readonly HashedRow[],
  after: readonly HashedRow[],
): DataLoss[] {
  const surplus = Math.max(0, after.length - before.length);
  const changed = columns.map((_, index) => unmatched(before, after, index + 2));
  const rows = unmatched(before, after, 1);
  if (after.length === before.length && changed.some((count) => count > 0)) {
    return collect(table, columns, 0, changed);
  }
  return collect(
    table,
    columns,
    Math.max(rows, surplus),
    columns.map(() => 0),
  );
}

function unmatched(before: readonly HashedRow[], after: readonly HashedRow[], index: number): number {
  const counts = new Map<string | null | undefined, number>();
  for (const row of after) counts.set(row[index], (counts.get(row[index]) ?? 0) + 1);
  let missing = 0;
  for (const row of before) {
    const left = counts.get(row[index]) ?? 0;
    if (left === 0) missing++;
    else counts.set(row[index], left - 1);
  }
  return missing;
}

function collect(
  table: string,
  columns: readonly string[],
  rows: number,
  changed: readonly number[],
): DataLoss[] {
  const losses: DataLoss[] = rows === 0 ? [] : [{ table, column: '*', rows }];
  columns.forEach((column, index) => {
    const count = changed[index] ?? 0;
    if (count > 0) losses.push({ table, column, rows: count });
  });
  return losses;
}

async function readKeys(
  connection: Connection,
  tables: readonly string[],
): Promise<ReadonlyMap<string, DataTable>> {
  const wanted = new Set(tables);
  const [found] = await withFixedValues(connection, false, () => readDataTables(connection));
  return new Map(found.filter(({ table }) => wanted.has(table)).map((table) => [table.table, table]));
}

async function readHashes(
  connection: Connection,
  table: DataTable,
  columns: readonly string[],
  key: readonly string[],
): Promise<readonly HashedRow[]> {
  const keyText =
    key.length === 0 ? 'NULL' : `ROW(${key.map((column) => `t.${quoteIdent(column)}`).join(', ')})::text`;
  const list = [keyText, rowHash(columns), ...columns.map(columnHash)].join(', ');
  const [rows = []] = await withFixedValues(connection, false, () =>
    connection.script(`SELECT ${list} FROM ONLY ${table.table} t`),
  );
  return rows;
}
