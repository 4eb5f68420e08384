/** The tables that hold content, and how their values are hashed: shared by fingerprints and by exact comparison. */
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { ATTIC_SCHEMA, LEDGER_SCHEMA, PARKED_PREFIX } from '../model.ts';

/** A table with content of its own: ordinary tables, leaves of partitioned ones, populated materialised views. */
export interface DataTable {
  /** `schema.table`, quoted where needed. */
  readonly table: string;
  /** In order of name (bytewise). */
  readonly columns: readonly string[];
  /** Columns of the primary key, in key order; empty without one. */
  readonly key: readonly string[];
}

/** What stands for NULL in a column's checksum: a value like any other, but not one a hash is likely to give. */
const NULL_HASH = '-3141592653589793238';
const TABLES = `
  SELECT format('%I.%I', n.nspname, c.relname),
         coalesce((SELECT json_agg(a.attname ORDER BY a.attname COLLATE "C") FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                     AND NOT starts_with(a.attname, ${quoteLiteral(PARKED_PREFIX)})), '[]'),
         coalesce((SELECT json_agg(a.attname ORDER BY k.position)
                   FROM pg_constraint p, unnest(p.conkey) WITH ORDINALITY AS k(attnum, position), pg_attribute a
                   WHERE p.conrelid = c.oid AND p.contype = 'p' AND a.attrelid = c.oid AND a.attnum = k.attnum), '[]')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (c.relkind = 'r' OR (c.relkind = 'm' AND c.relispopulated)) AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', '${LEDGER_SCHEMA}', '${ATTIC_SCHEMA}')
  ORDER BY 1`;

const SEQUENCES = `
  SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND NOT starts_with(c.relname, ${quoteLiteral(PARKED_PREFIX)})
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', '${LEDGER_SCHEMA}', '${ATTIC_SCHEMA}')
  ORDER BY 1`;

/** The tables that hold content, and the sequences by name. Meant to run inside `withFixedValues`. */
export async function readDataTables(
  connection: Connection,
): Promise<readonly [readonly DataTable[], readonly string[]]> {
  const [tables = [], sequences = []] = await connection.script(`${TABLES}; ${SEQUENCES}`);
  return [
    tables.map(([table, columns, key]) => ({
      table: table ?? '',
      columns: JSON.parse(columns ?? '[]') as string[],
      key: JSON.parse(key ?? '[]') as string[],
    })),
    sequences.map(([name]) => name ?? ''),
  ];
}

/**
 * A hash of a value's text; `expression` is SQL. `concat` calls the type's own output function, where `::text` would run
 * a cast that somebody made with CREATE CAST, which may tell different values by the same text. The C collation: under a
 * nondeterministic one equal-but-different strings hash alike.
 */
function hashOf(expression: string): string {
  return `hashtextextended(concat(${expression}) COLLATE "C", 0)`;
}

/** The hash of a column's value, NULL included. `num_nulls` counts, where IS NULL holds for a row of NULLs as well. */
export function columnHash(column: string): string {
  const value = `t.${quoteIdent(column)}`;
  return `CASE WHEN num_nulls(${value}) = 1 THEN ${NULL_HASH} ELSE ${hashOf(value)} END`;
}

/** The hash of a whole row; a record's text tells NULL from '' and keeps the values apart (manual, 8.16.6). */
export function rowHash(columns: readonly string[]): string {
  return hashOf(`ROW(${columns.map((column) => `t.${quoteIdent(column)}`).join(', ')})`);
}
