/** Domains (manual, CREATE DOMAIN, ALTER DOMAIN); their CHECKs are constraints. */
import type { CatalogObject, DomainProperties, ObjectKey } from '../../model.ts';
import type { KindRenderer, RenderContext } from '../context.ts';
import { make, part, propertiesOf } from '../context.ts';
import { keyOf } from '../names.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { typeNames, typeTarget } from './type-common.ts';

export const domain: KindRenderer = {
  ...typeNames,
  rank: RANK.domain,
  create(object, context) {
    const wanted = propertiesOf<DomainProperties>(object);
    const collation = wanted.collation === null ? '' : ` COLLATE ${wanted.collation}`;
    const later = circular(object, context);
    const fallback = wanted.default === null || later.size > 0 ? '' : ` DEFAULT ${wanted.default}`;
    const notNull = wanted.notNull ? ' NOT NULL' : '';
    const statements = [
      `CREATE DOMAIN ${object.identity} AS ${wanted.type}${collation}${fallback}${notNull}`,
      ...ownedAfterCreate(object, wanted, typeTarget(object), context),
    ];
    return [
      make(statements, { uses: (_kind, key) => !later.has(key) }),
      ...part('default', later.size > 0 ? [setDefault(object.identity, wanted.default)] : []),
    ];
  },
  alter(before, after, context) {
    const had = propertiesOf<DomainProperties>(before);
    const wanted = propertiesOf<DomainProperties>(after);
    if (!context.same(had.type, wanted.type) || !context.same(had.collation, wanted.collation)) return 'swap';
    const type = `ALTER DOMAIN ${after.identity}`;
    const drafts: string[] = [];
    const later = circular(after, context);
    const changed = context.same(had.default, wanted.default)
      ? []
      : [setDefault(after.identity, wanted.default)];
    if (later.size === 0) drafts.push(...changed);
    if (had.notNull && !wanted.notNull) drafts.push(`${type} DROP NOT NULL`);
    const tighten = !had.notNull && wanted.notNull ? [`${type} SET NOT NULL`] : [];
    return [
      make([...drafts, ...ownedChanges(had, wanted, typeTarget(after))], {
        uses: (_kind, key) => !later.has(key),
      }),
      ...part('default', later.size > 0 ? changed : []),
      ...part('not null', tighten, { tightens: true, rank: RANK.notNull }),
    ];
  },
  detach(object, cause) {
    const had = propertiesOf<DomainProperties>(object);
    if (cause.kind !== 'function' && cause.kind !== 'sequence' && cause.kind !== 'aggregate') return null;
    if (had.default === null) return null;
    return {
      drafts: [{ sql: `ALTER DOMAIN ${object.identity} DROP DEFAULT` }],
      left: { ...object, properties: { ...had, default: null } },
    };
  },
};

function setDefault(domain: string, value: string | null): string {
  return `ALTER DOMAIN ${domain} ${value === null ? 'DROP DEFAULT' : `SET DEFAULT ${value}`}`;
}

/** Functions that the default calls and that take or give the domain: it comes before them, its default after. */
function circular(object: CatalogObject, context: RenderContext): ReadonlySet<ObjectKey> {
  const key = keyOf('domain', object.identity);
  return new Set(
    context.needs(key).filter((one) => one.startsWith('function ') && context.needs(one).includes(key)),
  );
}
