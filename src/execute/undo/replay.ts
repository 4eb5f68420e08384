/**
 * Putting captured rows back. The records are taken from the last statement to the first, whole statements at a time;
 * what does not go at once (a foreign key whose other side is still to come, a unique index that wants another order) is
 * tried again when the others are done, in the end row by row. What the application has changed since stays as it is
 * and is listed.
 */
import { FerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import type { Conflict } from '../model.ts';
import { REGISTRY } from './function.ts';
import { quietly } from './quiet.ts';
import {
  inPart,
  inRange,
  loopStatement,
  type Operation,
  type Place,
  type Range,
  remainderStatement,
  setStatement,
  settleStatements,
} from './statements.ts';
import { type LostStore, loadStores, type Store } from './store.ts';

/** So many rows per table are listed by name; the rest as a number. */
const LISTED = 1000;
/** Passes that work on whole statements before rows are taken one by one. */
const SET_PASSES = 2;
/** Updates of fewer rows than this are taken together, row by row; larger ones each as a whole. */
const FEW = 100;

export interface ReplayOutcome {
  /** Changes of rows that were taken back. */
  readonly restored: number;
  readonly conflicts: readonly Conflict[];
}

/** A stretch of one store's records that is taken back together. */
interface Unit extends Range {
  readonly store: Store;
  /** Several small updates, perhaps of the same rows: only the exact reverse order is right. */
  readonly byRow: boolean;
  rows: number;
}

/**
 * Takes back what the capture recorded. Needs an open transaction. Rows that could not be put back stay recorded in the
 * attic; those that were are forgotten, so that a second call does nothing more. Sequences stay where they are.
 */
export async function replay(connection: Connection, capture: string): Promise<ReplayOutcome> {
  if (!(await hasRegistry(connection))) return { restored: 0, conflicts: [] };
  const { stores, lost } = await loadStores(connection, capture);
  const conflicts: Conflict[] = [];
  let restored = 0;
  if (stores.length > 0) {
    const relations = [...new Set(stores.map(({ relation }) => relation))];
    for (const store of stores) {
      await connection.script(
        `ALTER TABLE ${store.store} ADD COLUMN IF NOT EXISTS why text; ANALYZE ${store.store}`,
      );
    }
    restored = await quietly(connection, relations, () => takeBack(connection, stores));
    for (const store of stores) conflicts.push(...(await leftOver(connection, store)));
  }
  for (const store of lost) conflicts.push(...(await lostRows(connection, store)));
  await forget(connection, capture, conflicts.length === 0 ? [] : [...stores, ...lost]);
  return { restored, conflicts };
}

/**
 * Takes back what the stores recorded from one moment to another, as far as it goes at once; the rest stays recorded, for
 * `replay` to try once more. Needs an open transaction, and the column `why` in the stores.
 *
 * @param quiet whether the tables have triggers or rules that must not see it: they are then locked against writers
 */
export async function replayRange(
  connection: Connection,
  stores: readonly Store[],
  range: Moments,
  quiet: boolean,
): Promise<number> {
  if (quiet) {
    const relations = [...new Set(stores.map(({ relation }) => relation))];
    return await quietly(connection, relations, () => takeBack(connection, stores, range));
  }
  // Checks that were put off fall due at once; and row security must not hide rows.
  await connection.script('SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL row_security = off');
  return await takeBack(connection, stores, range);
}

async function hasRegistry(connection: Connection): Promise<boolean> {
  const [row] = await connection.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('${REGISTRY}') IS NOT NULL AS there`,
  );
  return row?.there === true;
}

/** A stretch of what was recorded, both ends included; `pos` only where a statement's rows may be taken apart. */
export interface Moments {
  readonly from: Place;
  readonly to: Place;
  /** Whether whole statements are taken, whatever the places within them. */
  readonly whole: boolean;
}

async function takeBack(
  connection: Connection,
  stores: readonly Store[],
  moments: Moments | null = null,
): Promise<number> {
  const keyless = stores.find(({ partial, key }) => partial && key.length === 0);
  if (keyless !== undefined) {
    throw new FerrataError('rollback-unavailable', `The rows of ${keyless.table} can not be found again`, {
      why: 'What was kept of them is their key and the columns that were changed, and the table has no such key any more.',
      hint: 'Put its primary key, or a unique index over NOT NULL columns, back, then run `ferrata down` again.',
    });
  }
  const units = await readUnits(connection, stores, moments);
  const total = units.reduce((sum, unit) => sum + unit.rows, 0);
  let pending: readonly Unit[] = units;
  for (let pass = 1; pending.length > 0; pass++) {
    let progress = 0;
    for (const unit of pending) {
      const done = await attempt(connection, unit, unit.byRow || pass > SET_PASSES);
      unit.rows -= done;
      progress += done;
    }
    pending = pending.filter((unit) => unit.rows > 0);
    if (progress === 0 && pass > SET_PASSES) break;
  }
  if (pending.length > 0) await attemptDeferred(connection, pending);
  const left = pending.reduce((sum, unit) => sum + unit.rows, 0);
  return total - left;
}

/** Rows done; 0 where a constraint refused the whole. */
async function attempt(connection: Connection, unit: Unit, byRow: boolean): Promise<number> {
  if (byRow) return await loop(connection, unit);
  await connection.script('SAVEPOINT ferrata_undo');
  try {
    const [row] = await connection.query<{ rows: number }>(setStatement(unit.store, unit));
    await connection.script('RELEASE SAVEPOINT ferrata_undo');
    return row?.rows ?? 0;
  } catch (error) {
    const state = sqlStateOf(error) ?? '';
    // Only what the rows themselves bring about; a lock or a lost connection is the runner's.
    if (!/^(22|23|44)/.test(state)) throw error;
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_undo; RELEASE SAVEPOINT ferrata_undo');
    // A unique or exclusion constraint wants another order within the statement, not another statement first.
    return state === '23505' || state === '23P01' ? await loop(connection, unit) : 0;
  }
}

async function loop(connection: Connection, unit: Unit): Promise<number> {
  await connection.script(loopStatement(unit.store, unit));
  return unit.rows - (await countRows(connection, unit));
}

async function countRows(connection: Connection, unit: Unit): Promise<number> {
  const [row] = await connection.query<{ rows: number }>(
    `SELECT count(*)::int AS rows FROM ${unit.store.store} u WHERE ${inRange(unit, 'u')}`,
  );
  return row?.rows ?? 0;
}

/** Rows that hold each other: together, with the checks that can be put off put off. All or nothing. */
async function attemptDeferred(connection: Connection, units: readonly Unit[]): Promise<void> {
  await connection.script('SAVEPOINT ferrata_deferred; SET CONSTRAINTS ALL DEFERRED');
  const before = units.map((unit) => unit.rows);
  try {
    for (const unit of units) {
      const [row] = await connection.query<{ rows: number }>(setStatement(unit.store, unit));
      unit.rows -= row?.rows ?? 0;
    }
    await connection.script('SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT ferrata_deferred');
  } catch (error) {
    if (!/^(22|23|44)/.test(sqlStateOf(error) ?? '')) throw error;
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_deferred; RELEASE SAVEPOINT ferrata_deferred');
    for (const [index, unit] of units.entries()) unit.rows = before[index] ?? unit.rows;
  }
}

/** The records as stretches of one store and operation, the last first. */
async function readUnits(
  connection: Connection,
  stores: readonly Store[],
  moments: Moments | null,
): Promise<Unit[]> {
  const part = moments === null || moments.whole ? {} : { part: { from: moments.from, to: moments.to } };
  const within =
    moments === null
      ? ''
      : moments.whole
        ? ` WHERE u.seq BETWEEN ${moments.from.seq} AND ${moments.to.seq}`
        : ` WHERE ${inPart(moments, 'u')}`;
  const found: { store: Store; op: Operation; seq: bigint; rows: number }[] = [];
  for (const store of stores) {
    const rows = await connection.rows<[string, Operation, number]>(
      `SELECT seq::text, op::text, count(*)::int FROM ${store.store} u${within} GROUP BY seq, op`,
    );
    for (const [seq, op, count] of rows) found.push({ store, op, seq: BigInt(seq), rows: count });
  }
  found.sort((a, b) => (a.seq === b.seq ? 0 : a.seq > b.seq ? -1 : 1));
  const units: {
    store: Store;
    op: Operation;
    from: string;
    to: string;
    rows: number;
    byRow: boolean;
    apart: boolean;
    part?: NonNullable<Range['part']>;
  }[] = [];
  for (const { store, op, seq, rows } of found) {
    const last = units.at(-1);
    // Without a key a row is looked for in the whole table: better once for many.
    const apart = op === 'U' && store.key.length > 0 && rows >= FEW;
    if (last !== undefined && last.store === store && last.op === op && !apart && !last.apart) {
      last.from = String(seq);
      last.rows += rows;
      last.byRow = op === 'U' && store.key.length > 0;
    } else units.push({ store, op, from: String(seq), to: String(seq), rows, byRow: false, apart, ...part });
  }
  return units;
}

interface Remainder {
  readonly key: string;
  readonly op: Operation;
  readonly why: string | null;
  readonly there: boolean;
  readonly referenced: boolean;
}

async function leftOver(connection: Connection, store: Store): Promise<readonly Conflict[]> {
  const [any] = await connection.query<{ any: boolean }>(`SELECT EXISTS (SELECT FROM ${store.store}) AS any`);
  if (any?.any !== true) return [];
  const settle = settleStatements(store);
  if (settle.length > 0) await connection.script(settle.join(';\n'));
  const rows = await connection.query<Remainder>(remainderStatement(store, LISTED + 1));
  const conflicts = rows
    .slice(0, LISTED)
    .map((row) => ({ table: store.table, key: row.key, what: whatOf(row) }));
  if (rows.length <= LISTED) return conflicts;
  const [count] = await connection.query<{ n: string }>(`SELECT count(*)::text AS n FROM ${store.store}`);
  return [
    ...conflicts,
    { table: store.table, key: '*', what: `and more: ${count?.n} changes in all are kept in ${store.store}` },
  ];
}

function whatOf({ op, why, there, referenced }: Remainder): string {
  if (why !== null) return `left as it is: ${why}`;
  switch (op) {
    case 'U':
      return there ? 'changed since: left as it is' : 'deleted or given another key since: not put back';
    case 'I':
      return referenced ? 'other rows refer to it: left in place' : 'changed since: left in place';
    case 'D':
      return there ? 'another row has its key now: not put back' : 'could not be put back';
  }
}

async function lostRows(connection: Connection, { store, table }: LostStore): Promise<readonly Conflict[]> {
  const [row] = await connection.query<{ n: string }>(`SELECT count(*)::text AS n FROM ${store}`);
  if (row === undefined || row.n === '0') return [];
  return [{ table, key: '*', what: `the table is gone: ${row.n} changes are kept in ${store}` }];
}

/** Empty stores go; one that still holds something is kept for people to look at, and is not played back again. */
async function forget(
  connection: Connection,
  capture: string,
  candidates: readonly { readonly store: string }[],
): Promise<void> {
  const kept: string[] = [];
  for (const { store } of candidates) {
    const [row] = await connection.query<{ any: boolean }>(`SELECT EXISTS (SELECT FROM ${store}) AS any`);
    if (row?.any === true) kept.push(store);
  }
  await connection.query(
    `UPDATE ${REGISTRY} SET state = 'replayed'
     WHERE capture = $1 AND pg_catalog.format('ferrata_attic.%I', store) = ANY ($2)`,
    [capture, kept],
  );
  const gone = await connection.query<{ name: string }>(
    `DELETE FROM ${REGISTRY} WHERE capture = $1 AND state = 'active'
     RETURNING pg_catalog.format('ferrata_attic.%I', store) AS name`,
    [capture],
  );
  if (gone.length > 0) await connection.script(`DROP TABLE ${gone.map(({ name }) => name).join(', ')}`);
}
