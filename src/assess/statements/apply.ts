/** From a row of the table of facts, and the relations in its roles, to what a statement does. */
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import { type FactId, factsOf } from '../facts/index.ts';
import type { RoleFacts } from '../facts/model.ts';
import type { LockRole } from '../model.ts';

type Given = string | null | readonly (string | null)[];

/** The relations of a statement by role, schema-qualified; those that nobody knows are null, or left out. */
export type Cast = Readonly<Partial<Record<LockRole, Given>>>;

/** Does what the row says, on the target's major, to the relations in each of its roles. */
export function apply(id: FactId, cast: Cast, effect: Effect, context: AssessContext): void {
  const { roles } = factsOf(id, context.major);
  for (const [role, facts] of Object.entries(roles) as [LockRole, RoleFacts][]) {
    for (const relation of listed(cast[role])) act(relation, facts, role, effect, context);
  }
}

/** Does what the row says of its target to relations in another role: partitions and heirs that a command reaches. */
export function applyTo(
  id: FactId,
  role: LockRole,
  relations: Given,
  effect: Effect,
  context: AssessContext,
): void {
  const facts = factsOf(id, context.major).roles.target;
  if (facts === undefined) return;
  for (const relation of listed(relations)) act(relation, facts, role, effect, context);
}

function listed(given: Given | undefined): readonly string[] {
  if (given === undefined || given === null) return [];
  return typeof given === 'string' ? [given] : given.filter((relation) => relation !== null);
}

function act(
  relation: string,
  { mode, work }: RoleFacts,
  role: LockRole,
  effect: Effect,
  context: AssessContext,
): void {
  effect.lock(relation, mode, role);
  if (work === undefined || !hasRows(relation, context)) return;
  if (work === 'rewrite') rewriteTable(relation, effect, context);
  else if (work === 'move') effect.rewrite(relation);
  else effect.scan(relation);
}

/** Whether the relation has rows of its own: partitioned tables, views and foreign tables have none. */
export function hasRows(relation: string, context: AssessContext): boolean {
  if (context.known.has('view', relation)) return false;
  const table = context.table(relation);
  return table === null || (table.partitionKey === null && table.foreignServer === null);
}

/** The table is read and written whole, and each of its indexes is built anew. */
export function rewriteTable(relation: string, effect: Effect, context: AssessContext): void {
  if (!hasRows(relation, context)) return;
  effect.rewrite(relation).scan(relation);
  for (const index of context.indexes(relation)) effect.build(relation, index);
}

/** The relation itself, or of a partitioned table those of its partitions that have rows. */
export function withRows(relation: string, context: AssessContext): readonly string[] {
  const all = context.isPartitioned(relation) ? context.descendants(relation) : [relation];
  return all.filter((one) => hasRows(one, context));
}
