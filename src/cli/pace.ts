/** Plain lines for people: how far a backfill is every few seconds, and whenever it begins or ceases to wait. */
import type { FerrataEvent } from '../events.ts';

const LINE_MS = 5_000;

export class Pace {
  #last = Number.NEGATIVE_INFINITY;
  #waiting: string | null = null;

  /** Whether the event is worth a line. */
  due(event: Extract<FerrataEvent, { readonly type: 'backfill-progress' }>): boolean {
    const now = performance.now();
    const turned = (event.throttle === null) !== (this.#waiting === null);
    if (!turned && now - this.#last < LINE_MS) return false;
    this.#waiting = event.throttle;
    this.#last = now;
    return true;
  }
}
