import { EXIT } from '../../errors.ts';
import { checkHealth } from '../../workflow/health.ts';
import type { Command } from '../command.ts';
import { hang } from '../print/layout.ts';

export const healthCommand: Command = {
  name: 'health',
  summary: 'Say whether the database is fit to be changed now',
  description:
    'Connectivity, privileges, invalid indexes, backups, unfinished runs, and everything a run would watch. Exit code 0: fit, warnings included; 1: not.',
  examples: ['ferrata health --env production', 'ferrata health --json'],
  options: [],
  async run(_invocation, context) {
    const report = await checkHealth(await context.settings(), context.reporter);
    const { palette: p, width } = context;
    const paint = { ok: p.green, warning: p.yellow, failed: p.red } as const;
    context.result({ health: report }, () =>
      [
        hang(`${p.bold(report.environment)} ${report.database}`, width),
        ...report.checks.flatMap(({ check, state, message, hint }) => [
          hang(`${paint[state](state.padEnd(7))} ${check}: ${message}`, width, 2),
          ...(hint === null ? [] : [p.dim(hang(hint, width, 10))]),
        ]),
        paint[report.verdict](
          report.verdict === 'failed'
            ? 'not fit to be changed now'
            : report.verdict === 'warning'
              ? 'fit, with warnings'
              : 'fit',
        ),
      ].join('\n'),
    );
    return report.verdict === 'failed' ? EXIT.failed : EXIT.done;
  },
};
