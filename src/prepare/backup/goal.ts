/** Which schema a restore's target shall have: what is there, and what the restored tables need beside it. */
import type { Catalog, CatalogObject, ObjectKey } from '../../catalog/model.ts';
import type { StoredManifest, StoredTable } from './manifest.ts';

/** Whether the whole database comes back, into one that has nothing of it yet. */
export function isWhole(
  manifest: StoredManifest,
  missing: readonly StoredTable[],
  existing: readonly StoredTable[],
): boolean {
  return manifest.complete && existing.length === 0 && missing.length === manifest.tables.length;
}

/**
 * The catalog that the target shall have: everything where nothing of the backup is there yet, else what is there and
 * the missing tables with what they need.
 */
export function goalOf(
  manifest: StoredManifest,
  present: Catalog,
  wanted: Catalog,
  missing: readonly StoredTable[],
  existing: readonly StoredTable[],
): Catalog {
  const whole = isWhole(manifest, missing, existing);
  const keys = whole
    ? new Set(wanted.objects.keys())
    : closure(wanted, new Set(missing.map((table) => table.table)), present);
  const objects = new Map<ObjectKey, CatalogObject>(present.objects);
  for (const [key, object] of wanted.objects) {
    if (keys.has(key) && (whole || !present.objects.has(key))) objects.set(key, object);
  }
  const known = ({ from, to }: { from: ObjectKey; to: ObjectKey }) => objects.has(from) && objects.has(to);
  const dependencies = [...present.dependencies, ...wanted.dependencies].filter(known);
  return { major: present.major, objects, dependencies, parked: [] };
}

/** The tables' own objects and, all the way down, what they need; foreign keys only to tables that will be there. */
function closure(wanted: Catalog, tables: ReadonlySet<string>, present: Catalog): ReadonlySet<ObjectKey> {
  const roots = new Set([...tables].map((table) => `table ${table}`));
  const comes = (table: string) => tables.has(table) || present.objects.has(`table ${table}`);
  const kept = new Set<ObjectKey>();
  const needs = new Map<ObjectKey, ObjectKey[]>();
  for (const { from, to } of wanted.dependencies) needs.set(from, [...(needs.get(from) ?? []), to]);
  const add = (key: ObjectKey): void => {
    const object = wanted.objects.get(key);
    if (kept.has(key) || object === undefined) return;
    if (object.kind === 'table' && !roots.has(key) && present.objects.has(key)) return;
    kept.add(key);
    if (object.parent !== null) add(object.parent);
    for (const need of needs.get(key) ?? []) add(need);
    if (object.kind === 'table')
      for (const [own, child] of wanted.objects) if (belongsTo(child, key)) addOwn(own, child);
  };
  const addOwn = (key: ObjectKey, object: CatalogObject): void => {
    const { references } = object.properties as { references?: unknown };
    if (object.kind === 'constraint' && typeof references === 'string' && !comes(references)) return;
    add(key);
  };
  for (const root of roots) add(root);
  return kept;
}

function belongsTo(object: CatalogObject, table: ObjectKey): boolean {
  if (object.parent === table) return true;
  const { table: indexed, ownedBy } = object.properties as { table?: unknown; ownedBy?: unknown };
  const identity = table.slice('table '.length);
  if (object.kind === 'index') return indexed === identity;
  return object.kind === 'sequence' && typeof ownedBy === 'string' && ownedBy.startsWith(`${identity}.`);
}
