import type { ObjectKey } from '../../catalog/model.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import type { AssessContext } from '../context.ts';
import { directDependents, taken } from './dependents.ts';
import type { TypeChangeOfColumn } from './type-changes.ts';

const REFUSING = new Set(['view', 'materialized view', 'rule', 'policy', 'column', 'trigger', 'function']);

/** What keeps the type of the column from being changed, as far as the catalog tells. */
export function refusing(change: TypeChangeOfColumn, context: AssessContext): readonly ObjectKey[] {
  const key: ObjectKey = `column ${change.table}.${quoteIdent(change.column)}`;
  return directDependents(context, key).filter((other) => refuses(other, change.table));
}

function refuses(key: ObjectKey, table: string): boolean {
  const { kind, identity } = taken(key);
  if (!REFUSING.has(kind)) return false;
  // A column that needs another is a generated one; of another table it cannot be.
  return kind !== 'column' || splitQualified(identity).slice(0, -1).map(quoteIdent).join('.') === table;
}
