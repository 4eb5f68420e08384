import { quoteIdent } from '../../sql/quote.ts';
import type { ReadContext } from '../context.ts';
import { bool, type Text, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { clip, MAX_NAME_BYTES } from './facts.ts';
import type { Kind } from './kind.ts';

/** From PostgreSQL 17 on a domain's NOT NULL is a constraint with a name. */
function notNull(major: number, column: string): string {
  if (major < 17) return 'NULL';
  return `CASE WHEN t.typnotnull THEN (SELECT c.${column} FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'n') END`;
}

/** Its name where it is not the one that the server chooses (`makeObjectName` in commands/indexcmds.c), its comment. */
function notNullProperties(
  domain: string,
  name: Text | undefined,
  oid: string,
  context: ReadContext,
): { readonly notNullName?: string; readonly notNullComment?: string } {
  if (name === null || name === undefined) return {};
  const label = /_not_null\d*$/.exec(name)?.[0] ?? '';
  const chosen = label !== '' && name === clip(domain, MAX_NAME_BYTES - label.length) + label;
  const comment = context.comment('pg_constraint', oid);
  return {
    ...(chosen ? {} : { notNullName: quoteIdent(name) }),
    ...(comment === null ? {} : { notNullComment: comment }),
  };
}

export const domains: Kind = {
  name: 'domains',
  query: (major) =>
    `SELECT t.oid, t.typname, t.typnamespace, pg_get_userbyid(t.typowner), t.typacl,
       format_type(t.typbasetype, t.typtypmod), t.typnotnull, pg_get_expr(t.typdefaultbin, 0),
       CASE WHEN t.typcollation <> b.typcollation THEN (SELECT quote_ident(n.nspname) || '.' || quote_ident(l.collname)
         FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = t.typcollation) END,
       ${notNull(major, 'conname')}, ${notNull(major, 'oid')}
     FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype
     WHERE t.typtype = 'd' AND t.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [
      oid,
      name,
      schema,
      owner,
      acl,
      type,
      notNull,
      expression,
      collation,
      constraint,
      constraintOid,
    ] of rows) {
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
          ...notNullProperties(text(name), constraint, text(constraintOid), context),
        },
        physical: `pg_type:${oid}`,
      });
    }
  },
};
