/** Columns of parents, children and partitions (manual, 5.11 and ALTER TABLE). */
import type { CatalogObject, ColumnProperties, TableProperties } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { propertiesOf, withProperties } from '../context.ts';
import { parentsOf } from '../inheritance.ts';
import { keyOf, localName, ownerRelation } from '../names.ts';
import { sources } from '../rebinding.ts';
import { defaultWaits } from './column-types.ts';

export function tableOf(object: CatalogObject, context: RenderContext): TableProperties | null {
  const parent = context.to.objects.get(object.parent ?? '') ?? context.from.objects.get(object.parent ?? '');
  return parent === undefined ? null : propertiesOf<TableProperties>(parent);
}

export function descendants(object: CatalogObject, context: RenderContext): CatalogObject[] {
  const relation = ownerRelation(object);
  return context
    .neededBy(keyOf('table', relation))
    .flatMap((key) => context.to.objects.get(key) ?? [])
    .filter((one) => {
      if (one.kind !== 'table') return false;
      const { partitionOf, inherits } = propertiesOf<TableProperties>(one);
      return partitionOf === relation || inherits.includes(relation);
    });
}

/** The parents' columns that an inherited column follows. */
export function followed(object: CatalogObject, context: RenderContext): CatalogObject[] {
  const table = tableOf(object, context);
  if (table === null || propertiesOf<ColumnProperties>(object).inheritedFrom === 0) return [];
  if (context.rebinding(object.parent ?? '') !== undefined) return [];
  const parents = table.partitionOf === null ? table.inherits : [table.partitionOf];
  return parents.flatMap(
    (parent) => context.to.objects.get(keyOf('column', `${parent}.${localName(object)}`)) ?? [],
  );
}

/** Whether SET or DROP NOT NULL on a parent does it for this column, too. */
export function notNullFollows(
  before: ColumnProperties,
  after: CatalogObject,
  context: RenderContext,
): boolean {
  const wanted = propertiesOf<ColumnProperties>(after);
  if (before.notNull === wanted.notNull || bringsColumns(after, context)) return false;
  return followed(after, context).some((parent) => {
    // A parent that it does not have yet takes nothing away from it.
    if (!wanted.notNull && !wasChild(after, parent, context)) return false;
    const goal = propertiesOf<ColumnProperties>(parent);
    const former = context.formerly(keyOf('column', parent.identity));
    if (former === undefined) return goal.notNull && !goal.notNullNoInherit && wanted.notNull;
    const had = propertiesOf<ColumnProperties>(former);
    const went = had.notNull && !had.notNullNoInherit;
    const goes = goal.notNull && !goal.notNullNoInherit;
    // NO INHERIT leaves the child's as its own.
    return went !== goes && goes === wanted.notNull && (goes || !goal.notNull);
  });
}

/** Whether the column's table was a child or partition of the parent's before. */
export function wasChild(column: CatalogObject, parent: CatalogObject, context: RenderContext): boolean {
  const table = context.formerly(column.parent ?? '');
  const above = context.formerly(parent.parent ?? '');
  return table !== undefined && above !== undefined && parentsOf(table).includes(above.identity);
}

/** A column of the child as INHERITS gives it, before anything is changed about it. */
export function inheritedColumn(
  child: CatalogObject,
  parents: readonly string[],
  context: RenderContext,
): CatalogObject {
  for (const parent of parents) {
    const found = context.to.objects.get(keyOf('column', `${parent}.${localName(child)}`));
    if (found === undefined) continue;
    const wanted = propertiesOf<ColumnProperties>(child);
    const had = propertiesOf<ColumnProperties>(found);
    const properties: ColumnProperties = {
      ...had,
      position: wanted.position,
      identity: null,
      identitySequence: null,
      default: handedDown(child, found, context),
      notNull: had.notNull && !had.notNullNoInherit,
      notNullName: wanted.notNullName,
      notNullNoInherit: false,
      statisticsTarget: null,
      options: [],
      comment: null,
      privileges: [],
      local: wanted.local,
      inheritedFrom: wanted.inheritedFrom,
    };
    return withProperties(child, properties);
  }
  return bareColumn(child);
}

/**
 * The default that the child has from above. Where those above differ, it comes from any of them, as their own are set for
 * each alone: then the answer is another than the child wants, so that its own is said.
 */
function handedDown(child: CatalogObject, found: CatalogObject, context: RenderContext): string | null {
  const wanted = propertiesOf<ColumnProperties>(child).default;
  const above = [
    ...new Set(ancestors(child, context).map((one) => propertiesOf<ColumnProperties>(one).default)),
  ];
  if (above.length > 1) return wanted === null ? (above.find((one) => one !== null) ?? null) : null;
  // Set later in the parent, for it alone.
  if (context.isCreated(found.parent ?? '') && defaultWaits(found, context)) return null;
  return propertiesOf<ColumnProperties>(found).default;
}

/** The columns of the name in all tables that this one's inherits from, at any distance. */
function ancestors(column: CatalogObject, context: RenderContext): readonly CatalogObject[] {
  const found = new Set<CatalogObject>();
  const queue = [column];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const one of sources(next, context.to)) {
      if (found.has(one)) continue;
      found.add(one);
      queue.push(one);
    }
  }
  return [...found];
}

/**
 * Whether CREATE TABLE … INHERITS would hand a default down to a column of the table's own that shall have none.
 */
export function refusesDefault(object: CatalogObject, context: RenderContext): boolean {
  const wanted = propertiesOf<ColumnProperties>(object);
  if (wanted.default !== null || wanted.generated !== null || wanted.identity !== null) return false;
  if (tableOf(object, context)?.partitionOf !== null) return false;
  return ancestors(object, context).some((one) => propertiesOf<ColumnProperties>(one).default !== null);
}

/** A column of a typed table as OF gives it. */
export function bareColumn(object: CatalogObject): CatalogObject {
  const wanted = propertiesOf<ColumnProperties>(object);
  const properties: ColumnProperties = {
    ...wanted,
    notNull: false,
    default: null,
    identity: null,
    identitySequence: null,
    storage: null,
    compression: null,
    statisticsTarget: null,
    options: [],
    comment: null,
    privileges: [],
  };
  return withProperties(object, properties);
}

/** Inherited, and nothing of its own: what happens to the parent's column happens to it. */
export function isInheritedOnly(object: CatalogObject, context: RenderContext): boolean {
  const own = propertiesOf<ColumnProperties>(object);
  if (own.local || own.inheritedFrom === 0) return false;
  if (context.rebinding(object.parent ?? '') !== undefined) return false;
  const table = tableOf(object, context);
  return table !== null;
}

/** Whether a child keeps the column that it has from here: it leaves the inheritance. */
export function survivesInChild(object: CatalogObject, relation: string, context: RenderContext): boolean {
  for (const child of context.from.objects.values()) {
    const { inherits } = child.properties;
    if (child.kind !== 'table' || !Array.isArray(inherits) || !inherits.includes(relation)) continue;
    const now = context.later(keyOf('table', child.identity));
    if (now !== undefined && context.rebinding(keyOf('table', now.identity)) !== undefined) continue;
    const copy = keyOf('column', `${child.identity}.${localName(object)}`);
    const own = context.from.objects.get(copy);
    if (own === undefined || context.isGoing(copy)) continue;
    // What it has from elsewhere too, or itself, stays anyway.
    if (own.properties.local === false && own.properties.inheritedFrom === 1) return true;
  }
  return false;
}

/** Whether the table is there and is attached as a partition: it must bring the columns, which are inherited then. */
export function bringsColumns(object: CatalogObject, context: RenderContext): boolean {
  const parent = object.parent ?? '';
  const now = context.to.objects.get(parent);
  const was = context.formerly(parent);
  if (now === undefined || was === undefined) return false;
  const { partitionOf } = propertiesOf<TableProperties>(now);
  if (partitionOf === null) return false;
  return (
    context.isCreated(keyOf('table', partitionOf)) ||
    !context.same(propertiesOf<TableProperties>(was).partitionOf, partitionOf)
  );
}
