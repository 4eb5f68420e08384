import { EXIT, FerrataError } from '../../errors.ts';
import { resetRun } from '../../workflow/reset.ts';
import { type Command, flag } from '../command.ts';

export const resetCommand: Command = {
  name: 'reset',
  arguments: '<id>',
  summary: 'Forget a failed run',
  description:
    'Touches nothing in the schema: steps that stand stay. `ferrata down` is the way to take them back.',
  examples: ['ferrata reset 20261120093000_add_order_status --yes'],
  options: [{ flags: '--yes', description: 'do not ask' }],
  async run(invocation, context) {
    const [id] = invocation.positional;
    if (id === undefined) throw new FerrataError('usage', 'Which migration, or which run?');
    if (!(await context.confirm(`Forget the failed run of ${id}?`, flag(invocation, 'yes'))))
      return EXIT.done;
    const run = await resetRun(await context.settings(), id, context.reporter);
    context.result(
      { reset: { run: run.id, migration: run.migration } },
      () => `Run ${run.id} of ${run.migration} is forgotten.`,
    );
    return EXIT.done;
  },
};
