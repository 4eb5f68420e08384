/** What a step changed, from the catalogs before and after it: one entry per object. */
import { compareCatalogs } from '../../catalog/compare.ts';
import type { Catalog, CatalogObject, Difference, Json, ObjectKey } from '../../catalog/model.ts';
import type { ChangeKind, ObjectChange } from './model.ts';

/** Properties that nobody but the planner, the owner or a reader of comments notices. */
const UNNOTICED = new Set([
  'comment',
  'statisticsTarget',
  'securityLabels',
  'typeComment',
  'notNullName',
  'notNullComment',
]);

/** Kinds whose definition is printed anew when what it is about gets another name. */
const PRINTED = new Set([
  'view',
  'materialized view',
  'constraint',
  'index',
  'policy',
  'trigger',
  'rule',
  'statistics',
  'publication',
]);

export interface StepChange extends ObjectChange {
  /** Who it is inside this database; of a created one after the step. */
  readonly physical: string;
  /** Of `parent`; null where it has none. */
  readonly parentPhysical: string | null;
  /** Whether its definition alone reads otherwise, which may only follow from another change. */
  readonly reprinted: boolean;
  readonly before: CatalogObject | null;
  readonly after: CatalogObject | null;
}

/**
 * Changes between two reads of one database. Left out: what only the order of columns tells, comments, and columns that
 * a child has from a parent which the same change is told of.
 */
export function changesOf(before: Catalog, after: Catalog, step: string): readonly StepChange[] {
  const { differences } = compareCatalogs(before, after, { sameDatabase: true });
  const byObject = new Map<ObjectKey, Difference[]>();
  for (const difference of differences) {
    if (difference.cosmetic || UNNOTICED.has(difference.property)) continue;
    const key = `${difference.kind} ${difference.object}`;
    byObject.set(key, [...(byObject.get(key) ?? []), difference]);
  }
  const afterByPhysical = new Map(
    [...after.objects.values()].map((object) => [`${object.kind} ${object.physical}`, object]),
  );
  const changes = [...byObject].flatMap(([key, list]): StepChange[] => {
    const old = before.objects.get(key) ?? null;
    const now =
      old === null
        ? (after.objects.get(key) ?? null)
        : (afterByPhysical.get(`${old.kind} ${old.physical}`) ?? null);
    const object = old ?? now;
    if (object === null) return [];
    return [
      {
        object: key,
        change: kindOf(list),
        what: list.map(describe).join('; '),
        step,
        parent: object.parent,
        physical: object.physical,
        parentPhysical: physicalOf(object.parent, before) ?? physicalOf(object.parent, after),
        reprinted: PRINTED.has(object.kind) && list.every(({ property }) => property === 'definition'),
        before: old,
        after: now,
      },
    ];
  });
  const told = new Set(changes.map((change) => `${change.object} ${change.what}`));
  return changes.filter((change) => !isInherited(change, told, before));
}

function physicalOf(key: ObjectKey | null, catalog: Catalog): string | null {
  return key === null ? null : (catalog.objects.get(key)?.physical ?? null);
}

function kindOf(differences: readonly Difference[]): ChangeKind {
  const presence = differences.find(({ property }) => property === 'presence');
  if (presence !== undefined) return presence.after === 'present' ? 'created' : 'dropped';
  return differences.some(({ property }) => property === 'name') ? 'renamed' : 'changed';
}

function describe({ property, before, after }: Difference): string {
  if (property === 'presence') return after === 'present' ? 'created' : 'dropped';
  if (property === 'name') return `renamed to ${text(after)}`;
  if (property === 'notNull') return after === true ? 'NOT NULL' : 'may be NULL';
  if (property === 'definition') return 'defined anew';
  if (property === 'labels' && Array.isArray(before) && Array.isArray(after)) {
    const gone = before.filter((label) => !after.includes(label));
    const come = after.filter((label) => !before.includes(label));
    return [
      ...gone.map((label) => `label ${text(label)} is gone`),
      ...come.map((label) => `label ${text(label)} is new`),
    ].join(', ');
  }
  if (property === 'privileges' || property === 'options') return `${property} changed`;
  return `${words(property)}: ${text(before)} → ${text(after)}`;
}

function text(value: Json): string {
  if (value === null) return 'none';
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return written.length <= 80 ? written : `${written.slice(0, 79)}…`;
}

/** `rowSecurity` → `row security`. */
function words(property: string): string {
  return property.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

/** Whether it is a child's column of which the parent's tells the same. */
function isInherited(change: StepChange, told: ReadonlySet<string>, catalog: Catalog): boolean {
  const { before, after } = change;
  const column = before ?? after;
  if (column?.kind !== 'column' || !(Number(column.properties.inheritedFrom) > 0) || column.parent === null)
    return false;
  const table = catalog.objects.get(column.parent);
  const name = column.identity.slice(column.parent.length - 'table '.length);
  const parents = [
    table?.properties.partitionOf,
    ...(Array.isArray(table?.properties.inherits) ? table.properties.inherits : []),
  ];
  return parents.some((parent) => {
    if (typeof parent !== 'string') return false;
    // A rename is told with the whole new name.
    const what = change.what.replaceAll(`${column.parent?.slice('table '.length)}.`, `${parent}.`);
    return told.has(`column ${parent}${name} ${what}`);
  });
}
