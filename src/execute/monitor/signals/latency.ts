/** The application's p99, as a multiple of what it was before the run began. */
import type { Reading, Signal } from '../signal.ts';

/** Shorter ones are noise: twice of next to nothing is nothing. Milliseconds. */
const LEAST_BASELINE_MS = 1;

/** `baselineMs`: the median p99 sampled before the start; null where it was not sampled: the first answer is taken. */
export function latency(baselineMs: number | null): Signal {
  let baseline = baselineMs;
  return {
    name: 'latency',
    async read({ health }): Promise<Reading | null> {
      const said = await health();
      const p99 = said?.p99Ms ?? null;
      if (p99 === null) return null;
      baseline ??= p99;
      const base = Math.max(LEAST_BASELINE_MS, baseline);
      return {
        value: p99 / base,
        detail: `p99 ${p99.toFixed(1)} ms, ${(p99 / base).toFixed(1)} × the ${base.toFixed(1)} ms before`,
      };
    },
  };
}
