/** What `pause`, `resume`, `abort` and `throttle` have in common: one question to the run at work. */
import { EXIT, type ExitCode } from '../errors.ts';
import { type ControlOutcome, controlRun } from '../workflow/control.ts';
import { type CliContext, type Invocation, text } from './command.ts';

export const REASON = { flags: '--reason <text>', description: 'kept with the run, and in the audit chain' };

export async function ask(
  invocation: Invocation,
  context: CliContext,
  request: { readonly action: 'pause' | 'resume' | 'abort' | 'throttle'; readonly factor?: number },
  shown: (outcome: ControlOutcome) => string,
): Promise<ExitCode> {
  const reason = text(invocation, 'reason');
  const outcome = await controlRun(await context.settings(), { ...request, reason }, context.reporter);
  context.result({ control: outcome }, () => shown(outcome));
  return EXIT.done;
}
