import type { ParsedStatement } from '../../sql/model.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import { ANYTHING, readBody } from '../known/bodies.ts';
import { codeRunBy, DEEPEST } from '../known/code.ts';
import { alterTableFamily } from './alter-table.ts';
import { dataFamily } from './data.ts';
import { dropFamily } from './drops.ts';
import type { Family } from './family.ts';
import { indexFamily } from './indexes.ts';
import { objectFamily } from './objects.ts';
import { renameFamily } from './renames.ts';
import { tableFamily } from './tables.ts';

const FAMILIES: Family = {
  ...objectFamily,
  ...renameFamily,
  ...tableFamily,
  ...alterTableFamily,
  ...indexFamily,
  ...dropFamily,
  ...dataFamily,
};

/** Describes a statement. A kind that nobody knows yet is taken for a change of what is there. */
export function describe(statement: ParsedStatement, effect: Effect, context: AssessContext): void {
  const describeKind = FAMILIES[statement.kind];
  if (describeKind === undefined) effect.tag('changes-schema', 'alters');
  else describeKind(statement, effect, context);
  describeCode(statement, effect, context, 0);
}

/** What the statements in the body of a block, a procedure or a function would do, if they ran. */
function describeCode(
  statement: ParsedStatement,
  effect: Effect,
  context: AssessContext,
  depth: number,
): void {
  const { bodies } = codeRunBy(statement, context.known, (name) => context.made(name));
  if (depth > DEEPEST) return;
  for (const { statements } of bodies.map(readBody)) {
    for (const inner of statements) {
      // Which table is meant only the running code knows.
      if (JSON.stringify(inner.node).includes(ANYTHING)) continue;
      const { class: told } = effect;
      const within = { ...statement, ...inner };
      FAMILIES[inner.kind]?.(within, effect, context);
      effect.class = told;
      describeCode(within, effect, context, depth + 1);
    }
  }
}

/** The kinds of statements that are described; what is not among them is taken for a change of what is there. */
export function describedKinds(): readonly string[] {
  return Object.keys(FAMILIES);
}
