import type { Connection } from '../postgres/connection.ts';
import type { RelationSize } from './model.ts';

/** Up to this size an exact count costs next to nothing. */
const COUNT_BYTES = 8 * 1024 * 1024;

interface SizeRow {
  readonly written: string;
  readonly relation: string | null;
  readonly kind: string | null;
  readonly tuples: number | null;
  readonly pages: number | null;
  readonly current_pages: number | null;
  readonly heap: string | null;
  readonly bytes: string | null;
  readonly indexes: number | null;
  readonly never_analysed: boolean | null;
}

/**
 * Rows and bytes of relations, as the planner would estimate them: `reltuples`, scaled to today's number of pages (manual,
 * 76.1). A partitioned table counts its partitions. What was never analysed is counted when it is small, else its rows
 * are null.
 *
 * @param relations names as SQL, quoted where needed; those that the server does not know are left out of the result
 * @returns by the given name
 */
export async function readSizes(
  connection: Connection,
  relations: readonly string[],
): Promise<ReadonlyMap<string, RelationSize>> {
  const sizes = new Map<string, RelationSize>();
  if (relations.length === 0) return sizes;
  const rows = await connection.query<SizeRow>(SIZES, [relations]);
  for (const row of rows) {
    if (row.relation === null) continue;
    const bytes = row.bytes === null ? null : Number(row.bytes);
    sizes.set(row.written, {
      relation: row.written,
      rows: await rowsOf(connection, row),
      bytes,
      indexes: Number(row.indexes ?? 0),
    });
  }
  return sizes;
}

async function rowsOf(connection: Connection, row: SizeRow): Promise<number | null> {
  if (row.kind === 'S' || row.kind === 'i' || row.kind === 'I') return 0;
  if (row.kind === 'v') return null;
  if (Number(row.heap ?? 0) === 0) return 0;
  if (row.never_analysed !== true) {
    const pages = Number(row.pages ?? 0);
    const tuples = Number(row.tuples ?? 0);
    return pages === 0
      ? Math.round(tuples)
      : Math.round((tuples / pages) * Number(row.current_pages ?? pages));
  }
  if (Number(row.heap) > COUNT_BYTES || row.relation === null || row.kind === 'f') return null;
  try {
    // `relation` comes from the server as regclass prints it: quoted where needed.
    const [counted] = await connection.query<{ n: string }>(`SELECT count(*) AS n FROM ${row.relation}`);
    return Number(counted?.n ?? 0);
  } catch {
    // No privilege, or locked by somebody: the size is then not known, and that is no reason to stop.
    return null;
  }
}

const SIZES = `
WITH asked AS (
  SELECT written, to_regclass(written) AS oid FROM unnest($1::text[]) AS written
), leaves AS (
  SELECT a.written, coalesce(t.relid, a.oid) AS leaf
  FROM asked a
  JOIN pg_class c ON c.oid = a.oid
  LEFT JOIN LATERAL (
    SELECT relid FROM pg_partition_tree(a.oid) WHERE isleaf
  ) t ON c.relkind = 'p'
)
SELECT a.written,
       a.oid::regclass::text AS relation,
       root.relkind::text AS kind,
       sum(greatest(leaf.reltuples, 0))::float8 AS tuples,
       sum(leaf.relpages)::float8 AS pages,
       sum(pg_relation_size(leaf.oid) / current_setting('block_size')::int)::float8 AS current_pages,
       sum(pg_relation_size(leaf.oid))::text AS heap,
       sum(pg_table_size(leaf.oid))::text AS bytes,
       (SELECT count(*)::int FROM pg_index i WHERE i.indrelid = a.oid) AS indexes,
       bool_or(leaf.relpages = 0 AND leaf.reltuples <= 0 AND pg_relation_size(leaf.oid) > 0) AS never_analysed
FROM asked a
LEFT JOIN pg_class root ON root.oid = a.oid
LEFT JOIN leaves l ON l.written = a.written
LEFT JOIN pg_class leaf ON leaf.oid = l.leaf
GROUP BY a.written, a.oid, root.relkind`;
