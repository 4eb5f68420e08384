/** What lies in the attic, and taking it away for good. */
import { ATTIC_SCHEMA, PARK_COMMENT_PREFIX, type ParkMemo } from '../../catalog/model.ts';
import { parkMemo } from '../../catalog/parked.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteQualified } from '../../sql/quote.ts';

export interface ParkedEntry {
  readonly memo: ParkMemo;
  /** Where it lies now: `ferrata_attic.p…` or the column's table; quoted where needed. */
  readonly table: string;
  /** The column's name now, unquoted; null for a table. */
  readonly column: string | null;
  /** Bytes with indexes and TOAST; null for a column, whose bytes are not counted apart. */
  readonly bytes: number | null;
}

interface ParkedRow {
  readonly schema: string;
  readonly name: string;
  readonly column: string | null;
  readonly comment: string;
  readonly bytes: string | null;
}

/** Everything that is parked in the database, by id; reads comments alone, so the ledger need not be there. */
export async function listParked(connection: Connection): Promise<readonly ParkedEntry[]> {
  const rows = await connection.query<ParkedRow>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS "column", d.description AS comment,
            CASE WHEN d.objsubid = 0 THEN pg_catalog.pg_total_relation_size(c.oid) END AS bytes
     FROM pg_catalog.pg_description d
     JOIN pg_catalog.pg_class c ON c.oid = d.objoid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
     WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND pg_catalog.starts_with(d.description, $1)
       AND (d.objsubid > 0 OR n.nspname = $2)
     ORDER BY 1, 2, 3`,
    [PARK_COMMENT_PREFIX, ATTIC_SCHEMA],
  );
  return rows.flatMap((row) => {
    const memo = parkMemo(row.comment);
    if (memo === null || (memo.kind === 'column') !== (row.column !== null)) return [];
    const table = quoteQualified(row.schema, row.name);
    return [{ memo, table, column: row.column, bytes: row.bytes === null ? null : Number(row.bytes) }];
  });
}

/**
 * Drops the parked things of these ids for good. The caller decides what is past its window, and opens the
 * transaction. Gives back what was dropped; an id that is not there is passed by.
 */
export async function purge(
  connection: Connection,
  options: { readonly parkIds: readonly string[] },
): Promise<readonly ParkedEntry[]> {
  const entries = (await listParked(connection)).filter(({ memo }) => options.parkIds.includes(memo.parkId));
  // A column of a parked table goes with the table.
  const tables = entries.filter(({ column }) => column === null);
  const gone = new Set(tables.map(({ table }) => table));
  const statements = [
    ...entries
      .filter(({ column, table }) => column !== null && !gone.has(table))
      .map(({ table, column }) => `ALTER TABLE ${table} DROP COLUMN ${quoteIdent(column ?? '')}`),
    ...(tables.length === 0 ? [] : [`DROP TABLE ${tables.map(({ table }) => table).join(', ')}`]),
  ];
  if (statements.length > 0) await connection.script(statements.join(';\n'));
  return entries;
}
