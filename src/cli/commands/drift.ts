import { EXIT } from '../../errors.ts';
import { findDrift } from '../../workflow/drift.ts';
import type { Command } from '../command.ts';
import { instant, wrap } from '../print/layout.ts';
import { printDifference } from '../print/proof.ts';

export const driftCommand: Command = {
  name: 'drift',
  summary: 'Compare the live schema with the one last proved',
  description: 'Exit code 4 when somebody has changed the schema beside Ferrata.',
  examples: ['ferrata drift', 'ferrata drift --env production --json'],
  options: [],
  async run(_invocation, context) {
    const drift = await findDrift(await context.settings(), context.reporter);
    const { palette: p, width } = context;
    context.result({ drift }, () => {
      const since = p.dim(`since ${drift.since.reason} (${instant(drift.since.recordedAt)})`);
      if (drift.outcome === 'equal') return `${p.green('equal')} ${drift.database} ${since}`;
      const lines = drift.differences.map((d) =>
        wrap(printDifference(d, p), width - 2)
          .map((line) => `  ${line}`)
          .join('\n'),
      );
      return [
        `${drift.outcome === 'cosmetic' ? p.yellow('cosmetic') : p.red('different')} ${drift.database} ${since}`,
        ...lines,
      ].join('\n');
    });
    return drift.outcome === 'different' ? EXIT.proof : EXIT.done;
  },
};
