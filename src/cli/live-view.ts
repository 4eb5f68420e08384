/**
 * Draws the live view at the end of a terminal's output: what is said meanwhile appears above it, and it is gone when
 * the run has ended.
 */
import type { FerrataEvent } from '../events.ts';
import { afterEvent, type LiveRun, renderLive } from './print/live.ts';
import type { Palette } from './print/palette.ts';

/** Between two drawings: often enough to be calm. Milliseconds. */
const DRAW_MS = 200;

export class LiveView {
  readonly #stream: NodeJS.WriteStream;
  readonly #palette: Palette;
  #live: LiveRun | null = null;
  #drawn = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(stream: NodeJS.WriteStream, palette: Palette) {
    this.#stream = stream;
    this.#palette = palette;
  }

  /** Takes an event in. Answers whether the view shows it, so that it needs no line of its own. */
  hear(event: FerrataEvent): boolean {
    this.#live = afterEvent(this.#live, event, performance.now());
    if (this.#live === null) {
      this.#end();
      return false;
    }
    this.#timer ??= setInterval(() => this.#draw(), DRAW_MS).unref();
    switch (event.type) {
      case 'monitor-sample':
      case 'step-progress':
      case 'backfill-progress':
      case 'step-started':
      case 'waiting':
      case 'step-retried':
        return true;
      default:
        return false;
    }
  }

  /** Writes text above the view. */
  say(text: string): void {
    this.#erase();
    this.#stream.write(`${text}\n`);
    if (this.#live !== null) this.#draw();
  }

  /** Leaves the terminal as if the view had never been there. */
  close(): void {
    this.#live = null;
    this.#end();
  }

  #end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#erase();
  }

  #draw(): void {
    if (this.#live === null) return;
    const width = Math.max(20, (this.#stream.columns ?? 80) - 1);
    const lines = renderLive(this.#live, performance.now(), width, this.#palette);
    this.#erase();
    this.#stream.write(lines.map((line) => `${line}\n`).join(''));
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#stream.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }
}
