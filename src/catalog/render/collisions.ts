/** Names that objects take up, and who stands where something new shall be. */
import { quoteQualified } from '../../sql/quote.ts';
import type { Catalog, CatalogObject, ColumnProperties, ObjectKey } from '../model.ts';
import { propertiesOf } from './context.ts';
import { multirangeOf } from './kinds/range.ts';
import type { Matching } from './match.ts';
import { formatName, keyOf, nameOf } from './names.ts';
import { nameSlot } from './renames.ts';

/** Every name that the object takes: its own, its index's, its row type's. */
export function slots(object: CatalogObject): string[] {
  const own = nameSlot(object);
  if (object.kind === 'constraint') {
    if (!['unique', 'primary', 'exclusion'].includes(String(object.properties.type))) return [own];
    const { path } = nameOf(object);
    const identity = formatName({ path: [path[0] ?? '', path.at(-1) ?? ''], suffix: '' });
    return [own, nameSlot({ ...object, kind: 'index', identity })];
  }
  if (object.kind === 'column') {
    const sequence = propertiesOf<ColumnProperties>(object).identitySequence;
    return sequence === null
      ? [own]
      : [own, nameSlot({ ...object, kind: 'sequence', identity: sequence.name })];
  }
  if (object.kind === 'range') {
    const { schema, name } = multirangeOf(object);
    return [own, nameSlot({ ...object, identity: quoteQualified(schema, name) })];
  }
  return [own];
}

/** Objects of `from` that go, and whose name something else takes. */
export function collidingObjects(
  to: Catalog,
  matching: Matching,
  isUnchanged: (key: ObjectKey) => boolean,
  renamed: (object: CatalogObject) => CatalogObject,
): Set<ObjectKey> {
  if (matching.gone.length === 0) return new Set();
  const claimed = new Set<string>();
  for (const [key, object] of to.objects) {
    if (isUnchanged(key)) continue;
    const before = matching.pairs.get(key);
    const kept = new Set(before === undefined || matching.returning.has(before) ? [] : slots(before));
    for (const slot of slots(object)) if (!kept.has(slot)) claimed.add(slot);
  }
  const colliding = new Set<ObjectKey>();
  for (const object of matching.gone) {
    if (matching.returning.has(object)) continue;
    const later = [...slots(object), ...slots(renamed(object))];
    if (later.some((slot) => claimed.has(slot))) colliding.add(keyOf(object.kind, object.identity));
  }
  return colliding;
}
