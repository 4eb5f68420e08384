import { bool, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

export const domains: Kind = {
  name: 'domains',
  query: () =>
    `SELECT t.oid, t.typname, t.typnamespace, pg_get_userbyid(t.typowner), t.typacl::text,
       format_type(t.typbasetype, t.typtypmod), t.typnotnull, pg_get_expr(t.typdefaultbin, 0),
       CASE WHEN t.typcollation <> b.typcollation THEN (SELECT quote_ident(n.nspname) || '.' || quote_ident(l.collname)
         FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = t.typcollation) END
     FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype
     WHERE t.typtype = 'd' AND t.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, acl, type, notNull, expression, collation] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_type', text(oid));
      if (identity === undefined) continue;
      context.domains.set(text(oid), identity);
      context.add({
        kind: 'domain',
        identity,
        parent: null,
        properties: {
          ...context.owned('pg_type', text(oid), text(owner), acl ?? null, 'T'),
          type: text(type),
          collation: collation ?? null,
          notNull: bool(notNull),
          default: expression ?? null,
        },
        physical: `pg_type:${oid}`,
      });
    }
  },
};
