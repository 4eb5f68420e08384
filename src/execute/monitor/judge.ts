/** Readings over time against the limits of one signal. */
import type { SignalPolicy, Threshold } from '../../config/monitor.ts';

export type Verdict = 'ok' | 'warn' | 'pause' | 'abort';

/** Verdicts, the mildest first. */
export const VERDICTS: readonly Verdict[] = ['ok', 'warn', 'pause', 'abort'];

/** Remembers since when each limit has been passed without a break. Times are milliseconds of one monotonic clock. */
export class Judge {
  readonly #policy: SignalPolicy;
  readonly #since = new Map<Verdict, number>();

  constructor(policy: SignalPolicy) {
    this.#policy = policy;
  }

  /** What holds after a reading at `now`. A value without bounds passes every limit at once: it is critical by itself. */
  judge(value: number, now: number): Verdict {
    if (value === Number.POSITIVE_INFINITY) return 'abort';
    const passed = (['abort', 'pause', 'warn'] as const).filter((verdict) =>
      this.#passed(verdict, this.#policy[verdict], value, now),
    );
    return passed[0] ?? 'ok';
  }

  /** Counts anew: somebody has looked, and decided to go on. */
  forget(): void {
    this.#since.clear();
  }

  /** A reading that could not be had says nothing about how long the value has been where it is: the count goes on. */
  #passed(verdict: Verdict, threshold: Threshold | null, value: number, now: number): boolean {
    if (threshold === null || !(value > threshold.limit)) {
      this.#since.delete(verdict);
      return false;
    }
    const since = this.#since.get(verdict) ?? now;
    this.#since.set(verdict, since);
    return now - since >= threshold.forMs;
  }
}
