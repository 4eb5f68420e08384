import type { Script } from '../sql/model.ts';
import { AssessContext } from './context.ts';
import type { KnownSchema } from './known/schema.ts';

/** Takes in what a script leaves behind: of migrations that ran before the one that is asked about. */
export function replayScript(script: Script, known: KnownSchema): void {
  const context = new AssessContext(null, { known, passOn: true });
  for (const statement of script.statements) context.note(statement);
  context.keep();
}
