import { EXIT } from '../../errors.ts';
import { baseline } from '../../workflow/baseline.ts';
import { type Command, text } from '../command.ts';
import { count } from '../print/layout.ts';

export const baselineCommand: Command = {
  name: 'baseline',
  summary: 'Record migrations as applied without running them',
  description:
    'For a database that is older than Ferrata. With an empty migrations folder the schema itself becomes the first migration.',
  examples: ['ferrata baseline', 'ferrata baseline --to 20261001120000_first_release --yes'],
  options: [
    { flags: '--to <id>', description: 'the last migration that counts as applied (default: all)' },
    { flags: '--no-write', description: 'do not write the schema as a first migration' },
    { flags: '--yes', description: 'do not ask' },
  ],
  async run(invocation, context) {
    const settings = await context.settings();
    const sure = await context.confirm(
      `Record what is in ${settings.environment.name} as applied, without running anything?`,
      invocation.options.yes === true || settings.environment.name === 'development',
    );
    if (!sure) return EXIT.done;
    const outcome = await baseline(
      settings,
      { to: text(invocation, 'to'), write: invocation.options.write !== false },
      context.reporter,
    );
    context.result({ baseline: outcome }, () =>
      [
        ...(outcome.written === null
          ? []
          : [`The schema is now the migration ${context.palette.bold(outcome.written)}.`]),
        `${count(outcome.recorded.length, 'migration')} recorded as applied; the schema is recorded for \`ferrata drift\`.`,
      ].join('\n'),
    );
    return EXIT.done;
  },
};
