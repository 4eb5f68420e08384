/** What an expression of a migration calls, and whether it gives every row the same value. */
import { child, nameFromParts, type QualifiedName, strings, unwrap, walk } from '../sql/tree.ts';
import { STEADY_CONTRIB, STEADY_FUNCTIONS, VOLATILE_CONTRIB, VOLATILE_FUNCTIONS } from './facts/functions.ts';

export function calledFunctions(expression: unknown): readonly QualifiedName[] {
  const found: QualifiedName[] = [];
  walk(expression, (kind, node) => {
    const name = kind === 'FuncCall' ? nameFromParts(strings(node.funcname)) : null;
    if (name !== null) found.push(name);
    return undefined;
  });
  return found;
}

/**
 * Whether the expression may give another value per row. A function that nobody knows may: they are volatile unless they
 * say otherwise (manual, CREATE FUNCTION).
 */
export function isVolatile(
  expression: unknown,
  volatility: (name: QualifiedName) => 'immutable' | 'stable' | 'volatile' | null,
): boolean {
  return calledFunctions(expression).some((name) => {
    const known = name.schema === 'pg_catalog' ? null : volatility(name);
    if (known !== null) return known === 'volatile';
    return functionKnown(name.name) !== 'steady';
  });
}

/** What comes with the server by this name, or with its own extensions; null for a function of somebody else's. */
export function functionKnown(name: string): 'steady' | 'volatile' | null {
  if (VOLATILE_FUNCTIONS.has(name) || VOLATILE_CONTRIB.has(name)) return 'volatile';
  return STEADY_FUNCTIONS.has(name) || STEADY_CONTRIB.has(name) ? 'steady' : null;
}

/** The column of `column IS NOT NULL`; null for every other expression. */
export function notNullColumn(expression: unknown): string | null {
  const test = unwrap(expression);
  if (test?.kind !== 'NullTest' || test.node.nulltesttype !== 'IS_NOT_NULL') return null;
  const reference = child(child(test.node, 'arg'), 'ColumnRef');
  const fields = strings(reference?.fields);
  return fields.length === 1 ? (fields[0] ?? null) : null;
}
