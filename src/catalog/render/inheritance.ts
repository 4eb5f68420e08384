/** Who a table's parents are, and which of them it leaves (manual, ALTER TABLE, NO INHERIT and DETACH PARTITION). */
import type { CatalogObject, ObjectKey, TableProperties } from '../model.ts';
import { propertiesOf, type RenderContext } from './context.ts';
import { keyOf, localName } from './names.ts';

/** Identities of the tables that this one inherits from, or is a partition of. */
export function parentsOf(table: CatalogObject): readonly string[] {
  if (table.kind !== 'table') return [];
  const { partitionOf, inherits } = propertiesOf<TableProperties>(table);
  return partitionOf === null ? inherits : [partitionOf];
}

/** Parents of `from`'s table, by their identity there, that are not its parents any more. */
export function parentsLeft(
  table: CatalogObject,
  later: (key: ObjectKey) => CatalogObject | undefined,
): readonly string[] {
  const goal = later(keyOf(table.kind, table.identity));
  if (goal === undefined) return [];
  const kept = parentsOf(goal);
  return parentsOf(table).filter((parent) => {
    const now = later(keyOf('table', parent))?.identity;
    return now === undefined || !kept.includes(now);
  });
}

/**
 * Whether a column or constraint that the table has from its parents alone stays behind as its own, because the table
 * leaves all that it has it from. `object` has the parent's key as in `from`.
 */
export function staysBehind(object: CatalogObject, context: RenderContext): boolean {
  const { from } = context;
  const table = from.objects.get(object.parent ?? '');
  if (table === undefined) return false;
  // A parent that is made anew is left as well.
  const left = parentsLeft(table, (key) => (context.isGoing(key) ? undefined : context.later(key)));
  if (left.length === 0) return false;
  const sources = parentsOf(table).filter((parent) =>
    from.objects.has(keyOf(object.kind, `${parent}.${localName(object)}`)),
  );
  return (sources.length === 0 ? parentsOf(table) : sources).every((parent) => left.includes(parent));
}
