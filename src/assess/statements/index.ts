import type { ParsedStatement } from '../../sql/model.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
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
}

/** The kinds of statements that are described; what is not among them is taken for a change of what is there. */
export function describedKinds(): readonly string[] {
  return Object.keys(FAMILIES);
}
