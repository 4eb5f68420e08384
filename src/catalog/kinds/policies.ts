import { quoteIdent } from '../../sql/quote.ts';
import { array, bool, type Text, text } from '../decode.ts';
import type { PolicyProperties } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

const COMMANDS: Readonly<Record<string, PolicyProperties['command']>> = {
  '*': 'all',
  r: 'select',
  a: 'insert',
  w: 'update',
  d: 'delete',
};

export const policies: Kind = {
  name: 'policies',
  scope: { of: 'relation', column: 3, makes: ['policy'] },
  query: () =>
    `SELECT p.oid, p.polname, p.polrelid, p.polpermissive, p.polcmd, 0 = ANY (p.polroles),
       ARRAY(SELECT pg_get_userbyid(r)::text FROM unnest(p.polroles) r WHERE r <> 0),
       pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
     FROM pg_policy p WHERE p.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, table, permissive, command, everyone, roles, using, withCheck] of rows) {
      const relation = context.relations.get(text(table));
      if (relation === undefined) continue;
      const { parked } = relation;
      const expression = (sql: Text | undefined) =>
        sql === null || sql === undefined ? null : (parked?.text(sql) ?? sql);
      const names = array(roles).map(quoteIdent);
      context.add(
        {
          kind: 'policy',
          identity: `${relation.identity}.${quoteIdent(text(name))}`,
          parent: relation.key,
          properties: {
            permissive: bool(permissive),
            command: COMMANDS[text(command)] ?? 'all',
            roles: (bool(everyone) ? ['PUBLIC', ...names] : names).sort(),
            using: expression(using),
            withCheck: expression(withCheck),
            comment: context.comment('pg_policy', text(oid)),
          },
          physical: `pg_policy:${oid}`,
        },
        parked,
      );
    }
  },
};
