import { text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

/** Stand-alone composite types (CREATE TYPE … AS); those of tables belong to the tables. */
export const composites: Kind = {
  name: 'composite types',
  query: () =>
    `SELECT t.oid, t.typrelid, pg_get_userbyid(t.typowner), t.typacl
     FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
     WHERE t.typtype = 'c' AND t.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, relationOid, owner, acl] of rows) {
      const relation = context.relations.get(text(relationOid));
      if (relation === undefined || context.isMember('pg_type', text(oid))) continue;
      const attributes = context.viewColumns.get(relation.oid) ?? [];
      context.add({
        kind: 'composite',
        identity: relation.identity,
        parent: null,
        properties: {
          ...context.owned('pg_type', text(oid), text(owner), acl ?? null, 'T'),
          attributes: attributes.map(({ name, type, collation, comment, securityLabels }) => ({
            name,
            type,
            collation,
            comment,
            ...(securityLabels === undefined ? {} : { securityLabels }),
          })),
        },
        physical: `pg_type:${oid}`,
        // Tells a renamed attribute from a new one.
        extra: { attnums: [...(context.columnNames.get(relation.oid)?.keys() ?? [])] },
      });
    }
  },
};
