/** Which object of `from` is which object of `to`, what lies parked and comes back, and what is new or goes. */
import type { Catalog, CatalogObject, ObjectKey, Parked } from '../model.ts';
import { keyOf, localPart } from './names.ts';
import { withMovedTypes } from './relocated.ts';
import { movedExtensions } from './renamed-words.ts';

export interface Matching {
  /** `to`'s key → the object of `from`, or of what is unparked, that it is. */
  readonly pairs: ReadonlyMap<ObjectKey, CatalogObject>;
  /** Objects of `from` that `to` lacks. */
  readonly gone: readonly CatalogObject[];
  readonly unparked: readonly Parked[];
  /** Objects that unparking brings, by their physical identity. */
  readonly returning: ReadonlySet<CatalogObject>;
}

export function match(from: Catalog, to: Catalog, sameDatabase: boolean): Matching {
  const unparked = chooseParked(from, to, sameDatabase);
  const returned = unparked.flatMap((parked) => parked.objects);
  const candidates = [...returned, ...from.objects.values()];
  const pairs = new Map<ObjectKey, CatalogObject>();
  const used = new Set<CatalogObject>();
  const pair = (key: ObjectKey, object: CatalogObject): void => {
    pairs.set(key, object);
    used.add(object);
  };
  if (sameDatabase) {
    // Nearly everything is there under its own name.
    const open: (readonly [ObjectKey, CatalogObject])[] = [];
    for (const [key, object] of to.objects) {
      const found = from.objects.get(key);
      if (found !== undefined && found.physical === object.physical) pair(key, found);
      else open.push([key, object]);
    }
    const byPhysical = new Map(
      open.length === 0
        ? []
        : candidates
            .filter((object) => !used.has(object))
            .map((object) => [`${object.kind} ${object.physical}`, object]),
    );
    for (const [key, object] of open) {
      const found = byPhysical.get(`${object.kind} ${object.physical}`);
      if (found !== undefined && !used.has(found)) pair(key, found);
    }
  }
  matchMoved(from, to, pairs, used, pair);
  matchByName(from, to, returned, pairs, used, pair);
  const returning = new Set(returned);
  const gone = candidates.filter((object) => !used.has(object));
  return { pairs, gone, unparked, returning };
}

function matchByName(
  from: Catalog,
  to: Catalog,
  returned: readonly CatalogObject[],
  pairs: ReadonlyMap<ObjectKey, CatalogObject>,
  used: ReadonlySet<CatalogObject>,
  pair: (key: ObjectKey, object: CatalogObject) => void,
): void {
  const back = new Map(returned.map((object) => [keyOf(object.kind, object.identity), object]));
  const parentOf = (object: CatalogObject): CatalogObject | undefined =>
    object.parent === null ? undefined : pairs.get(object.parent);
  const children: [ObjectKey, CatalogObject][] = [];
  for (const [key, object] of to.objects) {
    if (pairs.has(key)) continue;
    if (object.parent !== null) {
      children.push([key, object]);
      continue;
    }
    const found = back.get(key) ?? from.objects.get(key);
    if (found !== undefined && !used.has(found)) pair(key, found);
  }
  // Under a parent that was renamed a child is looked for by its own name.
  const parents = new Set(
    children.flatMap(([, object]) => {
      const parent = parentOf(object);
      return parent === undefined ? [] : [keyOf(parent.kind, parent.identity)];
    }),
  );
  const byParent = new Map<string, CatalogObject>();
  for (const object of [...from.objects.values(), ...returned]) {
    if (object.parent === null || !parents.has(object.parent)) continue;
    byParent.set(`${object.parent} ${object.kind} ${localPart(object)}`, object);
  }
  for (const [key, object] of children) {
    const parent = parentOf(object);
    if (parent === undefined) continue;
    const parentKey = keyOf(parent.kind, parent.identity);
    const found = byParent.get(`${parentKey} ${object.kind} ${localPart(object)}`);
    if (found !== undefined && !used.has(found)) pair(key, found);
  }
}

/** Routines, operators and casts are named by their argument types, which an extension may take to another schema. */
function matchMoved(
  from: Catalog,
  to: Catalog,
  pairs: ReadonlyMap<ObjectKey, CatalogObject>,
  used: ReadonlySet<CatalogObject>,
  pair: (key: ObjectKey, object: CatalogObject) => void,
): void {
  const moved = movedExtensions(from, to.objects);
  if (moved.size === 0) return;
  for (const object of from.objects.values()) {
    if (used.has(object) || !['function', 'aggregate', 'operator', 'cast'].includes(object.kind)) continue;
    const key = keyOf(object.kind, withMovedTypes(object.identity, from, moved));
    if (from.objects.has(key) || !to.objects.has(key) || pairs.has(key)) continue;
    pair(key, object);
  }
}

/** A parked root that `to` wants back: by physical identity, else by name, the newest first. */
function chooseParked(from: Catalog, to: Catalog, sameDatabase: boolean): Parked[] {
  if (from.parked.length === 0) return [];
  const chosen: Parked[] = [];
  const newestFirst = [...from.parked].sort((a, b) => (a.memo.parkId < b.memo.parkId ? 1 : -1));
  const roots = new Set<ObjectKey>();
  const physicals = new Map(
    [...to.objects].map(([key, object]) => [`${object.kind} ${object.physical}`, key]),
  );
  const kindOf = (parked: Parked): string => (parked.memo.kind === 'table' ? 'table' : 'column');
  if (sameDatabase) {
    for (const parked of newestFirst) {
      const key = physicals.get(`${kindOf(parked)} ${parked.physical}`);
      if (key === undefined || roots.has(key)) continue;
      roots.add(key);
      chosen.push(parked);
    }
    return chosen;
  }
  for (const parked of newestFirst) {
    if (!to.objects.has(parked.root) || from.objects.has(parked.root) || roots.has(parked.root)) continue;
    roots.add(parked.root);
    chosen.push(parked);
  }
  return chosen;
}
