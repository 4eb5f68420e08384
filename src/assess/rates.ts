/**
 * How fast a server works, by kind of work: as ordinary servers do, as one was measured, as past runs on the target have
 * shown.
 */
import type { Interval } from './model.ts';

/** Milliseconds per unit: of `scan` and `rewrite` per megabyte, of `build` and `write` per thousand rows and index. */
export type WorkKind = 'scan' | 'rewrite' | 'build' | 'write';
export type Rates = Readonly<Record<WorkKind, Interval>>;
/** Units of each kind that a statement has to do. */
export type Work = Readonly<Record<WorkKind, number>>;

/** From a fast server to a busy small one: an order of magnitude and more. */
export const ORDINARY: Rates = {
  scan: [0.5, 2, 10],
  rewrite: [5, 15, 60],
  build: [0.3, 1, 5],
  write: [3, 10, 40],
};

export const WORK_KINDS = Object.keys(ORDINARY) as readonly WorkKind[];

/** One measured value per kind. */
export type Measured = Readonly<Record<WorkKind, number>>;

/** Where the rates were measured, compared with where the work will be done. */
export type MeasuredOn = 'the target' | 'another machine';

/** Around one value: a quiet server with everything in memory measures low, so that it may well take longer. */
const AROUND: Readonly<Record<MeasuredOn, Interval>> = {
  'the target': [0.5, 1.2, 4],
  'another machine': [0.4, 1.5, 8],
};

export function ratesFrom(measured: Measured, on: MeasuredOn): Rates {
  const factors = AROUND[on];
  return mapRates((kind) => scaled(factors, measured[kind]));
}

/** What a step of a past run took, against what these rates say of it. */
export interface Sample {
  /** Much of its work is of this kind. */
  readonly kind: WorkKind;
  /** Actual time by expected time. */
  readonly ratio: number;
}

/** Beyond this a single step tells of something else: a lock that was waited for, a table that has grown since. */
const MOST = 20;
/** From so many steps on the spread is theirs. */
const ENOUGH = 3;

/** The rates as past runs correct them, kind by kind; a kind that no run tells of stays as it is. */
export function corrected(rates: Rates, samples: readonly Sample[]): Rates {
  return mapRates((kind) => {
    const ratios = samples
      .filter((sample) => sample.kind === kind)
      .map(({ ratio }) => Math.min(MOST, Math.max(1 / MOST, ratio)))
      .sort((a, b) => a - b);
    const middle = ratios[Math.floor(ratios.length / 2)];
    if (middle === undefined) return rates[kind];
    const centre = rates[kind][1] * middle;
    if (ratios.length < ENOUGH) return scaled([0.4, 1, 4], centre);
    const low = Math.min(0.5, (ratios[0] ?? middle) / middle);
    const high = Math.max(2, (ratios.at(-1) ?? middle) / middle);
    return scaled([low, 1, high], centre);
  });
}

function mapRates(rate: (kind: WorkKind) => Interval): Rates {
  return { scan: rate('scan'), rewrite: rate('rewrite'), build: rate('build'), write: rate('write') };
}

function scaled(interval: Interval, factor: number): Interval {
  return [interval[0] * factor, interval[1] * factor, interval[2] * factor];
}
