import { EXIT } from '../../errors.ts';
import { validateMigrations } from '../../workflow/validate.ts';
import type { Command } from '../command.ts';
import { printError } from '../print/error.ts';
import { count } from '../print/layout.ts';

export const validateCommand: Command = {
  name: 'validate',
  summary: 'Check that every migration can be read and compiled',
  description: 'Needs no database: parses up.sql, down.sql and verify.sql with PostgreSQL’s own grammar.',
  examples: ['ferrata validate', 'ferrata validate --json'],
  options: [],
  async run(_invocation, context) {
    const results = await validateMigrations(await context.settings());
    const bad = results.filter((result) => result.error !== null);
    context.result(
      {
        valid: bad.length === 0,
        migrations: results.map(({ migration, steps, error }) => ({
          migration,
          steps,
          error: error === null ? null : error.toJSON(),
        })),
      },
      () =>
        bad.length === 0
          ? context.palette.green(`${count(results.length, 'migration')} read and compiled.`)
          : bad
              .map(({ error }) => (error === null ? '' : printError(error, context.palette, context.width)))
              .join('\n'),
    );
    return bad.length === 0 ? EXIT.done : EXIT.usage;
  },
};
