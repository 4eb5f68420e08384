/** An endpoint of the application: its own figures where it prints them, else how it answers. */
import type { HealthReader } from '../signal.ts';
import { parseHealth } from './said.ts';
import { Window } from './window.ts';

/** An answer that takes longer is none. Milliseconds. */
const TIMEOUT_MS = 5_000;

export function httpHealth(url: string): HealthReader {
  const window = new Window();
  return {
    async read() {
      const started = performance.now();
      let text: string | null = null;
      let failed = false;
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'follow' });
        text = await response.text();
        failed = response.status >= 500;
      } catch {
        failed = true;
      }
      window.add(performance.now() - started, failed);
      return (text === null ? null : parseHealth(text)) ?? window.health();
    },
  };
}
