/**
 * What a session has read and written so far. The server counts per session and sends the counts off now and then
 * between transactions (PostgreSQL 15: once a second; before, twice), so that only a difference inside one transaction
 * means something, and what is read here of the system's own catalogs is in it as well: those are left out.
 */
import type { Reading } from './reading.ts';

export interface Counts {
  /** Sequential scans begun; of an index, scans of it. */
  readonly scans: number;
  /** Tuples that they gave. */
  readonly read: number;
  /** Rows inserted, updated and deleted. */
  readonly written: number;
}

/** By the oid of the table or index. */
export type Counters = ReadonlyMap<number, Counts>;

const NOTHING: Counts = { scans: 0, read: 0, written: 0 };

export const counters: Reading<Counters> = {
  sql: [
    `SELECT oid, scans, read, written FROM (
      SELECT c.oid, pg_catalog.pg_stat_get_xact_numscans(c.oid) AS scans,
        pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) AS read,
        pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
          + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS written
      FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm', 'i')) t
    WHERE scans > 0 OR read > 0 OR written > 0`,
  ],
  parse: ([rows = []]) =>
    new Map(
      rows.map(([oid, scans, read, written]) => [
        Number(oid),
        { scans: Number(scans), read: Number(read), written: Number(written) },
      ]),
    ),
};

/** What came to the counts of one table. */
export function counted(before: Counters, after: Counters, oid: number): Counts {
  const old = before.get(oid) ?? NOTHING;
  const now = after.get(oid) ?? NOTHING;
  // Sent off in between: what is there now has come since.
  if (now.scans < old.scans || now.read < old.read || now.written < old.written) return now;
  return { scans: now.scans - old.scans, read: now.read - old.read, written: now.written - old.written };
}
