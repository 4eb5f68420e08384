/** Events as plain lines on stderr; `--json` prints them as NDJSON there instead. */
import type { FerrataEvent } from '../../events.ts';
import { count, duration } from './layout.ts';
import type { Palette } from './palette.ts';

/** Null for what plain lines leave out. */
export function printEvent(event: FerrataEvent, p: Palette): string | null {
  switch (event.type) {
    case 'phase':
      return `${p.bold(event.phase)} ${event.migration ?? ''} ${p.dim(event.message)}`;
    case 'scratch':
      return p.dim(`  scratch: ${event.message}`);
    case 'rehearsal-step':
      return p.dim(`  ${event.step} ${event.direction} ${duration(event.ms)}`);
    case 'run-started':
      return `${p.bold(event.direction)} ${event.migration} ${p.dim(`run ${event.run}, ${count(event.steps, 'step')}`)}`;
    case 'step-started':
      return p.dim(`  ${event.step} ${event.title}`);
    case 'step-retried':
      return p.yellow(
        `  ${event.step} again in ${duration(event.waitMs)} (attempt ${event.attempt}): ${event.reason}`,
      );
    case 'backfill-progress':
      return p.dim(`  ${event.step} ${progress(event)}`);
    case 'step-progress':
    case 'monitor-sample':
      // Once a second: for the live view and for machines.
      return null;
    case 'throttled':
      return throttled(event, p);
    case 'step-finished':
      return `  ${event.step} ${p.green('done')} ${p.dim(duration(event.ms) + (event.rows === null || event.rows === 0 ? '' : `, ${count(event.rows, 'row')}`))}`;
    case 'step-resumed':
      return p.yellow(`  ${event.step} found ${event.found}`);
    case 'run-finished':
      return `  ${stateWord(event.state, p)} ${p.dim(duration(event.ms))}`;
    case 'waiting':
      return p.yellow(`  waiting: ${event.message}`);
    case 'backup':
      return p.dim(`  backup: ${event.message}${rowsNotSaid(event.message, event.rows)}`);
    case 'verified':
      return `  ${event.ok ? p.green('ok') : p.red('not ok')} ${event.check} ${p.dim(event.message)}`;
    case 'warning':
      return p.yellow(`warning: ${event.message}`) + (event.hint === null ? '' : p.dim(` (${event.hint})`));
    default: {
      const unknown: never = event;
      return JSON.stringify(unknown);
    }
  }
}

function throttled(event: Extract<FerrataEvent, { readonly type: 'throttled' }>, p: Palette): string {
  switch (event.decision) {
    case 'go':
      return p.green('  going on');
    case 'warn':
      return p.yellow(`warning: ${event.reason}`);
    case 'pause':
      return p.yellow(`  waiting: ${event.reason}`);
    case 'abort':
      return p.red(`  aborting: ${event.reason}`);
    default: {
      const unknown: never = event.decision;
      return unknown;
    }
  }
}

/** A run that is not over yet is neither good nor bad. */
function stateWord(state: string, p: Palette): string {
  switch (state) {
    case 'completed':
    case 'rolled_back':
      return p.green(state);
    case 'failed':
      return p.red(state);
    default:
      return p.yellow(state);
  }
}

/** Some messages count their rows themselves. */
function rowsNotSaid(message: string, rows: number | null): string {
  return rows === null || /\brows?\b/.test(message) ? '' : `, ${count(rows, 'row')}`;
}

function progress(event: Extract<FerrataEvent, { readonly type: 'backfill-progress' }>): string {
  const { done, changed, estimate, rowsPerSecond, etaMs, batchSize, throttle } = event;
  const percent = estimate === 0 ? 100 : Math.floor((100 * done) / estimate);
  const parts = [
    `${percent} % of about ${count(estimate, 'row')}, ${changed} ${event.direction === 'up' ? 'changed' : 'put back'}`,
    ...(rowsPerSecond === null ? [] : [`${Math.round(rowsPerSecond)} rows/s`]),
    ...(etaMs === null ? [] : [`${duration(etaMs)} left`]),
    `batches of ${batchSize}`,
    ...(throttle === null ? [] : [`waiting: ${throttle}`]),
  ];
  return parts.join(', ');
}
