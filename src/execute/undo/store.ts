/**
 * What a capture recorded, seen from now: which table each store belongs to today, and which of its columns are still
 * there, under what name and of what type.
 */
import { ATTIC_SCHEMA } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteQualified } from '../../sql/quote.ts';
import { REGISTRY } from './function.ts';

export interface StoreColumn {
  /** Attribute number when it was captured: `o<num>` and `n<num>` in the store. */
  readonly num: number;
  /** Name today, quoted where needed. */
  readonly name: string;
  /** Type today (of a domain its base type), as SQL. */
  readonly type: string;
  readonly domain: boolean;
  /** `pg_attribute.attidentity` is `a`: an UPDATE may not set it. */
  readonly identityAlways: boolean;
  /** How a stored value becomes one of today's type. */
  readonly conversion: 'none' | 'cast' | 'text';
}

export interface Reference {
  /** The referencing table, as it stands behind FROM. */
  readonly from: string;
  readonly self: boolean;
  /** Pairs: column there, column here; quoted where needed. */
  readonly pairs: readonly (readonly [there: string, here: string])[];
}

export interface Store {
  /** `ferrata_attic.u…`, quoted where needed. */
  readonly store: string;
  readonly relation: number;
  /** `schema.name` today, quoted where needed. */
  readonly table: string;
  /** As it stands behind FROM, UPDATE and DELETE: with ONLY where the table holds its rows itself. */
  readonly from: string;
  readonly columns: readonly StoreColumn[];
  /** A primary or unique key without NULLs whose columns were all captured; empty where there is none. */
  readonly key: readonly StoreColumn[];
  /** Recorded by the statements of a backfill: each row for itself. */
  readonly byStatement: boolean;
  /** Whether it holds only some columns of its rows: without a key these can't be told apart. */
  readonly partial: boolean;
  readonly references: readonly Reference[];
}

/** A store whose table is no longer there. */
export interface LostStore {
  readonly store: string;
  readonly table: string;
}

interface RegistryRow {
  readonly store: string;
  readonly relation: number | null;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  /** Whether it is the very table that was captured, not one made again under its name. */
  readonly same: boolean;
  readonly byStatement: boolean;
  readonly columns: readonly { readonly num: number; readonly name: string }[];
}

/**
 * The capture's stores that have not been played back and hold anything, and those whose table is gone.
 *
 * @param only names of stores, without schema; without it all
 */
export async function loadStores(
  connection: Connection,
  capture: string,
  only?: readonly string[],
): Promise<{ readonly stores: readonly Store[]; readonly lost: readonly LostStore[] }> {
  const filled = only ?? (await filledStores(connection, capture));
  const rows = await connection.query<RegistryRow>(
    `SELECT r.store, r.by_statement AS "byStatement", c.oid AS relation, coalesce(n.nspname::text, r.schema_name) AS schema,
            coalesce(c.relname::text, r.table_name) AS name, c.relkind::text AS kind,
            c.oid IS NOT DISTINCT FROM r.relation AS same, r.columns
     FROM ${REGISTRY} r
     LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(
       (SELECT o.oid FROM pg_catalog.pg_class o WHERE o.oid = r.relation),
       (SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace
        WHERE s.nspname = r.schema_name AND o.relname = r.table_name AND o.relkind IN ('r', 'p')))
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE r.capture = $1 AND r.state = 'active' AND r.store = ANY ($2) ORDER BY r.created_at, r.store`,
    [capture, filled],
  );
  const stores: Store[] = [];
  const lost: LostStore[] = [];
  for (const row of rows) {
    const table = quoteQualified(row.schema, row.name);
    const store = quoteQualified(ATTIC_SCHEMA, row.store);
    if (row.relation === null) {
      lost.push({ store, table });
      continue;
    }
    const columns = await readColumns(connection, row, row.relation);
    const keyNames = await readKey(
      connection,
      row.relation,
      columns.map((column) => column.name),
    );
    stores.push({
      store,
      relation: row.relation,
      table,
      from: row.kind === 'r' ? `ONLY ${table}` : table,
      columns,
      key: keyNames.flatMap((name) => columns.filter((column) => column.name === name)),
      byStatement: row.byStatement,
      partial: row.byStatement && (await hasOtherColumns(connection, row.relation, columns)),
      references: await readReferences(connection, row.relation),
    });
  }
  return { stores, lost };
}

/** Names of the capture's stores, without schema; those that hold nothing are left out. In the order of their making. */
export async function filledStores(connection: Connection, capture: string): Promise<readonly string[]> {
  const stores = await connection.query<{ store: string }>(
    `SELECT store FROM ${REGISTRY} WHERE capture = $1 AND state = 'active' ORDER BY created_at, pg_catalog.length(store), store`,
    [capture],
  );
  if (stores.length === 0) return [];
  const each = stores.map(({ store }) => `EXISTS (SELECT FROM ${quoteQualified(ATTIC_SCHEMA, store)})`);
  const filled: string[] = [];
  // A row has 1664 columns at most.
  for (let from = 0; from < stores.length; from += 1000) {
    const [row] = await connection.rows<boolean[]>(`SELECT ${each.slice(from, from + 1000).join(', ')}`);
    filled.push(
      ...stores.slice(from, from + 1000).flatMap(({ store }, n) => (row?.[n] === true ? [store] : [])),
    );
  }
  return filled;
}

async function hasOtherColumns(
  connection: Connection,
  relation: number,
  columns: readonly StoreColumn[],
): Promise<boolean> {
  const [row] = await connection.query<{ other: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute a
       WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         AND NOT pg_catalog.quote_ident(a.attname) = ANY ($2)) AS other`,
    [relation, columns.map(({ name }) => name)],
  );
  return row?.other === true;
}

/** By attribute number; by name where the column was made anew since, or the whole table was. */
async function readColumns(
  connection: Connection,
  row: RegistryRow,
  relation: number,
): Promise<readonly StoreColumn[]> {
  const found = await connection.query<StoreColumn>(
    `WITH RECURSIVE shape AS (
       SELECT (e->>'num')::int AS num, e->>'name' AS name
       FROM pg_catalog.jsonb_array_elements($3::jsonb) e
     ), col AS (
       SELECT s.num, a.attname, a.atttypid, a.atttypmod, a.attidentity, a.attnum
       FROM shape s JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND NOT a.attisdropped AND a.attgenerated = ''
        AND CASE WHEN $4 AND EXISTS (SELECT FROM pg_catalog.pg_attribute b
                                     WHERE b.attrelid = $1 AND b.attnum = s.num AND NOT b.attisdropped)
                 THEN a.attnum = s.num
                 ELSE a.attname = s.name AND NOT ($4 AND a.attnum IN (SELECT num FROM shape)) END
     ), base AS (
       SELECT num, attname, atttypid, atttypmod, attidentity, false AS domain FROM col WHERE attnum > 0
       UNION ALL
       SELECT b.num, b.attname, t.typbasetype, t.typtypmod, b.attidentity, true
       FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.atttypid WHERE t.typtype = 'd'
     ), typed AS (
       SELECT b.num, b.attname, b.atttypid, b.attidentity, b.domain,
              pg_catalog.format_type(b.atttypid, b.atttypmod) AS type
       FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.atttypid WHERE t.typtype <> 'd'
     )
     SELECT b.num, pg_catalog.quote_ident(b.attname) AS name, b.type, b.domain,
            b.attidentity = 'a' AS "identityAlways",
            CASE WHEN pg_catalog.format_type(u.atttypid, u.atttypmod) = b.type THEN 'none'
                 WHEN u.atttypid = b.atttypid OR EXISTS (SELECT FROM pg_catalog.pg_cast k
                      WHERE k.castsource = u.atttypid AND k.casttarget = b.atttypid) THEN 'cast'
                 ELSE 'text' END AS conversion
     FROM typed b JOIN pg_catalog.pg_attribute u
       ON u.attrelid = pg_catalog.to_regclass($2) AND u.attname = pg_catalog.concat('o', b.num) AND NOT u.attisdropped
     ORDER BY b.num`,
    [relation, quoteQualified(ATTIC_SCHEMA, row.store), JSON.stringify(row.columns), row.same],
  );
  return found;
}

/** Primary key first, then any unique index that has neither NULLs, a predicate nor expressions; the narrowest. */
async function readKey(
  connection: Connection,
  relation: number,
  known: readonly string[],
): Promise<readonly string[]> {
  const keys = await connection.query<{ columns: string[] }>(
    `SELECT ARRAY(SELECT pg_catalog.quote_ident(a.attname)
                  FROM pg_catalog.pg_attribute a
                  WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                  ORDER BY a.attnum) AS columns
     FROM pg_catalog.pg_index i
     WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indimmediate
       AND i.indpred IS NULL AND i.indexprs IS NULL
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                       WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                         AND (NOT a.attnotnull OR a.attgenerated <> ''))
     ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid`,
    [relation],
  );
  return keys.find(({ columns }) => columns.every((column) => known.includes(column)))?.columns ?? [];
}

async function readReferences(connection: Connection, relation: number): Promise<readonly Reference[]> {
  const rows = await connection.query<{
    kind: string;
    schema: string;
    name: string;
    self: boolean;
    there: string[];
    here: string[];
  }>(
    `SELECT c.relkind::text AS kind, n.nspname::text AS schema, c.relname::text AS name, k.conrelid = k.confrelid AS self,
            ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY x(num, ord)
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num ORDER BY x.ord) AS there,
            ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY x(num, ord)
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.num ORDER BY x.ord) AS here
     FROM pg_catalog.pg_constraint k
     JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'f' AND k.confrelid = $1
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p WHERE p.oid = k.conparentid AND p.confrelid = $1)
     ORDER BY k.oid`,
    [relation],
  );
  return rows.map(({ kind, schema, name, self, there, here }) => ({
    from: `${kind === 'r' ? 'ONLY ' : ''}${quoteQualified(schema, name)}`,
    self,
    pairs: there.map((column, index) => [quoteIdent(column), quoteIdent(here[index] ?? '')] as const),
  }));
}
