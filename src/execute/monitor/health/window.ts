/** The last answers of an endpoint that only answers or does not: its error rate and p99 over half a minute. */
import type { Health } from '../signal.ts';

const WINDOW_MS = 30_000;

export class Window {
  #answers: { readonly at: number; readonly ms: number; readonly failed: boolean }[] = [];

  add(ms: number, failed: boolean): void {
    this.#answers.push({ at: performance.now(), ms, failed });
    const oldest = performance.now() - WINDOW_MS;
    this.#answers = this.#answers.filter(({ at }) => at >= oldest);
  }

  health(): Health {
    const times = this.#answers
      .filter(({ failed }) => !failed)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b);
    const p99 = times[Math.min(times.length - 1, Math.floor(0.99 * times.length))];
    const failures = this.#answers.filter(({ failed }) => failed).length;
    return {
      errorRate: this.#answers.length === 0 ? null : failures / this.#answers.length,
      p99Ms: p99 ?? null,
      critical: null,
    };
  }
}
