import { ask, REASON } from '../ask-run.ts';
import type { Command } from '../command.ts';

export const pauseCommand: Command = {
  name: 'pause',
  summary: 'Have the run at work pause after the batch or step in hand',
  description: 'It holds no lock and no transaction while it waits, and goes on with `ferrata resume`.',
  examples: ['ferrata pause --env production', 'ferrata pause --reason "flash sale"'],
  options: [REASON],
  run: (invocation, context) =>
    ask(
      invocation,
      context,
      { action: 'pause' },
      ({ run, migration }) => `asked: run ${run} of ${migration} pauses; \`ferrata resume\` lets it go on`,
    ),
};
