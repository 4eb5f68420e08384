import { actionsOf } from '../../src/plan/actions.ts';
import { MadeHere } from '../../src/plan/made-here.ts';
import type { Action } from '../../src/plan/model.ts';
import { parkIdOf } from '../../src/plan/park-id.ts';
import { parseScript } from '../../src/sql/parse.ts';

/** The actions of a script, as the plan has them: drops are parked. */
export async function planActions(sql: string): Promise<readonly Action[]> {
  const script = await parseScript(sql, 'up.sql');
  const made = new MadeHere();
  const actions: Action[] = [];
  let ordinal = 0;
  for (const statement of script.statements) {
    actions.push(
      ...(await actionsOf(statement, script, made, () => parkIdOf('20260102030405_drop', ++ordinal))),
    );
    made.note(statement);
  }
  return actions;
}
