/** Where ranges begin and end: found by the index, never by counting from the start (keyset). */
import type { Connection } from '../../postgres/connection.ts';
import { parseArray } from '../../postgres/types.ts';
import { keyText, orderBy, segmentsAfter, upTo } from './key.ts';
import type { BackfillKey, KeyValue } from './model.ts';

const ALIAS = 'ferrata_t';

/**
 * Values of keys are texts: written so that they read the same under any setting of whoever reads them (manual, 8.5.2,
 * 20.11.2); and found by an index, however old the statistics are.
 */
const SETTINGS = [
  "SET LOCAL search_path = ''",
  "SET LOCAL datestyle = 'ISO, YMD'",
  "SET LOCAL timezone = 'UTC'",
  "SET LOCAL intervalstyle = 'postgres'",
  'SET LOCAL extra_float_digits = 1',
  "SET LOCAL bytea_output = 'hex'",
  'SET LOCAL enable_seqscan = off',
  'SET LOCAL enable_bitmapscan = off',
  'SET LOCAL jit = off',
].join('; ');

/** The key of the last row, and of the first with `first`; null where there is none. */
export async function endOf(
  connection: Connection,
  table: string,
  key: BackfillKey,
  which: 'first' | 'last' = 'last',
): Promise<KeyValue | null> {
  const backwards = which === 'last';
  return await probe(
    connection,
    `SELECT ${keyText(key, ALIAS)} FROM ONLY ${table} AS ${ALIAS} ORDER BY ${orderBy(key, ALIAS, backwards)} LIMIT 1`,
  );
}

/** The key of the `rows`-th row behind `last` that is not behind `upper`; null where there are fewer. */
export async function boundAfter(
  connection: Connection,
  table: string,
  key: BackfillKey,
  last: KeyValue | null,
  upper: KeyValue,
  rows: number,
): Promise<KeyValue | null> {
  const order = orderBy(key, ALIAS);
  const segments = segmentsAfter(key, ALIAS, last);
  const select = (what: string, where: string): string =>
    `SELECT ${what} FROM ONLY ${table} AS ${ALIAS} WHERE ${where} AND ${upTo(key, ALIAS, upper)} ORDER BY ${order}`;
  const [only, second] = segments;
  if (only !== undefined && second === undefined) {
    return await probe(connection, `${select(keyText(key, ALIAS), only)} OFFSET ${rows - 1} LIMIT 1`);
  }
  // Each segment is a range of the index; the first rows of all of them, in order, are the first rows.
  const columns = key.columns.map(({ name }) => `${ALIAS}."${name.replaceAll('"', '""')}"`).join(', ');
  const union = segments.map((segment) => `(${select(columns, segment)} LIMIT ${rows})`).join(' UNION ALL ');
  return await probe(
    connection,
    `SELECT ${keyText(key, ALIAS)} FROM (${union}) AS ${ALIAS} ORDER BY ${order} OFFSET ${rows - 1} LIMIT 1`,
  );
}

/**
 * Keys that cut the table's rows into about so many equal parts, in the order of the key; fewer, or none, where a sample
 * does not show as many. Where exactly they lie does not matter: a range ends there, and the next begins behind it.
 */
export async function sampleKeys(
  connection: Connection,
  table: string,
  key: BackfillKey,
  parts: number,
  estimate: number,
): Promise<readonly KeyValue[]> {
  const wanted = parts * 100;
  const percent = Math.min(100, Math.max(0.001, (100 * wanted) / Math.max(1, estimate)));
  const results = await connection.script(
    `BEGIN; ${SETTINGS.replace('SET LOCAL enable_seqscan = off; ', '')}; SELECT key FROM (
       SELECT ${keyText(key, ALIAS)} AS key, row_number() OVER (ORDER BY ${orderBy(key, ALIAS)}) AS n, count(*) OVER () AS total
       FROM ONLY ${table} AS ${ALIAS} TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)) sampled
     WHERE n > 1 AND n < total AND n * ${parts} / total <> (n - 1) * ${parts} / total ORDER BY n; COMMIT`,
  );
  return (results.at(-2) ?? []).map((row) => keyOf(row[0])).filter((found) => found !== null);
}

/** Rows by the server's own estimate, scaled to today's size of the table (manual, 76.1). */
export async function estimateRows(
  connection: Connection,
  tables: readonly string[],
): Promise<readonly number[]> {
  const rows = await connection.rows<[number]>(
    `SELECT coalesce(CASE WHEN c.relpages > 0 AND c.reltuples >= 0
              THEN c.reltuples::pg_catalog.float8 / c.relpages * (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int4)
              -- Never analysed: rows of a hundred bytes.
              ELSE pg_catalog.pg_relation_size(c.oid) / 100 END, 0)::pg_catalog.float8
     FROM unnest($1::pg_catalog.text[]) WITH ORDINALITY AS given (t, n)
     LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(given.t) ORDER BY given.n`,
    [tables],
  );
  return rows.map(([estimate]) => Math.round(estimate));
}

async function probe(connection: Connection, sql: string): Promise<KeyValue | null> {
  const results = await connection.script(`BEGIN; ${SETTINGS}; ${sql}; COMMIT`);
  return keyOf(results.at(-2)?.[0]?.[0]);
}

function keyOf(text: string | null | undefined): KeyValue | null {
  return text === null || text === undefined ? null : (parseArray(text, (word) => word) as string[]);
}
