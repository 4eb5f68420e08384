import type {
  Catalog,
  CatalogObject,
  ColumnProperties,
  ConstraintProperties,
  IndexProperties,
  ObjectKey,
  ObjectKind,
  TableProperties,
} from '../../catalog/model.ts';
import { quoteQualified, splitQualified } from '../../sql/quote.ts';

/** An object as far as it is known: a live catalog's whole, or what a replayed statement said of it. */
export type KnownObject = CatalogObject<object>;

/**
 * What is known of a schema at one moment: a database's catalog, or nothing, and on top of it what the statements since
 * then did. A fork costs nothing and leaves the original as it is.
 *
 * What is in it is true. What is not in it is either not there (`complete`) or simply not known.
 */
export class KnownSchema {
  readonly #below: KnownSchema | null;
  #own: Layer;
  #complete: boolean;
  /** Layers below say nothing any more: a statement may have changed anything. */
  #forgotten = false;

  private constructor(below: KnownSchema | null, own: Layer, complete: boolean) {
    this.#below = below;
    this.#own = own;
    this.#complete = complete;
  }

  /** A database's schema, whole. */
  static of(catalog: Catalog): KnownSchema {
    const layer = LAYERS.get(catalog) ?? Layer.of(catalog);
    LAYERS.set(catalog, layer);
    return new KnownSchema(new KnownSchema(null, layer, true), new Layer(), true);
  }

  /** An empty database, before the first of its migrations. */
  static empty(): KnownSchema {
    return new KnownSchema(null, new Layer(), true);
  }

  /** A database of which nothing is known. */
  static unknown(): KnownSchema {
    return new KnownSchema(null, new Layer(), false);
  }

  /** Whether an object that is not in it is not in the database either. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The same knowledge, which from here on goes its own way. */
  fork(): KnownSchema {
    return new KnownSchema(this, new Layer(), this.#complete);
  }

  /** Takes in what a fork of this schema learnt. The fork is not to be used afterwards. */
  absorb(fork: KnownSchema): void {
    if (fork.#below !== this) throw new Error('only a fork of this very schema can be absorbed');
    if (fork.#forgotten) {
      this.#own = fork.#own;
      this.#forgotten = true;
    } else this.#own.take(fork.#own);
    this.#complete = fork.#complete;
  }

  get(kind: ObjectKind, identity: string): KnownObject | null {
    return this.#find(`${kind} ${identity}`);
  }

  has(kind: ObjectKind, identity: string): boolean {
    return this.get(kind, identity) !== null;
  }

  /** Whether there is, or was, anything of this name, of whatever kind: most names that are looked for are nowhere. */
  mentions(identity: string): boolean {
    for (let schema: KnownSchema | null = this; schema !== null; schema = schema.#below) {
      if (schema.#own.mentions(identity)) return true;
      if (schema.#forgotten) return false;
    }
    return false;
  }

  /** Columns, constraints, indexes, triggers, policies and rules of a table, view or domain. */
  children(parent: ObjectKey): readonly KnownObject[] {
    return this.#linked(`child ${parent}`);
  }

  objects(kind: ObjectKind): readonly KnownObject[] {
    return this.#linked(`kind ${kind}`);
  }

  /** Foreign keys that refer to the table. */
  foreignKeysTo(table: string): readonly KnownObject[] {
    return this.#linked(`references ${table}`);
  }

  /** The constraint that an index belongs to. */
  constraintOfIndex(index: string): KnownObject | null {
    return this.#linked(`index ${index}`)[0] ?? null;
  }

  /** Functions of this name, whatever their arguments: `schema.name`. */
  functionsNamed(name: string): readonly KnownObject[] {
    return this.#linked(`routine ${name}`);
  }

  /** Its partitions, and the tables that inherit from it directly. */
  heirs(table: string): readonly KnownObject[] {
    return this.#linked(`heir ${table}`);
  }

  /** Columns of a type, as `format_type` gives it. */
  columnsOfType(type: string): readonly KnownObject[] {
    return this.#linked(`type ${type}`);
  }

  /** Makes or replaces an object. */
  put(object: KnownObject): void {
    this.#own.put(object);
  }

  /** The object and everything that belongs to it is gone. */
  drop(kind: ObjectKind, identity: string): void {
    const key = `${kind} ${identity}`;
    for (const object of this.children(key)) this.#own.tombstone(`${object.kind} ${object.identity}`);
    this.#own.tombstone(key);
  }

  /** Statements refer to what is not in it: there is more than is known. */
  notWhole(): void {
    this.#complete = false;
  }

  /** Whether all columns and constraints of the table are known: what is not among them is not there. */
  isWhole(relation: string): boolean {
    const table = this.get('table', relation);
    if (!this.#complete || table === null || table.extra?.partial === true) return false;
    return this.children(`table ${relation}`).some(({ kind }) => kind === 'column');
  }

  /** Nothing is known of a relation's columns, constraints and indexes any more; that it is there still is. */
  forget(relation: string): void {
    for (const kind of ['table', 'view', 'materialized view'] as const) {
      for (const object of this.children(`${kind} ${relation}`)) {
        this.#own.tombstone(`${object.kind} ${object.identity}`);
      }
    }
    this.#blur(relation);
  }

  /** Nothing is known any more of what has this name in a table: a column, a constraint. */
  forgetPart(relation: string, name: string): void {
    for (const kind of ['column', 'constraint', 'trigger', 'policy', 'rule'] as const) {
      this.#own.tombstone(`${kind} ${relation}.${name}`);
    }
    this.#blur(relation);
  }

  #blur(relation: string): void {
    const table = this.get('table', relation);
    if (table !== null) this.put({ ...table, extra: { ...table.extra, partial: true } });
  }

  /** Something ran that may have changed anything. */
  forgetAll(): void {
    this.#own = new Layer();
    this.#forgotten = true;
    this.#complete = false;
  }

  #find(key: ObjectKey): KnownObject | null {
    const own = this.#own.get(key);
    if (own !== undefined) return own;
    if (this.#forgotten || this.#below === null) return null;
    return this.#below.#find(key);
  }

  #linked(link: string): readonly KnownObject[] {
    if (this.#below === null || this.#forgotten) return this.#own.objects(link);
    const found: KnownObject[] = [];
    const above: Layer[] = [];
    for (let schema: KnownSchema | null = this; schema !== null; ) {
      for (const [key, object] of schema.#own.linked(link)) {
        // What a layer above knows better hides it, whatever that is linked to now.
        if (above.length === 0 || !above.some((layer) => layer.get(key) !== undefined)) found.push(object);
      }
      if (schema.#forgotten) break;
      if (!schema.#own.isEmpty) above.push(schema.#own);
      schema = schema.#below;
    }
    return found;
  }
}

const NOTHING: readonly (readonly [ObjectKey, KnownObject])[] = [];

/** Catalogs are frozen data, and one is asked for many migrations. */
const LAYERS = new WeakMap<Catalog, Layer>();

/** Objects by key, null for what was dropped, and which of them belong together. */
class Layer {
  readonly #objects = new Map<ObjectKey, KnownObject | null>();
  readonly #identities = new Set<string>();
  readonly #links = new Map<string, Set<ObjectKey>>();
  /** What was asked for since it last changed. */
  readonly #lists = new Map<string, readonly (readonly [ObjectKey, KnownObject])[]>();
  readonly #objectLists = new Map<string, readonly KnownObject[]>();

  static of(catalog: Catalog): Layer {
    const layer = new Layer();
    for (const object of catalog.objects.values()) layer.put(object);
    return layer;
  }

  get(key: ObjectKey): KnownObject | null | undefined {
    return this.#objects.get(key);
  }

  mentions(identity: string): boolean {
    return this.#identities.has(identity);
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  put(object: KnownObject): void {
    const key = `${object.kind} ${object.identity}`;
    this.#unlink(key);
    this.#objects.set(key, object);
    this.#identities.add(object.identity);
    for (const link of linksOf(object)) {
      const members = this.#links.get(link);
      if (members === undefined) this.#links.set(link, new Set([key]));
      else members.add(key);
      this.#lists.delete(link);
      this.#objectLists.delete(link);
    }
  }

  tombstone(key: ObjectKey): void {
    this.#unlink(key);
    this.#objects.set(key, null);
  }

  /** The objects under a link. */
  objects(link: string): readonly KnownObject[] {
    const before = this.#objectLists.get(link);
    if (before !== undefined) return before;
    const found = this.linked(link).map(([, object]) => object);
    this.#objectLists.set(link, found);
    return found;
  }

  /** The objects under a link, with their keys. */
  linked(link: string): readonly (readonly [ObjectKey, KnownObject])[] {
    const before = this.#lists.get(link);
    if (before !== undefined) return before;
    const keys = this.#links.get(link);
    if (keys === undefined) return NOTHING;
    const found: (readonly [ObjectKey, KnownObject])[] = [];
    for (const key of keys) {
      const object = this.#objects.get(key);
      if (object !== undefined && object !== null) found.push([key, object]);
    }
    this.#lists.set(link, found);
    return found;
  }

  take(newer: Layer): void {
    for (const [key, object] of newer.#objects) {
      if (object === null) this.tombstone(key);
      else this.put(object);
    }
  }

  #unlink(key: ObjectKey): void {
    const known = this.#objects.get(key);
    if (known === undefined || known === null) return;
    for (const link of linksOf(known)) {
      this.#links.get(link)?.delete(key);
      this.#lists.delete(link);
      this.#objectLists.delete(link);
    }
  }
}

function linksOf(object: KnownObject): readonly string[] {
  const links = [`kind ${object.kind}`];
  const parent = parentOf(object);
  if (parent !== null) links.push(`child ${parent}`);
  switch (object.kind) {
    case 'constraint': {
      const { references } = object.properties as ConstraintProperties;
      if (references !== null) links.push(`references ${references}`);
      const index = indexOfConstraint(object);
      if (index !== null) links.push(`index ${index}`);
      break;
    }
    case 'table': {
      const { partitionOf, inherits } = object.properties as TableProperties;
      for (const above of partitionOf === null ? inherits : [partitionOf, ...inherits]) {
        links.push(`heir ${above}`);
      }
      break;
    }
    case 'function':
      links.push(`routine ${/^(?:"(?:[^"]|"")*"|[^"(])*/.exec(object.identity)?.[0]}`);
      break;
    case 'column':
      links.push(`type ${(object.properties as ColumnProperties).type}`);
      break;
    default:
      break;
  }
  return links;
}

/** Keys and exclusion constraints have an index of their name, in the schema of their table. */
function indexOfConstraint({ identity, parent, properties }: KnownObject): string | null {
  const { type } = properties as ConstraintProperties;
  if (parent === null || (type !== 'primary' && type !== 'unique' && type !== 'exclusion')) return null;
  const [schema = null] = splitQualified(parent.slice(parent.indexOf(' ') + 1));
  return quoteQualified(schema, splitQualified(identity).at(-1) ?? '');
}

function parentOf(object: KnownObject): ObjectKey | null {
  if (object.parent !== null) return object.parent;
  return object.kind === 'index' ? `table ${(object.properties as IndexProperties).table}` : null;
}
