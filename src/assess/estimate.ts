/**
 * How long a statement may take, and how long others may wait for it: from the sizes of what it reads and writes, and the
 * rates of `rates.ts`; or from what it took in a rehearsal on real rows.
 */
import type { ParsedStatement } from '../sql/model.ts';
import { child, children } from '../sql/tree.ts';
import type { Interval, RelationSize, StatementFacts } from './model.ts';
import { ORDINARY, type Rates, WORK_KINDS, type Work } from './rates.ts';

const MB = 1024 * 1024;
/** What every statement costs: its way to the server, the catalog, a flush of the log. */
const NOTHING: Interval = [0, 1, 10];
/** The share of a table that a condition may leave: nobody knows it from the text. */
const CONDITION: Interval = [0, 0.1, 1];
/** Around what a rehearsal took. */
const REHEARSED: Interval = [0.5, 1, 2.5];
/** On fewer rows a duration is that of the way to the server. */
const LEAST_ROWS = 1000;

/** A statement that a rehearsal ran on real rows. */
export interface RehearsedStatement {
  readonly ms: number;
  /** Of the tables as they were there. */
  readonly rows: Readonly<Record<string, number>>;
}

/** What is known of how fast the work goes. */
export interface Pace {
  readonly rates: Rates;
  /** By line of the statement. */
  readonly rehearsed?: ReadonlyMap<number, RehearsedStatement>;
}

export const UNKNOWN_PACE: Pace = { rates: ORDINARY };

type Parts = Pick<StatementFacts, 'locks' | 'rewrites' | 'scans' | 'builds' | 'blocks' | 'class'>;
type Sizes = ReadonlyMap<string, RelationSize>;

/** Null where the size of something that it reads is not known. */
export function estimate(
  facts: Parts,
  sizes: Sizes,
  statement: ParsedStatement,
  pace: Pace = UNKNOWN_PACE,
): StatementFacts['estimate'] {
  const workMs =
    rehearsedWork(facts, sizes, pace.rehearsed?.get(statement.line)) ??
    expectedWork(facts, sizes, statement, pace.rates);
  if (workMs === null) return null;
  return { workMs: round(workMs), lockMs: facts.blocks === 'nothing' ? [0, 0, 0] : round(workMs) };
}

/** The units of work of a statement, all of a table where a condition may leave less; null where a size is not known. */
export function workOf(facts: Parts, sizes: Sizes, statement: ParsedStatement): Work | null {
  const read = [...new Set([...facts.scans, ...facts.rewrites])];
  let scan = 0;
  let rewrite = 0;
  let rows = 0;
  let rebuilt = 0;
  for (const relation of read) {
    const size = sizes.get(relation);
    if (size === undefined || size.bytes === null) return null;
    if (facts.rewrites.includes(relation)) {
      rewrite += size.bytes / MB;
      rebuilt += ((size.rows ?? 0) * size.indexes) / 1000;
    } else scan += size.bytes / MB;
    if (size.rows === null && (facts.builds.length > 0 || facts.class === 'dml')) return null;
    rows += (size.rows ?? 0) / 1000;
  }
  // Each index belongs to one of the tables; which one is not said, and they are mostly partitions of one.
  const built =
    facts.builds.length === 0 || read.length === 0 ? 0 : (rows * facts.builds.length) / read.length;
  const write = facts.class === 'dml' ? writtenRows(facts, sizes, statement) : 0;
  return write === null ? null : { scan, rewrite, build: Math.max(built, rebuilt), write: write / 1000 };
}

function expectedWork(facts: Parts, sizes: Sizes, statement: ParsedStatement, rates: Rates): Interval | null {
  const work = workOf(facts, sizes, statement);
  if (work === null) return null;
  const share: Interval = child(statement.node, 'whereClause') === null ? [1, 1, 1] : CONDITION;
  const sum = (end: 0 | 1 | 2): number =>
    WORK_KINDS.reduce(
      (total, kind) => total + work[kind] * rates[kind][end] * (kind === 'write' ? share[end] : 1),
      NOTHING[end],
    );
  return [sum(0), sum(1), sum(2)];
}

/** The most rows that a statement can write in the tables that it is about. */
function writtenRows(facts: Parts, sizes: Sizes, statement: ParsedStatement): number | null {
  if (statement.kind === 'TruncateStmt' || statement.kind === 'RefreshMatViewStmt') return 0;
  const listed = children(child(child(statement.node, 'selectStmt'), 'SelectStmt'), 'valuesLists').length;
  if (listed > 0) return listed;
  const targets = facts.locks.filter(({ role, mode }) => role === 'target' && mode === 'RowExclusiveLock');
  const changes = statement.kind === 'UpdateStmt' || statement.kind === 'DeleteStmt';
  const relations = changes ? targets.map(({ relation }) => relation) : facts.scans;
  let rows = 0;
  for (const relation of relations) {
    const size = sizes.get(relation);
    if (size === undefined || size.rows === null) return null;
    rows += size.rows;
  }
  return rows;
}

/** Null where the rehearsal says nothing: no rows to speak of, or of another table. */
function rehearsedWork(
  facts: Parts,
  sizes: Sizes,
  rehearsed: RehearsedStatement | undefined,
): Interval | null {
  if (rehearsed === undefined) return null;
  let there = 0;
  let here = 0;
  for (const relation of new Set([...facts.scans, ...facts.rewrites])) {
    const rows = sizes.get(relation)?.rows ?? null;
    if (rows === null) return null;
    here += rows;
    there += rehearsed.rows[relation] ?? 0;
  }
  if (there < LEAST_ROWS) return null;
  const ms = rehearsed.ms * (here / there);
  return [REHEARSED[0] * ms, REHEARSED[1] * ms, REHEARSED[2] * ms];
}

/**
 * A lock is held to the end of the transaction: others wait for whatever comes after it there. What is not known of those
 * is left out.
 *
 * @param transactions positions of the statements that share one
 */
export function heldToTheEnd(
  statements: readonly StatementFacts[],
  transactions: readonly (readonly number[])[],
): readonly StatementFacts[] {
  const held = [...statements];
  for (const transaction of transactions) {
    let rest: Interval = [0, 0, 0];
    for (const position of [...transaction].reverse()) {
      const facts = statements[position];
      if (facts === undefined || facts.estimate === null) continue;
      rest = add(rest, facts.estimate.workMs);
      if (facts.blocks !== 'nothing')
        held[position] = { ...facts, estimate: { ...facts.estimate, lockMs: rest } };
    }
  }
  return held;
}

function add(a: Interval, b: Interval): Interval {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

function round(interval: Interval): Interval {
  return [Math.round(interval[0]), Math.round(interval[1]), Math.round(interval[2])];
}
