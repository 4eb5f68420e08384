import { EXIT } from '../../errors.ts';
import { ask, REASON } from '../ask-run.ts';
import { type Command, flag } from '../command.ts';

export const abortCommand: Command = {
  name: 'abort',
  summary: 'End the run at work, and take back what it did',
  description:
    'What follows is the policy’s `monitor.onAbort`: rollback (the default), pause, or hold. The statement in hand is cancelled.',
  examples: ['ferrata abort --env production --reason "errors in checkout"', 'ferrata abort --yes'],
  options: [REASON, { flags: '--yes', description: 'do not ask' }],
  async run(invocation, context) {
    if (!(await context.confirm('Abort the run that is at work?', flag(invocation, 'yes')))) {
      context.say('Nothing was changed.');
      return EXIT.done;
    }
    return ask(
      invocation,
      context,
      { action: 'abort' },
      ({ run, migration }) => `asked: run ${run} of ${migration} ends; \`ferrata status --watch\` shows how`,
    );
  },
};
