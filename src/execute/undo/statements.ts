/**
 * The SQL that takes recorded rows back. Each statement moves rows of the table to where they were and, in the same
 * breath, deletes their records from the store: what is left in the store in the end is what could not be taken back.
 *
 * "The row is still as the step left it" is the image comparison (`*=` on records), which compares bytes: it knows types without
 * equality (json), takes NULL as a value, and does not take 1.0 for 1.00 or `a` for `A` where a collation would.
 */
import { dollarQuote } from '../../sql/quote.ts';
import type { Store, StoreColumn } from './store.ts';

export type Operation = 'I' | 'U' | 'D';

/** Statements of one operation, next to each other in time. */
export interface Range {
  readonly op: Operation;
  readonly from: string;
  readonly to: string;
  /** Of the statements only the records from one place to another, both included; without it all. */
  readonly part?: { readonly from: Place; readonly to: Place };
}

/** Where a record stands: its statement, and its place within. */
export interface Place {
  readonly seq: bigint;
  readonly pos: bigint;
}

type Side = 'o' | 'n';

/** The stored value of a column, in today's type. */
function stored(column: StoreColumn, side: Side, alias: string): string {
  const value = `${alias}.${side}${column.num}`;
  switch (column.conversion) {
    case 'none':
      return value;
    case 'cast':
      return `${value}::${column.type}`;
    case 'text':
      return `${value}::text::${column.type}`;
  }
}

function current(column: StoreColumn): string {
  return column.domain ? `t.${column.name}::${column.type}` : `t.${column.name}`;
}

function sameImage(store: Store, side: Side, alias: string): string {
  if (store.columns.length === 0) return 'true';
  const now = store.columns.map(current).join(', ');
  const then = store.columns.map((column) => stored(column, side, alias)).join(', ');
  return `pg_catalog.record_image_eq(ROW(${now}), ROW(${then}))`;
}

function sameKey(store: Store, side: Side, alias: string): string {
  return store.key.map((column) => `t.${column.name} = ${stored(column, side, alias)}`).join(' AND ');
}

function settings(store: Store, alias: string): string {
  return store.columns
    .filter((column) => !column.identityAlways)
    .map((column) => `${column.name} = ${stored(column, 'o', alias)}`)
    .join(', ');
}

/**
 * A row that others refer to is not deleted: its foreign keys might take rows along that were written later. Rows of
 * its own table too are taken in turn, from the leaves on.
 */
function unreferenced(store: Store): string {
  return store.references
    .map(({ from, self, pairs }) => {
      const joined = pairs.map(([there, here]) => `f.${there} = t.${here}`);
      const other = self ? ['(f.ctid, f.tableoid) IS DISTINCT FROM (t.ctid, t.tableoid)'] : [];
      return ` AND NOT EXISTS (SELECT FROM ${from} f WHERE ${[...joined, ...other].join(' AND ')})`;
    })
    .join('');
}

export function inRange(range: Range, alias: string): string {
  const whole = `${alias}.op = '${range.op}' AND ${alias}.seq BETWEEN ${range.from} AND ${range.to}`;
  return range.part === undefined ? whole : `${whole} AND ${inPart(range.part, alias)}`;
}

export function inPart({ from, to }: NonNullable<Range['part']>, alias: string): string {
  const row = `(${alias}.seq, ${alias}.pos)`;
  return `${row} >= (${from.seq}, ${from.pos}) AND ${row} <= (${to.seq}, ${to.pos})`;
}

const FINISH = (store: Store): string =>
  `, gone AS (DELETE FROM ${store.store} x USING done WHERE x.ctid = done.record RETURNING 1)
   SELECT count(*)::int AS rows FROM gone`;

/**
 * Takes the range back in one statement, row by row wherever the executor comes to them; gives `rows`, how many it did.
 */
export function setStatement(store: Store, range: Range): string {
  const { from } = store;
  const finish = FINISH(store);
  const records = `${store.store} u`;
  if (range.op === 'D') {
    const taken =
      store.key.length === 0
        ? ''
        : ` AND NOT EXISTS (SELECT FROM ${from} t WHERE ${sameKey(store, 'o', 'u')})`;
    return `WITH done AS MATERIALIZED (
        SELECT u.ctid AS record, u.* FROM ${records} WHERE ${inRange(range, 'u')}${taken}),
      put AS (${insert(store, 'done')})${finish}`;
  }
  const action = (join: string, where: string): string =>
    range.op === 'I'
      ? `DELETE FROM ${from} t USING ${join} WHERE ${where}${unreferenced(store)}`
      : `UPDATE ${from} t SET ${settings(store, 'u')} FROM ${join} WHERE ${where}`;
  if (store.key.length > 0) {
    const where = `${inRange(range, 'u')} AND ${sameKey(store, 'n', 'u')} AND ${sameImage(store, 'n', 'u')}`;
    return `WITH done AS (${action(records, where)} RETURNING u.ctid AS record)${finish}`;
  }
  // Without a key rows are told apart by all they hold; of equal ones any is as good as the other.
  const now = `ROW(${store.columns.map(current).join(', ')})::text`;
  const then = `ROW(${store.columns.map((column) => stored(column, 'n', 'u')).join(', ')})::text`;
  return `WITH rows AS MATERIALIZED (
      SELECT t.ctid AS tid, t.tableoid AS part, ${now} AS image, row_number() OVER (PARTITION BY ${now}) AS nth
      FROM ${from} t),
    records AS MATERIALIZED (
      SELECT u.ctid AS record, u.*, ${then} AS image,
             row_number() OVER (PARTITION BY ${then} ORDER BY u.seq DESC, u.pos DESC) AS nth
      FROM ${records} WHERE ${inRange(range, 'u')}),
    pairs AS MATERIALIZED (
      SELECT r.tid, r.part, c.* FROM rows r JOIN records c USING (image, nth)),
    done AS (${action('pairs u', 't.ctid = u.tid AND t.tableoid = u.part')} RETURNING u.record)${finish}`;
}

function insert(store: Store, alias: string): string {
  const columns = store.columns.map((column) => column.name).join(', ');
  const values = store.columns.map((column) => stored(column, 'o', alias)).join(', ');
  return columns === ''
    ? `INSERT INTO ${store.table} SELECT FROM ${alias}`
    : `INSERT INTO ${store.table} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM ${alias} ORDER BY ${alias}.seq, ${alias}.pos`;
}

/**
 * Takes the ranges (all of one store) back one row at a time, the last first: the exact reverse of what happened, so
 * that a unique index is never in the way of itself. A row that a constraint or a conversion refuses stays in the
 * store, with the server's words in `why`.
 */
export function loopStatement(store: Store, range: Range): string {
  const find = (side: Side): string =>
    store.key.length > 0
      ? `${sameKey(store, side, 'r')} AND ${sameImage(store, side, 'r')}`
      : `(t.ctid, t.tableoid) = (SELECT t.ctid, t.tableoid FROM ${store.from} t WHERE ${sameImage(store, side, 'r')} LIMIT 1)`;
  const columns = store.columns.map((column) => column.name).join(', ');
  const values = store.columns.map((column) => stored(column, 'o', 'r')).join(', ');
  const free =
    store.key.length === 0
      ? ''
      : ` WHERE NOT EXISTS (SELECT FROM ${store.from} t WHERE ${sameKey(store, 'o', 'r')})`;
  const step = {
    I: `DELETE FROM ${store.from} t WHERE ${find('n')}${unreferenced(store)}`,
    U: `UPDATE ${store.from} t SET ${settings(store, 'r')} WHERE ${find('n')}`,
    D:
      columns === ''
        ? `INSERT INTO ${store.table} DEFAULT VALUES`
        : `INSERT INTO ${store.table} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${values}${free}`,
  }[range.op];
  return `DO ${dollarQuote(`
DECLARE
  r record;
  changed bigint;
BEGIN
  FOR r IN SELECT u.ctid AS record, u.* FROM ${store.store} u WHERE ${inRange(range, 'u')} ORDER BY u.seq DESC, u.pos DESC LOOP
    BEGIN
      ${step};
      GET DIAGNOSTICS changed = ROW_COUNT;
      IF changed > 0 THEN DELETE FROM ${store.store} x WHERE x.ctid = r.record; END IF;
    EXCEPTION WHEN integrity_constraint_violation OR data_exception OR with_check_option_violation THEN
      UPDATE ${store.store} x SET why = SQLERRM WHERE x.ctid = r.record;
    END;
  END LOOP;
END`)}`;
}

/** Forgets records whose goal is reached already: the row is as it was before, or what was inserted is gone. */
export function settleStatements(store: Store): readonly string[] {
  const { from, key } = store;
  const records = `${store.store} u`;
  const images = (side: Side): string =>
    `SELECT ROW(${store.columns.map((column) => `u.${side}${column.num}`).join(', ')})::text FROM ${records} WHERE u.op = 'U'`;
  // Where equal images made the order ambiguous, what is left over may lead round in circles: nothing to take back.
  const circles = `DELETE FROM ${records} WHERE u.op = 'U' AND NOT EXISTS (${images('o')} EXCEPT ALL ${images('n')})`;
  if (key.length === 0) return [circles];
  const there = (side: Side): string => `EXISTS (SELECT FROM ${from} t WHERE ${sameKey(store, side, 'u')})`;
  const asBefore = `EXISTS (SELECT FROM ${from} t WHERE ${sameKey(store, 'o', 'u')} AND ${sameImage(store, 'o', 'u')})`;
  const sameRow = key.map((column) => `i.n${column.num} = u.n${column.num}`).join(' AND ');
  return [
    circles,
    `DELETE FROM ${records} WHERE u.op IN ('U', 'D') AND ${asBefore}`,
    // A row that the step itself made and changed, and that is gone: nothing to take back.
    `DELETE FROM ${records} WHERE u.op = 'U' AND NOT ${there('n')}
       AND EXISTS (SELECT FROM ${store.store} i WHERE i.op = 'I' AND ${sameRow})`,
    `DELETE FROM ${records} WHERE u.op = 'I' AND NOT ${there('n')}`,
  ];
}

/** What is left, one line per row of the table: `key`, `op`, `why`, and whether the row is there. */
export function remainderStatement(store: Store, limit: number): string {
  if (store.key.length === 0) {
    const image = (side: Side): string =>
      `left(ROW(${store.columns.map((column) => stored(column, side, 'u')).join(', ')})::text, 200)`;
    return `SELECT CASE u.op WHEN 'D' THEN ${image('o')} ELSE ${image('n')} END AS key, u.op::text AS op, u.why,
        false AS there, false AS referenced FROM ${store.store} u ORDER BY u.seq DESC, u.pos DESC LIMIT ${limit}`;
  }
  const key = (side: Side): string =>
    `concat_ws(', ', ${store.key
      .map((column) => `'${column.name.replaceAll("'", "''")}=' || ${stored(column, side, 'u')}::text`)
      .join(', ')})`;
  const there = (side: Side): string =>
    `EXISTS (SELECT FROM ${store.from} t WHERE ${sameKey(store, side, 'u')})`;
  const unchanged = `EXISTS (SELECT FROM ${store.from} t WHERE ${sameKey(store, 'n', 'u')} AND ${sameImage(store, 'n', 'u')})`;
  return `SELECT DISTINCT ON (key) key, op, why, there, referenced FROM (
      SELECT u.seq, u.op::text AS op, u.why,
             CASE u.op WHEN 'D' THEN ${key('o')} ELSE ${key('n')} END AS key,
             CASE u.op WHEN 'D' THEN ${there('o')} ELSE ${there('n')} END AS there,
             CASE u.op WHEN 'I' THEN ${unchanged} ELSE false END AS referenced
      FROM ${store.store} u) left_over ORDER BY key, seq LIMIT ${limit}`;
}
