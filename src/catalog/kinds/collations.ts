/** Collations and conversions (manual, CREATE COLLATION, CREATE CONVERSION). */
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { bool, type Text, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined, optionList } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

const PROVIDERS: Readonly<Record<string, string>> = { c: 'libc', i: 'icu', b: 'builtin', d: 'default' };

export const collations: Kind = {
  name: 'collations',
  probe: userRow('pg_collation'),
  // The version of the operating system's library is not the schema's.
  query: (major) => {
    const locale = major >= 17 ? 'c.colllocale' : major >= 15 ? 'c.colliculocale' : 'NULL';
    return `SELECT c.oid, c.collname, c.collnamespace, pg_get_userbyid(c.collowner), c.collprovider, c.collisdeterministic,
       c.collcollate, c.collctype, ${locale}, ${major >= 16 ? 'c.collicurules' : 'NULL'}
     FROM pg_collation c WHERE c.oid >= ${FIRST_USER_OID}
       AND c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))`;
  },
  read(rows, context) {
    for (const [oid, name, schema, owner, provider, deterministic, collate, ctype, locale, rules] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_collation', text(oid));
      if (identity === undefined) continue;
      const literal = (value: Text | undefined) =>
        value === null || value === undefined ? null : quoteLiteral(value);
      const one = locale ?? (collate === ctype ? collate : null);
      const options = optionList([
        ['provider', PROVIDERS[text(provider)]],
        ['deterministic', bool(deterministic) ? null : 'false'],
        ['locale', literal(one)],
        ['lc_collate', one === null ? literal(collate) : null],
        ['lc_ctype', one === null ? literal(ctype) : null],
        ['rules', literal(rules)],
      ]);
      addDefined(
        {
          kind: 'collation',
          identity,
          catalog: 'pg_collation',
          oid: text(oid),
          target: `COLLATION ${identity}`,
          definition: provider === 'd' ? null : `CREATE COLLATION ${identity} (${options})`,
          properties: { owner: quoteIdent(text(owner)), comment: context.comment('pg_collation', text(oid)) },
        },
        context,
      );
    }
  },
};

export const conversions: Kind = {
  name: 'conversions',
  probe: userRow('pg_conversion'),
  query: () =>
    `SELECT c.oid, c.conname, c.connamespace, pg_get_userbyid(c.conowner), pg_encoding_to_char(c.conforencoding),
       pg_encoding_to_char(c.contoencoding), c.conproc, c.condefault
     FROM pg_conversion c WHERE c.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, from, to, routine, isDefault] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_conversion', text(oid));
      if (identity === undefined) continue;
      const encodings = `FOR ${quoteLiteral(text(from))} TO ${quoteLiteral(text(to))} FROM ${routine}`;
      addDefined(
        {
          kind: 'conversion',
          identity,
          catalog: 'pg_conversion',
          oid: text(oid),
          target: `CONVERSION ${identity}`,
          definition: `CREATE ${bool(isDefault) ? 'DEFAULT ' : ''}CONVERSION ${identity} ${encodings}`,
          properties: {
            owner: quoteIdent(text(owner)),
            comment: context.comment('pg_conversion', text(oid)),
          },
        },
        context,
      );
    }
  },
};
