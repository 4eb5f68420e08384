/** Query × state: what each reading says, put together. */
import type { MissingValue } from './given.ts';
import type {
  Doubt,
  KnownQuery,
  QueryAtState,
  QueryError,
  QueryResult,
  SchemaState,
  Touch,
} from './model.ts';
import { comparePlans, type Names, type Planned } from './plan.ts';
import { type Prepared, resultChanges } from './prepare.ts';

/** What was found out in one state. */
export interface StateReading {
  readonly state: SchemaState;
  readonly prepared: ReadonlyMap<string, Prepared>;
  readonly planned: ReadonlyMap<string, Planned>;
  readonly missing: ReadonlyMap<string, readonly MissingValue[]>;
  /** Sessions that prepared in the state before: errors by query. */
  readonly held: ReadonlyMap<string, QueryError>;
  /** Of the indexes that plans of this state use. */
  readonly names: Names;
}

export interface QueryContext {
  readonly touches: readonly Touch[];
  readonly doubts: readonly Doubt[];
}

/** Judges one query over all states, in order. */
export function judgeQuery(
  query: KnownQuery,
  readings: readonly StateReading[],
  context: QueryContext,
): QueryResult {
  const errors = readings.map((reading) => errorIn(query, reading));
  const baseIndex = errors.indexOf(null);
  const base = baseIndex === -1 ? undefined : readings[baseIndex];
  const expected = new Set(
    (base?.missing.get(query.id) ?? []).map(({ table, column }) => `${table}.${column}`),
  );
  const doubts = new Map<string, Doubt>();
  const states = readings.map((reading, index): QueryAtState => {
    const missing = (reading.missing.get(query.id) ?? []).filter(
      ({ table, column }) => !expected.has(`${table}.${column}`),
    );
    const certain = missing.find(({ trigger }) => !trigger);
    for (const { table, column, trigger } of missing) {
      const key = `${table}.${column}`;
      if (!trigger || index < baseIndex || doubts.has(key)) continue;
      doubts.set(key, {
        state: reading.state.id,
        why: `it gives no value for ${key}, which must not be NULL: the table’s trigger may give it or not`,
      });
    }
    const error =
      errors[index] ?? (certain === undefined || index < baseIndex ? null : missingError(certain));
    const worksBefore = index > 0 && errors[index - 1] === null;
    const held = error === null && worksBefore ? (reading.held.get(query.id) ?? null) : null;
    if (error !== null || base === undefined)
      return { state: reading.state.id, verdict: 'fails', error, held, plan: null, resultChanges: [] };
    const plan = planIn(query, base, reading);
    return {
      state: reading.state.id,
      verdict: plan?.worse === true ? 'worse' : 'works',
      error: null,
      held,
      plan: plan?.plan ?? null,
      resultChanges: reading === base ? [] : changesIn(query, base, reading),
    };
  });
  return {
    ...query,
    outcome: outcomeOf(states, baseIndex),
    states,
    touches: context.touches,
    doubts: [...context.doubts, ...doubts.values()],
  };
}

function errorIn(query: KnownQuery, reading: StateReading): QueryError | null {
  const prepared = reading.prepared.get(query.id);
  if (prepared?.ok === false) return prepared.error;
  const planned = reading.planned.get(query.id);
  return planned?.ok === false ? planned.error : null;
}

function missingError({ table, column }: MissingValue): QueryError {
  return {
    sqlstate: '23502',
    message: `null value in column "${column}" of relation "${table}": the query gives it none`,
  };
}

function planIn(query: KnownQuery, base: StateReading, reading: StateReading) {
  const [before, after] = [base.planned.get(query.id), reading.planned.get(query.id)];
  if (before?.ok !== true || after?.ok !== true) return null;
  if (base === reading)
    return { worse: false, plan: { cost: after.plan.cost, ratio: null, lostIndexes: [], instead: [] } };
  return comparePlans(before.plan, after.plan, base.names);
}

function changesIn(query: KnownQuery, base: StateReading, reading: StateReading): readonly string[] {
  const [before, after] = [base.prepared.get(query.id), reading.prepared.get(query.id)];
  return before?.ok === true && after?.ok === true ? resultChanges(before.columns, after.columns) : [];
}

function outcomeOf(states: readonly QueryAtState[], baseIndex: number): QueryResult['outcome'] {
  if (baseIndex === -1) return 'unknown';
  const later = states.slice(baseIndex);
  if (later.some(({ verdict }) => verdict === 'fails')) return 'breaks';
  if (baseIndex > 0) return 'needs';
  if (later.some(({ verdict }) => verdict === 'worse')) return 'worse';
  return later.some(({ held, resultChanges: changes }) => held !== null || changes.length > 0)
    ? 'changes'
    : 'unaffected';
}
