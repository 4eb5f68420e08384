/** The states of a run (DESIGN §2), and which may follow which. */
import { FerrataError } from '../errors.ts';
import type { RunState } from './model.ts';

/**
 * Beside DESIGN's own arrows: a failed run that has steps behind it may be taken up again (`up` after a crash), a
 * rolling back may be taken up again after it stopped, and a paused, running or validating run whose process is dead
 * may be taken back without being finished first.
 */
const NEXT: Readonly<Record<RunState, readonly RunState[]>> = {
  pending: ['running', 'failed'],
  running: ['running', 'paused', 'validating', 'completed', 'failed', 'rolling_back'],
  paused: ['running', 'failed', 'rolling_back'],
  validating: ['validating', 'completed', 'failed', 'rolling_back'],
  completed: ['rolling_back'],
  failed: ['running', 'validating', 'failed', 'rolling_back'],
  rolling_back: ['rolling_back', 'rolled_back', 'failed'],
  rolled_back: [],
};

export function mayFollow(from: RunState, to: RunState): boolean {
  return NEXT[from].includes(to);
}

/** Every state from which `to` may be reached. */
export function predecessors(to: RunState): readonly RunState[] {
  return (Object.keys(NEXT) as RunState[]).filter((from) => mayFollow(from, to));
}

/** Throws `internal`: a caller that asks for a forbidden change has a defect. */
export function forbidden(run: string, from: RunState, to: RunState): FerrataError {
  return new FerrataError('internal', `Run ${run} is ${from} and can not become ${to}`, {
    why: `From ${from} a run may become: ${NEXT[from].join(', ') || 'nothing else'}.`,
    hint: 'Look at `ferrata status`; if another process works on the run, wait for it.',
  });
}

/** States in which something is still to be done, whatever the steps say. */
export const OPEN_STATES: readonly RunState[] = [
  'pending',
  'running',
  'paused',
  'validating',
  'rolling_back',
];
