/**
 * A sample of the target's rows for a scratch copy: some rows of every table, and whatever they refer to through
 * foreign keys, so that the copy's keys hold. Everything is read under one snapshot.
 */
import { pipeline } from 'node:stream/promises';
import type { Connection } from '../postgres/connection.ts';
import { quoteIdent, quoteQualified } from '../sql/quote.ts';

interface SampledTable {
  readonly oid: string;
  readonly name: string;
  /** Quoted, without generated columns. */
  readonly columns: readonly string[];
}

interface ForeignKey {
  readonly child: string;
  readonly childName: string;
  readonly parentName: string;
  readonly on: string;
}

const ROWS_PER_TABLE = 200;

/**
 * Copies a sample from `source` to `copy`, whose schema is equal and empty. Answers the rows copied per table. `copy`
 * needs a role that may set `session_replication_role` (triggers and key checks stay off while rows are loaded).
 */
export async function copySample(
  source: Connection,
  copy: Connection,
  rowsPerTable = ROWS_PER_TABLE,
): Promise<Readonly<Record<string, number>>> {
  return source.transaction(
    async () => {
      const tables = await readTables(source);
      const chosen = await chooseRows(source, tables, rowsPerTable);
      await followKeys(source, await readKeys(source), chosen);
      const counts: Record<string, number> = {};
      await copy.query("SET session_replication_role = 'replica'");
      for (const table of tables) {
        const rows = [...(chosen.get(table.oid) ?? [])];
        if (rows.length > 0 && table.columns.length > 0) await copyRows(source, copy, table, rows);
        counts[table.name] = rows.length;
      }
      await copy.query('RESET session_replication_role');
      await copySequences(source, copy);
      return counts;
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}

const OUR_SCHEMAS = `('pg_catalog', 'information_schema', 'ferrata', 'ferrata_attic')`;

async function readTables(source: Connection): Promise<readonly SampledTable[]> {
  const rows = await source.rows<[string, string, string, readonly string[] | null]>(
    `SELECT c.oid::pg_catalog.text, n.nspname, c.relname,
            (SELECT array_agg(a.attname::pg_catalog.text ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
               AND a.attname NOT LIKE 'ferrata\\_parked\\_%')
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ${OUR_SCHEMAS}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                       WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 2, 3`,
  );
  return rows.map(([oid, schema, name, columns]) => ({
    oid,
    name: quoteQualified(schema, name),
    columns: (columns ?? []).map(quoteIdent),
  }));
}

async function readKeys(source: Connection): Promise<readonly ForeignKey[]> {
  const rows = await source.rows<
    [string, string, string, string, string, readonly string[], readonly string[]]
  >(
    `SELECT k.conrelid::pg_catalog.text, cn.nspname, c.relname, pn.nspname, p.relname,
            ARRAY(SELECT a.attname::pg_catalog.text FROM unnest(k.conkey) WITH ORDINALITY u(n, i)
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.i),
            ARRAY(SELECT a.attname::pg_catalog.text FROM unnest(k.confkey) WITH ORDINALITY u(n, i)
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.i)
     FROM pg_catalog.pg_constraint k
     JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
     JOIN pg_catalog.pg_class p ON p.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
     WHERE k.contype = 'f' AND c.relkind = 'r' AND cn.nspname NOT IN ${OUR_SCHEMAS}`,
  );
  return rows.map(([child, childSchema, childName, parentSchema, parentName, from, to]) => ({
    child,
    childName: quoteQualified(childSchema, childName),
    parentName: quoteQualified(parentSchema, parentName),
    on: from
      .map((column, index) => `p.${quoteIdent(to[index] ?? '')} = c.${quoteIdent(column)}`)
      .join(' AND '),
  }));
}

/** Rows by their place: table OID → ctids. Under one snapshot a ctid stays what it is. */
type Chosen = Map<string, Set<string>>;

async function chooseRows(
  source: Connection,
  tables: readonly SampledTable[],
  limit: number,
): Promise<Chosen> {
  const chosen: Chosen = new Map();
  for (const table of tables) {
    const rows = await source.rows<[string]>(
      `SELECT ctid::pg_catalog.text FROM ONLY ${table.name} LIMIT ${limit}`,
    );
    chosen.set(table.oid, new Set(rows.map(([ctid]) => ctid)));
  }
  return chosen;
}

/** Adds the rows that chosen rows refer to, until nothing new is found: cycles end as well. */
async function followKeys(source: Connection, keys: readonly ForeignKey[], chosen: Chosen): Promise<void> {
  let fresh: Chosen = new Map([...chosen].map(([oid, rows]) => [oid, new Set(rows)]));
  while ([...fresh.values()].some((rows) => rows.size > 0)) {
    const next: Chosen = new Map();
    for (const key of keys) {
      const from = [...(fresh.get(key.child) ?? [])];
      if (from.length === 0) continue;
      const parents = await source.rows<[string, string]>(
        `SELECT DISTINCT p.tableoid::pg_catalog.text, p.ctid::pg_catalog.text
         FROM ONLY ${key.childName} c JOIN ${key.parentName} p ON ${key.on} WHERE c.ctid = ANY ($1::pg_catalog.tid[])`,
        [from],
      );
      for (const [oid, ctid] of parents) {
        const known = chosen.get(oid) ?? new Set();
        if (known.has(ctid)) continue;
        known.add(ctid);
        chosen.set(oid, known);
        next.set(oid, (next.get(oid) ?? new Set()).add(ctid));
      }
    }
    fresh = next;
  }
}

async function copyRows(
  source: Connection,
  copy: Connection,
  table: SampledTable,
  rows: readonly string[],
): Promise<void> {
  const columns = table.columns.join(', ');
  // COPY takes no parameters; a ctid is two numbers.
  const places = rows.map((ctid) => `'${ctid.replace(/[^0-9(),]/g, '')}'`).join(',');
  await pipeline(
    await source.copyTo(
      `COPY (SELECT ${columns} FROM ONLY ${table.name} WHERE ctid = ANY (ARRAY[${places}]::pg_catalog.tid[])) TO STDOUT`,
    ),
    await copy.copyFrom(`COPY ${table.name} (${columns}) FROM STDIN`),
  );
}

async function copySequences(source: Connection, copy: Connection): Promise<void> {
  const sequences = await source.rows<[string, string, string]>(
    `SELECT schemaname, sequencename, last_value::pg_catalog.text FROM pg_catalog.pg_sequences
     WHERE last_value IS NOT NULL AND schemaname NOT IN ${OUR_SCHEMAS}`,
  );
  for (const [schema, name, value] of sequences) {
    await copy.query('SELECT pg_catalog.setval($1::pg_catalog.regclass, $2)', [
      quoteQualified(schema, name),
      value,
    ]);
  }
}
