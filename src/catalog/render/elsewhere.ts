/**
 * Where names change hands (`t` → `t_old`, `t_new` → `t`) the same text may name another object: what referred to the
 * one before refers to the other afterwards. The server keeps references, not names, so such an object must be said
 * again, though its text is the same.
 */
import type { Catalog, CatalogObject, Json, ObjectKey } from '../model.ts';
import { linksOf } from './dependencies.ts';
import { keyOf } from './names.ts';
import type { Renamed } from './relocated.ts';

/** Keys of `to`'s objects that needed something that is renamed, and do not need it any more. */
export function refersElsewhere(
  from: Catalog,
  to: Catalog,
  { renamings, becomes }: Renamed,
): ReadonlySet<ObjectKey> {
  const found = new Set<ObjectKey>();
  for (const { before, after } of renamings) {
    const renamed = keyOf(after.kind, after.identity);
    for (const dependent of linksOf(from).neededBy(keyOf(before.kind, before.identity))) {
      const goal = becomes.get(dependent);
      if (goal === undefined) continue;
      const key = keyOf(goal.kind, goal.identity);
      if (!linksOf(to).needs(key).includes(renamed)) found.add(key);
    }
  }
  return found;
}

/** Properties that hold SQL that names other objects. */
const TEXTS = ['definition', 'default', 'generationExpression', 'using', 'withCheck'] as const;

/** The object with no text that is taken for the one wanted, so that its text is said again. */
export function withoutReferences(
  before: CatalogObject,
  after: CatalogObject,
  same: (before: string, after: string) => boolean,
): CatalogObject {
  const changed: Record<string, Json> = {};
  for (const name of TEXTS) {
    const had = before.properties[name];
    const wanted = after.properties[name];
    if (typeof had === 'string' && typeof wanted === 'string' && same(had, wanted)) changed[name] = '';
  }
  return { ...before, properties: { ...before.properties, ...changed } };
}
