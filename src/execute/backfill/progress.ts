/** How far it is and how fast it goes: over the last seconds, so that a pause shows and a slow start is forgotten. */
import type { FerrataEvent } from '../../events.ts';

/** Over how long the rate is taken. Milliseconds. */
const WINDOW_MS = 10_000;
/** At most one event in so many milliseconds. */
const EVERY_MS = 500;

export type ProgressEvent = Extract<FerrataEvent, { readonly type: 'backfill-progress' }>;

export class Progress {
  readonly #head: Pick<ProgressEvent, 'run' | 'step' | 'direction'>;
  readonly #report: (event: ProgressEvent) => void;
  readonly #now: () => number;
  #estimate: number;
  #done: number;
  #changed: number;
  #batchSize = 0;
  #throttle: string | null = null;
  #told = Number.NEGATIVE_INFINITY;
  /** Moments and rows done by then, the oldest first. */
  #samples: { readonly at: number; readonly done: number }[];

  constructor(
    head: Pick<ProgressEvent, 'run' | 'step' | 'direction'>,
    start: { readonly done: number; readonly changed: number; readonly estimate: number },
    report: (event: ProgressEvent) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#head = head;
    this.#report = report;
    this.#now = now;
    this.#estimate = start.estimate;
    this.#done = start.done;
    this.#changed = start.changed;
    this.#samples = [{ at: now(), done: start.done }];
  }

  get changed(): number {
    return this.#changed;
  }

  /** A batch was committed. */
  add(done: number, changed: number): void {
    this.#done += done;
    this.#changed += changed;
    const at = this.#now();
    this.#samples.push({ at, done: this.#done });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) > WINDOW_MS) this.#samples.shift();
    if (at - this.#told >= EVERY_MS) this.tell();
  }

  next(batchSize: number): void {
    this.#batchSize = batchSize;
  }

  /** Why it stands still; null: it goes on. Told at once when it changes. */
  throttled(reason: string | null): void {
    if (reason === this.#throttle) return;
    this.#throttle = reason;
    this.tell();
  }

  /** Everything is done: what was estimated is known now. */
  finish(): void {
    this.#estimate = this.#done;
    this.tell();
  }

  tell(): void {
    const first = this.#samples[0];
    const seconds = first === undefined ? 0 : (this.#now() - first.at) / 1000;
    const rate = first === undefined || seconds <= 0 ? null : (this.#done - first.done) / seconds;
    const estimate = Math.max(this.#estimate, this.#done);
    this.#told = this.#now();
    this.#report({
      type: 'backfill-progress',
      ...this.#head,
      done: this.#done,
      changed: this.#changed,
      estimate,
      rowsPerSecond: rate,
      etaMs: rate === null || rate <= 0 ? null : Math.round(((estimate - this.#done) / rate) * 1000),
      batchSize: this.#batchSize,
      throttle: this.#throttle,
    });
  }
}
