/**
 * The target's statistics, so that a plan on a scratch copy means something (PostgreSQL manual, 14.2): sizes of tables and
 * indexes as the planner would scale them today, and what ANALYZE found about the columns.
 */
import type { Connection } from '../../postgres/connection.ts';
import { quoteLiteral } from '../../sql/quote.ts';

export interface ColumnStatistics {
  readonly name: string;
  /** Over the children as well. */
  readonly inherited: boolean;
  readonly nullFraction: number;
  readonly width: number;
  readonly distinct: number;
  readonly correlation: number | null;
  /** Text forms of arrays; null where there is none. These hold values of the target. */
  readonly commonValues: string | null;
  readonly commonFrequencies: string | null;
  readonly histogram: string | null;
  readonly commonElements: string | null;
  readonly commonElementFrequencies: string | null;
  readonly elementCounts: string | null;
}

export interface RelationStatistics {
  readonly schema: string;
  readonly name: string;
  /** `pg_class.relkind`. */
  readonly kind: string;
  /** Today's, in blocks. */
  readonly pages: number;
  /** Negative: nobody knows, and the planner guesses by the width of a row. */
  readonly tuples: number;
  readonly allVisible: number;
  readonly columns: readonly ColumnStatistics[];
}

export interface DatabaseStatistics {
  readonly relations: readonly RelationStatistics[];
  readonly origin: 'target' | 'pinned' | 'assumed';
}

/** With fewer rows than this in all tables together a database says nothing about the plans of a full one. */
const FILLED = 1000;
/** What every table is taken to hold where nothing is known. */
export const ASSUMED_ROWS = 100_000;

/** Whether the tables hold enough for their plans to mean something. */
export function isFilled(statistics: DatabaseStatistics): boolean {
  const rows = statistics.relations
    .filter(({ kind }) => kind === 'r' || kind === 'm')
    .reduce((sum, { tuples, pages }) => sum + (tuples < 0 ? pages * 10 : tuples), 0);
  return rows >= FILLED;
}

type SizeRow = [string, string, string, number, number, number];

/**
 * Reads statistics of tables (`schema.table`, quoted where needed), their partitions and their indexes: of columns only
 * what the role may read.
 *
 * @param values whether most common values and histograms are read as well
 */
export async function readStatistics(
  connection: Connection,
  tables: readonly string[],
  values: boolean,
): Promise<DatabaseStatistics> {
  const sizes = await connection.rows<SizeRow>(
    `${FAMILY}
     SELECT n.nspname, c.relname, c.relkind::pg_catalog.text, f.pages::pg_catalog.int4,
            (CASE WHEN c.relpages > 0 AND c.reltuples >= 0 THEN c.reltuples::pg_catalog.float8 / c.relpages * f.pages
                  WHEN f.pages = 0 THEN 0 ELSE -1 END)::pg_catalog.float8,
            (CASE WHEN c.relpages > 0 THEN least(c.relallvisible::pg_catalog.float8 / c.relpages, 1) * f.pages ELSE 0 END)::pg_catalog.int4
     FROM family m JOIN pg_catalog.pg_class c ON c.oid = m.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL (SELECT CASE WHEN c.relkind IN ('r', 'm', 'i')
       THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8
       ELSE c.relpages::pg_catalog.int8 END AS pages) f`,
    [tables],
  );
  const columns = await readColumns(connection, tables, values);
  return {
    origin: 'target',
    relations: sizes.map(([schema, name, kind, pages, tuples, allVisible]) => ({
      schema,
      name,
      kind,
      pages: Number(pages),
      tuples: Math.round(Number(tuples)),
      allVisible,
      columns: columns.get(`${schema}\0${name}`) ?? [],
    })),
  };
}

/** The tables, whatever inherits from them, and the indexes of all. */
const FAMILY = `WITH RECURSIVE tables AS (
  SELECT pg_catalog.to_regclass(w)::pg_catalog.oid AS oid FROM pg_catalog.unnest($1::pg_catalog.text[]) AS w
  UNION SELECT i.inhrelid FROM tables t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
), family AS (
  SELECT oid FROM tables WHERE oid IS NOT NULL
  UNION SELECT x.indexrelid FROM tables t JOIN pg_catalog.pg_index x ON x.indrelid = t.oid
)`;

async function readColumns(
  connection: Connection,
  tables: readonly string[],
  values: boolean,
): Promise<ReadonlyMap<string, readonly ColumnStatistics[]>> {
  const held = (column: string) => (values ? `s.${column}::pg_catalog.text` : 'NULL::pg_catalog.text');
  const rows = await connection.rows<
    [string, string, string, boolean, number, number, number, number | null, ...(string | null)[]]
  >(
    `${FAMILY}
     SELECT s.schemaname, s.tablename, s.attname, s.inherited, s.null_frac, s.avg_width, s.n_distinct, s.correlation,
            ${held('most_common_vals')}, ${held('most_common_freqs')}, ${held('histogram_bounds')},
            ${held('most_common_elems')}, ${held('most_common_elem_freqs')}, ${held('elem_count_histogram')}
     FROM family m JOIN pg_catalog.pg_class c ON c.oid = m.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname`,
    [tables],
  );
  const found = new Map<string, ColumnStatistics[]>();
  for (const [schema, table, name, inherited, nullFraction, width, distinct, correlation, ...rest] of rows) {
    const [commonValues = null, commonFrequencies = null, histogram = null] = rest;
    const [, , , commonElements = null, commonElementFrequencies = null, elementCounts = null] = rest;
    const key = `${schema}\0${table}`;
    const list = found.get(key) ?? [];
    list.push({
      name,
      inherited,
      nullFraction,
      width,
      distinct,
      correlation,
      commonValues,
      commonFrequencies,
      histogram,
      commonElements,
      commonElementFrequencies,
      elementCounts,
    });
    found.set(key, list);
  }
  return found;
}

/**
 * Statistics of a database about which nothing is known: every table of it with the same number of rows, as wide as the
 * planner takes its types to be (32 bytes for what has no fixed width).
 */
export async function assumedStatistics(connection: Connection): Promise<DatabaseStatistics> {
  const rows = await connection.rows<[string, string, string, number, number]>(
    `SELECT n.nspname, c.relname, c.relkind::pg_catalog.text,
            ceil(${ASSUMED_ROWS}::pg_catalog.float8 * (w.width + CASE c.relkind WHEN 'i' THEN 16 ELSE 28 END)
              / pg_catalog.current_setting('block_size')::pg_catalog.int4)::pg_catalog.int4, ${ASSUMED_ROWS}
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL (SELECT coalesce(sum(CASE WHEN a.attlen > 0 THEN a.attlen
         WHEN a.atttypmod BETWEEN 5 AND 36 THEN a.atttypmod - 4 ELSE 32 END), 0) AS width
       FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) w
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm', 'i')
       AND n.nspname <> ALL (ARRAY[${['pg_toast', 'pg_catalog', 'information_schema', 'ferrata', 'ferrata_attic'].map(quoteLiteral).join(', ')}])`,
  );
  return {
    origin: 'assumed',
    relations: rows.map(([schema, name, kind, pages, tuples]) => ({
      schema,
      name,
      kind,
      pages,
      tuples,
      allVisible: pages,
      columns: [],
    })),
  };
}
