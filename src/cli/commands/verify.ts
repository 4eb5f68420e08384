import { EXIT, FerrataError } from '../../errors.ts';
import type { CheckName } from '../../verify/model.ts';
import { verifyDatabase } from '../../workflow/verify.ts';
import { type Command, text } from '../command.ts';
import { count, wrap } from '../print/layout.ts';

const CHECKS: readonly CheckName[] = ['schema', 'consistency', 'integrity', 'completeness', 'custom'];

export const verifyCommand: Command = {
  name: 'verify',
  arguments: '[check...]',
  summary: 'Check schema, consistency, integrity, completeness and your own queries',
  description: `Checks: ${CHECKS.join(', ')}; all of them when none is named. Exit code 4 when one fails.`,
  examples: [
    'ferrata verify',
    'ferrata verify integrity --json',
    'ferrata verify custom --migration 20261120093000_add_order_status',
  ],
  options: [
    { flags: '--migration <id>', description: 'only what this migration touches, and its verify.sql' },
  ],
  async run(invocation, context) {
    const checks = invocation.positional.map((word) => {
      const check = CHECKS.find((name) => name === word);
      if (check === undefined) {
        throw new FerrataError('usage', `There is no check \`${word}\`.`, {
          hint: `Use: ${CHECKS.join(', ')}.`,
        });
      }
      return check;
    });
    const verification = await verifyDatabase(
      await context.settings(),
      { checks: checks.length === 0 ? null : checks, migration: text(invocation, 'migration') },
      context.reporter,
    );
    const { palette: p, width } = context;
    context.result({ verification }, () => {
      const bad = verification.results.filter((result) => !result.ok);
      const lines = bad.flatMap((result) => [
        ...wrap(
          `${result.severity === 'error' ? p.red('error') : p.yellow('warning')} ${result.check} ${result.subject}: ${result.message}`,
          width,
        ),
        ...(result.hint === null
          ? []
          : wrap(`next: ${result.hint}`, width - 2).map((line) => p.dim(`  ${line}`))),
      ]);
      const verdict = verification.ok ? p.green('verified') : p.red('verification failed');
      return [
        ...lines,
        `${verdict}: ${count(verification.results.length, 'check')}, ${count(bad.length, 'finding')}`,
      ].join('\n');
    });
    return verification.ok ? EXIT.done : EXIT.proof;
  },
};
