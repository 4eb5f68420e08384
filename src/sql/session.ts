/** What a statement sets for the session (manual: SET, RESET, set_config). */
import { children, flag, type KindedNode, strings, text } from './tree.ts';

/** Whether the statement does nothing but set something for the session or the transaction. */
export function isSetting(statement: KindedNode): boolean {
  return statement.kind === 'VariableSetStmt' || sessionSetting(statement) !== null;
}

/** The name of the parameter that the statement sets for the rest of the session, `all` for RESET ALL; else null. */
export function sessionSetting({ kind, node }: KindedNode): string | null {
  if (kind === 'VariableSetStmt') {
    if (flag(node, 'is_local')) return null;
    const set = text(node, 'kind');
    if (set === 'VAR_RESET_ALL') return 'all';
    const name = text(node, 'name');
    return set === 'VAR_SET_MULTI' && name === 'TRANSACTION' ? null : name;
  }
  // pg_dump writes SELECT pg_catalog.set_config('search_path', '', false).
  if (kind !== 'SelectStmt') return null;
  const [target, second] = children(node, 'targetList');
  const call =
    target === undefined ? undefined : (target.node.val as Record<string, unknown> | undefined)?.FuncCall;
  if (second !== undefined || typeof call !== 'object' || call === null) return null;
  const functionNode = call as Readonly<Record<string, unknown>>;
  if (strings(functionNode.funcname).at(-1) !== 'set_config') return null;
  const [parameter, , local] = children(functionNode, 'args').map((argument) => argument.node);
  const name = (parameter?.sval as { readonly sval?: string } | undefined)?.sval;
  const isLocal = (local?.boolval as { readonly boolval?: boolean } | undefined)?.boolval === true;
  return isLocal ? null : (name ?? null);
}

/** Whether names without a schema may mean something else from here on. */
export function setsSearchPath(statement: KindedNode): boolean {
  const { kind, node } = statement;
  if (kind === 'VariableSetStmt') {
    return text(node, 'name') === 'search_path' || text(node, 'kind') === 'VAR_RESET_ALL';
  }
  return kind === 'DiscardStmt' || sessionSetting(statement) === 'search_path';
}
