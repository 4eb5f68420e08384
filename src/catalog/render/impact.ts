/**
 * What has to be taken down before the change and put up again after it, because something that it needs is dropped,
 * replaced or changes its type.
 */
import type { Catalog, CatalogObject, ColumnProperties, ObjectKey, ObjectKind } from '../model.ts';
import { calledInCircle } from './circles.ts';
import { CannotRender, type Detached, propertiesOf, type RenderContext, withProperties } from './context.ts';
import { linksOf } from './dependencies.ts';
import { tightensOutOfSight } from './domain-checks.ts';
import type { Draft } from './graph.ts';
import { grouped } from './groups.ts';
import { parentsLeft, parentsOf } from './inheritance.ts';
import { leftAlone } from './left-alone.ts';
import { formatName, keyOf, localName, nameOf } from './names.ts';
import { type Rebinding, rebindingOf } from './rebinding.ts';
import { rendererOf } from './registry.ts';
import { mentions } from './tokens.ts';

/** Kinds that are dropped before anything else where they go: as long as they are there they hinder or refuse rows. */
const EARLY: ReadonlySet<ObjectKind> = new Set([
  'trigger',
  'policy',
  'rule',
  'constraint',
  'index',
  'column',
  'statistics',
  'publication',
  'subscription',
  'event trigger',
  'default privileges',
]);

const TYPES: ReadonlySet<ObjectKind> = new Set(['enum', 'domain', 'composite', 'range', 'base type']);

/** What steps aside while columns are altered to what takes its name. */
const SWAPPED: ReadonlySet<ObjectKind> = new Set([...TYPES, 'collation']);

const CALLED: ReadonlySet<ObjectKind> = new Set(['function', 'aggregate', 'operator', 'view']);

/** What the server does not adapt when a column's type is altered (manual, ALTER TABLE, Notes). */
const HOLDS_COLUMN_TYPE: ReadonlySet<ObjectKind> = new Set([
  'view',
  'materialized view',
  'rule',
  'trigger',
  'policy',
  'function',
]);

export interface Impact {
  /** Objects of `from` that are dropped first, by key in `from`. */
  readonly dropped: ReadonlySet<ObjectKey>;
  /** Types of `from` that move out of the way. */
  readonly swapped: ReadonlySet<ObjectKey>;
  /** Columns of `from` whose type changes. */
  readonly retyped: ReadonlySet<ObjectKey>;
  /** Tables of `from` that get other parents by way of a helper. */
  readonly rebound: ReadonlyMap<ObjectKey, Rebinding>;
  readonly detached: ReadonlyMap<ObjectKey, Detached>;
  readonly refusals: readonly { readonly object: ObjectKey; readonly reason: string }[];
}

export interface ImpactInput {
  readonly from: Catalog;
  /** From's key → the object of `to` that it becomes; absent: it goes. */
  readonly becomes: ReadonlyMap<ObjectKey, CatalogObject>;
  /** Objects of `from` that stand where something new shall be. */
  readonly colliding: ReadonlySet<ObjectKey>;
  /** `rebuild` and `swap` as the renderers see it, given what is known so far. */
  readonly alteration: (
    key: ObjectKey,
    state: ImpactState,
    /** The object as it is once it was detached, where it was. */
    left: CatalogObject | undefined,
  ) => 'rebuild' | 'swap' | 'alter';
  /** Whether the column's own type changes. */
  readonly retypes: (key: ObjectKey) => boolean;
  readonly context: RenderContext;
}

export interface ImpactState {
  readonly dropped: Set<ObjectKey>;
  readonly swapped: Set<ObjectKey>;
  readonly retyped: Set<ObjectKey>;
  readonly rebound: Map<ObjectKey, Rebinding>;
}

export function findImpact(input: ImpactInput): Impact {
  return new Finder(input).run();
}

class Finder {
  readonly #input: ImpactInput;
  readonly #state: ImpactState = {
    dropped: new Set(),
    swapped: new Set(),
    retyped: new Set(),
    rebound: new Map(),
  };
  readonly #detached = new Map<ObjectKey, Detached>();
  readonly #refusals: { object: ObjectKey; reason: string }[] = [];
  #owned: ReadonlyMap<ObjectKey, readonly ObjectKey[]> | undefined;
  readonly #queue: (() => void)[] = [];

  constructor(input: ImpactInput) {
    this.#input = input;
  }

  /** What must be looked at when the object goes: what depends on it, what belongs to it, sequences that it owns. */
  #dependentsOf(key: ObjectKey): readonly ObjectKey[] {
    const { from } = this.#input;
    this.#owned ??= grouped(
      [...from.objects].flatMap(([own, object]) => {
        const owner = object.kind === 'sequence' ? object.properties.ownedBy : null;
        return typeof owner === 'string' ? [[keyOf('column', owner), own] as const] : [];
      }),
    );
    const links = linksOf(from);
    return [
      ...links.neededBy(key),
      ...links.children(key),
      ...(this.#owned.get(key) ?? []),
      ...this.#partnersOf(key),
    ];
  }

  /**
   * An operator that goes takes its name from those that have it as commutator or negator, and what it leaves for them to
   * name (a shell) is named again only when they are made. One of other operand types counts, too: a rebuild too many.
   */
  #partnersOf(key: ObjectKey): ObjectKey[] {
    const { from, becomes } = this.#input;
    const object = this.#object(key);
    if (object?.kind !== 'operator' || becomes.get(key)?.properties.shell !== true) return [];
    const named = `OPERATOR(${formatName({ ...nameOf(object), suffix: '' })})`;
    return [...from.objects].flatMap(([other, { kind, properties }]) =>
      kind === 'operator' && other !== key && String(properties.definition).includes(named) ? [other] : [],
    );
  }

  run(): Impact {
    const { from, becomes, colliding, retypes } = this.#input;
    for (const [key, object] of from.objects) {
      if (colliding.has(key) && SWAPPED.has(object.kind)) this.#swap(key);
      else if (colliding.has(key) || (!becomes.has(key) && this.#goesFirst(object))) this.#drop(key);
      if (object.kind === 'column' && becomes.has(key) && retypes(key)) this.#retype(key);
      if (!becomes.has(key) && Number(object.properties.inheritedFrom) > 0) this.#leaveParents(object);
      this.#leaveType(key, object);
    }
    this.#breakCircles();
    for (let size = -1; size !== this.#size(); ) {
      size = this.#size();
      this.#rebind();
      for (const key of from.objects.keys()) {
        if (!becomes.has(key) || this.#state.dropped.has(key) || this.#state.swapped.has(key)) continue;
        const answer = this.#input.alteration(key, this.#state, this.#detached.get(key)?.left);
        const domain = from.objects.get(key);
        if (answer !== 'rebuild' && domain?.kind === 'domain') this.#swapTightened(key, domain);
        if (answer === 'rebuild') this.#drop(key);
        else if (answer === 'swap') this.#swap(key);
      }
      for (let work = this.#queue.pop(); work !== undefined; work = this.#queue.pop()) work();
    }
    // What goes with its table need not be altered.
    const refusals = this.#refusals.filter(({ object }) => {
      const parent = this.#object(object)?.parent;
      return parent == null || !this.#state.dropped.has(parent);
    });
    return { ...this.#state, detached: this.#detached, refusals };
  }

  #swapTightened(key: ObjectKey, domain: CatalogObject): void {
    const { becomes, context } = this.#input;
    const after = becomes.get(key);
    if (after !== undefined && tightensOutOfSight(domain, after, context)) this.#swap(key);
  }

  /** What goes lets go of functions that go and are made of it. */
  #breakCircles(): void {
    const { from, becomes, context } = this.#input;
    for (const [key, object] of from.objects) {
      if (becomes.has(key) || this.#detached.has(key)) continue;
      const [routine] = calledInCircle(key, from).filter((one) => !becomes.has(one));
      const cause = routine === undefined ? undefined : from.objects.get(routine);
      const released =
        cause === undefined ? null : (rendererOf(object.kind).detach?.(object, cause, context) ?? null);
      if (released !== null) this.#detached.set(key, released);
    }
  }

  /** A typed table that comes to be of another type is none in between: its columns are its own to alter then. */
  #leaveType(key: ObjectKey, table: CatalogObject): void {
    const { ofType } = table.properties;
    if (table.kind !== 'table' || typeof ofType !== 'string') return;
    const later = this.#input.becomes.get(key)?.properties.ofType;
    const type = this.#object(keyOf('composite', ofType));
    if (typeof later !== 'string' || type === undefined || this.#input.context.same(ofType, later)) return;
    this.#release(key, type);
  }

  /** What a table has from a parent can be dropped when it has left the parent, where it does that anyway. */
  #leaveParents(object: CatalogObject): boolean {
    const { parent } = object;
    const table = parent === null ? undefined : this.#object(parent);
    if (parent === null || table === undefined || !this.#input.becomes.has(parent)) return false;
    const parents = [
      ...parentsLeft(table, (key) => this.#input.becomes.get(key)),
      ...parentsOf(table).filter((one) => this.#state.dropped.has(keyOf('table', one))),
    ];
    for (const left of parents) {
      const cause = this.#object(keyOf('table', left));
      if (cause !== undefined) this.#release(parent, cause);
    }
    return parents.length > 0;
  }

  /** What belongs to a table that goes, goes with it; but foreign keys first: they tie tables in circles. */
  #goesFirst(object: CatalogObject): boolean {
    const { becomes, from } = this.#input;
    if (object.kind === 'table') {
      // Its bound is free for another partition then.
      const { partitionOf } = object.properties;
      return typeof partitionOf === 'string' && becomes.has(keyOf('table', partitionOf));
    }
    if (!EARLY.has(object.kind)) return false;
    if (object.kind === 'constraint' && object.properties.type === 'foreign') return true;
    if (object.parent === null || becomes.has(object.parent)) return true;
    // A function of the table's rows in a CHECK of the table: another circle.
    if (object.kind === 'column') return false;
    return linksOf(from)
      .needs(keyOf(object.kind, object.identity))
      .some((key) => {
        const other = from.objects.get(key);
        return other !== undefined && CALLED.has(other.kind) && !becomes.has(key);
      });
  }

  #size(): number {
    const { dropped, swapped, retyped, rebound } = this.#state;
    return dropped.size + swapped.size + retyped.size + rebound.size + this.#detached.size;
  }

  #object(key: ObjectKey): CatalogObject | undefined {
    return this.#input.from.objects.get(key);
  }

  /** Children that take the way by a helper leave all their parents first. */
  #rebind(): void {
    const { from, becomes, retypes, context } = this.#input;
    const ends = {
      from,
      to: context.to,
      major: context.major,
      later: (key: ObjectKey) => becomes.get(key),
      remade: (key: ObjectKey) => this.#state.dropped.has(key),
      retypes: (key: ObjectKey) => retypes(key) || this.#state.retyped.has(key),
      isRebound: (key: ObjectKey) => this.#state.rebound.has(key),
    };
    for (const [key, table] of from.objects) {
      if (table.kind !== 'table' || this.#state.rebound.has(key) || this.#state.dropped.has(key)) continue;
      const rebinding = rebindingOf(table, ends);
      if (rebinding === null) continue;
      this.#state.rebound.set(key, rebinding);
      const left = leftAlone(table, rebinding, ends);
      for (const [one, detached] of left.detached) this.#detached.set(one, detached);
      for (const one of left.dropped) this.#drop(one);
      for (const column of rebinding.carried) {
        const cause = this.#object(column);
        if (cause === undefined) continue;
        this.#queue.push(() => {
          for (const dependent of this.#dependentsOf(column)) this.#release(dependent, cause);
        });
      }
    }
  }

  #drop(key: ObjectKey): void {
    if (this.#state.dropped.has(key)) return;
    const cause = this.#object(key);
    if (cause === undefined) return;
    this.#state.dropped.add(key);
    if (TYPES.has(cause.kind)) this.#refuseIfHeld(key, cause);
    // An attached index cannot be dropped alone, and there is no way to detach it: unless its partition is detached.
    const above = cause.kind === 'index' ? cause.properties.partitionOf : null;
    if (typeof above === 'string' && !this.#leaveParents(cause)) this.#drop(keyOf('index', above));
    this.#queue.push(() => {
      for (const copy of this.#copies(key)) {
        if (this.#object(copy)?.properties.local === false && !this.#input.becomes.has(copy))
          this.#drop(copy);
      }
      for (const dependent of this.#dependentsOf(key)) this.#release(dependent, cause);
    });
  }

  /** A column that stays cannot let go of its type: it would go with it, and its values. */
  #refuseIfHeld(key: ObjectKey, type: CatalogObject): void {
    const held = this.#dependentsOf(key).find(
      (one) => this.#object(one)?.kind === 'column' && this.#input.becomes.has(one),
    );
    if (held === undefined) return;
    this.#refusals.push({
      object: held,
      reason: `its type ${type.identity} has to be dropped and made again, and would take the column along`,
    });
  }

  /** The type gets a new body under the same name; columns are altered to it, all else is rebuilt. */
  #swap(key: ObjectKey): void {
    const cause = this.#object(key);
    if (this.#state.swapped.has(key) || cause === undefined) return;
    this.#state.swapped.add(key);
    this.#queue.push(() => {
      for (const dependent of this.#dependentsOf(key)) {
        const object = this.#object(dependent);
        if (object === undefined) continue;
        if (object.kind === 'column' && this.#input.becomes.has(dependent)) this.#retype(dependent);
        else if (TYPES.has(object.kind) && this.#input.becomes.has(dependent)) this.#swap(dependent);
        else if (object.kind === 'table') this.#release(dependent, cause);
        // What goes is named by its argument types, which are about to mean something else.
        else this.#drop(dependent);
      }
    });
  }

  #retype(key: ObjectKey): void {
    if (this.#state.retyped.has(key)) return;
    this.#state.retyped.add(key);
    const cause = this.#object(key);
    if (cause !== undefined && this.#isInPartitionKey(cause)) {
      const reason = 'it is in the partition key of its table: PostgreSQL never changes its type';
      this.#refusals.push({ object: key, reason });
    }
    this.#queue.push(() => {
      for (const copy of this.#copies(key)) this.#retype(copy);
      for (const dependent of this.#dependentsOf(key)) {
        const object = this.#object(dependent);
        if (object === undefined || cause === undefined) continue;
        if (object.kind === 'publication') this.#release(dependent, cause);
        else if (HOLDS_COLUMN_TYPE.has(object.kind) || hasExpression(object)) this.#drop(dependent);
        else if (object.kind === 'column') this.#release(dependent, cause);
      }
    });
  }

  #isInPartitionKey(column: CatalogObject): boolean {
    const partitionKey = column.parent === null ? null : this.#object(column.parent)?.properties.partitionKey;
    return typeof partitionKey === 'string' && mentions(partitionKey, localName(column));
  }

  /** The columns that children and partitions have from this one: what happens to it happens to them. */
  #copies(key: ObjectKey): ObjectKey[] {
    const column = this.#object(key);
    const table = column?.parent == null ? undefined : this.#object(column.parent);
    if (column?.kind !== 'column' || table === undefined) return [];
    return this.#dependentsOf(keyOf(table.kind, table.identity)).flatMap((child) => {
      const object = this.#object(child);
      if (object?.kind !== 'table') return [];
      const { inherits, partitionOf } = object.properties;
      const isChild =
        partitionOf === table.identity || (Array.isArray(inherits) && inherits.includes(table.identity));
      const copy = keyOf('column', `${object.identity}.${localName(column)}`);
      return isChild && this.#object(copy) !== undefined ? [copy] : [];
    });
  }

  /** Something that the object needs is dropped. */
  #release(key: ObjectKey, cause: CatalogObject): void {
    const object = this.#detached.get(key)?.left ?? this.#object(key);
    if (object === undefined || this.#state.dropped.has(key)) return;
    if (!this.#input.becomes.has(key)) {
      // Goes itself; what belongs to a table that goes, goes with it.
      const { parent } = object;
      const goesWithParent =
        parent !== null && !this.#input.becomes.has(parent) && !this.#state.dropped.has(parent);
      this.#drop(goesWithParent ? parent : key);
      return;
    }
    // An index that is attached to one that goes stays where its partition is detached.
    if (
      object.kind === 'index' &&
      object.properties.partitionOf === cause.identity &&
      cause.kind === 'index'
    ) {
      if (!this.#leaveParents(object)) this.#drop(key);
      else
        this.#detached.set(key, {
          drafts: [],
          left: withProperties(object, { ...object.properties, partitionOf: null }),
        });
      return;
    }
    const { detach } = rendererOf(object.kind);
    if (detach === undefined || isContained(object, cause) || holdsNoRows(object, cause)) {
      this.#drop(key);
      return;
    }
    try {
      const released = detach(object, cause, this.#input.context);
      if (released === null) {
        if (needsRebuild(object, cause)) this.#drop(key);
        return;
      }
      const drafts: Draft[] = [...(this.#detached.get(key)?.drafts ?? []), ...released.drafts];
      this.#detached.set(key, { drafts, left: released.left });
    } catch (error) {
      if (!(error instanceof CannotRender)) throw error;
      this.#refusals.push({ object: key, reason: error.message });
    }
  }
}

function isContained(object: CatalogObject, cause: CatalogObject): boolean {
  return object.parent === keyOf(cause.kind, cause.identity);
}

/** The rows of a foreign table are elsewhere: it can be made again over another server. */
function holdsNoRows(object: CatalogObject, cause: CatalogObject): boolean {
  return cause.kind === 'server' && object.kind === 'table' && object.properties.foreignServer !== null;
}

/** A generated column that cannot be given another expression is made again: the server computes its values. */
function needsRebuild(object: CatalogObject, cause: CatalogObject): boolean {
  return (
    object.kind === 'column' &&
    propertiesOf<ColumnProperties>(object).generated !== null &&
    !TYPES.has(cause.kind)
  );
}

/** CHECKs, foreign keys and indexes with expressions keep casts of the type that they were made for. */
function hasExpression(object: CatalogObject): boolean {
  if (object.kind === 'constraint') {
    return (
      object.properties.type === 'check' ||
      object.properties.type === 'foreign' ||
      object.properties.type === 'exclusion'
    );
  }
  if (object.kind !== 'index') return false;
  const definition = String(object.properties.definition);
  const body = definition.slice(definition.indexOf(' USING '));
  return / WHERE /.test(body) || /\(.*\(/.test(body.replace(/ (?:INCLUDE|WITH) \(.*$/, ''));
}
