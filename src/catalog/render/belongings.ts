/** What goes by itself when something else goes: a table's own things, and the sequences that columns own. */
import type { Catalog, CatalogObject, ObjectKey } from '../model.ts';
import type { Impact } from './impact.ts';
import { keyOf } from './names.ts';

interface Ends {
  readonly from: Catalog;
  /** From's key → to's object. */
  readonly becomes: ReadonlyMap<ObjectKey, CatalogObject>;
}

/** A sequence that a dropped column or table owns is dropped with it. */
export function ownerGoes(object: CatalogObject, impact: Impact, { from, becomes }: Ends): boolean {
  const owner = object.kind === 'sequence' ? object.properties.ownedBy : null;
  if (typeof owner !== 'string') return false;
  const key = keyOf('column', owner);
  const column = from.objects.get(key);
  if (column === undefined) return false;
  if (impact.dropped.has(key) || (column.parent !== null && impact.dropped.has(column.parent))) return true;
  return column.parent !== null && !becomes.has(column.parent);
}

/** A table's own things, and the sequences that its columns own, go with it. */
export function belongings(
  key: ObjectKey,
  object: CatalogObject,
  { from, becomes }: Ends,
): (readonly [ObjectKey, ObjectKey])[] {
  if (object.parent !== null) return [[object.parent, key]];
  const owner = object.kind === 'sequence' ? object.properties.ownedBy : null;
  const table = typeof owner === 'string' ? from.objects.get(keyOf('column', owner))?.parent : null;
  return table == null || becomes.has(key) ? [] : [[table, key]];
}
