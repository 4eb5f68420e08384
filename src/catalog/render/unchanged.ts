/**
 * What is the same on both sides. Most of a schema is, so rendering looks at the rest alone, and at the same things only
 * where something else draws them in.
 */
import type { CatalogObject, IndexProperties, ObjectKey, TableProperties } from '../model.ts';
import { equalJson, propertiesOf } from './context.ts';
import type { Renamed } from './relocated.ts';

/** Keys of `from`'s objects that become what they are, under their own name, and refer to what they referred to. */
export function unchangedKeys(
  from: ReadonlyMap<ObjectKey, CatalogObject>,
  { renamings, becomes }: Renamed,
  elsewhere: ReadonlySet<ObjectKey>,
): ReadonlySet<ObjectKey> {
  const renames = renamings.length > 0;
  const unchanged = new Set<ObjectKey>();
  // The reader shares the properties of equal columns: each pair is compared once.
  const equals = new WeakMap<object, object>();
  for (const [key, after] of becomes) {
    const before = from.get(key);
    if (before === undefined || before.identity !== after.identity || followsOthers(after, renames)) continue;
    if (elsewhere.has(key)) continue;
    if (before.parent !== after.parent) continue;
    if (equals.get(before.properties) !== after.properties) {
      if (!equalJson(before.properties, after.properties)) continue;
      equals.set(before.properties, after.properties);
    }
    if (equalJson(before.extra ?? null, after.extra ?? null)) unchanged.add(key);
  }
  return unchanged;
}

/**
 * What must be said again when something else is made anew: being a partition, REPLICA IDENTITY, CLUSTER ON. And where
 * names change hands, the same name may be another object's.
 */
function followsOthers(object: CatalogObject, renames: boolean): boolean {
  if (object.kind === 'sequence') return renames && object.properties.ownedBy !== null;
  if (object.kind === 'index') return propertiesOf<IndexProperties>(object).partitionOf !== null;
  if (object.kind === 'materialized view') return object.properties.clusteredOn !== undefined;
  if (object.kind !== 'table') return false;
  const { partitionOf, inherits, replicaIdentity, clusteredOn } = propertiesOf<TableProperties>(object);
  if (renames && inherits.length > 0) return true;
  return partitionOf !== null || clusteredOn !== null || replicaIdentity.startsWith('index ');
}
