import { EXIT } from '../../errors.ts';
import { repair } from '../../workflow/repair.ts';
import { type Command, flag } from '../command.ts';
import { count, wrap } from '../print/layout.ts';

export const repairCommand: Command = {
  name: 'repair',
  summary: 'Explain and mend mismatches between ledger and database',
  description:
    'Looks at unfinished runs, invalid indexes, edited migrations, a stale lease, leftovers. Shows each with its fix before anything is done.',
  examples: ['ferrata repair', 'ferrata repair --dry-run --json', 'ferrata repair --yes'],
  options: [
    { flags: '--dry-run', description: 'explain, change nothing' },
    { flags: '--yes', description: 'apply every fix without asking' },
  ],
  async run(invocation, context) {
    const { palette: p, width } = context;
    const dryRun = flag(invocation, 'dryRun') || (!context.interactive && !flag(invocation, 'yes'));
    const outcome = await repair(
      await context.settings(),
      async (finding) => {
        if (dryRun || finding.fix === null) return false;
        context.say(`${p.bold(finding.subject)}: ${finding.explanation}`);
        context.say(finding.fix.sql.map((sql) => `  ${sql}`).join('\n'));
        return context.confirm(finding.fix.description, flag(invocation, 'yes'));
      },
      context.reporter,
    );
    context.result({ repair: outcome }, () => {
      if (outcome.findings.length === 0) return p.green('Ledger and database agree.');
      const lines = outcome.findings.flatMap((finding) => [
        `${outcome.mended.includes(finding) ? p.green('mended') : p.yellow(finding.kind)} ${p.bold(finding.subject)}`,
        ...wrap(finding.explanation, width - 2).map((line) => `  ${line}`),
        ...(finding.fix === null
          ? []
          : [`  fix: ${finding.fix.description}`, ...finding.fix.sql.map((sql) => p.dim(`    ${sql}`))]),
      ]);
      const open = outcome.findings.length - outcome.mended.length;
      return [
        ...lines,
        `${count(outcome.mended.length, 'fix', 'fixes')} applied, ${open} left.${open > 0 && dryRun ? ' Run `ferrata repair --yes` to apply what has a fix.' : ''}`,
      ].join('\n');
    });
    return outcome.mended.length === outcome.findings.length ? EXIT.done : EXIT.failed;
  },
};
