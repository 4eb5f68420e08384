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
  /** Before the first step, and after the last that ran. */
  readonly before: Catalog;
  readonly after: Catalog;
}

/**
 * What needs, names, mentions or publishes the object of a change, recursively: each object once, where it is nearest.
 * Of a table its own columns, indexes, constraints and so on are no dependents: they are part of it.
 */
export function dependentsOfChange(change: StepChange, around: Surroundings): readonly Dependent[] {
  if (change.before === null) return [];
  const root = change.physical;
  const seen = new Set<string>([root]);
  const afterByPhysical = new Map(
    [...around.after.objects.values()].map((object) => [`${object.kind} ${object.physical}`, object]),
  );
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
    const now = before === undefined ? undefined : afterByPhysical.get(`${before.kind} ${before.physical}`);
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

/** All addresses below the change, its own included: what a query that touches any of them is touched by. */
export function reachOf(change: StepChange, graph: DependencyGraph): ReadonlyMap<string, ObjectKey | null> {
  const reach = new Map<string, ObjectKey | null>([[change.physical, null]]);
  const queue: { readonly address: string; readonly via: ObjectKey | null }[] = [
    { address: change.physical, via: null },
  ];
  for (let next = queue.pop(); next !== undefined && reach.size < MOST * 4; next = queue.pop()) {
    for (const { address, how } of graph.dependentsOf(next.address, !isColumn(next.address))) {
      const object = graph.objectAt(address);
      if (reach.has(address) || how === 'publishes' || object === null) continue;
      // Queries run through views and functions; through nothing else.
      if (!/^(view|materialized view|function) /.test(object)) continue;
      reach.set(address, next.via ?? object);
      queue.push({ address, via: next.via ?? object });
    }
  }
  return reach;
}
