import { EXIT, FerrataError } from '../../errors.ts';
import { takeBack } from '../../workflow/down.ts';
import { type Command, flag, text } from '../command.ts';
import { printTakenBack } from '../print/taken-back.ts';
import { forceReason } from './up.ts';

export const rollbackCommand: Command = {
  name: 'rollback',
  summary: 'Go back to a migration',
  description: 'As `down --to`; with --force also past the rollback window, where the policy allows it.',
  examples: [
    'ferrata rollback --to 20261120093000_add_order_status',
    'ferrata rollback --to 20261120093000_add_order_status --force --reason "incident 4711"',
  ],
  options: [
    { flags: '--to <id>', description: 'take back everything after this one; 0 for everything' },
    { flags: '--dry-run', description: 'show what would be taken back' },
    { flags: '--yes', description: 'do not ask' },
    { flags: '--no-wait', description: 'exit 3 at once where another runner is at work' },
    { flags: '--force', description: 'past the rollback window; needs --reason' },
    { flags: '--reason <text>', description: 'why --force' },
  ],
  async run(invocation, context) {
    const settings = await context.settings();
    const to = text(invocation, 'to');
    if (to === null)
      throw new FerrataError('usage', 'Back to which migration?', {
        hint: 'ferrata rollback --to <id>; `ferrata status` lists them.',
      });
    const dryRun = flag(invocation, 'dryRun');
    const asks = !dryRun && settings.environment.name !== 'development';
    if (
      asks &&
      !(await context.confirm(`Go back to ${to} on ${settings.environment.name}?`, flag(invocation, 'yes')))
    ) {
      return EXIT.done;
    }
    const outcome = await takeBack(
      settings,
      {
        steps: null,
        to,
        dryRun,
        force: forceReason(flag(invocation, 'force'), text(invocation, 'reason')),
        wait: invocation.options.wait !== false,
      },
      context.reporter,
      context.signals,
    );
    context.result({ rollback: outcome }, () => printTakenBack(outcome, context));
    return EXIT.done;
  },
};
