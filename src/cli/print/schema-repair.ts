/** What `schema repair` wrote, or would write. */
import type { SchemaRepair } from '../../workflow/schema-repair.ts';
import { printDifferences } from './differences.ts';
import { since } from './drift.ts';
import { count, hang } from './layout.ts';
import type { Palette } from './palette.ts';

export function printSchemaRepair(repair: SchemaRepair, p: Palette, width: number, all: boolean): string {
  const head = hang(
    `${repair.outcome === 'equal' ? p.green('equal') : p.red(repair.outcome)} ${repair.database} ${p.dim(since(repair.since))}`,
    width,
  );
  if (repair.outcome === 'equal') return `${head}\nNothing to repair.`;
  const view = { palette: p, width, before: 'recorded', after: 'live', all };
  return [
    head,
    printDifferences(repair.differences, view),
    ...statements(repair, p),
    ...repair.refusals.map(({ object, reason }) => hang(`${p.red('refused')} ${object}: ${reason}`, width)),
    ...ending(repair, p).map((line) => hang(line, width)),
  ].join('\n');
}

/** SQL is never wrapped: it is copied from here. */
function statements({ statements: all, accept, dryRun }: SchemaRepair, p: Palette): string[] {
  if (!dryRun || all.length === 0) return [];
  return [
    '',
    accept ? 'The migration that describes it:' : 'The way back:',
    ...all.flatMap(({ sql, object, destroysData }) => [
      ...(destroysData ? [p.red(`  -- destroys data (${object}):`)] : []),
      ...`${sql};`.split('\n').map((line) => (destroysData ? p.red(`  ${line}`) : `  ${line}`)),
    ]),
  ];
}

function ending(repair: SchemaRepair, p: Palette): string[] {
  const { accept, dryRun, refusals, check, pending } = repair;
  const losing = repair.statements.filter(({ destroysData }) => destroysData).length;
  const goal = accept ? 'the live schema' : 'the recorded schema';
  const tried =
    repair.statements.length === 0 || refusals.length > 0
      ? []
      : check === null
        ? [p.yellow('Not tried on a copy: the rehearsal will tell.')]
        : [
            p.dim(
              `Tried on a scratch copy: leads to ${goal}${check === 'cosmetic' ? ', but for the order of columns' : ''}.`,
            ),
          ];
  const lines = ['', ...tried];
  if (dryRun) {
    if (refusals.length > 0) return [...lines, 'What is refused has to be written by hand.'];
    if (losing > 0 && !accept) {
      lines.push(p.red(`${count(losing, 'statement')} would destroy data: only with --allow-data-loss.`));
    }
    return [...lines, p.dim('Nothing was written (--dry-run).')];
  }
  if (repair.file !== null) lines.push(`${p.green('written')} ${repair.file}`);
  else if (!accept)
    lines.push('Nothing to write: only the order of columns differs, which no statement changes.');
  if (repair.recorded) {
    lines.push(
      repair.migration === null
        ? `${p.green('recorded')} The live schema is what \`ferrata drift\` compares with.`
        : `${p.green('recorded')} as applied here; in other environments it is pending.`,
    );
  }
  if (!accept && repair.file !== null) {
    lines.push('Next: `ferrata rehearse`, then `ferrata up`.');
    if (pending.length > 0) {
      lines.push(
        p.yellow(`${count(pending.length, 'pending migration')} will run before it: ${pending.join(', ')}`),
      );
    }
  }
  return lines;
}
