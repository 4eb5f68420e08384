/**
 * What a comparison leaves out: schemas that were not asked for, and whole classes of properties. The right side is
 * made to agree with the left one there, so that neither a difference is shown nor SQL is written for it.
 */
import { canonicalJson } from '../catalog/fingerprint.ts';
import type { Catalog, CatalogObject, Json, ObjectKey, ObjectKind } from '../catalog/model.ts';
import { withOwner } from '../catalog/render/privileges.ts';
import { quoteIdent, splitQualified } from '../sql/quote.ts';

/** The closed list of `--ignore`, with what each leaves out. */
export const IGNORABLE = {
  owners: 'who owns an object; a privilege of the owner counts as the same on both sides',
  privileges: 'GRANT, REVOKE and default privileges',
  comments: 'COMMENT ON',
  'security-labels': 'SECURITY LABEL',
  tablespaces: 'tablespaces',
  'extension-versions': 'versions of extensions',
  replication: 'publications and subscriptions',
  settings: 'what is set for, and said of, the database itself (ALTER DATABASE … SET)',
} as const;

export type Ignorable = keyof typeof IGNORABLE;

export interface Scope {
  readonly ignore: ReadonlySet<Ignorable>;
  /** Only these schemas, and what is in them; null: everything. */
  readonly schemas: ReadonlySet<string> | null;
  /**
   * Whether it counts that a materialized view is populated. Of a schema that was built for the comparison it says
   * nothing: pg_dump --schema-only makes all of them empty, and who refreshes them is not in a migration.
   */
  readonly populated: boolean;
}

export interface Side {
  readonly catalog: Catalog;
  readonly role: string;
}

/** Both catalogs as they are to be compared; the same ones where nothing is left out. */
export function inScope(
  from: Side,
  to: Side,
  scope: Scope,
): { readonly from: Catalog; readonly to: Catalog } {
  const right = scope.populated ? to.catalog : populatedAs(from.catalog, to.catalog);
  const chosen = scope.schemas === null ? right : onlySchemas(from.catalog, right, scope.schemas);
  if (scope.ignore.size === 0) return { from: from.catalog, to: chosen };
  return {
    from: without(from.catalog, scope.ignore),
    to: agreeing(from, without(chosen, scope.ignore), scope.ignore),
  };
}

function populatedAs(from: Catalog, to: Catalog): Catalog {
  const objects = new Map(to.objects);
  for (const [key, object] of to.objects) {
    const populated = from.objects.get(key)?.properties.populated;
    if (object.kind !== 'materialized view' || populated === undefined) continue;
    objects.set(key, { ...object, properties: { ...object.properties, populated } });
  }
  return { ...to, objects };
}

/** Objects that are left out as wholes. */
function without(catalog: Catalog, ignore: ReadonlySet<Ignorable>): Catalog {
  const gone = new Set<ObjectKind>([
    ...(ignore.has('privileges') ? (['default privileges'] as const) : []),
    ...(ignore.has('replication') ? (['publication', 'subscription'] as const) : []),
    ...(ignore.has('settings') ? (['database'] as const) : []),
  ]);
  const objects = new Map<ObjectKey, CatalogObject>();
  for (const [key, object] of catalog.objects) {
    const kept = object.kind === 'database' ? databaseWithout(object, ignore) : object;
    if (kept !== null && !gone.has(object.kind)) objects.set(key, kept);
  }
  return { ...catalog, objects, dependencies: within(catalog, objects) };
}

/** What the words cover of the one object that stands for the database itself. */
const OF_DATABASE: Readonly<Partial<Record<Ignorable, readonly string[]>>> = {
  comments: ['databaseComment'],
  privileges: ['databasePrivileges', 'systemPrivileges'],
  'security-labels': ['databaseLabels'],
};

/** Null where nothing is left of it. Its definition holds everything at once: `agreeing` sees to that. */
function databaseWithout(object: CatalogObject, ignore: ReadonlySet<Ignorable>): CatalogObject | null {
  const covered = new Set([...ignore].flatMap((word) => OF_DATABASE[word] ?? []));
  const entries = Object.entries(object.properties).filter(([name]) => !covered.has(name));
  const says = entries.some(
    ([name, value]) =>
      name !== 'definition' &&
      name !== 'drop' &&
      value !== null &&
      !(Array.isArray(value) && value.length === 0),
  );
  return says ? { ...object, properties: Object.fromEntries(entries) } : null;
}

function within(catalog: Catalog, objects: ReadonlyMap<ObjectKey, CatalogObject>): Catalog['dependencies'] {
  return catalog.dependencies.filter(({ from, to }) => objects.has(from) && objects.has(to));
}

/** `to` with the ignored properties of `from`, object by object; what is new gets what it would get by itself. */
function agreeing(from: Side, to: Catalog, ignore: ReadonlySet<Ignorable>): Catalog {
  const objects = new Map<ObjectKey, CatalogObject>();
  for (const [key, object] of to.objects) {
    const other = from.catalog.objects.get(key);
    let properties: Readonly<Record<string, Json>> = object.properties;
    if (ignore.has('owners')) {
      // Columns have the owner of their table.
      const owner = ownerOf(object, to);
      const wanted = other === undefined ? quoteIdent(from.role) : ownerOf(other, from.catalog);
      if (owner !== null && wanted !== null && owner !== wanted) {
        properties = mapProperties(properties, (name, value) =>
          name === 'owner' ? wanted : name === 'privileges' ? withOwner(value, owner, wanted) : value,
        );
      }
    }
    properties = adopted(properties, other?.properties ?? null, ignore);
    if (object.kind === 'database' && other !== undefined) {
      const { definition, drop, ...rest } = properties;
      const { definition: theirs, drop: theirDrop, ...others } = other.properties;
      if (canonicalJson(rest) === canonicalJson(others)) {
        properties = { ...rest, definition: theirs ?? null, drop: theirDrop ?? null };
      }
    }
    objects.set(key, properties === object.properties ? object : { ...object, properties });
  }
  return { ...to, objects };
}

function ownerOf(object: CatalogObject, catalog: Catalog): string | null {
  const holder = object.parent === null ? object : (catalog.objects.get(object.parent) ?? object);
  const owner = object.properties.owner ?? holder.properties.owner;
  return typeof owner === 'string' ? owner : null;
}

/** Names of properties that each word covers, at any depth. */
const COVERED: Readonly<Partial<Record<Ignorable, (name: string) => boolean>>> = {
  privileges: (name) => name === 'privileges',
  comments: (name) => name === 'comment' || name === 'notNullComment',
  'security-labels': (name) => name === 'securityLabels',
  tablespaces: (name) => name === 'tablespace',
  'extension-versions': (name) => name === 'version',
};

/** The properties with the covered ones of `other`; where there is no other, without comments, labels, tablespaces. */
function adopted(
  properties: Readonly<Record<string, Json>>,
  other: Readonly<Record<string, Json>> | null,
  ignore: ReadonlySet<Ignorable>,
): Readonly<Record<string, Json>> {
  const covered = (name: string): boolean => [...ignore].some((word) => COVERED[word]?.(name) === true);
  return adopt(properties, other, other === null, covered);
}

function adopt(
  properties: Readonly<Record<string, Json>>,
  other: Readonly<Record<string, Json>> | null,
  isNew: boolean,
  covered: (name: string) => boolean,
): Readonly<Record<string, Json>> {
  const result: Record<string, Json> = {};
  let changed = false;
  for (const name of new Set([...Object.keys(properties), ...Object.keys(other ?? {})])) {
    const value = properties[name];
    const theirs = other?.[name];
    if (covered(name)) {
      const kept = isNew ? ofNew(name, value) : theirs;
      if (kept !== undefined) result[name] = kept;
      changed ||= kept !== value;
    } else if (value !== undefined) {
      const inner = inside(value, theirs ?? null, isNew, covered);
      result[name] = inner;
      changed ||= inner !== value;
    }
  }
  return changed ? result : properties;
}

/** A new object's privileges stay: the SQL that would grant them is left out instead. */
function ofNew(name: string, value: Json | undefined): Json | undefined {
  if (name === 'privileges' || name === 'version') return value;
  return name === 'notNullComment' || name === 'securityLabels' ? undefined : null;
}

/** Objects in a property, and lists of named ones: the columns of a view, the attributes of a composite type. */
function inside(value: Json, theirs: Json, isNew: boolean, covered: (name: string) => boolean): Json {
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const named = new Map(
      (Array.isArray(theirs) ? (theirs as readonly Json[]) : [])
        .filter(isRecord)
        .map((item) => [item.name, item] as const),
    );
    const mapped = items.map((item) =>
      isRecord(item) && item.name !== undefined
        ? adopt(item, named.get(item.name) ?? null, isNew || !named.has(item.name), covered)
        : item,
    );
    return mapped.every((item, index) => item === items[index]) ? value : mapped;
  }
  if (!isRecord(value)) return value;
  return adopt(value, isRecord(theirs) ? theirs : null, isNew || !isRecord(theirs), covered);
}

function mapProperties(
  value: Readonly<Record<string, Json>>,
  change: (name: string, value: Json) => Json,
): Readonly<Record<string, Json>> {
  const map = (name: string, item: Json): Json => {
    const changed = change(name, item);
    if (changed !== item) return changed;
    if (Array.isArray(item)) {
      return (item as readonly Json[]).map((part) => (isRecord(part) ? mapProperties(part, change) : part));
    }
    return isRecord(item) ? mapProperties(item, change) : item;
  };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, map(name, item)]));
}

function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Kinds that belong to no schema. */
const GLOBAL: ReadonlySet<ObjectKind> = new Set([
  'extension',
  'language',
  'cast',
  'foreign data wrapper',
  'server',
  'user mapping',
  'event trigger',
  'publication',
  'subscription',
  'access method',
  'transform',
  'default privileges',
  'database',
]);

/** The schema that an object lies in, or is; null for what belongs to none. */
export function schemaOf(object: CatalogObject): string | null {
  if (GLOBAL.has(object.kind)) return null;
  return splitQualified(object.identity)[0] ?? null;
}

/** `to` inside the schemas, `from` outside of them. */
function onlySchemas(from: Catalog, to: Catalog, schemas: ReadonlySet<string>): Catalog {
  const chosen = (object: CatalogObject): boolean => schemas.has(schemaOf(object) ?? '');
  const objects = new Map([
    ...[...from.objects].filter(([, object]) => !chosen(object)),
    ...[...to.objects].filter(([, object]) => chosen(object)),
  ]);
  const inTo = (key: ObjectKey): boolean => {
    const object = to.objects.get(key);
    return object !== undefined && chosen(object);
  };
  return {
    ...to,
    objects,
    dependencies: [
      ...to.dependencies.filter((d) => inTo(d.from) && objects.has(d.to)),
      ...from.dependencies.filter((d) => !inTo(d.from) && objects.has(d.from) && objects.has(d.to)),
    ],
  };
}

/** What objects of the chosen schemas need that lies outside of them and is not on the left side: by key. */
export function missingOutside(
  from: Catalog,
  to: Catalog,
  merged: Catalog,
): ReadonlyMap<ObjectKey, readonly ObjectKey[]> {
  const missing = new Map<ObjectKey, ObjectKey[]>();
  for (const { from: user, to: used } of to.dependencies) {
    if (!merged.objects.has(user) || merged.objects.has(used) || from.objects.has(user)) continue;
    missing.set(user, [...(missing.get(user) ?? []), used]);
  }
  return missing;
}
