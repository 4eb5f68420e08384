/** The tree of what hangs on a changed object, and what becomes of each. */

import { sameJson } from '../../catalog/json.ts';
import type { Catalog, CatalogObject, ObjectKey } from '../../catalog/model.ts';
import type { StepChange } from './changes.ts';
import type { DependencyGraph } from './graph.ts';
import type { Dependent } from './model.ts';

/** A tree deeper than this is a circle in disguise. */
const DEEPEST = 12;
/** So many nodes of one tree; a reader stops earlier. */
const MOST = 500;

export interface Surroundings {
  readonly graph: DependencyGraph;
  /** Before the first step. */
  readonly before: Catalog;
  /** Of the last state, by kind and physical identity. */
  readonly after: ReadonlyMap<string, CatalogObject>;
}

/** A catalog's objects by who they are, whatever they are called. */
export function byPhysical(catalog: Catalog): ReadonlyMap<string, CatalogObject> {
  return new Map(
    [...catalog.objects.values()].map((object) => [`${object.kind} ${object.physical}`, object]),
  );
}

/**
 * What needs, names, mentions or publishes the object of a change, recursively: each object once, where it is nearest.
 * Of a table its own columns, indexes, constraints and so on are no dependents: they are part of it.
 */
export function dependentsOfChange(change: StepChange, around: Surroundings): readonly Dependent[] {
  if (change.before === null) return [];
  const root = change.physical;
  const seen = new Set<string>([root]);
  const gone = change.change === 'dropped' || change.change === 'renamed';
  let count = 0;

  // Breadth first, so that an object stands where it is nearest to the root.
  interface Draft {
    readonly address: string;
    readonly object: ObjectKey;
    readonly how: Dependent['how'];
    readonly below: Draft[];
  }
  const roots: Draft[] = [];
  let level: { readonly address: string; readonly list: Draft[] }[] = [{ address: root, list: roots }];
  for (let depth = 0; level.length > 0 && depth < DEEPEST && count < MOST; depth++) {
    const next: typeof level = [];
    for (const { address, list } of level) {
      for (const found of around.graph.dependentsOf(address, !isColumn(address))) {
        if (seen.has(found.address) || count >= MOST) continue;
        const object = around.graph.objectAt(found.address);
        const known = object === null ? undefined : around.before.objects.get(object);
        if (object === null || known === undefined) continue;
        seen.add(found.address);
        const part = isPartOf(known, change.before);
        const draft: Draft = { address: found.address, object, how: found.how, below: [] };
        // Through a part of the table to what needs that: a foreign key elsewhere needs the key's index.
        if (part) next.push({ address: found.address, list });
        else {
          count++;
          list.push(draft);
          // A column that is computed from it carries on; a default's column does not.
          if (known.kind !== 'column' || known.properties.generated !== null)
            next.push({ address: found.address, list: draft.below });
        }
      }
    }
    level = next;
  }

  const finish = (draft: Draft, direct: boolean): Dependent => {
    const before = around.before.objects.get(draft.object);
    const now = before === undefined ? undefined : around.after.get(`${before.kind} ${before.physical}`);
    const fate = fateOf(before, now);
    return {
      object: draft.object,
      how: draft.how,
      fate,
      breaks: direct && gone && draft.how === 'names' && fate === 'stays',
      dependents: sorted(draft.below.map((below) => finish(below, false))),
    };
  };
  return sorted(roots.map((draft) => finish(draft, true)));
}

function isColumn(address: string): boolean {
  return address.startsWith('pg_class:') && address.includes('.');
}

/** Whether `object` is a part of the table (view, domain) that changes. */
function isPartOf(object: CatalogObject, changed: CatalogObject): boolean {
  return object.parent === `${changed.kind} ${changed.identity}`;
}

function fateOf(before: CatalogObject | undefined, now: CatalogObject | undefined): Dependent['fate'] {
  if (before === undefined || now === undefined) return 'dropped';
  if (now.identity !== before.identity) return 'renamed';
  return sameJson(before.properties, now.properties) ? 'stays' : 'changed';
}

function sorted(dependents: readonly Dependent[]): readonly Dependent[] {
  return [...dependents].sort((a, b) => (a.object < b.object ? -1 : 1));
}

/** What a change reaches: who touches any of it is touched by the change. Each with the object through which. */
export interface Reach {
  /** Addresses that a query may read, call or write. */
  readonly all: ReadonlyMap<string, ObjectKey | null>;
  /** Addresses of tables: for queries that write them, through a constraint or a trigger. */
  readonly written: ReadonlyMap<string, ObjectKey | null>;
  /** Functions and triggers' functions that name what is gone, by the address that leads to them. */
  readonly broken: ReadonlyMap<string, ObjectKey>;
}

export function reachOf(change: StepChange, graph: DependencyGraph, catalog: Catalog): Reach {
  const all = new Map<string, ObjectKey | null>([[change.physical, null]]);
  const written = new Map<string, ObjectKey | null>();
  const broken = new Map<string, ObjectKey>();
  const gone = change.change === 'dropped' || change.change === 'renamed';
  if (change.parentPhysical !== null && /^(constraint|trigger|rule) /.test(change.object))
    written.set(change.parentPhysical, null);
  if (change.parentPhysical !== null && /^policy /.test(change.object)) all.set(change.parentPhysical, null);
  interface Place {
    readonly address: string;
    readonly via: ObjectKey | null;
    readonly body: ObjectKey | null;
  }
  const queue: Place[] = [{ address: change.physical, via: null, body: null }];
  for (let next = queue.shift(); next !== undefined && all.size < MOST * 4; next = queue.shift()) {
    for (const { address, how } of graph.dependentsOf(next.address, !isColumn(next.address))) {
      const object = graph.objectAt(address);
      if (all.has(address) || how === 'publishes' || object === null) continue;
      const via = next.via ?? object;
      const body = next.body ?? (gone && how === 'names' && object.startsWith('function ') ? object : null);
      if (object.startsWith('trigger ')) {
        const table = catalog.objects.get(catalog.objects.get(object)?.parent ?? '')?.physical;
        // Of a trigger on the table itself the change is told already, unless its function is what breaks.
        if (table !== undefined && !written.has(table)) written.set(table, via);
        if (table !== undefined && body !== null) broken.set(`written ${table}`, body);
        continue;
      }
      // Queries run through views, functions and triggers; through nothing else.
      if (!/^(view|materialized view|function) /.test(object)) continue;
      all.set(address, via);
      if (body !== null) broken.set(address, body);
      queue.push({ address, via, body });
    }
  }
  return { all, written, broken };
}
