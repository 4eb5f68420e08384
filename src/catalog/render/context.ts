/** What every kind's renderer is given, and what it answers. */
import type { Catalog, CatalogObject, ObjectKey, ObjectKind } from '../model.ts';
import type { Draft } from './graph.ts';
import type { Rebinding } from './rebinding.ts';

export interface RenderOptions {
  /** Both catalogs were read from one database: renames are recognised by physical identity. */
  readonly sameDatabase: boolean;
  /** The role that will run the statements; new objects that shall belong to it need no OWNER TO. */
  readonly currentUser?: string;
}

/** A piece of an object's way to its goal; one node of the graph. */
export interface Part {
  /** `make` is the one that others wait for when they need the object. */
  readonly name: string;
  readonly drafts: readonly Draft[];
  /** Default false. */
  readonly tightens?: boolean;
  /** Ids (`partId`) that come first, besides the object's own dependencies and its `make`. */
  readonly needs?: readonly string[];
  /** Which of the dependencies of the object in `to` come first; default: all. */
  readonly uses?: (kind: ObjectKind, key: ObjectKey) => boolean;
  /** Default: the kind's rank. */
  readonly rank?: number;
  /** Comes before the object's `make`, which by default all its other parts wait for. */
  readonly early?: true;
}

/** `rebuild`: dropped and created again, together with all that depends on it. `swap`: a type moves out of the way. */
export type Alteration = readonly Part[] | 'rebuild' | 'swap';

export interface Detached {
  /** Run before anything is dropped, under the names of `from`. */
  readonly drafts: readonly Draft[];
  /** The object as it is then. */
  readonly left: CatalogObject;
}

export interface KindRenderer {
  /** Order among what could be created at the same time; drops run the other way round. */
  readonly rank: number;
  create(object: CatalogObject, context: RenderContext): readonly Part[];
  drop(object: CatalogObject, context: RenderContext): readonly Draft[];
  /** `before` has the names of `after` already. */
  alter(before: CatalogObject, after: CatalogObject, context: RenderContext): Alteration;
  /** RENAME within the same parent or schema, `current` being the identity at that moment; absent: by drop and create. */
  rename?(object: CatalogObject, current: string, name: string, context: RenderContext): string;
  /**
   * For a type that steps aside for what takes its name: what else is done before it is renamed to `away`, under the
   * names of `from`. `after` is the new body, where it gets one.
   */
  aside?(
    before: CatalogObject,
    after: CatalogObject | undefined,
    away: string,
    context: RenderContext,
  ): readonly string[];
  /** SET SCHEMA; absent: by drop and create. */
  move?(object: CatalogObject, current: string, schema: string): string;
  /**
   * Lets go of something that is about to be dropped and comes back, while the object itself stays. Answer null where
   * it need not; absent: the object is rebuilt.
   */
  detach?(object: CatalogObject, cause: CatalogObject, context: RenderContext): Detached | null;
}

export interface RenderContext {
  readonly from: Catalog;
  readonly to: Catalog;
  readonly options: RenderOptions;
  readonly major: number;
  /** Whether the texts are the same but for names that are renamed. */
  same(before: string | null, after: string | null): boolean;
  /** Whether `to`'s object is made anew (as against altered). */
  isCreated(key: ObjectKey): boolean;
  /** Whether `to`'s column changes its type, or its type is swapped under it. */
  isRetyped(key: ObjectKey): boolean;
  /** Whether the type that the table of `from`'s column is of is made anew, or becomes another. */
  typeIsRemade(column: CatalogObject): boolean;
  /** How `to`'s table gets other parents, where plain INHERIT and NO INHERIT would not lead there. */
  rebinding(key: ObjectKey): Rebinding | undefined;
  /** Whether `from`'s object is dropped, first or last. */
  isGoing(key: ObjectKey): boolean;
  /** The object of `from` that became this one of `to`, if any: under `from`'s names. */
  formerly(key: ObjectKey): CatalogObject | undefined;
  /** The object of `to` that `from`'s becomes; undefined: it goes. */
  later(key: ObjectKey): CatalogObject | undefined;
  /** Keys that `to`'s object needs. */
  needs(key: ObjectKey): readonly ObjectKey[];
  /** Keys of `to` that need this one. */
  neededBy(key: ObjectKey): readonly ObjectKey[];
  /** `to`'s objects with this parent. */
  children(key: ObjectKey): readonly CatalogObject[];
  /** Grantees that ALTER DEFAULT PRIVILEGES may hand something on a new object. */
  readonly defaultGrantees: readonly string[];
  readonly hasDefaultPrivileges: boolean;
}

/** Thrown by a renderer; becomes a refusal of the object. */
export class CannotRender extends Error {
  override readonly name = 'CannotRender';
}

export function partId(name: string, key: ObjectKey): string {
  return `${name} ${key}`;
}

export function make(drafts: readonly (Draft | string)[], rest: Omit<Part, 'name' | 'drafts'> = {}): Part {
  return { name: 'make', drafts: drafts.map(toDraft), ...rest };
}

export function part(
  name: string,
  drafts: readonly (Draft | string)[],
  rest: Omit<Part, 'name' | 'drafts'> = {},
): Part[] {
  return drafts.length === 0 ? [] : [{ name, drafts: drafts.map(toDraft), ...rest }];
}

function toDraft(draft: Draft | string): Draft {
  return typeof draft === 'string' ? { sql: draft } : draft;
}

export function propertiesOf<P extends object>(object: CatalogObject): P {
  return object.properties as unknown as P;
}

/** Whether two property values are the same, whatever the order of keys. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => equalJson(left[key], right[key]));
}

/** The object with other properties. */
export function withProperties(object: CatalogObject, properties: object): CatalogObject {
  return { ...object, properties: properties as CatalogObject['properties'] };
}
