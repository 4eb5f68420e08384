/**
 * How long a statement may take: a range of an order of magnitude, from the sizes of what it reads and writes. The
 * rates are what ordinary servers do, from a busy small one to a fast one; the rehearsal measures.
 */
import type { Interval, RelationSize, StatementFacts } from './model.ts';

const MB = 1024 * 1024;
/** Milliseconds per megabyte: fast, usual, slow. */
const SCAN: Interval = [0.5, 2, 10];
const REWRITE: Interval = [5, 15, 60];
/** Milliseconds per thousand rows, per index. */
const BUILD: Interval = [0.3, 1, 5];
const WRITE: Interval = [3, 10, 40];
const NOTHING: Interval = [0, 1, 10];

/** Null where the size of something that it reads is not known. */
export function estimate(
  facts: Pick<StatementFacts, 'locks' | 'rewrites' | 'scans' | 'builds' | 'blocks' | 'class'>,
  sizes: ReadonlyMap<string, RelationSize>,
): StatementFacts['estimate'] {
  let work: Interval = NOTHING;
  const main = facts.scans[0] ?? facts.rewrites[0];
  for (const relation of new Set([...facts.scans, ...facts.rewrites])) {
    const size = sizes.get(relation);
    if (size === undefined || size.bytes === null) return null;
    const rate = facts.rewrites.includes(relation) ? REWRITE : SCAN;
    work = add(work, times(rate, size.bytes / MB));
  }
  if (facts.builds.length > 0 && main !== undefined) {
    const rows = sizes.get(main)?.rows;
    if (rows === undefined || rows === null) return null;
    work = add(work, times(BUILD, (rows / 1000) * facts.builds.length));
  }
  if (facts.class === 'dml' && main !== undefined) {
    const rows = sizes.get(main)?.rows;
    if (rows === undefined || rows === null) return null;
    work = add(work, times(WRITE, rows / 1000));
  }
  return { workMs: round(work), lockMs: facts.blocks === 'nothing' ? [0, 0, 0] : round(work) };
}

function add(a: Interval, b: Interval): Interval {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

function times(rate: Interval, amount: number): Interval {
  return [rate[0] * amount, rate[1] * amount, rate[2] * amount];
}

function round(interval: Interval): Interval {
  return [Math.round(interval[0]), Math.round(interval[1]), Math.round(interval[2])];
}
