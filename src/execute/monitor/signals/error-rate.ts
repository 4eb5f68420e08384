/** The share of the application's requests that fail, as its health source tells it. */
import type { Reading, Signal } from '../signal.ts';

export function errorRate(): Signal {
  return {
    name: 'error-rate',
    async read({ health }): Promise<Reading | null> {
      const said = await health();
      if (said === null) return null;
      // Beyond any limit, and at once: see `judge.ts`.
      if (said.critical !== null)
        return { value: Number.POSITIVE_INFINITY, detail: `critical: ${said.critical}` };
      if (said.errorRate === null) return null;
      return { value: said.errorRate, detail: `${(100 * said.errorRate).toFixed(2)} % of requests fail` };
    },
  };
}
