import { text } from '../decode.ts';
import type { Kind } from './kind.ts';

export const schemas: Kind = {
  name: 'schemas',
  query: () =>
    `SELECT oid, pg_get_userbyid(nspowner), nspacl FROM pg_namespace
     WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'`,
  read(rows, context) {
    for (const [oid, owner, acl] of rows) {
      const schema = context.visibleSchema(text(oid));
      if (schema === undefined || context.isMember('pg_namespace', text(oid))) continue;
      context.add({
        kind: 'schema',
        identity: schema.quoted,
        parent: null,
        properties: context.owned('pg_namespace', text(oid), text(owner), acl ?? null, 'n'),
        physical: `pg_namespace:${oid}`,
      });
    }
  },
};
