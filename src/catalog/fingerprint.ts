/** A canonical hash of a schema, object by object (DESIGN §5). */
import { hash as digest } from 'node:crypto';
import { withoutCosmetics } from './cosmetic.ts';
import type { Catalog, Fingerprint, Json, ObjectKey } from './model.ts';

export interface CatalogFingerprint extends Fingerprint {
  /** As `hash`, but blind to what `compareCatalogs` calls cosmetic: column order, white space and comments in bodies. */
  readonly cosmeticFree: string;
}

/** JSON with the keys of every object sorted and no white space: one text per value. */
export function canonicalJson(value: Json | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return String(value);
  if (isArray(value)) return value.length === 0 ? '[]' : `[${value.map(canonicalJson).join(',')}]`;
  const { sorted, labels } = shapeOf(Object.keys(value));
  let result = '';
  for (let index = 0; index < sorted.length; index++) {
    const item = value[sorted[index] ?? ''];
    if (item === undefined) continue;
    result += (result === '' ? '{' : ',') + labels[index] + canonicalJson(item);
  }
  return result === '' ? '{}' : `${result}}`;
}

interface Shape {
  readonly keys: readonly string[];
  readonly sorted: readonly string[];
  /** `"key":` for each sorted key. */
  readonly labels: readonly string[];
}

/** Objects of one kind have the same keys in the same order: their sorting is done once. By number of keys. */
const shapes = new Map<number, Shape[]>();
const SHAPES_PER_LENGTH = 16;

function shapeOf(keys: readonly string[]): Shape {
  const candidates = shapes.get(keys.length) ?? [];
  for (const shape of candidates) {
    let index = 0;
    while (index < keys.length && shape.keys[index] === keys[index]) index++;
    if (index === keys.length) return shape;
  }
  const sorted = [...keys].sort();
  const shape = { keys, sorted, labels: sorted.map((key) => `${JSON.stringify(key)}:`) };
  shapes.set(keys.length, [shape, ...candidates.slice(0, SHAPES_PER_LENGTH - 1)]);
  return shape;
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

/**
 * SHA-256, in hex, of every object's properties and of the whole. It depends on what the objects are, not on the order
 * in which the catalog holds them, nor on OIDs.
 */
export function fingerprintCatalog(catalog: Pick<Catalog, 'objects'>): CatalogFingerprint {
  const objects = new Map<ObjectKey, string>();
  // `readCatalog` shares the properties of equal columns; each is hashed once.
  const known = new Map<object, string>();
  for (const key of [...catalog.objects.keys()].sort()) {
    const properties = catalog.objects.get(key)?.properties;
    if (properties === undefined) continue;
    let hash = known.get(properties);
    if (hash === undefined) {
      hash = digest('sha256', canonicalJson(properties));
      known.set(properties, hash);
    }
    objects.set(key, hash);
  }
  return new LazyFingerprint(objects, catalog);
}

class LazyFingerprint implements CatalogFingerprint {
  readonly hash: string;
  readonly objects: ReadonlyMap<ObjectKey, string>;
  readonly #catalog: Pick<Catalog, 'objects'>;
  #cosmeticFree: string | null = null;

  constructor(objects: ReadonlyMap<ObjectKey, string>, catalog: Pick<Catalog, 'objects'>) {
    this.objects = objects;
    this.hash = hashOfAll(objects);
    this.#catalog = catalog;
  }

  get cosmeticFree(): string {
    this.#cosmeticFree ??= hashOfAll(this.#withoutCosmetics());
    return this.#cosmeticFree;
  }

  #withoutCosmetics(): ReadonlyMap<ObjectKey, string> {
    const hashes = new Map(this.objects);
    for (const [key, object] of this.#catalog.objects) {
      const plain = withoutCosmetics(object);
      if (plain !== object.properties) hashes.set(key, digest('sha256', canonicalJson(plain)));
    }
    return hashes;
  }
}

/** `hashes` in the order of their keys. */
function hashOfAll(hashes: ReadonlyMap<ObjectKey, string>): string {
  let all = '';
  // The length in front keeps two lists of names from running into the same text.
  for (const [key, hash] of hashes) all += `${key.length} ${key} ${hash}\n`;
  return digest('sha256', all);
}
