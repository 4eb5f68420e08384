/**
 * The application comes first: between two batches a backfill asks whether, and how fast, it may go on. While it waits
 * it holds no transaction and no lock.
 */

export type ThrottleDecision =
  /** `factor`: how much of the batch size that would be chosen otherwise; above 0, at most 1. */
  | { readonly kind: 'go'; readonly factor: number }
  /** Not now: the question is put again after so many milliseconds. */
  | { readonly kind: 'pause'; readonly reason: string; readonly retryMs: number }
  /** Not any more: the run stops with `run-aborted`, and whoever started it decides about the way back. */
  | { readonly kind: 'abort'; readonly reason: string };

/** What became of a batch: something that steers may learn from it. */
export interface BatchOutcome {
  readonly rows: number;
  /** Milliseconds from its first statement to its commit. */
  readonly ms: number;
  /** Why it was rolled back and is tried again; null where it was committed. */
  readonly trouble: string | null;
}

export interface Throttle {
  /** Asked before every batch. May take its time; ends early when the signal is aborted. Throws nothing. */
  wait(signal: AbortSignal | undefined): Promise<ThrottleDecision>;
  /** Told after every batch. */
  heard?(outcome: BatchOutcome): void;
  /**
   * Why it had the statement in hand cancelled, so that it is worth another try; null where it had not. Asking once
   * answers for one statement.
   */
  released?(): string | null;
}

const GO: ThrottleDecision = { kind: 'go', factor: 1 };

/** Nothing is watched. */
export const alwaysGo: Throttle = { wait: async () => GO };
