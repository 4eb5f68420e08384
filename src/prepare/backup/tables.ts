/**
 * What lies in a database that a snapshot must copy: tables with storage of their own, their columns, and the
 * positions of sequences.
 */
import { type SequencePosition, sequenceText } from '../../catalog/data/model.ts';
import { VALUE_SETTINGS } from '../../catalog/data/session.ts';
import { ATTIC_SCHEMA, LEDGER_SCHEMA, PARKED_PREFIX } from '../../catalog/model.ts';
import { FerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';

export interface CopiedTable {
  /** `schema.table`, quoted where needed. */
  readonly table: string;
  /** Without generated and parked columns; unquoted, in the table's order. */
  readonly columns: readonly string[];
  /** Text where a binary copy would carry numbers that mean something only in this database. */
  readonly format: 'binary' | 'text';
  readonly bytes: number;
}

/** Relations of users: no system schema, no temporary one, nothing of ferrata's, nothing that an extension made. */
const USER_RELATION = `
  n.nspname NOT IN ('information_schema', '${LEDGER_SCHEMA}', '${ATTIC_SCHEMA}') AND n.nspname !~ '^pg_'
  AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/**
 * The names of the tables to copy. Partitioned tables stand for their partitions. `absent: 'skip'` leaves out what is
 * not there, or is no table (a migration names tables that it will make); otherwise throws `usage`.
 */
export async function selectTables(
  connection: Connection,
  wanted: readonly string[] | 'all',
  absent: 'skip' | 'refuse',
): Promise<string[]> {
  if (wanted === 'all') {
    const rows = await connection.query<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND ${USER_RELATION} ORDER BY 1`,
    );
    return rows.map((row) => row.name);
  }
  const rows = await connection.query<{ wanted: string; kind: string | null; leaves: string[] | null }>(
    `SELECT w.name AS wanted, c.relkind::text AS kind,
            (SELECT array_agg(format('%I.%I', n.nspname, l.relname) ORDER BY n.nspname, l.relname)
             FROM pg_catalog.pg_class l JOIN pg_catalog.pg_namespace n ON n.oid = l.relnamespace
             WHERE l.relkind = 'r' AND (l.oid = c.oid
               OR (c.relkind = 'p' AND l.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))))) AS leaves
     FROM unnest($1::text[]) AS w(name)
     LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name)`,
    [wanted],
  );
  if (absent === 'refuse') {
    const unknown = rows.find((row) => row.kind !== 'r' && row.kind !== 'p');
    if (unknown !== undefined) {
      const what = unknown.kind === null ? 'There is no table' : 'It is not a table:';
      throw new FerrataError('usage', `${what} ${unknown.wanted}`, {
        hint: 'Write the name as SQL has it: schema.table, with double quotes where it has capitals.',
      });
    }
  }
  return [...new Set(rows.flatMap((row) => row.leaves ?? []))].sort();
}

/**
 * The same in both directions: nothing of a binary copy may depend on OIDs, which another database gives anew. Arrays
 * and composites carry the OIDs of their elements' types, the reg… types are OIDs; a type without binary functions has
 * no such form at all, and what an extension's binary form holds may change with its version.
 */
const NEEDS_TEXT = `
  WITH RECURSIVE reached(relation, type) AS (
    SELECT a.attrelid, a.atttypid FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT r.relation, inner_type.oid
    FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.type
    CROSS JOIN LATERAL (
      SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
      UNION ALL SELECT t.typelem WHERE t.typelem <> 0
      UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid
      UNION ALL SELECT d.refobjid FROM pg_catalog.pg_depend d
        WHERE t.typtype = 'm' AND d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid
          AND d.refclassid = 'pg_catalog.pg_type'::regclass
    ) AS inner_type
  )
  SELECT DISTINCT r.relation::oid::int8::text AS oid
  FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.type
  WHERE t.typtype = 'c'
     OR (t.typelem >= 16384 AND t.typlen = -1)
     OR (t.typtype = 'b' AND t.oid >= 16384)
     OR (t.typtype <> 'd' AND (t.typsend = 0 OR t.typreceive = 0))
     OR (t.typnamespace = 'pg_catalog'::regnamespace AND t.typname LIKE 'reg%')`;

/** What to copy of each table; in one transaction with the copy. Throws `internal` when one is gone. */
export async function describeTables(
  connection: Connection,
  tables: readonly string[],
): Promise<CopiedTable[]> {
  const rows = await connection.query<{ name: string; oid: string; bytes: string; columns: string[] | null }>(
    `SELECT w.name, c.oid::int8::text AS oid, pg_catalog.pg_table_size(c.oid)::text AS bytes,
            (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
               AND NOT starts_with(a.attname::text, $2)) AS columns
     FROM unnest($1::text[]) AS w(name) JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name)`,
    [tables, PARKED_PREFIX],
  );
  const text = await connection.query<{ oid: string }>(NEEDS_TEXT, [rows.map((row) => row.oid)]);
  const needsText = new Set(text.map((row) => row.oid));
  return rows.map((row) => ({
    table: row.name,
    columns: row.columns ?? [],
    format: needsText.has(row.oid) ? 'text' : 'binary',
    bytes: Number(row.bytes),
  }));
}

/**
 * Settings of a copying transaction, as pg_dump has them: text forms that read the same everywhere, no timeout that
 * would end a long copy.
 */
export function copySettings(major: number): string {
  const total = major >= 17 ? ' SET LOCAL transaction_timeout = 0;' : '';
  return `${VALUE_SETTINGS} SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;${total}`;
}

/**
 * The statement's head is the same for both directions. `ONLY`: what inherits from the table is copied by itself.
 * The column list leaves out generated columns, which COPY … FROM refuses.
 */
export function copyToSql(table: Pick<CopiedTable, 'table' | 'columns' | 'format'>): string {
  const columns = table.columns.map(quoteIdent).join(', ');
  return `COPY (SELECT ${columns} FROM ONLY ${table.table}) TO STDOUT (FORMAT ${table.format})`;
}

export function copyFromSql(table: Pick<CopiedTable, 'table' | 'columns' | 'format'>): string {
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map(quoteIdent).join(', ')})`;
  return `COPY ${table.table}${columns} FROM STDIN (FORMAT ${table.format})`;
}

interface Sequence {
  readonly name: string;
  /** The tables whose columns own it or draw from it. */
  readonly tables: readonly string[] | null;
}

/** The sequences of users, identity columns' included; of the given tables alone, or all. */
export async function selectSequences(
  connection: Connection,
  tables: readonly string[] | 'all',
): Promise<string[]> {
  const rows = await connection.query<Sequence & Record<string, unknown>>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name,
            (SELECT array_agg(DISTINCT format('%I.%I', tn.nspname, t.relname))
             FROM (SELECT d.refobjid AS oid FROM pg_catalog.pg_depend d
                   WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
                   UNION
                   SELECT a.adrelid FROM pg_catalog.pg_depend d
                   JOIN pg_catalog.pg_attrdef a ON a.oid = d.objid
                   WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refobjid = c.oid
                     AND d.refclassid = 'pg_catalog.pg_class'::regclass) AS user_table
             JOIN pg_catalog.pg_class t ON t.oid = user_table.oid
             JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace) AS tables
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND NOT starts_with(c.relname::text, '${PARKED_PREFIX}') AND ${USER_RELATION} ORDER BY 1`,
  );
  if (tables === 'all') return rows.map((row) => row.name);
  const wanted = new Set(tables);
  return rows.filter((row) => row.tables?.some((table) => wanted.has(table)) === true).map((row) => row.name);
}

/** Positions by name, in the text form of data fingerprints. */
export async function readSequences(
  connection: Connection,
  sequences: readonly string[],
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (let from = 0; from < sequences.length; from += 200) {
    const part = sequences.slice(from, from + 200);
    const sql = part
      .map(
        (name, index) =>
          `SELECT ${index} AS n, last_value::text AS value, is_called AS called,
             (SELECT seqincrement < 0 FROM pg_catalog.pg_sequence WHERE seqrelid = ${quoteLiteral(name)}::regclass) AS descending
           FROM ${name}`,
      )
      .join(' UNION ALL ');
    type Position = Omit<SequencePosition, 'lastValue'> & { readonly n: number; readonly value: string };
    for (const row of await connection.query<Position>(sql)) {
      const name = part[row.n];
      if (name !== undefined) values[name] = sequenceText({ ...row, lastValue: BigInt(row.value) });
    }
  }
  return values;
}

/** Keeps others from changing the tables' shape. False where one is gone meanwhile. */
export async function lockTables(connection: Connection, tables: readonly string[]): Promise<boolean> {
  for (let from = 0; from < tables.length; from += 500) {
    const list = tables
      .slice(from, from + 500)
      .map((table) => `ONLY ${table}`)
      .join(', ');
    try {
      await connection.script(`LOCK TABLE ${list} IN ACCESS SHARE MODE`);
    } catch (error) {
      if (sqlStateOf(error) === '42P01') return false;
      throw error;
    }
  }
  return true;
}

/** What a snapshot does not hold; for a warning. */
export async function leftOut(connection: Connection): Promise<string[]> {
  const [row] = await connection.query<{ objects: string; attic: boolean; configuration: string[] | null }>(
    `SELECT (SELECT count(*) FROM (SELECT FROM pg_catalog.pg_largeobject_metadata LIMIT 1) AS one)::text AS objects,
            EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = '${ATTIC_SCHEMA}' AND c.relkind = 'r') AS attic,
            (SELECT array_agg(DISTINCT extname::text) FROM pg_catalog.pg_extension
             WHERE extconfig IS NOT NULL) AS configuration`,
  );
  const notes: string[] = [];
  if (row === undefined) return notes;
  if (row.objects !== '0') notes.push('large objects');
  if (row.attic) notes.push('what is parked in the attic');
  if (row.configuration !== null) notes.push(`configuration tables of ${row.configuration.join(', ')}`);
  return notes;
}
