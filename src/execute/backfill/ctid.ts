/**
 * A table without a key, by ranges of `ctid`: exact only where no row moves meanwhile, which the plan has to be told.
 * Ranges are pages; PostgreSQL 14 and newer read them without scanning the table (TID range scan).
 */
import type { Connection } from '../../postgres/connection.ts';
import type { BackfillKey, KeyValue } from './model.ts';

/** The key that every row has, as long as it stays where it is. */
export const CTID_KEY: BackfillKey = {
  index: 'ctid',
  columns: [{ name: 'ctid', type: 'tid', collation: null, descending: false, nullsFirst: false }],
};

/** More line pointers than any page holds. */
const LAST_ON_PAGE = 65535;

/** The end of the table's last page; null where it has none. */
export async function pagesOf(connection: Connection, table: string): Promise<KeyValue | null> {
  const [row] = await connection.rows<[number]>(
    `SELECT (pg_catalog.pg_relation_size(pg_catalog.to_regclass($1)) / pg_catalog.current_setting('block_size')::pg_catalog.int4)::pg_catalog.int4`,
    [table],
  );
  const pages = row?.[0] ?? 0;
  return pages === 0 ? null : [`(${pages - 1},${LAST_ON_PAGE})`];
}

/** Pages that hold about so many rows, behind `last`; null where `upper` comes first. */
export function pageAfter(
  last: KeyValue | null,
  upper: KeyValue,
  rows: number,
  rowsPerPage: number,
): KeyValue | null {
  const page = pageOf(last) + Math.max(1, Math.floor(rows / Math.max(1, rowsPerPage)));
  return page >= pageOf(upper) ? null : [`(${page},${LAST_ON_PAGE})`];
}

function pageOf(value: KeyValue | null): number {
  return value === null ? -1 : Number(/\((\d+),/.exec(value[0] ?? '')?.[1] ?? -1);
}
