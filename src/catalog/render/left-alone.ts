/** What is left of a child that has left all its parents for the while of a rebinding: all that it has is its own. */
import type { CatalogObject, ColumnProperties, ObjectKey, TableProperties } from '../model.ts';
import { type Detached, propertiesOf, withProperties } from './context.ts';
import { linksOf } from './dependencies.ts';
import { heldBy, heldColumn, isNotNullHeld } from './kinds/helper-parent.ts';
import { renamedWhatever } from './kinds/not-null.ts';
import { keyOf } from './names.ts';
import { type Ends, isInheritable, isOwn, notNullSource, type Rebinding } from './rebinding.ts';

export interface LeftAlone {
  readonly detached: ReadonlyMap<ObjectKey, Detached>;
  /** CHECKs that come back by way of the helper. */
  readonly dropped: readonly ObjectKey[];
}

/** `table` is `from`'s. */
export function leftAlone(table: CatalogObject, rebinding: Rebinding, ends: Ends): LeftAlone {
  const key = keyOf('table', table.identity);
  const had = propertiesOf<TableProperties>(table);
  const word = had.foreignServer === null ? 'TABLE' : 'FOREIGN TABLE';
  const drafts = had.inherits.map((parent) => `ALTER ${word} ${table.identity} NO INHERIT ${parent}`);
  const detached = new Map<ObjectKey, Detached>();
  const dropped: ObjectKey[] = [];
  const columns: string[] = [];
  if (!rebinding.holds) {
    for (const child of linksOf(ends.from).children(key)) {
      const object = ends.from.objects.get(child);
      if (object === undefined || !isInheritable(object)) continue;
      const after = ends.later(child);
      if (object.kind === 'constraint') {
        const inheritedFrom = after === undefined ? 0 : Number(after.properties.inheritedFrom);
        const left = withProperties(object, { ...object.properties, local: true, inheritedFrom });
        detached.set(child, { drafts: [], left });
        if (after !== undefined && !isOwn(after)) dropped.push(child);
        continue;
      }
      const source = notNullSource(object, ends.from);
      const goal = after === undefined ? 'none' : notNullSource(after, ends.to);
      if (after !== undefined && rebinding.held.has(child)) {
        columns.push(heldColumn(object, ends.major >= 18 && isNotNullHeld(object, after, rebinding, ends)));
      }
      const isNamed = ends.major >= 18 && source === 'inherited' && (goal === 'own' || goal === 'both');
      if (isNamed && !rebinding.carried.has(child)) drafts.push(renamedWhatever(object));
      detached.set(child, { drafts: [], left: column(object, after, rebinding.carried.has(child), ends) });
    }
  }
  const held = rebinding.holds ? heldBy(table, 'all') : rebinding.held.size > 0 ? heldBy(table, columns) : [];
  const all = [...held, ...drafts].map((sql) => ({ sql }));
  detached.set(key, { drafts: all, left: withProperties(table, { ...had, inherits: [] }) });
  return { detached, dropped };
}

function column(
  object: CatalogObject,
  after: CatalogObject | undefined,
  isCarried: boolean,
  ends: Ends,
): CatalogObject {
  const { notNullAlsoLocal: _, ...had } = propertiesOf<ColumnProperties>(object);
  if (after === undefined) return withProperties(object, { ...had, local: true, inheritedFrom: 0 });
  const wanted = propertiesOf<ColumnProperties>(after);
  const place = { local: wanted.local, inheritedFrom: wanted.inheritedFrom };
  // The helper sees to a NOT NULL that shall be merely inherited.
  const comesByHelper = ends.major >= 18 && notNullSource(after, ends.to) === 'inherited';
  const { notNullComment: __, ...rest } = had;
  const notNull = comesByHelper ? notNullOf(wanted) : {};
  if (!isCarried) return withProperties(object, { ...(comesByHelper ? rest : had), ...place, ...notNull });
  return withProperties(object, { ...carriedColumn(wanted), ...place, ...notNull });
}

function notNullOf(wanted: ColumnProperties): Partial<ColumnProperties> {
  return {
    notNull: wanted.notNull,
    notNullName: wanted.notNullName,
    notNullNoInherit: wanted.notNullNoInherit,
    notNullValid: wanted.notNullValid,
  };
}

/** A column as the helper hands it down: type, collation and expression, and nothing else. */
export function carriedColumn(wanted: ColumnProperties): ColumnProperties {
  const { notNullAlsoLocal: _, notNullComment: __, ...rest } = wanted;
  return {
    ...rest,
    notNull: false,
    notNullName: null,
    notNullNoInherit: false,
    notNullValid: true,
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
}
