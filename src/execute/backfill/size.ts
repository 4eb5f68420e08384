/**
 * How many rows the next batch takes: steered to a time. It starts small, shrinks at once on trouble, and grows slowly.
 */

/** The first batch takes this part of the most, but no fewer rows than a handful. */
const START = 1 / 10;
const FEWEST_AT_START = 100;
/** Batches after trouble during which it does not grow. */
const RECOVERY = 5;

export class BatchSize {
  readonly #most: number;
  readonly #targetMs: number;
  #rows: number;
  #recovering = 0;

  /** @param most rows; `targetMs` milliseconds that a batch should take */
  constructor(most: number, targetMs: number) {
    this.#most = Math.max(1, Math.floor(most));
    this.#targetMs = Math.max(1, targetMs);
    this.#rows = Math.min(this.#most, Math.max(FEWEST_AT_START, Math.floor(this.#most * START)));
  }

  /** Rows of the next batch; `factor` of the throttle, above 0, at most 1. */
  rows(factor = 1): number {
    return Math.max(1, Math.floor(this.#rows * Math.min(1, Math.max(0, factor))));
  }

  /** A batch of `rows` was committed after `ms`. One that was smaller than asked for says nothing about growing. */
  committed(rows: number, ms: number): void {
    const ratio = this.#targetMs / Math.max(1, ms);
    if (ratio < 0.5) this.#set(this.#rows / 2);
    else if (ratio < 1) this.#set(Math.min(this.#rows, rows) * ratio);
    else if (this.#recovering > 0) this.#recovering--;
    else if (rows >= this.#rows) this.#set(this.#rows * Math.min(ratio, ratio > 4 ? 1.5 : 1.2) + 1);
  }

  /** A batch had to be rolled back: a lock, a deadlock, a timeout. */
  trouble(): void {
    this.#set(this.#rows / 2);
    this.#recovering = RECOVERY;
  }

  #set(rows: number): void {
    this.#rows = Math.min(this.#most, Math.max(1, Math.floor(rows)));
  }
}
