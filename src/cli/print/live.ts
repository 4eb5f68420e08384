/** The calm view of a run at work: one picture of where it is, made from its events or from the ledger. */
import type { FerrataEvent } from '../../events.ts';
import { count, duration, visibleLength } from './layout.ts';
import type { Palette } from './palette.ts';

/** What is known of a run at work. */
export interface LiveRun {
  readonly run: string;
  readonly migration: string;
  readonly direction: 'up' | 'down';
  readonly steps: number;
  /** Steps that are done. */
  readonly done: number;
  readonly step: string | null;
  readonly title: string | null;
  /** Milliseconds of `performance.now()`, or of the ledger's clock: when the run began. */
  readonly sinceMs: number;
  readonly backfill: Backfill | null;
  /** What the server counts of the statement in hand. */
  readonly progress: Progress | null;
  /** Why it stands still; null: it goes on. */
  readonly waiting: string | null;
  readonly samples: readonly LiveSample[];
}

export interface Backfill {
  readonly done: number;
  readonly changed: number;
  readonly estimate: number;
  readonly rowsPerSecond: number | null;
  readonly etaMs: number | null;
  readonly batchSize: number | null;
}

export interface Progress {
  readonly phase: string;
  readonly done: number | null;
  readonly total: number | null;
}

export interface LiveSample {
  readonly signal: string;
  readonly value: number | null;
  readonly state: string;
  readonly detail: string | null;
}

/** The picture after an event; null where no run is at work. */
export function afterEvent(live: LiveRun | null, event: FerrataEvent, nowMs: number): LiveRun | null {
  if (event.type === 'run-started') {
    return {
      run: event.run,
      migration: event.migration,
      direction: event.direction,
      steps: event.steps,
      done: 0,
      step: null,
      title: null,
      sinceMs: nowMs,
      backfill: null,
      progress: null,
      waiting: null,
      samples: [],
    };
  }
  if (live === null) return null;
  switch (event.type) {
    case 'run-finished':
      return null;
    case 'step-started':
      return { ...live, step: event.step, title: event.title, backfill: null, progress: null, waiting: null };
    case 'step-finished':
    case 'step-resumed':
      return { ...live, done: Math.min(live.steps, live.done + 1), waiting: null };
    case 'step-retried':
      return {
        ...live,
        waiting: `${event.reason}, attempt ${event.attempt + 1} in ${duration(event.waitMs)}`,
      };
    case 'waiting':
      return { ...live, waiting: event.message };
    case 'throttled':
      return { ...live, waiting: event.decision === 'pause' ? event.reason : null };
    case 'monitor-sample':
      // What the server counts is told after it, or there is nothing.
      return { ...live, samples: event.samples, progress: null };
    case 'step-progress':
      return { ...live, progress: { phase: event.phase, done: event.done, total: event.total } };
    case 'backfill-progress': {
      const { done, changed, estimate, rowsPerSecond, etaMs, batchSize, throttle } = event;
      return {
        ...live,
        backfill: { done, changed, estimate, rowsPerSecond, etaMs, batchSize },
        waiting: throttle,
      };
    }
    default:
      return live;
  }
}

/** Lines of the picture, none longer than `width`. */
export function renderLive(live: LiveRun, nowMs: number, width: number, p: Palette): readonly string[] {
  const { backfill, waiting } = live;
  const lines = [
    `${p.bold(live.direction)} ${live.migration} ${p.dim(`run ${live.run}, ${duration(nowMs - live.sinceMs)}`)}`,
    `step ${Math.min(live.steps, live.done + 1)} of ${live.steps}${live.title === null ? '' : p.dim(` ${live.title}`)}`,
  ];
  if (backfill !== null) lines.push(...progressLines(backfill, live.direction, width, p));
  else if (live.progress !== null) lines.push(...countedLines(live.progress, width, p));
  const signals = live.samples.map((sample) => signalWord(sample, p));
  if (signals.length > 0) lines.push(...flow(signals, width));
  if (waiting !== null) lines.push(p.yellow(`waiting: ${waiting}`));
  lines.push(
    p.dim(
      live.direction === 'up'
        ? 'Ctrl-C pauses; ferrata pause, throttle, abort from elsewhere; ferrata down takes it back'
        : 'Ctrl-C pauses; ferrata down goes on with the way back',
    ),
  );
  return lines.map((line) => cut(line, width));
}

function progressLines(
  { done, changed, estimate, rowsPerSecond, etaMs, batchSize }: Backfill,
  direction: 'up' | 'down',
  width: number,
  p: Palette,
): readonly string[] {
  const share = estimate === 0 ? 1 : Math.min(1, done / estimate);
  const facts = [
    ...(rowsPerSecond === null ? [] : [`${grouped(Math.round(rowsPerSecond))} rows/s`]),
    ...(etaMs === null ? [] : [`${duration(etaMs)} left`]),
    ...(batchSize === null ? [] : [`batches of ${grouped(batchSize)}`]),
    `${grouped(changed)} ${direction === 'up' ? 'changed' : 'put back'}`,
  ];
  return [
    `${bar(share, width, p)} ${Math.floor(100 * share)} % of about ${count(estimate, 'row')}`,
    ...flow(facts, width),
  ];
}

function countedLines({ phase, done, total }: Progress, width: number, p: Palette): readonly string[] {
  if (done === null || total === null || total === 0) return [p.dim(phase)];
  const share = Math.min(1, done / total);
  return [`${bar(share, width, p)} ${Math.floor(100 * share)} %`, p.dim(phase)];
}

function bar(share: number, width: number, p: Palette): string {
  const room = Math.max(10, Math.min(40, width - 30));
  const full = Math.round(share * room);
  return `${p.green('█'.repeat(full))}${p.dim('░'.repeat(room - full))}`;
}

function signalWord({ signal, state, detail }: LiveSample, p: Palette): string {
  const text = `${signal}: ${detail ?? state}`;
  switch (state) {
    case 'ok':
      return p.dim(text);
    case 'abort':
      return p.red(text);
    default:
      return p.yellow(text);
  }
}

/** Words on as few lines as they fit on. */
function flow(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && visibleLength(last) + 3 + visibleLength(word) <= width) {
      lines[lines.length - 1] = `${last} · ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** A line that wraps would be drawn over wrongly the next time: it is cut, its colours ended. */
function cut(line: string, width: number): string {
  if (visibleLength(line) <= width) return line;
  let seen = 0;
  let kept = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) {
      kept += part;
      continue;
    }
    const room = Math.max(0, width - 1 - seen);
    kept +=
      part.length > room && seen < width
        ? `${part.slice(0, room)}${seen + room < width ? '…' : ''}`
        : seen >= width
          ? ''
          : part;
    seen += Math.min(part.length, room + 1);
  }
  return kept;
}

function grouped(n: number): string {
  return n.toLocaleString('en');
}
