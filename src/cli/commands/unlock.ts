import { EXIT } from '../../errors.ts';
import { unlock } from '../../workflow/unlock.ts';
import { type Command, flag } from '../command.ts';

export const unlockCommand: Command = {
  name: 'unlock',
  summary: 'Show who holds the lease, and take it',
  description:
    'A dead owner’s lease expires by itself within seconds; this is for one that hangs. It fences the holder off.',
  examples: ['ferrata unlock', 'ferrata unlock --yes'],
  options: [{ flags: '--yes', description: 'do not ask' }],
  async run(invocation, context) {
    const outcome = await unlock(
      await context.settings(),
      (holder) => {
        const state = holder.expired ? 'expired' : 'alive';
        context.say(
          `held by ${holder.owner} (${holder.purpose}) since ${holder.acquiredAt}, last heartbeat ${holder.heartbeatAt}: ${state}`,
        );
        return context.confirm(
          'Take the lease? What the holder does afterwards will fail.',
          flag(invocation, 'yes'),
        );
      },
      context.reporter,
    );
    context.result({ unlock: outcome }, () =>
      outcome.holder === null
        ? 'Nobody holds the lease.'
        : outcome.taken
          ? 'The lease is free.'
          : 'Nothing was changed.',
    );
    return EXIT.done;
  },
};
