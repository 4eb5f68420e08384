import { sharedValue } from '../across-majors.ts';
import { sameJson } from '../json.ts';
import type { Catalog, CatalogObject, Json, ObjectKey } from '../model.ts';

/**
 * `to`, read from another major version, as `from`'s server would keep it: what only the major makes different takes
 * `from`'s value, and what `from`'s server does not know is left out.
 */
export function inTermsOf(from: Catalog, to: Catalog): Catalog {
  if (from.major === to.major) return to;
  const objects = new Map<ObjectKey, CatalogObject>();
  for (const [key, object] of to.objects) objects.set(key, adapted(object, from.objects.get(key), from, to));
  return { ...to, objects };
}

function adapted(
  object: CatalogObject,
  there: CatalogObject | undefined,
  from: Catalog,
  to: Catalog,
): CatalogObject {
  const older = Math.min(from.major, to.major);
  const properties: Record<string, Json> = {};
  for (const [name, value] of Object.entries(object.properties)) {
    const theirs = there?.properties[name];
    const isShared =
      theirs !== undefined &&
      sameJson(sharedValue(object.kind, name, theirs, older), sharedValue(object.kind, name, value, older));
    const isBeyond = theirs !== undefined && namesLaterRole(value, from.major);
    properties[name] = isShared || isBeyond ? theirs : known(object, name, value, from.major, to.major);
  }
  return { ...object, properties };
}

/** `value` in the terms of a server of `major`, where it is new or changed. */
function known(object: CatalogObject, name: string, value: Json, major: number, valueMajor: number): Json {
  const { kind } = object;
  if (name === 'privileges' || name === 'grants') {
    return major >= 17 && valueMajor < 17 ? withMaintain(value) : sharedValue(kind, name, value, major);
  }
  if (name === 'persistence' || name === 'identitySequence') {
    if (major >= 15) return value;
    if (name === 'persistence') return kind === 'sequence' ? 'permanent' : value;
    return isRecord(value) ? { ...value, persistence: 'permanent' } : value;
  }
  if (name === 'notNullName' || name === 'notNullComment') return major < 18 ? null : value;
  // The version that comes with `from`'s server.
  if (kind === 'extension' && name === 'version') return null;
  return value;
}

/** The role pg_database_owner came with 14: before, the schema public keeps the owner and the privileges it has. */
function namesLaterRole(value: Json, major: number): boolean {
  const items = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return major < 14 && items.some((item) => typeof item === 'string' && /\bpg_database_owner\b/.test(item));
}

function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Before 17 whoever might TRUNCATE as the owner was allowed what MAINTAIN is now. */
function withMaintain(value: Json): Json {
  if (!Array.isArray(value)) return value;
  const items = value as readonly string[];
  const added = items.flatMap((item) => {
    const owned = /^(.*)=TRUNCATE(\*?)\/(.*)$/.exec(item);
    return owned !== null && owned[1] === owned[3] ? [`${owned[1]}=MAINTAIN${owned[2]}/${owned[3]}`] : [];
  });
  return [...items, ...added].sort();
}
