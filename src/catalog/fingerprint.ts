/** A canonical hash of a schema, object by object (DESIGN §5). */
import { hash as digest } from 'node:crypto';
import { withoutCosmetics } from './cosmetic.ts';
import type { Catalog, CatalogObject, Fingerprint, Json, ObjectKey } from './model.ts';

export interface CatalogFingerprint extends Fingerprint {
  /** As `hash`, but blind to what `compareCatalogs` calls cosmetic: column order, white space and comments in bodies. */
  readonly cosmeticFree: string;
}

/** JSON with the keys of every object sorted and no white space: one text per value. */
export function canonicalJson(value: Json | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return String(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let result = '';
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item !== undefined)
      result += `${result === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return `{${result}}`;
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
  const known = new Map<object, { readonly exact: string; readonly loose: string }>();
  const exact: string[] = [];
  const loose: string[] = [];
  for (const key of [...catalog.objects.keys()].sort()) {
    const object = catalog.objects.get(key);
    if (object === undefined) continue;
    let hashes = known.get(object.properties);
    if (hashes === undefined) {
      hashes = hashBoth(object);
      known.set(object.properties, hashes);
    }
    objects.set(key, hashes.exact);
    // The length in front keeps two lists of names from running into the same text.
    exact.push(`${key.length} ${key} ${hashes.exact}`);
    loose.push(`${key.length} ${key} ${hashes.loose}`);
  }
  const hash = digest('sha256', exact.join('\n'));
  return { hash, cosmeticFree: digest('sha256', loose.join('\n')), objects };
}

function hashBoth(object: CatalogObject): { exact: string; loose: string } {
  const exact = digest('sha256', canonicalJson(object.properties));
  const plain = withoutCosmetics(object);
  return { exact, loose: plain === object.properties ? exact : digest('sha256', canonicalJson(plain)) };
}
