import { quoteIdent } from '../../sql/quote.ts';
import { text } from '../decode.ts';
import type { Kind } from './kind.ts';

export const extensions: Kind = {
  name: 'extensions',
  query: () =>
    `SELECT e.oid, e.extname, n.nspname, e.extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace`,
  read(rows, context) {
    for (const [oid, name, schema, version] of rows) {
      const onTables = context.onExtensionTables.get(quoteIdent(text(name)));
      const memberPrivileges = context.changedPrivileges.get(quoteIdent(text(name)));
      context.add({
        kind: 'extension',
        identity: quoteIdent(text(name)),
        parent: null,
        properties: {
          schema: quoteIdent(text(schema)),
          version: text(version),
          comment: context.comment('pg_extension', text(oid)),
          ...(memberPrivileges === undefined ? {} : { memberPrivileges }),
          ...(onTables === undefined ? {} : { onTables }),
        },
        physical: `pg_extension:${oid}`,
      });
    }
  },
};
