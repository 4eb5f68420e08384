import { EXIT, FerrataError } from '../../errors.ts';
import type { Purgeable } from '../../execute/purge.ts';
import { purge } from '../../workflow/purge.ts';
import { type Command, flag } from '../command.ts';
import { count, instant } from '../print/layout.ts';

export const purgeCommand: Command = {
  name: 'purge',
  summary: 'Remove for good what is past its rollback window',
  description:
    'Parked tables and columns, and before-images of changed rows. Afterwards these migrations cannot be taken back.',
  examples: ['ferrata purge --dry-run', 'ferrata purge --yes'],
  options: [
    { flags: '--dry-run', description: 'show what is due' },
    { flags: '--yes', description: 'do not ask' },
  ],
  async run(invocation, context) {
    const dryRun = flag(invocation, 'dryRun');
    const outcome = await purge(
      await context.settings(),
      async (due) => {
        if (dryRun) return false;
        context.say(due.map(describe).join('\n'));
        if (!context.interactive && !flag(invocation, 'yes')) {
          throw new FerrataError('confirmation-needed', 'Purging destroys data for good.', {
            hint: 'Look with --dry-run, then add --yes.',
          });
        }
        return context.confirm('Remove this for good?', flag(invocation, 'yes'));
      },
      context.reporter,
    );
    context.result({ purge: outcome }, () =>
      outcome.due.length === 0
        ? 'Nothing is past its rollback window.'
        : outcome.purged.length > 0
          ? `${count(outcome.purged.length, 'migration')} purged.`
          : outcome.due.map(describe).join('\n'),
    );
    return EXIT.done;
  },
};

function describe(item: Purgeable): string {
  const parts = [
    ...(item.parked.length > 0 ? [count(item.parked.length, 'parked object')] : []),
    ...(item.captures.length > 0
      ? [count(item.captures.length, 'set of before-images', 'sets of before-images')]
      : []),
  ];
  return `${item.migration}: window ended ${item.windowUntil === null ? '?' : instant(item.windowUntil)}; ${parts.length > 0 ? parts.join(', ') : 'nothing parked'}`;
}
