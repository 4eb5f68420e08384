/**
 * Typed tables (manual, CREATE TABLE … OF): their columns are the attributes of their type. ALTER TYPE … CASCADE adds,
 * drops, renames and retypes them; the server refuses to do so by ALTER TABLE.
 */
import type { Catalog, CatalogObject, ObjectKey } from '../model.ts';

/** Whether the column is one that the type of its table gives it. */
export function isOfType(column: CatalogObject, catalog: Catalog): boolean {
  if (column.kind !== 'column' || column.parent === null) return false;
  return typeof catalog.objects.get(column.parent)?.properties.ofType === 'string';
}

/** Whether `from`'s column goes with, or becomes another by, a change of the type that its table has before and after. */
export function followsType(
  column: CatalogObject,
  from: Catalog,
  becomes: ReadonlyMap<ObjectKey, CatalogObject>,
): boolean {
  if (!isOfType(column, from) || column.parent === null) return false;
  return typeof becomes.get(column.parent)?.properties.ofType === 'string';
}
