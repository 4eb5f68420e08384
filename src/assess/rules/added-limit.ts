import type { Node } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { columnTypeChange } from '../statements/columns.ts';

/** Whether a change of type only limits the length of a text; `alter-type-rewrite` leaves that to this rule. */
export function addedLimit(
  command: Node,
  table: string,
  context: AssessContext,
): { readonly column: string; readonly length: number } | null {
  const { column, from, to, rewrites } = columnTypeChange(command, table, context);
  const length = /^character varying\((\d+)\)$/.exec(to)?.[1];
  if (!rewrites || from === null || length === undefined) return null;
  const limited = /^(?:text|character varying(?:\((\d+)\))?)$/.exec(from);
  if (limited === null || Number(limited[1] ?? Number.POSITIVE_INFINITY) <= Number(length)) return null;
  return { column, length: Number(length) };
}
