import { EXIT } from '../../errors.ts';
import { planMigrations } from '../../workflow/plan.ts';
import { type Command, flag } from '../command.ts';
import { printPlan } from '../print/plan.ts';

export const planCommand: Command = {
  name: 'plan',
  arguments: '[id...]',
  summary: 'Compile a migration into steps, each with its way back',
  description:
    'Derives the way back on a scratch copy without rows. `rehearse` does the same with rows, and proves it. Without ids: every pending migration.',
  examples: ['ferrata plan', 'ferrata plan 20261120093000_add_order_status --write', 'ferrata plan --json'],
  options: [{ flags: '--write', description: 'write plan.json beside up.sql' }],
  async run(invocation, context) {
    const plans = await planMigrations(
      await context.settings(),
      { ids: invocation.positional, write: flag(invocation, 'write') },
      context.reporter,
    );
    context.result({ plans }, () =>
      plans.length === 0
        ? 'Nothing to plan: no migration is pending.'
        : plans.map((plan) => printPlan(plan, context.palette, context.width)).join('\n\n'),
    );
    return EXIT.done;
  },
};
