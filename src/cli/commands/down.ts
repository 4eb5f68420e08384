import { EXIT, FerrataError } from '../../errors.ts';
import { takeBack } from '../../workflow/down.ts';
import { type Command, flag, text } from '../command.ts';
import { printTakenBack } from '../print/taken-back.ts';

export const downCommand: Command = {
  name: 'down',
  summary: 'Take migrations back',
  description:
    'Takes the newest migration back (or an unfinished run), by the way that was proved. What was parked comes back, rows that the application has changed since are left and listed.',
  examples: [
    'ferrata down',
    'ferrata down --steps 2',
    'ferrata down --to 20261120093000_add_order_status --yes',
  ],
  options: [
    { flags: '--steps <n>', description: 'how many (default: 1)' },
    { flags: '--to <id>', description: 'take back everything after this one; 0 for everything' },
    { flags: '--dry-run', description: 'show what would be taken back' },
    { flags: '--yes', description: 'do not ask' },
    { flags: '--no-wait', description: 'exit 3 at once where another runner is at work' },
  ],
  async run(invocation, context) {
    const settings = await context.settings();
    const to = text(invocation, 'to');
    const steps = text(invocation, 'steps');
    const number = steps === null ? null : Number(steps);
    if (number !== null && (!Number.isInteger(number) || number < 1)) {
      throw new FerrataError('usage', `--steps takes a whole number from 1 on, not \`${steps}\`.`);
    }
    if (number !== null && to !== null) throw new FerrataError('usage', 'Give --steps or --to, not both.');
    const dryRun = flag(invocation, 'dryRun');
    const asks = !dryRun && settings.environment.name !== 'development';
    if (
      asks &&
      !(await context.confirm(
        `Take migrations back on ${settings.environment.name}?`,
        flag(invocation, 'yes'),
      ))
    ) {
      return EXIT.done;
    }
    const outcome = await takeBack(
      settings,
      {
        steps: to === null ? (number ?? 1) : null,
        to,
        dryRun,
        force: null,
        wait: invocation.options.wait !== false,
      },
      context.reporter,
      context.signals,
    );
    context.result({ down: outcome }, () => printTakenBack(outcome, context));
    return EXIT.done;
  },
};
