import { ask, REASON } from '../ask-run.ts';
import type { Command } from '../command.ts';

export const resumeCommand: Command = {
  name: 'resume',
  summary: 'Let a paused run go on',
  description:
    'For a run whose process still waits, or that was held; at the pace that `throttle` set. One that has ended goes on with `ferrata up`.',
  examples: ['ferrata resume --env production'],
  options: [REASON],
  run: (invocation, context) =>
    ask(
      invocation,
      context,
      { action: 'resume' },
      ({ run, migration }) => `asked: run ${run} of ${migration} goes on`,
    ),
};
