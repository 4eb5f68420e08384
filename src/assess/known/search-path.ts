/** Where names without a schema are looked up, statement by statement. */
import type { ParsedStatement } from '../../sql/model.ts';
import { setsSearchPath } from '../../sql/session.ts';
import { child, children, isNode, type Node, text, unwrap } from '../../sql/tree.ts';

/** What a new session starts with, as far as migrations are concerned: `"$user"` has no schema as a rule. */
const DEFAULT: readonly string[] = ['public'];

/**
 * The search_path after the statement: SET, RESET, `set_config`, as pg_dump writes it. An empty one stays empty: every
 * name then has its schema.
 */
export function searchPathAfter(statement: ParsedStatement, before: readonly string[]): readonly string[] {
  if (!setsSearchPath(statement)) return before;
  const { kind, node } = statement;
  if (kind === 'VariableSetStmt') {
    if (text(node, 'kind') !== 'VAR_SET_VALUE') return DEFAULT;
    // SET search_path = 'a, b' is one schema of that odd name.
    return schemas(children(node, 'args').map((argument) => constant(argument.node) ?? ''));
  }
  if (kind === 'DiscardStmt') return DEFAULT;
  const [target] = children(node, 'targetList');
  const call = isNode(target?.node.val) ? unwrap(target.node.val)?.node : null;
  const [, value] = children(call, 'args');
  const written = value === undefined ? null : constant(value.node);
  return written === null ? before : schemas(written.split(','));
}

function schemas(words: readonly string[]): readonly string[] {
  return words
    .map((word) => word.trim().replace(/^"(.*)"$/, '$1'))
    .filter((word) => word !== '' && word !== '$user' && word !== 'pg_catalog');
}

function constant(node: Node): string | null {
  const value = child(node, 'sval');
  return value === null ? null : (text(value, 'sval') ?? '');
}
