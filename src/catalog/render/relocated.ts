/** Objects of `from` under the names that they, or what they name, have once the renames are done. */
import type { Catalog, CatalogObject, ObjectKey } from '../model.ts';
import { formatName, keyOf, nameOf, schemaOf } from './names.ts';
import type { Renaming } from './renames.ts';
import type { MovedSchemas } from './tokens.ts';

export interface Renamed {
  readonly renamings: readonly Renaming[];
  /** From's key → to's object. */
  readonly becomes: ReadonlyMap<ObjectKey, CatalogObject>;
  readonly from?: Catalog;
  readonly moved?: MovedSchemas;
}

/** The object under its new name, and with the new names of what its properties name. */
export function relocated(
  before: CatalogObject,
  after: CatalogObject,
  { renamings, becomes }: Renamed,
): CatalogObject {
  const renamed = { ...before, identity: after.identity, parent: after.parent };
  if (renamings.length === 0) return renamed;
  const now = (kind: CatalogObject['kind'], value: unknown): unknown =>
    typeof value === 'string' ? (becomes.get(keyOf(kind, value))?.identity ?? value) : value;
  const { properties } = before;
  if (before.kind === 'table') {
    const inherits = Array.isArray(properties.inherits) ? properties.inherits : [];
    const changed = {
      partitionOf: now('table', properties.partitionOf),
      inherits: inherits.map((one) => now('table', one)),
    } as CatalogObject['properties'];
    return { ...renamed, properties: { ...properties, ...changed } };
  }
  if (before.kind === 'sequence') {
    const changed = { ownedBy: now('column', properties.ownedBy) } as CatalogObject['properties'];
    return { ...renamed, properties: { ...properties, ...changed } };
  }
  if (before.kind === 'index') {
    const changed = { partitionOf: now('index', properties.partitionOf) } as CatalogObject['properties'];
    return { ...renamed, properties: { ...properties, ...changed } };
  }
  return renamed;
}

/** The name of something that goes, after the schema, table or argument types in it were renamed. */
export function afterRenames(object: CatalogObject, renamed: Renamed): CatalogObject {
  const { renamings, becomes, moved, from } = renamed;
  if (renamings.length + (moved?.size ?? 0) === 0) return object;
  const parent = object.parent === null ? undefined : becomes.get(object.parent);
  const name = nameOf(object);
  let suffix = name.suffix === '' ? '' : withNewNames(name.suffix, renamings, true);
  if (moved !== undefined && from !== undefined) suffix = withMovedTypes(suffix, from, moved);
  if (parent !== undefined && object.kind !== 'index' && object.kind !== 'statistics') {
    const path = [...nameOf(parent).path, name.path.at(-1) ?? ''];
    return { ...object, identity: formatName({ ...name, path, suffix }) };
  }
  const schema = becomes.get(keyOf('schema', formatName({ path: name.path.slice(0, 1), suffix: '' })));
  const owner = object.kind === 'sequence' ? object.properties.ownedBy : null;
  // An owned sequence moved with its table.
  const column = typeof owner === 'string' ? becomes.get(keyOf('column', owner)) : undefined;
  const leader = column ?? schema;
  const first = leader === undefined ? (name.path[0] ?? '') : (nameOf(leader).path[0] ?? '');
  const path = name.path.length > 1 ? [first, ...name.path.slice(1)] : name.path;
  if (typeof object.properties.drop === 'string') return definedAfterRenames(object, renamings);
  return { ...object, identity: formatName({ ...name, path, suffix }) };
}

/** What is defined by SQL alone: the names in its DROP, qualified as they are, are looked for as words. */
function definedAfterRenames(object: CatalogObject, renamings: readonly Renaming[]): CatalogObject {
  const drop = withNewNames(String(object.properties.drop), renamings);
  const identity = withNewNames(object.identity, renamings);
  return { ...object, identity, properties: { ...object.properties, drop } };
}

/**
 * All at once, so that two that change names do not follow each other; a schema's name counts where a dot follows. What
 * lives in no schema is named by one word alone, which means something else in a list of types.
 */
function withNewNames(text: string, renamings: readonly Renaming[], isTypes = false): string {
  const names = new Map<string, string>();
  const patterns: string[] = [];
  for (const { before, after } of renamings) {
    const isSchema = before.kind === 'schema';
    if (before.parent !== null || before.identity === after.identity || names.has(before.identity)) continue;
    if (!text.includes(before.identity) || (isTypes && !isSchema && schemaOf(before) === null)) continue;
    names.set(before.identity, after.identity);
    const word = before.identity.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    patterns.push(word + (isSchema ? '(?=\\.)' : '(?![\\w$".\\u0080-\\uffff])'));
  }
  if (names.size === 0) return text;
  patterns.sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?<![\\w$".\\u0080-\\uffff])(?:${patterns.join('|')})`, 'g');
  return text.replaceAll(pattern, (word) => names.get(word) ?? word);
}

const TYPE_KINDS = ['enum', 'domain', 'composite', 'range', 'base type', 'table', 'view'] as const;

/** Argument types that an extension took along to another schema: those of the old schema that are no objects. */
export function withMovedTypes(suffix: string, from: Catalog, moved: MovedSchemas): string {
  return suffix.replace(
    /("(?:[^"]|"")*"|[a-z_][\w$]*)\.("(?:[^"]|"")*"|[a-z_][\w$]*)/g,
    (whole, schema: string, name: string) => {
      const [goal] = moved.get(schema) ?? [];
      const isOwn = TYPE_KINDS.some((kind) => from.objects.has(keyOf(kind, whole)));
      return goal === undefined || isOwn ? whole : `${goal}.${name}`;
    },
  );
}
