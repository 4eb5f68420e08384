import { quoteIdent } from '../../sql/quote.ts';
import { notMember } from '../context.ts';
import { text } from '../decode.ts';
import type { FunctionProperties } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

const ROUTINES: Readonly<Record<string, FunctionProperties['routine']>> = {
  f: 'function',
  p: 'procedure',
  w: 'window',
};

/** Functions, procedures and window functions; aggregates are a kind of their own. */
export const functions: Kind = {
  name: 'functions',
  scope: { of: 'routine', column: 1, makes: ['function'] },
  query: () =>
    `SELECT p.oid, p.proname, p.pronamespace, pg_get_userbyid(p.proowner), p.proacl, p.prokind,
       oidvectortypes(p.proargtypes), pg_get_functiondef(p.oid), pg_get_function_result(p.oid),
       pg_get_function_arguments(p.oid), l.lanname
     FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
     WHERE p.oid >= ${FIRST_USER_OID} AND p.prokind <> 'a' AND ${notMember('pg_proc', 'p')}`,
  read(rows, context) {
    for (const row of rows) {
      const [oid, name, schema, owner, acl, kind, types, definition, result, args, language] = row;
      const qualified = context.identityIn(text(schema), text(name), 'pg_proc', text(oid));
      if (qualified === undefined || definition === null) continue;
      context.add({
        kind: 'function',
        identity: `${qualified}(${types})`,
        parent: null,
        properties: {
          ...context.owned('pg_proc', text(oid), text(owner), acl ?? null, 'f'),
          definition: text(definition),
          routine: ROUTINES[text(kind)] ?? 'function',
          returns: result ?? null,
          arguments: text(args),
          language: quoteIdent(text(language)),
          ...context.dependsOnExtensions('pg_proc', text(oid)),
        },
        physical: `pg_proc:${oid}`,
      });
    }
  },
};
