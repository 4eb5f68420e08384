import { notMember } from '../context.ts';
import { text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined } from './definition.ts';
import type { Kind } from './kind.ts';

/**
 * Base types and shell types. Their input and output functions take the type itself: creating one is a dance of several
 * steps around a C library, so there is no one definition, but every property is seen.
 */
export const baseTypes: Kind = {
  name: 'base types',
  probe: `EXISTS (SELECT FROM pg_type WHERE oid >= ${FIRST_USER_OID} AND typtype IN ('b', 'p')
    AND (typelem = 0 OR typinput <> 'array_in'::regproc))`,
  query: (major) =>
    `SELECT t.oid, t.typname, t.typnamespace, pg_get_userbyid(t.typowner), t.typacl, json_build_array(
       t.typisdefined::text, concat(t.typlen), t.typbyval::text, t.typcategory::text, t.typispreferred::text,
       t.typdelim::text, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin,
       t.typmodout, t.typanalyze, t.typalign::text, t.typstorage::text, t.typdefault,
       (t.typcollation <> 0)::text, CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END,
       ${major >= 14 ? 't.typsubscript' : 'NULL'})
     FROM pg_type t WHERE t.oid >= ${FIRST_USER_OID} AND (t.typtype = 'b' OR (t.typtype = 'p' AND NOT t.typisdefined))
       AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) AND ${notMember('pg_type', 't')}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, acl, details] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_type', text(oid));
      if (identity === undefined) continue;
      addDefined(
        {
          kind: 'base type',
          identity,
          catalog: 'pg_type',
          oid: text(oid),
          target: `TYPE ${identity}`,
          definition: null,
          properties: {
            ...context.owned('pg_type', text(oid), text(owner), acl ?? null, 'T'),
            details: text(details),
          },
        },
        context,
      );
    }
  },
};
