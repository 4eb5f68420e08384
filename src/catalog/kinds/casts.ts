import { notMember } from '../context.ts';
import { text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

const CONTEXT: Readonly<Record<string, string>> = { a: ' AS ASSIGNMENT', i: ' AS IMPLICIT', e: '' };

/** Casts; identity `(source AS target)`. */
export const casts: Kind = {
  name: 'casts',
  probe: userRow('pg_cast'),
  query: () =>
    `SELECT c.oid, format_type(c.castsource, NULL), format_type(c.casttarget, NULL), c.castcontext, c.castmethod,
       CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure END
     FROM pg_cast c WHERE c.oid >= ${FIRST_USER_OID} AND ${notMember('pg_cast', 'c')}`,
  read(rows, context) {
    for (const [oid, source, goal, when, method, routine] of rows) {
      const identity = `(${source} AS ${goal})`;
      const how =
        method === 'f' ? `WITH FUNCTION ${routine}` : method === 'i' ? 'WITH INOUT' : 'WITHOUT FUNCTION';
      addDefined(
        {
          kind: 'cast',
          identity,
          catalog: 'pg_cast',
          oid: text(oid),
          target: `CAST ${identity}`,
          definition: `CREATE CAST ${identity} ${how}${CONTEXT[text(when)] ?? ''}`,
          properties: { comment: context.comment('pg_cast', text(oid)) },
        },
        context,
      );
    }
  },
};
