/** Domains (manual, CREATE DOMAIN, ALTER DOMAIN); their CHECKs are constraints. */
import type { DomainProperties } from '../../model.ts';
import type { KindRenderer } from '../context.ts';
import { make, part, propertiesOf } from '../context.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { typeNames, typeTarget } from './type-common.ts';

export const domain: KindRenderer = {
  ...typeNames,
  rank: RANK.domain,
  create(object, context) {
    const wanted = propertiesOf<DomainProperties>(object);
    const collation = wanted.collation === null ? '' : ` COLLATE ${wanted.collation}`;
    const fallback = wanted.default === null ? '' : ` DEFAULT ${wanted.default}`;
    const notNull = wanted.notNull ? ' NOT NULL' : '';
    return [
      make([
        `CREATE DOMAIN ${object.identity} AS ${wanted.type}${collation}${fallback}${notNull}`,
        ...ownedAfterCreate(object, wanted, typeTarget(object), context),
      ]),
    ];
  },
  alter(before, after, context) {
    const had = propertiesOf<DomainProperties>(before);
    const wanted = propertiesOf<DomainProperties>(after);
    if (!context.same(had.type, wanted.type) || !context.same(had.collation, wanted.collation)) return 'swap';
    const type = `ALTER DOMAIN ${after.identity}`;
    const drafts: string[] = [];
    if (!context.same(had.default, wanted.default)) {
      drafts.push(`${type} ${wanted.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${wanted.default}`}`);
    }
    if (had.notNull && !wanted.notNull) drafts.push(`${type} DROP NOT NULL`);
    const tighten = !had.notNull && wanted.notNull ? [`${type} SET NOT NULL`] : [];
    return [
      make([...drafts, ...ownedChanges(had, wanted, typeTarget(after))]),
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
