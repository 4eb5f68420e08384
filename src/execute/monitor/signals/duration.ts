/** How long the run has taken, as a multiple of what was expected. */
import type { Reading, Signal } from '../signal.ts';

/** Below this nobody minds: a second in place of half a one. Milliseconds. */
const LEAST_MS = 60_000;

export function duration(): Signal {
  return {
    name: 'duration',
    async read({ watched }): Promise<Reading | null> {
      if (watched.estimateMs === null) return null;
      const expected = Math.max(LEAST_MS, watched.estimateMs);
      const elapsed = watched.elapsedMs();
      return {
        value: elapsed / expected,
        detail: `${Math.round(elapsed / 1000)} s of ${Math.round(expected / 1000)} s expected`,
      };
    },
  };
}
