/** Statements that mean something only inside of the transaction in which they stand. */
import type { ParsedStatement } from '../../sql/model.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { child, children, flag, strings, text, walk } from '../../sql/tree.ts';

const KINDS = new Set([
  'LockStmt',
  'DeclareCursorStmt',
  'FetchStmt',
  'ClosePortalStmt',
  'ConstraintsSetStmt',
]);

/** Whether the statement cannot stand in a transaction of its own without a change of what it, or a later one, does. */
export function isBound(statement: ParsedStatement): boolean {
  const { kind, node } = statement;
  if (KINDS.has(kind) || transactionControl(statement) !== null) return true;
  if (kind === 'VariableSetStmt') return flag(node, 'is_local') || text(node, 'kind') === 'VAR_SET_MULTI';
  // Dropped or emptied at the end of the transaction.
  const onCommit = text(node, 'oncommit') ?? text(child(node, 'into'), 'onCommit');
  if (onCommit === 'ONCOMMIT_DROP' || onCommit === 'ONCOMMIT_DELETE_ROWS') return true;
  let local = false;
  walk({ [kind]: node }, (inner, value) => {
    if (inner !== 'FuncCall' || strings(value.funcname).at(-1) !== 'set_config') return undefined;
    const last = children(value, 'args').at(-1)?.node;
    if (flag(child(last, 'boolval'), 'boolval')) local = true;
    return undefined;
  });
  return local;
}
