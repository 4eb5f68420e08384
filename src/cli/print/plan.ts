/** A plan for a terminal: each step, what it does, and its way back. */
import type { Action, Plan, Step } from '../../plan/model.ts';
import { riskWord } from './assessment.ts';
import { count } from './layout.ts';
import type { Palette } from './palette.ts';

export function printPlan(plan: Plan, p: Palette): string {
  const lines = [
    `${p.bold(plan.migration)}  pattern ${plan.pattern}, ${plan.type}, ${riskWord(plan.risk, p)} risk, ${count(plan.steps.length, 'step')}, rollback window ${plan.rollbackWindowHours} h`,
  ];
  for (const step of plan.steps) lines.push(...printStep(step, p));
  if (plan.down !== null) {
    lines.push(`  ${p.bold('down')} written in ${plan.down.file}: taken from the last rollback point`);
  }
  return lines.join('\n');
}

function printStep(step: Step, p: Palette): string[] {
  const lines = [
    `  ${p.bold(step.id)} ${step.title} ${p.dim(step.transactional ? 'in one transaction' : 'outside a transaction')}`,
    ...step.forward.flatMap((action) => sql(actionText(action)).map((line) => `    ${p.green('+')} ${line}`)),
  ];
  if (step.inverse === null) {
    const why = step.inverseRefusals.length > 0 ? step.inverseRefusals.join('; ') : 'derived by a rehearsal';
    lines.push(`    ${p.yellow('way back:')} ${why}`);
  } else if (step.inverse.length === 0) {
    lines.push(`    ${p.dim('way back: nothing to do')}`);
  } else {
    lines.push(
      ...step.inverse.flatMap((action) => sql(actionText(action)).map((line) => `    ${p.red('-')} ${line}`)),
    );
  }
  if (step.captures.length > 0) lines.push(p.dim(`    keeps what it changes in ${step.captures.join(', ')}`));
  for (const lock of step.expects) {
    lines.push(
      p.dim(
        `    locks ${lock.relation} ${lock.mode}${lock.heldMs === null ? '' : ` (${lock.heldMs} ms when rehearsed)`}`,
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
    case 'undo':
      return '-- put back the rows that this step changed';
    default: {
      const unknown: never = action;
      return unknown;
    }
  }
}
