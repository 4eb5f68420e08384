/** What the engine works with while a backfill runs; the work itself is pinned in the plan (`plan/backfill.ts`). */
import type { Policy } from '../../config/settings.ts';
import type { BackfillSpec } from '../../plan/backfill.ts';

export type {
  BackfillAction,
  BackfillKey,
  BackfillPart,
  BackfillSpec,
  KeyColumn,
} from '../../plan/backfill.ts';

/** How large batches may be, and how fast they may follow each other. */
export interface BatchSettings {
  /** The most rows that one batch may change. */
  readonly size: number;
  /** Milliseconds that one batch should take. */
  readonly targetMs: number;
  /** Milliseconds between two batches. */
  readonly pauseMs: number;
  /** Batches at once, on disjoint ranges. */
  readonly workers: number;
  /** Whether rows that are locked are passed by and done in a pass of their own. */
  readonly skipLocked: boolean;
}

/** What holds for one backfill: the migration's own settings before the environment's. */
export function batchSettings(policy: Policy, spec: BackfillSpec): BatchSettings {
  return {
    size: Math.max(1, spec.batch.size ?? policy.batchSize),
    targetMs: policy.batchTargetMs,
    pauseMs: spec.batch.pauseMs ?? policy.batchPauseMs,
    workers: spec.action.type === 'transform' ? 1 : policy.batchWorkers,
    skipLocked: policy.batchSkipLocked,
  };
}

/** A value of the key, one text per column, as the server prints and reads it. */
export type KeyValue = readonly string[];

/**
 * A range of one table's key, and how far it is: one row of `ferrata.backfill`. Every batch moves it on in its own
 * transaction; what it says is what has happened.
 */
export interface Checkpoint {
  /** Counts the ranges of a step, from 0. */
  readonly part: number;
  /** Index into `BackfillSpec.parts`. */
  readonly place: number;
  readonly phase: 'rows' | 'skipped' | 'later' | 'done';
  /** The last key that is done; null: none. Before the first batch: where the range begins, itself excluded. */
  readonly last: KeyValue | null;
  /** The last key of the range, fixed at the start; null: there was no row. */
  readonly upper: KeyValue | null;
  /** Rows looked at, and changed. */
  readonly seen: number;
  readonly rows: number;
  /** Batches committed. */
  readonly batches: number;
  /** Rows to look at, as the server estimated at the start. */
  readonly estimate: number;
}
