/**
 * How far the statement in hand is, where the server tells: its progress views (PostgreSQL manual, 27.4). `VALIDATE
 * CONSTRAINT` and rewrites by ALTER TABLE have none.
 */
import type { Connection } from '../../postgres/connection.ts';

export interface StatementProgress {
  /** `building index: scanning table`. */
  readonly phase: string;
  /** In the unit that the server counts; null where it counts nothing in this phase. */
  readonly done: number | null;
  readonly total: number | null;
}

const VIEWS = [
  `SELECT 'building ' || coalesce(nullif(index_relid, 0)::regclass::text, 'index') || ': ' || phase AS phase,
          CASE WHEN tuples_total > 0 THEN tuples_done WHEN blocks_total > 0 THEN blocks_done
               WHEN lockers_total > 0 THEN lockers_done END AS done,
          CASE WHEN tuples_total > 0 THEN tuples_total WHEN blocks_total > 0 THEN blocks_total
               WHEN lockers_total > 0 THEN lockers_total END AS total
   FROM pg_catalog.pg_stat_progress_create_index WHERE pid = ANY ($1::int4[])`,
  `SELECT 'vacuum: ' || phase, nullif(heap_blks_scanned, 0), nullif(heap_blks_total, 0)
   FROM pg_catalog.pg_stat_progress_vacuum WHERE pid = ANY ($1::int4[])`,
  `SELECT lower(command) || ': ' || phase, nullif(heap_blks_scanned, 0), nullif(heap_blks_total, 0)
   FROM pg_catalog.pg_stat_progress_cluster WHERE pid = ANY ($1::int4[])`,
  `SELECT 'analyze: ' || phase, nullif(sample_blks_scanned, 0), nullif(sample_blks_total, 0)
   FROM pg_catalog.pg_stat_progress_analyze WHERE pid = ANY ($1::int4[])`,
];

/** New in 14. */
const COPY = `SELECT lower(command), nullif(bytes_processed, 0), nullif(bytes_total, 0)
   FROM pg_catalog.pg_stat_progress_copy WHERE pid = ANY ($1::int4[])`;

/** Null where none of these backends does anything that the server counts. */
export async function readProgress(
  connection: Connection,
  pids: readonly number[],
): Promise<StatementProgress | null> {
  if (pids.length === 0) return null;
  const views = connection.server.major >= 14 ? [...VIEWS, COPY] : VIEWS;
  const [row] = await connection.query<{ phase: string; done: string | null; total: string | null }>(
    `${views.join(' UNION ALL ')} LIMIT 1`,
    [pids],
  );
  if (row === undefined) return null;
  return {
    phase: row.phase,
    done: row.done === null ? null : Number(row.done),
    total: row.total === null ? null : Number(row.total),
  };
}
