import { quoteIdent } from '../../sql/quote.ts';
import { array, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { qualified } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

/** Range types (manual, CREATE TYPE). The multirange type belongs to its range. */
export const ranges: Kind = {
  name: 'ranges',
  probe: userRow('pg_range', 'rngtypid'),
  query: (major) =>
    `SELECT t.oid, t.typname, t.typnamespace, pg_get_userbyid(t.typowner), t.typacl,
       format_type(r.rngsubtype, NULL),
       (SELECT ${qualified('n.nspname', 'o.opcname')} FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace
         WHERE o.oid = r.rngsubopc AND NOT o.opcdefault),
       (SELECT ${qualified('n.nspname', 'l.collname')} FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
         JOIN pg_type s ON s.oid = r.rngsubtype WHERE l.oid = r.rngcollation AND s.typcollation <> r.rngcollation),
       r.rngcanonical, r.rngsubdiff,
       ${major >= 14 ? '(SELECT typname FROM pg_type m WHERE m.oid = r.rngmultitypid), r.rngmultitypid, (SELECT typnamespace FROM pg_type m WHERE m.oid = r.rngmultitypid)' : 'NULL, NULL, NULL'},
       ARRAY(SELECT d.objid::regprocedure FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'i'
         AND d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid${major >= 14 ? ', r.rngmultitypid' : ''}))
     FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid WHERE t.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const row of rows) {
      const [oid, name, schema, owner, acl, subtype, opclass, collation, canonical, difference, multirange] =
        row;
      const identity = context.identityIn(text(schema), text(name), 'pg_type', text(oid));
      if (identity === undefined) continue;
      const options = [`subtype = ${subtype}`];
      const add = (option: string, value: string | null | undefined) => {
        if (value !== null && value !== undefined && value !== '-') options.push(`${option} = ${value}`);
      };
      add('subtype_opclass', opclass);
      add('collation', collation);
      add('canonical', canonical);
      add('subtype_diff', difference);
      const place = row[12] ?? schema;
      const own =
        typeof multirange === 'string' && (multirange !== chosenMultirange(text(name)) || place !== schema);
      if (own)
        add(
          'multirange_type_name',
          `${quoteIdent(context.schemas.get(text(place))?.name ?? '')}.${quoteIdent(multirange)}`,
        );
      if (row[11] !== null && row[11] !== undefined)
        context.parts.set(`pg_type:${row[11]}`, `pg_type:${oid}`);
      context.add({
        kind: 'range',
        identity,
        parent: null,
        properties: { ...context.owned('pg_type', text(oid), text(owner), acl ?? null, 'T'), options },
        physical: `pg_type:${oid}`,
        // The functions that make values of it, which keep their names when the range gets another.
        extra: { constructors: [...array(row[13])].sort() },
      });
    }
  },
};

/** `makeMultirangeTypeName` in the server's catalog/pg_type.c. */
export function chosenMultirange(range: string): string {
  const chosen = range.includes('range')
    ? range.replace('range', 'multirange')
    : `${range.slice(0, 52)}_multirange`;
  return chosen.slice(0, 63);
}
