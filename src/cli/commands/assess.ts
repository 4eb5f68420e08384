import { EXIT } from '../../errors.ts';
import { assessSelection } from '../../workflow/assess.ts';
import type { Command } from '../command.ts';
import { printAssessment } from '../print/assessment.ts';

export const assessCommand: Command = {
  name: 'assess',
  arguments: '[id|file|-...]',
  summary: 'Say what a migration locks, rewrites, loses and risks',
  description:
    'Reads SQL with PostgreSQL’s own grammar, and sizes and structure from the database where it can be reached. Without arguments: every pending migration.',
  examples: [
    'ferrata assess',
    'ferrata assess change.sql',
    'echo "ALTER TABLE t ADD COLUMN a int" | ferrata assess -',
    'ferrata assess 20261120093000_add_order_status --json',
  ],
  options: [],
  async run(invocation, context) {
    const words = invocation.positional;
    const stdin = words.includes('-') ? await context.readStdin() : null;
    const assessments = await assessSelection(await context.settings(), { words, stdin }, context.reporter);
    context.result({ assessments }, () =>
      assessments.length === 0
        ? 'Nothing to assess: no migration is pending.'
        : assessments
            .map((assessment) => printAssessment(assessment, context.palette, context.width))
            .join('\n\n'),
    );
    return EXIT.done;
  },
};
