/** What `down` and `rollback` did, or would do. */
import type { DownOutcome } from '../../workflow/down.ts';
import type { CliContext } from '../command.ts';
import { count, duration } from './layout.ts';

export function printTakenBack(outcome: DownOutcome, { palette: p }: CliContext): string {
  if (outcome.planned.length === 0) return 'Nothing to take back.';
  if (outcome.dryRun) {
    return outcome.planned
      .map(({ migration, run }) => `would take back ${p.bold(migration)} ${p.dim(`run ${run}`)}`)
      .join('\n');
  }
  return outcome.takenBack
    .flatMap((back) => {
      const schema =
        back.schema === 'equal'
          ? p.green('schema equal to the start')
          : back.schema === 'different'
            ? p.yellow('schema not equal to the start: see `ferrata drift`')
            : '';
      const lines = [
        `${p.green('taken back')} ${back.migration} ${p.dim(`run ${back.run}, ${duration(back.ms)}`)} ${schema}`.trimEnd(),
      ];
      if (back.conflicts.length > 0) {
        lines.push(
          p.yellow(`  changed since, and therefore left alone: ${count(back.conflicts.length, 'row')}`),
        );
        lines.push(...back.conflicts.slice(0, 10).map((c) => `    ${c.table} ${c.key}: ${c.what}`));
        if (back.conflicts.length > 10) lines.push(p.dim('    … the report has all'));
      }
      return lines;
    })
    .join('\n');
}
