import { ERROR_CODES, EXIT } from '../../errors.ts';
import { checkMigrations } from '../../workflow/status.ts';
import type { Command } from '../command.ts';
import { wrap } from '../print/layout.ts';

export const checkCommand: Command = {
  name: 'check',
  summary: 'Compare the migrations folder with what is applied',
  description:
    'Finds migrations that were edited after they ran, that are missing, doubled, older than what is applied, or whose dependency is not there; warns where two branches touch the same table.',
  examples: ['ferrata check', 'ferrata check --env production --json'],
  options: [],
  async run(_invocation, context) {
    const problems = await checkMigrations(await context.settings(), context.reporter);
    const { palette: p, width } = context;
    context.result({ problems }, () =>
      problems.length === 0
        ? p.green('The migrations folder and the database agree.')
        : problems
            .map((problem) =>
              [
                `${problem.severity === 'error' ? p.red('error') : p.yellow('warning')} ${p.dim(`[${problem.code}]`)} ${problem.message}`,
                ...wrap(problem.why, width - 2).map((line) => `  ${line}`),
                ...wrap(`next: ${problem.hint}`, width - 2).map((line) => `  ${line}`),
              ].join('\n'),
            )
            .join('\n'),
    );
    const first = problems.find((problem) => problem.severity === 'error');
    if (first === undefined || first.code === 'branches-touch-table') return EXIT.done;
    return ERROR_CODES[first.code];
  },
};
