import { EXIT, FerrataError } from '../../errors.ts';
import { applyPending, type UpOutcome } from '../../workflow/up.ts';
import { type CliContext, type Command, flag, text } from '../command.ts';
import { count, duration } from '../print/layout.ts';
import { printPlan } from '../print/plan.ts';

export const upCommand: Command = {
  name: 'up',
  summary: 'Apply pending migrations',
  description:
    'Refuses without a valid proof where the policy asks for one (development rehearses by itself first). Ctrl-C once pauses after the step in hand.',
  examples: [
    'ferrata up',
    'ferrata up --dry-run',
    'ferrata up --env production --yes',
    'ferrata up --to 20261120093000_add_order_status',
  ],
  options: [
    { flags: '--to <id>', description: 'the last migration to apply' },
    { flags: '--dry-run', description: 'show plans and gates, run nothing' },
    { flags: '--yes', description: 'do not ask' },
    { flags: '--no-wait', description: 'exit 3 at once where another runner is at work' },
    { flags: '--force', description: 'pass gates; needs --reason and a policy that allows it' },
    { flags: '--reason <text>', description: 'why --force; lands in the audit chain and the report' },
  ],
  async run(invocation, context) {
    const settings = await context.settings();
    const dryRun = flag(invocation, 'dryRun');
    const asks = !dryRun && settings.environment.name !== 'development';
    if (
      asks &&
      !(await context.confirm(
        `Apply pending migrations on ${settings.environment.name}?`,
        flag(invocation, 'yes'),
      ))
    ) {
      return EXIT.done;
    }
    const outcome = await applyPending(
      settings,
      {
        to: text(invocation, 'to'),
        dryRun,
        force: forceReason(flag(invocation, 'force'), text(invocation, 'reason')),
        wait: invocation.options.wait !== false,
      },
      context.reporter,
      context.signals,
    );
    context.result({ up: outcome }, () => printOutcome(outcome, context));
    return dryRun && outcome.planned.some(({ gates }) => gates.some((gate) => !gate.ok))
      ? EXIT.gate
      : EXIT.done;
  },
};

export function forceReason(force: boolean, reason: string | null): string | null {
  if (!force) return null;
  if (reason !== null && reason.trim() !== '') return reason;
  throw new FerrataError('usage', '--force needs a reason.', {
    hint: 'For example: --force --reason "hotfix 4711, approved by Kim"',
  });
}

function printOutcome(outcome: UpOutcome, { palette: p, width }: CliContext): string {
  if (outcome.dryRun) {
    if (outcome.planned.length === 0) return 'Nothing to do: no migration is pending.';
    return outcome.planned
      .map(({ plan, gates }) =>
        [
          printPlan(plan, p, width),
          ...gates.map(
            (gate) =>
              `  ${gate.ok ? p.green('open') : p.red('shut')} ${gate.gate}: ${gate.message}${gate.ok || gate.hint === null ? '' : `\n    next: ${gate.hint}`}`,
          ),
        ].join('\n'),
      )
      .join('\n\n');
  }
  if (outcome.runs.length === 0) return 'Nothing to do: no migration is pending.';
  const lines =
    outcome.runs.length > 20
      ? [`${count(outcome.runs.length, 'migration')} applied.`]
      : outcome.runs.map(
          (run) => `${p.green(run.state)} ${run.migration} ${p.dim(`run ${run.run}, ${duration(run.ms)}`)}`,
        );
  const last = outcome.runs.at(-1);
  if (last?.report != null) lines.push(p.dim(`report: ${last.report}`));
  lines.push(p.dim('`ferrata down` takes the newest one back.'));
  return lines.join('\n');
}
