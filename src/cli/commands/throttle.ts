import { FerrataError } from '../../errors.ts';
import { ask, REASON } from '../ask-run.ts';
import type { Command } from '../command.ts';

export const throttleCommand: Command = {
  name: 'throttle',
  arguments: '<share>',
  summary: 'Have the run at work take a share of its usual pace',
  description: 'A share of 1, or a percentage: its batches become that much smaller. 100% is full pace.',
  examples: ['ferrata throttle 25%', 'ferrata throttle 0.1 --env production', 'ferrata throttle 100%'],
  options: [REASON],
  async run(invocation, context) {
    const [given = ''] = invocation.positional;
    const factor = given.endsWith('%') ? Number(given.slice(0, -1)) / 100 : Number(given);
    if (given === '' || !(factor > 0 && factor <= 1)) {
      throw new FerrataError('usage', `${given || 'nothing'} is no share`, {
        hint: 'Give a share above 0 and at most 1, or a percentage: ferrata throttle 25%',
      });
    }
    return ask(
      invocation,
      context,
      { action: 'throttle', factor },
      ({ run, migration }) =>
        `asked: run ${run} of ${migration} takes ${Math.round(factor * 100)} % of its pace`,
    );
  },
};
