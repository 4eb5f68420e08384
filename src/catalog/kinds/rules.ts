import { quoteIdent } from '../../sql/quote.ts';
import { text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';
import { ENABLED } from './triggers.ts';

export const rules: Kind = {
  name: 'rules',
  scope: { of: 'relation', column: 3, makes: ['rule'] },
  query: () =>
    `SELECT r.oid, r.rulename, r.ev_class, pg_get_ruledef(r.oid), r.ev_enabled
     FROM pg_rewrite r WHERE r.rulename <> '_RETURN' AND r.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, table, definition, enabled] of rows) {
      const relation = context.relations.get(text(table));
      if (relation === undefined || definition === null) continue;
      const { parked } = relation;
      context.add(
        {
          kind: 'rule',
          identity: `${relation.identity}.${quoteIdent(text(name))}`,
          parent: relation.key,
          properties: {
            definition: parked?.text(text(definition)) ?? text(definition),
            enabled: ENABLED[text(enabled)] ?? 'origin',
            comment: context.comment('pg_rewrite', text(oid)),
          },
          physical: `pg_rewrite:${oid}`,
        },
        parked,
      );
    }
  },
};
