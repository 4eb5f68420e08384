/** Both catalogs and what is known about the way between them: what each part of the rendering is given. */
import type { Catalog, CatalogObject, ColumnProperties, ObjectKey, Refusal } from '../model.ts';
import {
  type Alteration,
  CannotRender,
  equalJson,
  propertiesOf,
  type RenderContext,
  type RenderOptions,
} from './context.ts';
import { actsFor, granteesOf } from './default-grantees.ts';
import { linksOf } from './dependencies.ts';
import { refersElsewhere, withoutReferences } from './elsewhere.ts';
import type { Impact, ImpactState } from './impact.ts';
import { type Matching, match } from './match.ts';
import { keyOf, nameOf, schemaOf } from './names.ts';
import type { Rebinding } from './rebinding.ts';
import { rendererOf } from './registry.ts';
import { afterRenames, relocated } from './relocated.ts';
import { movedExtensions, withLabels } from './renamed-words.ts';
import { type Renaming, renamedWords } from './renames.ts';
import { type MovedSchemas, type RenamedWords, sameText } from './tokens.ts';
import { followsType } from './typed-tables.ts';
import { unchangedKeys } from './unchanged.ts';

export class Scene implements RenderContext {
  readonly from: Catalog;
  readonly to: Catalog;
  readonly options: RenderOptions;
  readonly major: number;
  readonly defaultGrantees: readonly string[];
  readonly hasDefaultPrivileges: boolean;
  readonly matching: Matching;
  /** From's key → to's object. Objects that unparking brings are not among them. */
  readonly becomes = new Map<ObjectKey, CatalogObject>();
  readonly renamings: Renaming[] = [];
  readonly #words: RenamedWords;
  readonly moved: MovedSchemas;
  readonly #elsewhere: ReadonlySet<ObjectKey>;
  readonly #unchanged: ReadonlySet<ObjectKey>;
  readonly #refusals: Refusal[] = [];
  #state: Pick<Impact, 'dropped' | 'swapped' | 'retyped' | 'rebound'> = {
    rebound: new Map(),
    dropped: new Set(),
    swapped: new Set(),
    retyped: new Set(),
  };

  constructor(from: Catalog, to: Catalog, options: RenderOptions) {
    this.from = from;
    this.to = to;
    this.options = options;
    this.major = from.major;
    this.matching = match(from, to, options.sameDatabase);
    for (const [key, before] of this.matching.pairs) {
      const after = to.objects.get(key);
      if (after === undefined) continue;
      const isRenamed = before.identity !== after.identity;
      if (isRenamed) this.renamings.push({ before, after });
      if (this.matching.returning.has(before)) continue;
      this.becomes.set(isRenamed ? keyOf(before.kind, before.identity) : key, after);
    }
    this.#words = withLabels(renamedWords(this.renamings), this.becomes, from, options);
    this.moved = movedExtensions(from, this.becomes);
    this.#elsewhere = refersElsewhere(from, to, this);
    this.#unchanged = unchangedKeys(from.objects, this, this.#elsewhere);
    // Those that come are made last, those that go are dropped first: only what stays acts on what is made meanwhile.
    const staying: CatalogObject[] = [];
    for (const [key, object] of from.objects) {
      if (object.kind !== 'default privileges' || !this.becomes.has(key)) continue;
      if (actsFor(object, options)) staying.push(object);
    }
    this.hasDefaultPrivileges = staying.length > 0;
    this.defaultGrantees = [...new Set(staying.flatMap(granteesOf))].sort();
  }

  same(before: string | null, after: string | null): boolean {
    if (before === null || after === null) return before === after;
    return sameText(before, after, this.#words, this.moved);
  }

  isCreated(key: ObjectKey): boolean {
    const before = this.matching.pairs.get(key);
    if (before === undefined) return this.to.objects.has(key);
    if (this.matching.returning.has(before)) return false;
    const old = keyOf(before.kind, before.identity);
    return this.#state.dropped.has(old) || this.#state.swapped.has(old);
  }

  isGoing(key: ObjectKey): boolean {
    return this.from.objects.has(key) && (this.#state.dropped.has(key) || !this.becomes.has(key));
  }

  isRetyped(key: ObjectKey): boolean {
    const before = this.matching.pairs.get(key);
    if (before === undefined || this.followsType(before)) return false;
    return this.#state.retyped.has(keyOf(before.kind, before.identity));
  }

  /** Whether `from`'s column of a typed table goes, or becomes another, by what is done to the table's type. */
  followsType(column: CatalogObject): boolean {
    return !this.typeIsRemade(column) && followsType(column, this.from, this.becomes);
  }

  /** Where the type is made anew, or another: the table lets go of it meanwhile, and is altered itself. */
  typeIsRemade(column: CatalogObject): boolean {
    const table = column.parent === null ? undefined : this.from.objects.get(column.parent);
    const ofType = column.kind === 'column' ? table?.properties.ofType : null;
    if (typeof ofType !== 'string') return false;
    const key = keyOf('composite', ofType);
    if (this.#state.dropped.has(key) || this.#state.swapped.has(key)) return true;
    const later = this.becomes.get(column.parent ?? '')?.properties.ofType;
    return typeof later === 'string' && !this.same(ofType, later);
  }

  rebinding(key: ObjectKey): Rebinding | undefined {
    const before = this.matching.pairs.get(key);
    return before === undefined ? undefined : this.#state.rebound.get(keyOf(before.kind, before.identity));
  }

  formerly(key: ObjectKey): CatalogObject | undefined {
    return this.isCreated(key) ? undefined : this.matching.pairs.get(key);
  }

  later(key: ObjectKey): CatalogObject | undefined {
    return this.becomes.get(key);
  }

  needs(key: ObjectKey): readonly ObjectKey[] {
    return linksOf(this.to).needs(key);
  }

  neededBy(key: ObjectKey): readonly ObjectKey[] {
    return linksOf(this.to).neededBy(key);
  }

  children(key: ObjectKey): readonly CatalogObject[] {
    return linksOf(this.to)
      .children(key)
      .flatMap((child) => this.to.objects.get(child) ?? []);
  }

  /** Whether `from`'s object is the same in `to`, and nothing that goes draws it in. */
  isUnchanged(key: ObjectKey): boolean {
    const { dropped, swapped, retyped } = this.#state;
    return this.#unchanged.has(key) && !dropped.has(key) && !swapped.has(key) && !retyped.has(key);
  }

  /** What a renderer makes of the object while it is still being found out what goes. */
  alterationKind(
    key: ObjectKey,
    state: ImpactState,
    left: CatalogObject | undefined,
  ): 'rebuild' | 'swap' | 'alter' {
    this.#state = state;
    if (this.isUnchanged(key)) return 'alter';
    const before = left ?? this.from.objects.get(key);
    const after = this.becomes.get(key);
    if (before === undefined || after === undefined) return 'alter';
    if (this.#mustBeRemade(before, after)) return 'rebuild';
    try {
      const answer = this.alter(before, after);
      return answer === 'rebuild' || answer === 'swap' ? answer : 'alter';
    } catch (error) {
      if (error instanceof CannotRender) return 'alter';
      throw error;
    }
  }

  /** From now on it is known what goes. */
  settle(impact: Impact): void {
    this.#state = impact;
    for (const { object, reason } of impact.refusals) this.refuse(object, reason);
  }

  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  refuse(object: ObjectKey, reason: string): void {
    this.#refusals.push({ object, reason });
  }

  /** Has another name or schema, and there is no ALTER for that. */
  #mustBeRemade(before: CatalogObject, after: CatalogObject): boolean {
    if (before.identity === after.identity || before.parent !== null) return false;
    const renderer = rendererOf(after.kind);
    if (renderer.rename !== undefined && renderer.move !== undefined) return false;
    const name = afterRenames(before, this).identity;
    const [had, wanted] = [nameOf(before), nameOf(after)];
    const onlyMoves = had.path.at(-1) === wanted.path.at(-1) && had.suffix === wanted.suffix;
    if (renderer.move !== undefined && onlyMoves) return false;
    return name !== after.identity && (renderer.rename === undefined || schemaOf(before) !== null);
  }

  /** The pieces of the way from one to the other, given what is known to be dropped; throws `CannotRender`. */
  alter(before: CatalogObject, after: CatalogObject): Alteration {
    const key = keyOf(after.kind, after.identity);
    if (
      after.kind === 'column' &&
      !this.#elsewhere.has(key) &&
      before.identity === after.identity &&
      equalJson(before.properties, after.properties) &&
      !this.isRetyped(key)
    ) {
      return [];
    }
    const moved = withTypeOf(relocated(before, after, this), after, this.followsType(before));
    const had = this.#elsewhere.has(key) ? withoutReferences(moved, after, (a, b) => this.same(a, b)) : moved;
    return rendererOf(after.kind).alter(had, after, this);
  }

  /** Whether the column's own type changes. */
  retypes(key: ObjectKey): boolean {
    if (this.#unchanged.has(key)) return false;
    const before = this.from.objects.get(key);
    const after = this.becomes.get(key);
    if (before === undefined || after === undefined) return false;
    const had = propertiesOf<ColumnProperties>(before);
    const wanted = propertiesOf<ColumnProperties>(after);
    return !this.same(had.type, wanted.type) || !this.same(had.collation, wanted.collation);
  }

  /** What `work` answers; undefined where it cannot be rendered, which is then among the refusals. */
  attempt<T>(object: ObjectKey, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof CannotRender)) throw error;
      this.refuse(object, error.message);
      return undefined;
    }
  }
}

/** The column with the type that it gets by itself. */
function withTypeOf(before: CatalogObject, after: CatalogObject, follows: boolean): CatalogObject {
  if (!follows) return before;
  const { type = null, collation = null } = after.properties;
  return { ...before, properties: { ...before.properties, type, collation } };
}
