/**
 * Types and the functions that they are made of: each needs the other, so they go together (manual, CREATE TYPE, DROP
 * TYPE … CASCADE).
 */
import type { Catalog, ObjectKey } from '../model.ts';
import { linksOf } from './dependencies.ts';

/** Kinds of type that are made over a shell of themselves. */
const SHELLED = /^(?:base type|range) /;

/** Functions that this type needs and that need it; nothing for what is no such type. */
export function routinesOf(type: ObjectKey, catalog: Catalog): readonly ObjectKey[] {
  if (!SHELLED.test(type)) return [];
  const links = linksOf(catalog);
  const users = new Set(links.neededBy(type));
  return [...new Set(links.needs(type))].filter((key) => users.has(key));
}

/** The types that this function is a part of. */
export function typesOf(routine: ObjectKey, catalog: Catalog): readonly ObjectKey[] {
  if (!routine.startsWith('function ')) return [];
  const links = linksOf(catalog);
  const needed = new Set(links.needs(routine));
  return [...new Set(links.neededBy(routine))].filter((key) => SHELLED.test(key) && needed.has(key));
}

/**
 * Functions called by the default of a column or domain, and made of its table or itself: where all go, the default goes
 * first.
 */
export function calledInCircle(key: ObjectKey, catalog: Catalog): readonly ObjectKey[] {
  const object = catalog.objects.get(key);
  if ((object?.kind !== 'column' && object?.kind !== 'domain') || object.properties.default === null)
    return [];
  const links = linksOf(catalog);
  const around = new Set([key, object.parent]);
  return links
    .needs(key)
    .filter((one) => one.startsWith('function ') && links.needs(one).some((other) => around.has(other)));
}

/** What must be gone before the object goes: what needs it, and what needs what it takes along. */
export function usersOf(key: ObjectKey, catalog: Catalog): readonly ObjectKey[] {
  const links = linksOf(catalog);
  const along = routinesOf(key, catalog);
  if (along.length === 0) return links.neededBy(key);
  const inside = new Set([key, ...along]);
  return [...inside].flatMap((one) => links.neededBy(one)).filter((one) => !inside.has(one));
}
