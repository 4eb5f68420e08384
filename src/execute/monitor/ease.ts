/**
 * Between all is well and the limit that pauses a run lies a part in which it slows down by itself: batches get smaller
 * while the application feels them, and larger again, slowly, when it does not.
 */
import type { SignalName } from '../../config/monitor.ts';

/** What is watched for it, and the value of an application that feels nothing. */
const CALM: Partial<Record<SignalName, number>> = { latency: 1, 'replication-lag': 0 };

/** Of the way from calm to the limit that pauses: above the first it slows down, below the second it may go faster. */
const SLOWER_FROM = 0.2;
const FASTER_BELOW = 0.1;

const SLOWER = 0.5;
const FASTER = 1.05;
/** Below this nothing is won: a batch costs its transaction. */
const LEAST = 0.04;

export interface EasedSignal {
  readonly signal: SignalName;
  readonly value: number | null;
  /** What pauses a run; null: nothing does, and it is not slowed down either. */
  readonly limit: number | null;
}

export class Ease {
  #factor = 1;

  /** Of the batch size that would be chosen otherwise. */
  get factor(): number {
    return this.#factor;
  }

  /** One interval's samples. */
  see(signals: readonly EasedSignal[]): void {
    const shares = signals.flatMap(({ signal, value, limit }) => {
      const calm = CALM[signal];
      if (calm === undefined || value === null || limit === null || limit <= calm) return [];
      return [(value - calm) / (limit - calm)];
    });
    const worst = Math.max(0, ...shares);
    if (worst > SLOWER_FROM) this.#factor = Math.max(LEAST, this.#factor * SLOWER);
    else if (worst < FASTER_BELOW) this.#factor = Math.min(1, this.#factor * FASTER);
  }
}
