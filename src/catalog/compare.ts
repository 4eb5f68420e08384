/** What differs between two catalogs, object by object and property by property (DESIGN §5). */
import { plainBody } from './cosmetic.ts';
import { canonicalJson } from './fingerprint.ts';
import type { Catalog, CatalogObject, Comparison, Difference, Json, ObjectKey } from './model.ts';
import { belongingsOf, summarise } from './summary.ts';

export interface CompareOptions {
  /**
   * Both catalogs were read from the very same database: an object that only changed its name is then told by its
   * `physical` identity, as one difference in `name`. Default false.
   */
  readonly sameDatabase?: boolean;
}

interface Pair {
  readonly before: CatalogObject;
  readonly after: CatalogObject;
}

/**
 * Compares two catalogs. What is on one side alone is one difference (`presence`), whatever belonged to it; column order
 * and the white space and comments of function bodies are cosmetic. `equal` says that the fingerprints are equal too.
 */
export function compareCatalogs(before: Catalog, after: Catalog, options: CompareOptions = {}): Comparison {
  const renamed =
    options.sameDatabase === true ? renames(before, after) : new Map<ObjectKey, CatalogObject>();
  const comparer = new Comparer(before, after, renamed);
  const differences = comparer.run();
  const outcome =
    differences.length === 0
      ? 'equal'
      : differences.every(({ cosmetic }) => cosmetic)
        ? 'cosmetic'
        : 'different';
  return { outcome, differences };
}

/** Objects of `before` that are there under another name, by their old key. */
function renames(before: Catalog, after: Catalog): Map<ObjectKey, CatalogObject> {
  const gone = new Map<string, ObjectKey>();
  for (const [key, object] of before.objects) {
    if (!after.objects.has(key)) gone.set(`${object.kind} ${object.physical}`, key);
  }
  const result = new Map<ObjectKey, CatalogObject>();
  for (const [key, object] of after.objects) {
    if (before.objects.has(key)) continue;
    const old = gone.get(`${object.kind} ${object.physical}`);
    if (old !== undefined) result.set(old, object);
  }
  return result;
}

class Comparer {
  readonly #before: Catalog;
  readonly #after: Catalog;
  /** Old key → the object under its new name. */
  readonly #renamed: ReadonlyMap<ObjectKey, CatalogObject>;
  readonly #arrived: ReadonlySet<ObjectKey>;
  readonly #substitutions: readonly (readonly [RegExp, string])[];
  readonly #differences: Difference[] = [];
  readonly #counted = new Map<'present' | 'absent', ReturnType<typeof belongingsOf>>();
  /** Between two major versions a privilege that only the newer knows is no difference. */
  readonly #crossVersion: boolean;

  constructor(before: Catalog, after: Catalog, renamed: ReadonlyMap<ObjectKey, CatalogObject>) {
    this.#before = before;
    this.#after = after;
    this.#renamed = renamed;
    this.#arrived = new Set([...renamed.values()].map(({ kind, identity }) => `${kind} ${identity}`));
    this.#crossVersion = before.major !== after.major;
    const substitutions: [RegExp, string][] = [];
    for (const [key, object] of renamed) {
      const old = before.objects.get(key);
      if (old === undefined || old.parent !== null) continue;
      const name = old.identity.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      substitutions.push([new RegExp(`(?<![\\w$".])${name}(?![\\w$"])`, 'g'), object.identity]);
    }
    this.#substitutions = substitutions;
  }

  run(): Difference[] {
    const keys = new Set([...this.#before.objects.keys(), ...this.#after.objects.keys()]);
    const moved = this.#movedColumns();
    for (const key of [...keys].sort()) {
      const before = this.#before.objects.get(key);
      const after = this.#after.objects.get(key) ?? this.#renamed.get(key);
      if (before === undefined) {
        if (after !== undefined && !this.#arrived.has(key)) this.#presence(after, 'present');
      } else if (after === undefined) this.#presence(before, 'absent');
      else this.#pair({ before, after }, moved.has(key));
    }
    return this.#differences;
  }

  #presence(object: CatalogObject, now: 'present' | 'absent'): void {
    const { parent } = object;
    const other = now === 'present' ? this.#before : this.#after;
    const parentMoved =
      parent !== null && (this.#arrived.has(parent) || (now === 'absent' && this.#renamed.has(parent)));
    // What belongs to an absent table is not listed again.
    if (parent !== null && !other.objects.has(parent) && !parentMoved) return;
    const was = now === 'present' ? 'absent' : 'present';
    const summary = summarise(object, () => this.#belongings(now));
    this.#add(object, 'presence', was, now, false, summary);
  }

  #belongings(now: 'present' | 'absent'): ReturnType<typeof belongingsOf> {
    const known = this.#counted.get(now) ?? belongingsOf(now === 'present' ? this.#after : this.#before);
    this.#counted.set(now, known);
    return known;
  }

  #add(
    object: CatalogObject,
    property: string,
    before: Json,
    after: Json,
    cosmetic: boolean,
    summary: string | null = null,
  ): void {
    this.#differences.push({
      kind: object.kind,
      object: object.identity,
      property,
      before,
      after,
      cosmetic,
      ...(object.parent === null ? {} : { parent: object.parent }),
      ...(summary === null ? {} : { summary }),
    });
  }

  #pair({ before, after }: Pair, moved: boolean): void {
    if (
      before.identity !== after.identity &&
      this.#leaf(before, this.#before) !== this.#leaf(after, this.#after)
    ) {
      this.#add(before, 'name', before.identity, after.identity, false);
    }
    if (before.properties === after.properties) return;
    const names = new Set([...Object.keys(before.properties), ...Object.keys(after.properties)]);
    for (const name of [...names].sort()) {
      const old = before.properties[name] ?? null;
      const current = after.properties[name] ?? null;
      if (name === 'position' && before.kind === 'column') {
        if (moved) this.#add(before, name, old, current, true);
        continue;
      }
      this.#property(before, name, old, current, after.properties.language ?? null);
    }
  }

  #property(object: CatalogObject, name: string, before: Json, after: Json, language: Json): void {
    if (before === after || this.#same(name, before, after)) return;
    if (isPlainObject(before) && isPlainObject(after)) {
      const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
      for (const key of [...keys].sort()) {
        const [old, current] = [before[key] ?? null, after[key] ?? null];
        if (!this.#same(key, old, current)) this.#add(object, `${name}.${key}`, old, current, false);
      }
      return;
    }
    const cosmetic =
      object.kind === 'function' &&
      name === 'definition' &&
      plainBody(before, object.properties.language ?? null) === plainBody(after, language);
    this.#add(object, name, before, after, cosmetic);
  }

  #same(name: string, before: Json, after: Json): boolean {
    const [old, current] =
      this.#crossVersion && name === 'privileges'
        ? [withoutMaintain(before), withoutMaintain(after)]
        : [before, after];
    const text = canonicalJson(old);
    const goal = canonicalJson(current);
    if (text === goal) return true;
    if (this.#substitutions.length === 0) return false;
    // What merely mentions a renamed object has not changed itself.
    return canonicalJson(this.#substitute(old)) === goal;
  }

  #substitute(value: Json): Json {
    if (typeof value === 'string') {
      return this.#substitutions.reduce((text, [pattern, name]) => text.replace(pattern, () => name), value);
    }
    if (Array.isArray(value)) return (value as readonly Json[]).map((item) => this.#substitute(item));
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#substitute(item)]));
  }

  /** An object's name without its parent's: unchanged where only the parent was renamed. */
  #leaf(object: CatalogObject, catalog: Catalog): string {
    const parent = object.parent === null ? undefined : catalog.objects.get(object.parent);
    return parent !== undefined && object.identity.startsWith(`${parent.identity}.`)
      ? object.identity.slice(parent.identity.length)
      : object.identity;
  }

  /** Columns whose place among those that are there on both sides has changed; that others came or went is theirs alone. */
  #movedColumns(): Set<ObjectKey> {
    const tables = new Map<ObjectKey, { key: ObjectKey; before: number; after: number }[]>();
    for (const [key, before] of this.#before.objects) {
      if (before.kind !== 'column' || before.parent === null) continue;
      const after = this.#after.objects.get(key) ?? this.#renamed.get(key);
      if (after === undefined) continue;
      const list = tables.get(before.parent) ?? [];
      if (list.length === 0) tables.set(before.parent, list);
      list.push({
        key,
        before: Number(before.properties.position),
        after: Number(after.properties.position),
      });
    }
    const moved = new Set<ObjectKey>();
    for (const list of tables.values()) {
      if (list.every(({ before, after }) => before === after)) continue;
      const old = [...list].sort((a, b) => a.before - b.before);
      const current = [...list].sort((a, b) => a.after - b.after);
      for (const [index, { key }] of old.entries()) if (current[index]?.key !== key) moved.add(key);
    }
    return moved;
  }
}

function isPlainObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutMaintain(value: Json): Json {
  if (!Array.isArray(value)) return value;
  return (value as readonly Json[]).filter(
    (item) => typeof item !== 'string' || !/=MAINTAIN\*?\//.test(item),
  );
}
