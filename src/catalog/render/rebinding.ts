/**
 * Children that no row of NO INHERIT and INHERIT brings to their goal: a column, CHECK or NOT NULL that was a child's own
 * and shall be merely inherited; parents in another order; a column that two unrelated parents share and that changes.
 *
 * NO INHERIT makes everything the child's own, and INHERIT leaves it so (`attislocal`; manual, ALTER TABLE). But what a
 * parent gets by ADD COLUMN or ADD CONSTRAINT goes down to its children as merely inherited, and stays that through INHERIT
 * by another parent and NO INHERIT by the first. So an empty helper stands in as a parent for the while.
 */
import type {
  Catalog,
  CatalogObject,
  ColumnProperties,
  ConstraintProperties,
  ObjectKey,
  TableProperties,
} from '../model.ts';
import { equalJson, propertiesOf } from './context.ts';
import { linksOf } from './dependencies.ts';
import { parentsOf } from './inheritance.ts';
import { keyOf, localName } from './names.ts';

export interface Rebinding {
  /** Nothing about the child changes: the helper, a copy of it, holds what it has while it changes parents. */
  readonly holds: boolean;
  /** Columns of `from` whose values are carried over into a merely inherited column. */
  readonly carried: ReadonlySet<ObjectKey>;
  /** Columns of `from` that are and stay merely inherited: the helper has them before the child leaves its parents. */
  readonly held: ReadonlySet<ObjectKey>;
}

export interface Ends {
  readonly from: Catalog;
  readonly to: Catalog;
  readonly major: number;
  /** From's key → to's object. */
  readonly later: (key: ObjectKey) => CatalogObject | undefined;
  /** Parents of `from` that are made anew, so that their children have to leave them for the while. */
  readonly remade: (key: ObjectKey) => boolean;
  /** Whether `from`'s column gets another type. */
  readonly retypes: (key: ObjectKey) => boolean;
  /** Whether `from`'s table is rebound: its children must leave it for the while. */
  readonly isRebound: (key: ObjectKey) => boolean;
}

/** Where the NOT NULL of a column comes from: PostgreSQL 18 keeps count, before it is a mark alone. */
export type NotNullSource = 'none' | 'own' | 'inherited' | 'both';

export function notNullSource(column: CatalogObject, catalog: Catalog): NotNullSource {
  const own = propertiesOf<ColumnProperties>(column);
  if (!own.notNull) return 'none';
  if (own.notNullAlsoLocal === true) return 'both';
  return sources(column, catalog).some(
    ({ properties }) => properties.notNull === true && properties.notNullNoInherit !== true,
  )
    ? 'inherited'
    : 'own';
}

/** What the parents (INHERITS) have under the object's name. */
export function sources(object: CatalogObject, catalog: Catalog): CatalogObject[] {
  const table = catalog.objects.get(object.parent ?? '');
  const parents = table === undefined ? [] : parentsOf(table);
  return parents.flatMap(
    (parent) => catalog.objects.get(keyOf(object.kind, `${parent}.${localName(object)}`)) ?? [],
  );
}

/** Null where plain statements lead to the goal. `table` is `from`'s. */
export function rebindingOf(table: CatalogObject, ends: Ends): Rebinding | null {
  const { from, later } = ends;
  const key = keyOf('table', table.identity);
  const goal = later(key);
  if (table.kind !== 'table' || goal === undefined) return null;
  const had = propertiesOf<TableProperties>(table);
  const wanted = propertiesOf<TableProperties>(goal);
  if (wanted.inherits.length === 0 || had.partitionOf !== null || had.foreignServer !== wanted.foreignServer)
    return null;
  const staying = had.inherits.flatMap((parent) => {
    const parentKey = keyOf('table', parent);
    const now = later(parentKey)?.identity;
    const stays = now !== undefined && wanted.inherits.includes(now) && !ends.remade(parentKey);
    return stays ? [{ parent, now }] : [];
  });
  const kept = staying.map(({ now }) => now);
  const fresh = wanted.inherits.filter((parent) => !kept.includes(parent));
  const pairs = pairsOf(key, goal, ends);
  const carried = new Set(
    pairs.flatMap(({ before, after }) => {
      if (before?.kind !== 'column' || after === undefined || isOwn(after)) return [];
      const stays = staying.some(({ parent }) =>
        from.objects.has(keyOf('column', `${parent}.${localName(before)}`)),
      );
      return isOwn(before) || !stays ? [keyOf('column', before.identity)] : [];
    }),
  );
  const reordered = !equalJson(wanted.inherits, [...kept, ...fresh]);
  const leaves = had.inherits.some((parent) => ends.isRebound(keyOf('table', parent)));
  const needed =
    carried.size > 0 ||
    reordered ||
    leaves ||
    pairs.some((pair) => isStuck(pair, { ...ends, staying: staying.map(({ parent }) => parent), kept }));
  if (!needed) return null;
  const holds = pairs.every((pair) => isHeld(pair, ends));
  if (holds) return { holds, carried: new Set(), held: new Set() };
  const held = new Set<ObjectKey>();
  for (const { before, after } of pairs) {
    if (before?.kind !== 'column' || after === undefined || isOwn(after) || isOwn(before)) continue;
    const column = keyOf('column', before.identity);
    const same =
      localName(before) === localName(after) &&
      !ends.retypes(column) &&
      before.properties.generated === null &&
      after.properties.generated === null;
    if (same) held.add(column);
    else carried.add(column);
  }
  for (const column of held) carried.delete(column);
  return { holds, carried, held };
}

interface Pair {
  readonly before: CatalogObject | undefined;
  readonly after: CatalogObject | undefined;
}

/** Columns and CHECKs of the table, before and after. */
function pairsOf(key: ObjectKey, goal: CatalogObject, { from, to, later }: Ends): Pair[] {
  const pairs: Pair[] = [];
  const found = new Set<ObjectKey>();
  for (const childKey of linksOf(from).children(key)) {
    const before = from.objects.get(childKey);
    if (before === undefined || !isInheritable(before)) continue;
    const after = later(childKey);
    if (after !== undefined) found.add(keyOf(after.kind, after.identity));
    pairs.push({ before, after });
  }
  const goalKey = keyOf('table', goal.identity);
  for (const childKey of linksOf(to).children(goalKey)) {
    const after = to.objects.get(childKey);
    if (after !== undefined && isInheritable(after) && !found.has(childKey)) {
      pairs.push({ before: undefined, after });
    }
  }
  return pairs;
}

export function isInheritable(object: CatalogObject): boolean {
  return object.kind === 'column' || (object.kind === 'constraint' && object.properties.type === 'check');
}

export function isOwn(object: CatalogObject): boolean {
  return object.properties.local === true || object.properties.inheritedFrom === 0;
}

function isStuck(
  { before, after }: Pair,
  ends: Ends & { readonly staying: readonly string[]; readonly kept: readonly string[] },
): boolean {
  if (after === undefined) return false;
  const above = sources(after, ends.to);
  const isThere = (object: CatalogObject): boolean => wasThere(object, ends);
  if (after.kind === 'constraint') {
    if (isOwn(after)) return false;
    if (before?.properties.validated === true && after.properties.validated === false) return true;
    if (before === undefined) {
      // INHERIT asks for it where the parent has it; a new one goes down afterwards.
      return above.some(isThere) && !above.some((one) => ends.kept.some((parent) => isOf(one, parent)));
    }
    const stays = ends.staying.some((parent) =>
      ends.from.objects.has(keyOf('constraint', `${parent}.${localName(before)}`)),
    );
    return isOwn(before) ? Number(before.properties.inheritedFrom) > 0 || above.some(isThere) : !stays;
  }
  if (ends.major >= 18 && notNullSource(after, ends.to) === 'inherited') {
    const had = before === undefined ? 'none' : notNullSource(before, ends.from);
    if (had === 'own' || had === 'both') return true;
    const comes = above.some(
      (one) => one.properties.notNull === true && ends.kept.some((parent) => isOf(one, parent)),
    );
    if (had === 'none' && !comes) return true;
  }
  if (before === undefined) {
    return !isOwn(after) && !above.some((one) => ends.kept.some((parent) => isOf(one, parent)));
  }
  const remains = ends.staying.some((parent) =>
    ends.from.objects.has(keyOf('column', `${parent}.${localName(before)}`)),
  );
  // Once it has left its parents it is its own, too.
  if (
    !isOwn(before) &&
    after.properties.local === true &&
    Number(after.properties.inheritedFrom) > 0 &&
    remains
  )
    return true;
  const changes = ends.retypes(keyOf('column', before.identity)) || localName(before) !== localName(after);
  return changes && roots(before, ends.from).size > 1;
}

function isOf(object: CatalogObject, parent: string): boolean {
  return object.parent === keyOf('table', parent);
}

/** Whether a parent has it by the time that children inherit; a new table has what its own parents have. */
function wasThere(object: CatalogObject, ends: Ends): boolean {
  const { from, later } = ends;
  const own = from.objects.get(keyOf(object.kind, object.identity));
  if (own !== undefined && later(keyOf(own.kind, own.identity))?.identity === object.identity) return true;
  return !isOwn(object) && sources(object, ends.to).some((one) => wasThere(one, ends));
}

/** The tables at the top of the tree that have the column, seen from a child. */
function roots(column: CatalogObject, catalog: Catalog): Set<ObjectKey> {
  const above = sources(column, catalog);
  if (above.length === 0) return new Set([column.parent ?? '']);
  return new Set(above.flatMap((one) => [...roots(one, catalog)]));
}

function isHeld({ before, after }: Pair, ends: Ends): boolean {
  if (before === undefined || after === undefined) return false;
  if (localName(before) !== localName(after) || isOwn(before) !== isOwn(after)) return false;
  if (before.kind === 'constraint') {
    const [had, wanted] = [before, after].map((one) => propertiesOf<ConstraintProperties>(one));
    return had?.definition === wanted?.definition && had?.validated === wanted?.validated;
  }
  if (ends.retypes(keyOf('column', before.identity))) return false;
  const [had, wanted] = [before, after].map((one) => propertiesOf<ColumnProperties>(one));
  if (had === undefined || wanted === undefined) return false;
  return (
    had.local === wanted.local &&
    had.generationExpression === wanted.generationExpression &&
    had.generated === wanted.generated &&
    (ends.major < 18
      ? had.notNull === wanted.notNull
      : notNullSource(before, ends.from) === notNullSource(after, ends.to))
  );
}
