/** Which tables a step writes, as the server's own counters tell inside the transaction. */
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import type { StepOutcome } from '../model.ts';

/** The counters of one moment. `moment` is `now()`: the same all through a transaction, another outside of one. */
export interface WriteCounts {
  readonly moment: string;
  readonly tables: ReadonlyMap<number, TableCount>;
}

interface TableCount {
  readonly name: string;
  readonly written: number;
  /** Null where it was not asked for. */
  readonly file: string | null;
  readonly bytes: number | null;
}

type CountRow = readonly [string, number | null, string, string, string | null, string | null];

/**
 * Reads `pg_stat_xact`'s counters of every ordinary table (they run on from one transaction to the next until they are
 * flushed, so that only differences mean something). With `sizes`, files and sizes too: TRUNCATE counts no rows.
 * A partition is counted under the name of its root: statements on the root write it.
 */
export async function readWrites(connection: Connection, sizes: boolean): Promise<WriteCounts> {
  const rows = await connection.rows<CountRow>(
    `SELECT pg_catalog.now()::text, c.oid,
            pg_catalog.quote_ident(coalesce(rn.nspname, n.nspname)) || '.' || pg_catalog.quote_ident(coalesce(r.relname, c.relname)),
            (pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
             + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid))::text,
            ${sizes ? 'c.relfilenode::text, pg_catalog.pg_relation_size(c.oid)::text' : 'NULL, NULL'}
     FROM (SELECT) one
     LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                AND n.nspname NOT IN ('ferrata', 'ferrata_attic', 'pg_catalog', 'information_schema'))
            ON c.relkind = 'r' AND c.relpersistence <> 't'
     LEFT JOIN pg_catalog.pg_class r ON c.relispartition AND r.oid = pg_catalog.pg_partition_root(c.oid)
     LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace`,
  );
  const tables = new Map<number, TableCount>();
  for (const [, oid, name, written, file, bytes] of rows) {
    if (oid === null) continue;
    tables.set(oid, { name, written: Number(written), file, bytes: bytes === null ? null : Number(bytes) });
  }
  return { moment: rows[0]?.[0] ?? '', tables };
}

/**
 * What was written between two moments of one transaction; nothing where they are not of the same one (a step outside
 * a transaction is not counted). Tables that are new since, and those that are gone, are left out: the way back over
 * them is the schema's.
 */
export function writesBetween(before: WriteCounts, after: WriteCounts): StepOutcome['writes'] {
  if (before.moment !== after.moment) return [];
  const writes = new Map<string, number>();
  for (const [oid, now] of after.tables) {
    const then = before.tables.get(oid);
    if (then === undefined) continue;
    const emptied = then.file !== now.file && then.bytes !== null && then.bytes > 0 && now.bytes === 0;
    const rows = emptied ? Math.max(1, now.written - then.written) : now.written - then.written;
    if (rows > 0) writes.set(then.name, (writes.get(then.name) ?? 0) + rows);
  }
  return [...writes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([table, rows]) => ({ table, rows }));
}

/**
 * Tables that a step has written and that were not captured: what it did to them could not be taken back. A capture
 * without a schema covers the table of that name in any. Empty: everything that was written was seen.
 */
export function unseenWrites(outcome: StepOutcome, captures: readonly string[]): readonly string[] {
  const seen = new Set(captures.map((name) => normalName(name)));
  return outcome.writes
    .map(({ table }) => table)
    .filter((table) => {
      const parts = splitQualified(table);
      return !seen.has(normalName(table)) && !seen.has(quoteIdent(parts.at(-1) ?? table));
    });
}

function normalName(name: string): string {
  return splitQualified(name)
    .map((part) => quoteIdent(part))
    .join('.');
}
