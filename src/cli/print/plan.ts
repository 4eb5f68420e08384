/** A plan for a terminal: each step, what it does, and its way back. */

import { describeBackfill } from '../../plan/backfill.ts';
import type { Action, Plan, Step } from '../../plan/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { riskWord } from './assess/words.ts';
import { count, hang } from './layout.ts';
import type { Palette } from './palette.ts';

export function printPlan(plan: Plan, p: Palette, width: number): string {
  const lines = [
    hang(
      `${p.bold(plan.migration)}  pattern ${plan.pattern}, ${plan.type}, ${riskWord(plan.risk, p)} risk, ${count(plan.steps.length, 'step')}, rollback window ${plan.rollbackWindowHours} h`,
      width,
    ),
  ];
  for (const step of plan.steps) lines.push(...printStep(step, p, width));
  if (plan.down !== null) {
    lines.push(
      hang(`${p.bold('down')} written in ${plan.down.file}: taken from the last rollback point`, width, 2),
    );
  }
  return lines.join('\n');
}

function printStep(step: Step, p: Palette, width: number): string[] {
  const lines = [
    hang(
      `${p.bold(step.id)} ${step.title} ${p.dim(step.kind === 'backfill' ? 'in batches' : step.transactional ? 'in one transaction' : 'outside a transaction')}`,
      width,
      2,
    ),
    ...step.forward.flatMap((action) => sql(actionText(action)).map((line) => `    ${p.green('+')} ${line}`)),
  ];
  if (step.inverse === null) {
    const why = step.inverseRefusals.length > 0 ? step.inverseRefusals.join('; ') : 'derived by a rehearsal';
    lines.push(hang(`${p.yellow('way back:')} ${why}`, width, 4));
  } else if (step.inverse.length === 0) {
    lines.push(`    ${p.dim('way back: nothing to do')}`);
  } else {
    lines.push(
      ...step.inverse.flatMap((action) => sql(actionText(action)).map((line) => `    ${p.red('-')} ${line}`)),
    );
  }
  if (step.captures.length > 0)
    lines.push(hang(p.dim(`keeps what it changes in ${step.captures.join(', ')}`), width, 4));
  for (const note of step.notes ?? []) lines.push(hang(p.dim(note), width, 4));
  for (const lock of step.expects) {
    lines.push(
      hang(
        p.dim(
          `locks ${lock.relation} ${lock.mode}${lock.heldMs === null ? '' : ` (${lock.heldMs} ms when rehearsed)`}`,
        ),
        width,
        4,
      ),
    );
  }
  return lines;
}

function sql(text: string): string[] {
  const lines = text.split('\n');
  return lines.length > 12 ? [...lines.slice(0, 11), `… ${lines.length - 11} more lines`] : lines;
}

export function actionText(action: Action): string {
  switch (action.type) {
    case 'sql':
      return `${action.sql};`;
    case 'park-table':
    case 'park-column':
      return `${action.sql};  -- parked in the attic, not destroyed`;
    case 'keep-column':
      return `-- keep what ${action.table}.${quoteIdent(action.column)} holds ${action.when} the step, in the attic`;
    case 'keep-sequences':
      return `-- keep where ${action.sequences.join(', ')} stand, in the attic`;
    case 'backfill':
      return describeBackfill(action.spec);
    case 'undo':
      return '-- put back the rows that this step changed';
    default: {
      const unknown: never = action;
      return unknown;
    }
  }
}
