/** CHECKs of domains, which PostgreSQL adds only where it can look at every value (manual, ALTER DOMAIN, Notes). */
import type { CatalogObject, ConstraintProperties, ObjectKey } from '../model.ts';
import { equalJson, propertiesOf, type RenderContext } from './context.ts';
import { linksOf } from './dependencies.ts';
import { keyOf, localName } from './names.ts';

/**
 * The domain's CHECK that goes while this one of `to` comes, and that says the same under another name: it is renamed.
 * Several of the same text are taken in the order of their names.
 */
export function renamedCheck(check: CatalogObject, context: RenderContext): CatalogObject | undefined {
  const { gone, fresh } = twins(check, context);
  return gone[fresh.findIndex((one) => one.identity === check.identity)];
}

/** Whether `from`'s CHECK is one that gets another name. */
export function isRenamedCheck(check: CatalogObject, context: RenderContext): boolean {
  const now = check.parent === null ? undefined : context.later(check.parent);
  if (now === undefined) return false;
  const { gone, fresh } = twins({ ...check, parent: keyOf('domain', now.identity) }, context);
  const index = gone.findIndex((one) => one.identity === check.identity);
  return index !== -1 && index < fresh.length;
}

/** CHECKs of the domain like this one, among those that go and among those that come. `check.parent` is a key of `to`. */
function twins(
  check: CatalogObject,
  context: RenderContext,
): { readonly gone: readonly CatalogObject[]; readonly fresh: readonly CatalogObject[] } {
  const domain = check.parent === null ? undefined : context.formerly(check.parent);
  if (domain?.kind !== 'domain') return { gone: [], fresh: [] };
  const alike = (one: CatalogObject): boolean => equalJson(said(one), said(check));
  const gone = linksOf(context.from)
    .children(keyOf('domain', domain.identity))
    .filter((key) => context.later(key) === undefined)
    .flatMap((key) => context.from.objects.get(key) ?? []);
  // One that had the name before is another's business.
  const fresh = context
    .children(check.parent ?? '')
    .filter((one) => !context.from.objects.has(keyOf(one.kind, `${domain.identity}.${localName(one)}`)));
  return { gone: byName(gone.filter(alike)), fresh: byName(fresh.filter(alike)) };
}

function byName(objects: readonly CatalogObject[]): readonly CatalogObject[] {
  return [...objects].sort((a, b) => (a.identity < b.identity ? -1 : 1));
}

function said(check: CatalogObject): object {
  return { ...check.properties, comment: null };
}

/**
 * Whether the domain gets a CHECK or NOT NULL while a column holds it inside an array, a composite or a range: PostgreSQL
 * refuses to look there. Such a domain is made anew, and the columns take the new one.
 */
export function tightensOutOfSight(
  domain: CatalogObject,
  after: CatalogObject,
  context: RenderContext,
): boolean {
  const tightens =
    (domain.properties.notNull !== true && after.properties.notNull === true) ||
    context.children(keyOf('domain', after.identity)).some((check) => {
      const { validated } = propertiesOf<ConstraintProperties>(check);
      if (!validated) return false;
      const former = context.formerly(keyOf(check.kind, check.identity));
      return former === undefined
        ? renamedCheck(check, context) === undefined
        : !propertiesOf<ConstraintProperties>(former).validated;
    });
  return tightens && isContained(keyOf('domain', domain.identity), domain.identity, context);
}

/** `held`: the name under which a column may have it as it is; null where it is inside something. */
function isContained(
  type: ObjectKey,
  held: string | null,
  context: RenderContext,
  seen: ReadonlySet<ObjectKey> = new Set(),
): boolean {
  if (seen.has(type)) return false;
  return linksOf(context.from)
    .neededBy(type)
    .some((key) => {
      const user = context.from.objects.get(key);
      if (user?.kind === 'column') return user.properties.type !== held && !context.isGoing(key);
      const inside = new Set([...seen, type]);
      if (user?.kind === 'domain') {
        const plain = held !== null && user.properties.type === held;
        return isContained(key, plain ? user.identity : null, context, inside);
      }
      return (
        (user?.kind === 'composite' || user?.kind === 'range') && isContained(key, null, context, inside)
      );
    });
}
