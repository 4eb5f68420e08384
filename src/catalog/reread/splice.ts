/** A catalog from an earlier one and the objects that were read again: what belongs to what decides who goes. */
import type { ReadContext } from '../context.ts';
import type { Catalog, CatalogObject, Dependency, ObjectKey } from '../model.ts';

/** The relation or routine that objects are read with: `relation 16384`, `routine 16400`; null for what is always read. */
export type Cluster = string | null;

export type Clusters = ReadonlyMap<Cluster, readonly ObjectKey[]>;

/** What `clusterOf` must know beside an object: OIDs of tables and views by key, and who owns sequences. */
export interface Belongings {
  readonly relations: ReadonlyMap<ObjectKey, string>;
  readonly ownedSequences: ReadonlyMap<string, string>;
  /** Kinds of objects that are read by relation or routine. */
  readonly scoped: ReadonlySet<string>;
}

export function belongings(context: ReadContext, scoped: ReadonlySet<string>): Belongings {
  const relations = new Map<ObjectKey, string>();
  for (const { key, oid } of context.relations.values()) relations.set(key, oid);
  return { relations, ownedSequences: context.ownedSequences, scoped };
}

/** Undefined where nothing tells: such a catalog can't be spliced. */
export function clusterOf(object: CatalogObject, about: Belongings): Cluster | undefined {
  const { kind, parent, physical } = object;
  if (!about.scoped.has(kind)) return null;
  if (kind === 'function') return `routine ${physical.slice('pg_proc:'.length)}`;
  if (kind === 'sequence') {
    const column = about.ownedSequences.get(physical);
    return column === undefined ? null : `relation ${relationIn(column)}`;
  }
  if (parent === null || kind === 'column') {
    return physical.startsWith('pg_class:') ? `relation ${relationIn(physical)}` : undefined;
  }
  if (parent.startsWith('domain ')) return null;
  const relation = about.relations.get(parent);
  return relation === undefined ? undefined : `relation ${relation}`;
}

/** The OID in `pg_class:<oid>[.<attnum>]`. */
function relationIn(physical: string): string {
  const dot = physical.indexOf('.');
  return physical.slice('pg_class:'.length, dot === -1 ? undefined : dot);
}

/** Keys by cluster; null where one belongs nowhere. */
export function clustersOf(
  objects: ReadonlyMap<ObjectKey, CatalogObject>,
  about: Belongings,
): Map<Cluster, ObjectKey[]> | null {
  const clusters = new Map<Cluster, ObjectKey[]>();
  for (const [key, object] of objects) {
    const cluster = clusterOf(object, about);
    if (cluster === undefined) return null;
    const known = clusters.get(cluster);
    if (known === undefined) clusters.set(cluster, [key]);
    else known.push(key);
  }
  return clusters;
}

export interface Spliced {
  readonly objects: ReadonlyMap<ObjectKey, CatalogObject>;
  readonly clusters: Clusters;
  /** What was there before in the clusters that were read again, and what is there now. */
  readonly removed: ReadonlyMap<ObjectKey, CatalogObject>;
  readonly added: ReadonlyMap<ObjectKey, CatalogObject>;
}

/** Puts what was read of `again` (and of what is always read) in the place of what was there. */
export function splice(
  previous: Catalog,
  clusters: Clusters,
  read: { readonly objects: ReadonlyMap<ObjectKey, CatalogObject>; readonly clusters: Clusters },
  again: ReadonlySet<string>,
): Spliced {
  const objects = new Map(previous.objects);
  const next = new Map(clusters);
  const removed = new Map<ObjectKey, CatalogObject>();
  const added = new Map<ObjectKey, CatalogObject>();
  for (const cluster of [null, ...again]) {
    for (const key of clusters.get(cluster) ?? []) {
      const object = previous.objects.get(key);
      if (object !== undefined) removed.set(key, object);
      objects.delete(key);
    }
    next.delete(cluster);
  }
  for (const cluster of [null, ...again]) {
    const keys = read.clusters.get(cluster);
    if (keys === undefined) continue;
    next.set(cluster, keys);
    for (const key of keys) {
      const object = read.objects.get(key);
      if (object === undefined) continue;
      objects.set(key, object);
      added.set(key, object);
    }
  }
  return { objects, clusters: next, removed, added };
}

/**
 * The dependencies of what was not read again stay, under the new names of what they lead to; those of what was read
 * come from `read`.
 */
export function spliceDependencies(
  previous: readonly Dependency[],
  { removed, added }: Spliced,
  read: readonly Dependency[],
): Dependency[] {
  const names = new Map<string, ObjectKey>();
  for (const [key, { kind, physical }] of added) names.set(`${kind} ${physical}`, key);
  const result: Dependency[] = [];
  for (const edge of previous) {
    if (removed.has(edge.from)) continue;
    const target = removed.get(edge.to);
    if (target === undefined) result.push(edge);
    else {
      const to = names.get(`${target.kind} ${target.physical}`);
      if (to !== undefined) result.push(to === edge.to ? edge : { from: edge.from, to });
    }
  }
  for (const edge of read) if (added.has(edge.from)) result.push(edge);
  return result;
}
