/**
 * Renders the difference between two catalogs as DDL, in an order in which it runs.
 *
 * 1. what is in the way is taken down, under the names of `from`;
 * 2. what is there under another name is renamed;
 * 3. what lies parked comes back;
 * 4. what is new is made and what differs is altered, each after what it needs;
 * 5. what `to` lacks is dropped, when nothing needs it any more.
 */
import type {
  Catalog,
  CatalogObject,
  ColumnProperties,
  ObjectKey,
  Refusal,
  RenderedStatement,
  Rendering,
} from '../model.ts';
import {
  type Alteration,
  CannotRender,
  equalJson,
  type Part,
  partId,
  propertiesOf,
  type RenderContext,
  type RenderOptions,
} from './context.ts';
import { dependenciesOf } from './dependencies.ts';
import { type Operation, order, rendered } from './graph.ts';
import { findImpact, type Impact, type ImpactState } from './impact.ts';
import { type Matching, match } from './match.ts';
import { formatName, keyOf, nameOf, schemaOf } from './names.ts';
import { role } from './owned.ts';
import { parsePrivilege } from './privileges.ts';
import { RANK } from './ranks.ts';
import { rendererOf } from './registry.ts';
import { nameSlot, type Renaming, renamedWords, renameSteps } from './renames.ts';
import { type RenamedWords, sameText } from './tokens.ts';

export type { RenderOptions } from './context.ts';

const LAST = 1000;

/**
 * DDL that turns `from` into `to`. Never wrong in silence: what cannot be rendered is among the refusals, by name and
 * reason, and then the statements alone do not lead to `to`. The statements may run in one transaction where all are
 * `transactional`; run all `before-data` ones, put rows back, run the rest.
 *
 * `from` and `to` need their dependencies (`readCatalog` with `dependencies`, the default).
 */
export function renderDifference(from: Catalog, to: Catalog, options: RenderOptions): Rendering {
  return new Renderer(from, to, options).render();
}

function index<K, V>(entries: Iterable<readonly [K, V]>): Map<K, V[]> {
  const map = new Map<K, V[]>();
  for (const [key, value] of entries) {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  }
  return map;
}

class Renderer implements RenderContext {
  readonly from: Catalog;
  readonly to: Catalog;
  readonly options: RenderOptions;
  readonly major: number;
  readonly defaultGrantees: readonly string[];
  readonly hasDefaultPrivileges: boolean;
  readonly #matching: Matching;
  /** From's key → to's object. Objects that unparking brings are not among them. */
  readonly #becomes = new Map<ObjectKey, CatalogObject>();
  readonly #renamings: Renaming[] = [];
  readonly #words: RenamedWords;
  readonly #needs: ReadonlyMap<ObjectKey, readonly ObjectKey[]>;
  readonly #needsBefore: ReadonlyMap<ObjectKey, readonly ObjectKey[]>;
  readonly #neededBy: ReadonlyMap<ObjectKey, readonly ObjectKey[]>;
  readonly #children: ReadonlyMap<ObjectKey, readonly CatalogObject[]>;
  readonly #refusals: Refusal[] = [];
  #state: Pick<Impact, 'dropped' | 'swapped' | 'retyped'> = {
    dropped: new Set(),
    swapped: new Set(),
    retyped: new Set(),
  };

  constructor(from: Catalog, to: Catalog, options: RenderOptions) {
    this.from = from;
    this.to = to;
    this.options = options;
    this.major = from.major;
    this.#matching = match(from, to, options.sameDatabase);
    for (const [key, before] of this.#matching.pairs) {
      const after = to.objects.get(key);
      if (after === undefined) continue;
      if (before.identity !== after.identity) this.#renamings.push({ before, after });
      if (!this.#matching.returning.has(before))
        this.#becomes.set(keyOf(before.kind, before.identity), after);
    }
    this.#words = renamedWords(this.#renamings);
    this.#needs = index(dependenciesOf(to).map((one) => [one.from, one.to] as const));
    this.#needsBefore = index(dependenciesOf(from).map((one) => [one.from, one.to] as const));
    this.#neededBy = index(dependenciesOf(to).map((one) => [one.to, one.from] as const));
    this.#children = index(
      [...to.objects.values()].flatMap((object) =>
        object.parent === null ? [] : [[object.parent, object] as const],
      ),
    );
    // Those that come are made last, those that go are dropped first: only what stays acts on what is made meanwhile.
    const staying = [...from.objects].filter(([key, object]) => {
      const after = this.#becomes.get(key);
      return object.kind === 'default privileges' && after !== undefined && actsFor(object, options);
    });
    this.hasDefaultPrivileges = staying.length > 0;
    this.defaultGrantees = [...new Set(staying.flatMap(([, object]) => granteesOf(object)))].sort();
  }

  // ---- RenderContext ---------------------------------------------------------------------------------------------

  same(before: string | null, after: string | null): boolean {
    if (before === null || after === null) return before === after;
    return sameText(before, after, this.#words);
  }

  isCreated(key: ObjectKey): boolean {
    const before = this.#matching.pairs.get(key);
    if (before === undefined) return this.to.objects.has(key);
    if (this.#matching.returning.has(before)) return false;
    const old = keyOf(before.kind, before.identity);
    return this.#state.dropped.has(old) || this.#state.swapped.has(old);
  }

  isGoing(key: ObjectKey): boolean {
    return this.from.objects.has(key) && (this.#state.dropped.has(key) || !this.#becomes.has(key));
  }

  isRetyped(key: ObjectKey): boolean {
    const before = this.#matching.pairs.get(key);
    return before !== undefined && this.#state.retyped.has(keyOf(before.kind, before.identity));
  }

  formerly(key: ObjectKey): CatalogObject | undefined {
    return this.isCreated(key) ? undefined : this.#matching.pairs.get(key);
  }

  needs(key: ObjectKey): readonly ObjectKey[] {
    return this.#needs.get(key) ?? [];
  }

  neededBy(key: ObjectKey): readonly ObjectKey[] {
    return this.#neededBy.get(key) ?? [];
  }

  children(key: ObjectKey): readonly CatalogObject[] {
    return this.#children.get(key) ?? [];
  }

  // ---- rendering -------------------------------------------------------------------------------------------------

  render(): Rendering {
    const impact = findImpact({
      from: this.from,
      becomes: this.#becomes,
      colliding: this.#colliding(),
      retypes: (key) => this.#retypes(key),
      alteration: (key, state) => this.#alterationKind(key, state),
      context: this,
    });
    this.#state = impact;
    this.#refusals.push(...impact.refusals);
    const takenDown = this.#takeDown(impact);
    const moved = this.#rename(impact);
    const main = order([...this.#build(impact), ...this.#dropRest(impact, moved.away)]);
    for (const operation of main.circle) {
      this.#refusals.push({
        object: operation.object,
        reason: 'it needs, and is needed by, other changes in a circle',
      });
    }
    const prelude = main.statements.some((one) =>
      /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) /.test(one.sql),
    )
      ? [bodiesUnchecked(main.statements)]
      : [];
    return {
      statements: [...takenDown, ...moved.statements, ...prelude, ...main.statements],
      refusals: this.#refusals,
    };
  }

  #alterationKind(key: ObjectKey, state: ImpactState): 'rebuild' | 'swap' | 'alter' {
    this.#state = state;
    const before = this.from.objects.get(key);
    const after = this.#becomes.get(key);
    if (before === undefined || after === undefined) return 'alter';
    if (this.#mustBeRemade(before, after)) return 'rebuild';
    try {
      const answer = this.#alter(before, after);
      return answer === 'rebuild' || answer === 'swap' ? answer : 'alter';
    } catch (error) {
      if (error instanceof CannotRender) return 'alter';
      throw error;
    }
  }

  /** Has another name or schema, and there is no ALTER for that. */
  #mustBeRemade(before: CatalogObject, after: CatalogObject): boolean {
    if (before.identity === after.identity || before.parent !== null) return false;
    const renderer = rendererOf(after.kind);
    if (renderer.rename !== undefined && renderer.move !== undefined) return false;
    const name = this.#afterRenames(before).identity;
    return name !== after.identity && (renderer.rename === undefined || schemaOf(before) !== null);
  }

  #alter(before: CatalogObject, after: CatalogObject): Alteration {
    // Most columns stay as they are, and there are many.
    if (
      after.kind === 'column' &&
      before.identity === after.identity &&
      equalJson(before.properties, after.properties) &&
      !this.isRetyped(keyOf('column', after.identity))
    ) {
      return [];
    }
    return rendererOf(after.kind).alter(this.#relocated(before, after), after, this);
  }

  /** The object under its new name, and with the new names of what its properties name. */
  #relocated(before: CatalogObject, after: CatalogObject): CatalogObject {
    const renamed = { ...before, identity: after.identity, parent: after.parent };
    if (this.#renamings.length === 0) return renamed;
    const now = (kind: CatalogObject['kind'], value: unknown): unknown =>
      typeof value === 'string' ? (this.#becomes.get(keyOf(kind, value))?.identity ?? value) : value;
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

  #retypes(key: ObjectKey): boolean {
    const before = this.from.objects.get(key);
    const after = this.#becomes.get(key);
    if (before === undefined || after === undefined) return false;
    const had = propertiesOf<ColumnProperties>(before);
    const wanted = propertiesOf<ColumnProperties>(after);
    return !this.same(had.type, wanted.type) || !this.same(had.collation, wanted.collation);
  }

  /** Objects of `from` that go, and whose name something else takes. */
  #colliding(): Set<ObjectKey> {
    const claimed = new Set<string>();
    for (const [key, object] of this.to.objects) {
      const before = this.#matching.pairs.get(key);
      const kept = new Set(before === undefined || this.#matching.returning.has(before) ? [] : slots(before));
      for (const slot of slots(object)) if (!kept.has(slot)) claimed.add(slot);
    }
    const colliding = new Set<ObjectKey>();
    for (const object of this.#matching.gone) {
      if (this.#matching.returning.has(object)) continue;
      if (slots(object).some((slot) => claimed.has(slot))) colliding.add(keyOf(object.kind, object.identity));
    }
    return colliding;
  }

  #takeDown(impact: Impact): RenderedStatement[] {
    const dependents = index(dependenciesOf(this.from).map((one) => [one.to, one.from] as const));
    const owned = index(
      [...this.from.objects].flatMap(([key, object]) =>
        object.kind === 'sequence' ? this.#belongings(key, object) : [],
      ),
    );
    const droppedChildren = index(
      [...impact.dropped].flatMap((key) => {
        const parent = this.from.objects.get(key)?.parent ?? null;
        return parent === null ? [] : [[parent, key] as const];
      }),
    );
    const operations: Operation[] = [];
    const drop = (key: ObjectKey): string => `drop ${key}`;
    for (const [key, { drafts }] of impact.detached) {
      if (impact.dropped.has(key)) continue;
      operations.push({ id: `detach ${key}`, object: key, drafts, needs: [], rank: -LAST, tightens: false });
    }
    for (const key of impact.dropped) {
      const object = this.from.objects.get(key);
      if (object === undefined) continue;
      const renderer = rendererOf(object.kind);
      const implicit =
        object.parent !== null &&
        impact.dropped.has(object.parent) &&
        !this.#callsDropped(key, object, impact);
      const ownerGoes = this.#ownerGoes(object, impact);
      const inside = [key, ...(owned.get(key) ?? [])];
      const needs = inside
        .flatMap((one) => dependents.get(one) ?? [])
        .flatMap((one) => [drop(one), `detach ${one}`]);
      const drafts =
        implicit || ownerGoes ? [] : (this.#attempt(key, () => renderer.drop(object, this)) ?? []);
      // Children that a dropped parent takes along need what needs them to be gone before the parent.
      const children = implicit && object.parent !== null ? [] : (droppedChildren.get(key) ?? []).map(drop);
      operations.push({
        id: drop(key),
        object: key,
        drafts,
        needs: [...needs, ...children],
        rank: -renderer.rank,
        tightens: false,
      });
    }
    const ordering = order(operations);
    for (const operation of ordering.circle) {
      this.#refusals.push({ object: operation.object, reason: 'what needs it goes in a circle' });
    }
    return [...ordering.statements];
  }

  /** A CHECK, trigger or policy of a dropped table holds on to the functions that it calls, until it is gone itself. */
  #callsDropped(key: ObjectKey, object: CatalogObject, impact: Impact): boolean {
    if (object.kind === 'column') return false;
    return (this.#needsBefore.get(key) ?? []).some((other) => {
      const kind = this.from.objects.get(other)?.kind;
      return (
        impact.dropped.has(other) && (kind === 'function' || kind === 'aggregate' || kind === 'operator')
      );
    });
  }

  /** A sequence that a dropped column or table owns is dropped with it. */
  #ownerGoes(object: CatalogObject, impact: Impact): boolean {
    const owner = object.kind === 'sequence' ? object.properties.ownedBy : null;
    if (typeof owner !== 'string') return false;
    const key = keyOf('column', owner);
    const column = this.from.objects.get(key);
    if (column === undefined) return false;
    if (impact.dropped.has(key) || (column.parent !== null && impact.dropped.has(column.parent))) return true;
    return column.parent !== null && !this.#becomes.has(column.parent);
  }

  #rename(impact: Impact): {
    readonly statements: RenderedStatement[];
    readonly away: ReadonlyMap<ObjectKey, CatalogObject>;
  } {
    const away = new Map<ObjectKey, CatalogObject>();
    const survives = (object: CatalogObject): boolean =>
      !impact.dropped.has(keyOf(object.kind, object.identity));
    const occupied = new Set<string>();
    for (const object of this.from.objects.values()) {
      if (survives(object)) for (const slot of slots(object)) occupied.add(slot);
    }
    const early: Renaming[] = [];
    let number = 0;
    for (const key of impact.swapped) {
      const object = this.from.objects.get(key);
      if (object === undefined) continue;
      const { path, suffix } = nameOf(object);
      let after: CatalogObject;
      do {
        const name = { path: [...path.slice(0, -1), `ferrata_old_${++number}`], suffix };
        after = { ...object, identity: formatName(name) };
      } while (occupied.has(nameSlot(after)));
      early.push({ before: object, after });
      away.set(key, after);
    }
    const late: Renaming[] = [];
    for (const renaming of this.#renamings) {
      const key = keyOf(renaming.before.kind, renaming.before.identity);
      if (this.#matching.returning.has(renaming.before)) late.push(renaming);
      else if (survives(renaming.before) && !impact.swapped.has(key)) early.push(renaming);
    }
    for (const { before } of early) for (const slot of slots(before)) occupied.delete(slot);
    const statements: RenderedStatement[] = [];
    const add = (object: ObjectKey, sql: readonly string[]): void => {
      statements.push(...rendered({ object, drafts: sql.map((one) => ({ sql: one })) }, 'before-data'));
    };
    const first = renameSteps(early, occupied, this);
    for (const step of first.steps) add(step.object, [step.sql]);
    for (const parked of this.#matching.unparked) {
      add(
        parked.root,
        parked.unpark.map((sql) => unparkAfter(sql, early)),
      );
    }
    const second = renameSteps(late, occupied, this);
    for (const step of second.steps) add(step.object, [step.sql]);
    this.#refusals.push(...first.failed, ...second.failed);
    return { statements, away };
  }

  #build(impact: Impact): Operation[] {
    const operations: Operation[] = [];
    for (const [key, object] of this.to.objects) {
      const before = this.#matching.pairs.get(key);
      const renderer = rendererOf(object.kind);
      const created = this.isCreated(key);
      if (created && object.kind === 'column' && object.parent !== null && this.isCreated(object.parent))
        continue;
      const parts = this.#attempt(key, () => {
        if (created || before === undefined) return renderer.create(object, this);
        const left = impact.detached.get(keyOf(before.kind, before.identity))?.left ?? before;
        const answer = this.#alter(left, object);
        if (answer === 'rebuild' || answer === 'swap') {
          throw new CannotRender('it came back from the attic in another shape, which cannot be altered');
        }
        return unparkedValues(answer, object, before, this.#matching.returning.has(before));
      });
      for (const part of parts ?? []) operations.push(this.#operation(key, object, part, renderer.rank));
    }
    return operations;
  }

  #operation(key: ObjectKey, object: CatalogObject, part: Part, rank: number): Operation {
    const own = part.name === 'make' ? [] : [partId('make', key)];
    const parent = object.parent === null ? [] : this.#made(object.parent);
    const uses = part.uses ?? (() => true);
    const dependencies = this.needs(key)
      .filter((other) => uses(this.to.objects.get(other)?.kind ?? 'table', other))
      .flatMap((other) => this.#made(other));
    return {
      id: partId(part.name, key),
      object: key,
      drafts: part.drafts,
      needs: [...own, ...parent, ...dependencies, ...(part.needs ?? []).flatMap((id) => this.#alias(id))],
      rank: part.rank ?? rank,
      tightens: part.tightens ?? false,
    };
  }

  /** A column of a new table is made with the table. */
  #made(key: ObjectKey): string[] {
    return this.#alias(partId('make', key));
  }

  #alias(id: string): string[] {
    if (!id.startsWith('make column ')) return [id];
    const parent = this.to.objects.get(id.slice('make '.length))?.parent ?? null;
    return parent === null ? [id] : [id, ...(this.isCreated(parent) ? [partId('make', parent)] : [])];
  }

  /** What `to` lacks, and types that moved out of the way: dropped when nothing needs them any more. */
  #dropRest(impact: Impact, away: ReadonlyMap<ObjectKey, CatalogObject>): Operation[] {
    const dependents = index(dependenciesOf(this.from).map((one) => [one.to, one.from] as const));
    const children = index([...this.from.objects].flatMap(([key, object]) => this.#belongings(key, object)));
    const parts = [
      'make',
      'default',
      'not null',
      'identity',
      'attach',
      'inherit',
      'own',
      'owned',
      'of',
      'marks',
    ];
    const gone = this.#matching.gone.filter(
      (object) =>
        !this.#matching.returning.has(object) &&
        !impact.dropped.has(keyOf(object.kind, object.identity)) &&
        (object.parent === null || this.#becomes.has(object.parent)),
    );
    const operations: Operation[] = [];
    const add = (key: ObjectKey, object: CatalogObject): void => {
      const inside = [key, ...(children.get(key) ?? [])].filter((one) => !impact.dropped.has(one));
      const around = inside
        .flatMap((one) => dependents.get(one) ?? [])
        .filter((one) => !inside.includes(one));
      const needs = around.flatMap((one) => {
        const after = this.#becomes.get(one);
        if (after === undefined) {
          const parent = this.from.objects.get(one)?.parent;
          if (impact.dropped.has(one)) return [];
          return [`drop ${one}`, ...(parent == null ? [] : [`drop ${parent}`])];
        }
        const afterKey = keyOf(after.kind, after.identity);
        return [
          `drop ${one}`,
          ...parts.map((name) => partId(name, afterKey)),
          ...(after.parent === null ? [] : [partId('make', after.parent)]),
        ];
      });
      const drafts =
        this.#ownerGoes(object, impact) || object.identity === ''
          ? []
          : (this.#attempt(key, () => rendererOf(object.kind).drop(object, this)) ?? []);
      operations.push({
        id: `drop ${key}`,
        object: key,
        drafts,
        needs: needs.filter((id) => id !== `drop ${key}`),
        rank: LAST - rendererOf(object.kind).rank,
        tightens: false,
      });
    };
    for (const object of gone) add(keyOf(object.kind, object.identity), this.#afterRenames(object));
    for (const [key, object] of away) add(key, object);
    // Schemas and extensions hold what is dropped before them, whether or not `pg_depend` says so.
    const contents = operations
      .filter((one) => !/^drop (?:schema|extension) /.test(one.id))
      .map((one) => one.id);
    return operations.map((one) =>
      one.id.startsWith('drop schema ') ? { ...one, needs: [...one.needs, ...contents] } : one,
    );
  }

  /** A table's own things, and the sequences that its columns own, go with it. */
  #belongings(key: ObjectKey, object: CatalogObject): (readonly [ObjectKey, ObjectKey])[] {
    if (object.parent !== null) return [[object.parent, key]];
    const owner = object.kind === 'sequence' ? object.properties.ownedBy : null;
    const table = typeof owner === 'string' ? this.from.objects.get(keyOf('column', owner))?.parent : null;
    return table == null || this.#becomes.has(key) ? [] : [[table, key]];
  }

  /** The name of something that goes, after the schema, table or argument types in it were renamed. */
  #afterRenames(object: CatalogObject): CatalogObject {
    if (this.#renamings.length === 0) return object;
    const parent = object.parent === null ? undefined : this.#becomes.get(object.parent);
    const name = nameOf(object);
    let { suffix } = name;
    for (const { before, after } of this.#renamings) {
      if (suffix !== '') suffix = suffix.replaceAll(before.identity, after.identity);
    }
    if (parent !== undefined && object.kind !== 'index') {
      const path = [...nameOf(parent).path, name.path.at(-1) ?? ''];
      return { ...object, identity: formatName({ path, suffix }) };
    }
    const schema = this.#becomes.get(
      keyOf('schema', formatName({ path: name.path.slice(0, 1), suffix: '' })),
    );
    const owner = object.kind === 'sequence' ? object.properties.ownedBy : null;
    // An owned sequence moved with its table.
    const column = typeof owner === 'string' ? this.#becomes.get(keyOf('column', owner)) : undefined;
    const leader = column ?? schema;
    const first = leader === undefined ? (name.path[0] ?? '') : (nameOf(leader).path[0] ?? '');
    const path = name.path.length > 1 ? [first, ...name.path.slice(1)] : name.path;
    if (typeof object.properties.drop === 'string') return this.#definedAfterRenames(object);
    return { ...object, identity: formatName({ path, suffix }) };
  }

  /** What is defined by SQL alone: the names in its DROP, qualified as they are, are looked for as words. */
  #definedAfterRenames(object: CatalogObject): CatalogObject {
    let drop = String(object.properties.drop);
    let { identity } = object;
    for (const { before, after } of this.#renamings) {
      if (before.parent !== null) continue;
      const from = before.kind === 'schema' ? `${before.identity}.` : before.identity;
      const to = before.kind === 'schema' ? `${after.identity}.` : after.identity;
      drop = drop.replaceAll(from, to);
      identity = identity.replaceAll(from, to);
    }
    return { ...object, identity, properties: { ...object.properties, drop } };
  }

  #attempt<T>(object: ObjectKey, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof CannotRender)) throw error;
      this.#refusals.push({ object, reason: error.message });
      return undefined;
    }
  }
}

/** A body may name what is made after it (manual, CREATE FUNCTION; `check_function_bodies`). */
function bodiesUnchecked(statements: readonly RenderedStatement[]): RenderedStatement {
  const first = statements.find((one) => /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) /.test(one.sql));
  return {
    sql: 'SET LOCAL check_function_bodies = off',
    stage: 'before-data',
    transactional: true,
    destroysData: false,
    object: first?.object ?? '',
  };
}

/** The statement that unparks, after the schema or table that it names was renamed. */
function unparkAfter(sql: string, renamings: readonly Renaming[]): string {
  const end = sql.startsWith('COMMENT ON ') ? sql.indexOf(' IS ') : sql.length;
  let head = sql.slice(0, end);
  const pattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  for (const { before, after } of renamings) {
    if (before.kind === 'table') {
      head = head.replace(
        new RegExp(`(?<![\\w$".])${pattern(before.identity)}(?![\\w$"])`, 'g'),
        () => after.identity,
      );
    } else if (before.kind === 'schema') {
      const name = pattern(before.identity);
      head = head
        .replace(new RegExp(`(?<![\\w$".])${name}(?=\\.)`, 'g'), () => after.identity)
        .replace(new RegExp(` SET SCHEMA ${name}$`), () => ` SET SCHEMA ${after.identity}`);
    }
  }
  return head + sql.slice(end);
}

/** Rows written while a NOT NULL column lay parked have no value in it: its default fills them. */
function unparkedValues(
  parts: readonly Part[],
  object: CatalogObject,
  before: CatalogObject,
  returning: boolean,
): readonly Part[] {
  if (!returning || object.kind !== 'column') return parts;
  const wanted = propertiesOf<ColumnProperties>(object);
  const had = propertiesOf<ColumnProperties>(before);
  if (!wanted.notNull || had.notNull || wanted.default === null) return parts;
  const path = nameOf(object).path;
  const table = formatName({ path: path.slice(0, -1), suffix: '' });
  const column = formatName({ path: path.slice(-1), suffix: '' });
  const key = keyOf('column', object.identity);
  const fill: Part = {
    name: 'fill',
    drafts: [{ sql: `UPDATE ${table} SET ${column} = DEFAULT WHERE ${column} IS NULL` }],
    tightens: true,
    needs: [partId('default', key)],
    uses: () => false,
    rank: RANK.columnDefault + 0.5,
  };
  return [
    ...parts.map((part) =>
      part.name === 'not null' ? { ...part, needs: [...(part.needs ?? []), partId('fill', key)] } : part,
    ),
    fill,
  ];
}

/** Every name that the object takes: its own, its index's, its row type's. */
function slots(object: CatalogObject): string[] {
  const own = nameSlot(object);
  if (object.kind === 'constraint') {
    if (!['unique', 'primary', 'exclusion'].includes(String(object.properties.type))) return [own];
    const { path } = nameOf(object);
    const identity = formatName({ path: [path[0] ?? '', path.at(-1) ?? ''], suffix: '' });
    return [own, nameSlot({ ...object, kind: 'index', identity })];
  }
  if (object.kind === 'column') {
    const sequence = propertiesOf<ColumnProperties>(object).identitySequence;
    return sequence === null
      ? [own]
      : [own, nameSlot({ ...object, kind: 'sequence', identity: sequence.name })];
  }
  return [own];
}

/** Default privileges of another role say nothing about what this one makes; unknown: they may. */
function actsFor(object: CatalogObject, options: RenderOptions): boolean {
  if (options.currentUser === undefined) return true;
  const owner = role(options.currentUser);
  return object.identity.startsWith(`${owner} `);
}

function granteesOf(object: CatalogObject): string[] {
  const { grants } = object.properties;
  if (!Array.isArray(grants)) return [];
  return grants.map((item) => parsePrivilege(String(item)).grantee);
}
