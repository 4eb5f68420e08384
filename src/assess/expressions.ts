/** What an expression of a migration calls, and whether it gives every row the same value. */
import { child, nameFromParts, type QualifiedName, strings, unwrap, walk } from '../sql/tree.ts';

/** Functions of PostgreSQL 13 to 18, uuid-ossp and pgcrypto that are volatile and may stand in a DEFAULT. */
const VOLATILE = new Set([
  'random',
  'random_normal',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'clock_timestamp',
  'timeofday',
  'nextval',
  'currval',
  'lastval',
  'setval',
  'set_config',
  'lo_create',
  'pg_advisory_lock',
  'pg_sleep',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'gen_salt',
  'gen_random_bytes',
]);

export function calledFunctions(expression: unknown): readonly QualifiedName[] {
  const found: QualifiedName[] = [];
  walk(expression, (kind, node) => {
    const name = kind === 'FuncCall' ? nameFromParts(strings(node.funcname)) : null;
    if (name !== null) found.push(name);
    return undefined;
  });
  return found;
}

/** Whether the expression may give another value per row; a function nobody knows is taken to be the server's own. */
export function isVolatile(
  expression: unknown,
  volatility: (name: QualifiedName) => 'immutable' | 'stable' | 'volatile' | null,
): boolean {
  return calledFunctions(expression).some((name) => {
    const known = name.schema === 'pg_catalog' ? null : volatility(name);
    return known === null ? VOLATILE.has(name.name) : known === 'volatile';
  });
}

/** The column of `column IS NOT NULL`; null for every other expression. */
export function notNullColumn(expression: unknown): string | null {
  const test = unwrap(expression);
  if (test?.kind !== 'NullTest' || test.node.nulltesttype !== 'IS_NOT_NULL') return null;
  const reference = child(child(test.node, 'arg'), 'ColumnRef');
  const fields = strings(reference?.fields);
  return fields.length === 1 ? (fields[0] ?? null) : null;
}
