import { array, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

export const enums: Kind = {
  name: 'enums',
  query: () =>
    `SELECT t.oid, t.typname, t.typnamespace, pg_get_userbyid(t.typowner), t.typacl,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
       ARRAY(SELECT e.oid FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
     FROM pg_type t WHERE t.typtype = 'e' AND t.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, acl, labels, labelIds] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_type', text(oid));
      if (identity === undefined) continue;
      context.add({
        kind: 'enum',
        identity,
        parent: null,
        properties: {
          ...context.owned('pg_type', text(oid), text(owner), acl ?? null, 'T'),
          labels: array(labels),
        },
        physical: `pg_type:${oid}`,
        // Tells a renamed label from a new one.
        extra: { labelIds: array(labelIds) },
      });
    }
  },
};
