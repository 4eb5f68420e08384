import { quoteIdent } from '../../sql/quote.ts';
import type { ReadContext, Relation } from '../context.ts';
import { notMember } from '../context.ts';
import { text } from '../decode.ts';
import type { ViewProperties } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

/** Views and materialized views. */
export const views: Kind = {
  name: 'views',
  scope: { of: 'relation', column: 1, makes: ['view', 'materialized view'] },
  query: () =>
    `SELECT c.oid, pg_get_viewdef(c.oid) FROM pg_class c
     WHERE c.relkind IN ('v', 'm') AND c.oid >= ${FIRST_USER_OID} AND c.relpersistence <> 't' AND ${notMember('pg_class', 'c')}`,
  read(rows, context) {
    for (const [oid, definition] of rows) {
      const relation = context.relations.get(text(oid));
      if (relation === undefined || definition === null) continue;
      const clustered = context.clusterIndexes.get(relation.oid);
      const schema = quoteIdent(relation.schema);
      const shared = properties(relation, text(definition), context);
      const materialized = {
        populated: relation.populated,
        accessMethod: relation.accessMethod,
        tablespace: relation.tablespace,
        ...(relation.persistence === 'unlogged' ? { persistence: relation.persistence } : {}),
        ...(clustered === undefined
          ? {}
          : { clusteredOn: `${schema}.${quoteIdent(relation.parked?.name(clustered) ?? clustered)}` }),
        ...context.dependsOnExtensions('pg_class', relation.oid),
      };
      context.add(
        {
          kind: relation.kind,
          identity: relation.identity,
          parent: null,
          properties: relation.relkind === 'm' ? { ...shared, ...materialized } : shared,
          physical: `pg_class:${oid}`,
        },
        relation.parked,
      );
    }
  },
};

function properties(relation: Relation, definition: string, context: ReadContext): ViewProperties {
  const columns = context.viewColumns.get(relation.oid) ?? [];
  return {
    ...context.owned('pg_class', relation.oid, relation.owner, relation.acl, 'r'),
    ...(relation.parked === null ? {} : { comment: relation.parked.memo.comment }),
    definition: relation.parked?.text(definition) ?? definition,
    options: relation.options,
    ...context.rowTypes.get(relation.oid),
    columns: columns.map(({ settings, ...column }) => (settings === null ? column : { ...column, settings })),
  };
}
