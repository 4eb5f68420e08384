/** What differs between two catalogs, object by object and property by property (DESIGN §5). */
import { majorsNote, sharedValue } from './across-majors.ts';
import { plainBody } from './cosmetic.ts';
import { isPlainObject, sameJson } from './json.ts';
import type { Catalog, CatalogObject, Comparison, Difference, Json, ObjectKey } from './model.ts';
import { Substitution } from './substitution.ts';
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
  readonly #names: Substitution;
  readonly #differences: Difference[] = [];
  readonly #counted = new Map<'present' | 'absent', ReturnType<typeof belongingsOf>>();
  /** The older and the newer of two major versions; null where both are one. */
  readonly #majors: readonly [number, number] | null;

  constructor(before: Catalog, after: Catalog, renamed: ReadonlyMap<ObjectKey, CatalogObject>) {
    this.#before = before;
    this.#after = after;
    this.#renamed = renamed;
    this.#arrived = new Set([...renamed.values()].map(({ kind, identity }) => `${kind} ${identity}`));
    this.#majors =
      before.major === after.major
        ? null
        : [Math.min(before.major, after.major), Math.max(before.major, after.major)];
    this.#names = new Substitution(
      [...renamed].flatMap(([key, object]): (readonly [string, string])[] => {
        const old = before.objects.get(key);
        return old === undefined || old.parent !== null ? [] : [[old.identity, object.identity]];
      }),
    );
  }

  run(): Difference[] {
    const keys = this.#unequal();
    const moved = this.#movedColumns(keys);
    for (const key of keys) {
      const before = this.#before.objects.get(key);
      const after = this.#after.objects.get(key) ?? this.#renamed.get(key);
      if (before === undefined) {
        if (after !== undefined && !this.#arrived.has(key)) this.#presence(after, 'present');
      } else if (after === undefined) this.#presence(before, 'absent');
      else this.#pair({ before, after }, moved.has(key));
    }
    return this.#differences;
  }

  /** Sorted keys of what may differ: nearly everything is equal, and only the rest is worth sorting and a closer look. */
  #unequal(): ObjectKey[] {
    const keys: ObjectKey[] = [];
    let met = 0;
    // Equal columns share one value on either side: each pair of values is compared once.
    const equal = new Map<object, object>();
    for (const [key, before] of this.#before.objects) {
      const after = this.#after.objects.get(key);
      if (after !== undefined) {
        met++;
        if (equal.get(before.properties) === after.properties) continue;
        if (sameJson(before.properties, after.properties)) {
          equal.set(before.properties, after.properties);
          continue;
        }
      }
      keys.push(key);
    }
    if (met < this.#after.objects.size) {
      for (const key of this.#after.objects.keys()) if (!this.#before.objects.has(key)) keys.push(key);
    }
    return keys.sort();
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
    const note =
      this.#majors === null ? null : majorsNote(object.kind, object.identity, property, ...this.#majors);
    this.#differences.push({
      kind: object.kind,
      object: object.identity,
      property,
      before,
      after,
      cosmetic,
      ...(object.parent === null ? {} : { parent: object.parent }),
      ...(summary === null ? {} : { summary }),
      ...(note === null ? {} : { note }),
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
    if (before === after || this.#same(object, name, before, after)) return;
    if (isPlainObject(before) && isPlainObject(after)) {
      const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
      for (const key of [...keys].sort()) {
        const [old, current] = [before[key] ?? null, after[key] ?? null];
        if (!this.#same(object, key, old, current)) this.#add(object, `${name}.${key}`, old, current, false);
      }
      return;
    }
    const cosmetic =
      object.kind === 'function' &&
      name === 'definition' &&
      plainBody(before, object.properties.language ?? null) === plainBody(after, language);
    this.#add(object, name, before, after, cosmetic);
  }

  #same(object: CatalogObject, name: string, before: Json, after: Json): boolean {
    const [old, current] =
      this.#majors === null
        ? [before, after]
        : [
            sharedValue(object.kind, name, before, this.#majors[0]),
            sharedValue(object.kind, name, after, this.#majors[0]),
          ];
    if (sameJson(old, current)) return true;
    // What merely mentions a renamed object has not changed itself.
    return !this.#names.isEmpty && sameJson(this.#names.in(old), current);
  }

  /** An object's name without its parent's: unchanged where only the parent was renamed. */
  #leaf(object: CatalogObject, catalog: Catalog): string {
    const parent = object.parent === null ? undefined : catalog.objects.get(object.parent);
    return parent !== undefined && object.identity.startsWith(`${parent.identity}.`)
      ? object.identity.slice(parent.identity.length)
      : object.identity;
  }

  /** Columns whose place among those that are there on both sides has changed; that others came or went is theirs alone. */
  #movedColumns(unequal: readonly ObjectKey[]): Set<ObjectKey> {
    const suspects = new Set<ObjectKey>();
    for (const key of unequal) {
      const before = this.#before.objects.get(key);
      const after = this.#after.objects.get(key) ?? this.#renamed.get(key);
      if (before?.kind !== 'column' || before.parent === null) continue;
      if (after !== undefined && after.properties.position !== before.properties.position)
        suspects.add(before.parent);
    }
    if (suspects.size === 0) return suspects;
    const tables = new Map<ObjectKey, { key: ObjectKey; before: number; after: number }[]>();
    for (const [key, before] of this.#before.objects) {
      if (before.kind !== 'column' || before.parent === null || !suspects.has(before.parent)) continue;
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
      const old = [...list].sort((a, b) => a.before - b.before);
      const current = [...list].sort((a, b) => a.after - b.after);
      for (const [index, { key }] of old.entries()) if (current[index]?.key !== key) moved.add(key);
    }
    return moved;
  }
}
