/** Procedural languages, access methods and transforms. */
import { quoteIdent } from '../../sql/quote.ts';
import { notMember } from '../context.ts';
import { bool, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

export const languages: Kind = {
  name: 'languages',
  probe: userRow('pg_language'),
  query: () =>
    `SELECT l.oid, l.lanname, pg_get_userbyid(l.lanowner), l.lanacl, l.lanpltrusted, l.lanplcallfoid::regproc,
       CASE WHEN l.laninline <> 0 THEN l.laninline::regproc END,
       CASE WHEN l.lanvalidator <> 0 THEN l.lanvalidator::regproc END
     FROM pg_language l WHERE l.lanispl AND l.oid >= ${FIRST_USER_OID} AND ${notMember('pg_language', 'l')}`,
  read(rows, context) {
    for (const [oid, name, owner, acl, trusted, handler, inline, validator] of rows) {
      const identity = quoteIdent(text(name));
      addDefined(
        {
          kind: 'language',
          identity,
          catalog: 'pg_language',
          oid: text(oid),
          target: `LANGUAGE ${identity}`,
          definition:
            `CREATE ${bool(trusted) ? 'TRUSTED ' : ''}LANGUAGE ${identity} HANDLER ${handler}` +
            `${inline === null ? '' : ` INLINE ${inline}`}${validator === null ? '' : ` VALIDATOR ${validator}`}`,
          properties: context.owned('pg_language', text(oid), text(owner), acl ?? null, 'l'),
        },
        context,
      );
    }
  },
};

export const accessMethods: Kind = {
  name: 'access methods',
  probe: userRow('pg_am'),
  query: () =>
    `SELECT a.oid, a.amname, a.amtype, a.amhandler FROM pg_am a
     WHERE a.oid >= ${FIRST_USER_OID} AND ${notMember('pg_am', 'a')}`,
  read(rows, context) {
    for (const [oid, name, type, handler] of rows) {
      const identity = quoteIdent(text(name));
      addDefined(
        {
          kind: 'access method',
          identity,
          catalog: 'pg_am',
          oid: text(oid),
          target: `ACCESS METHOD ${identity}`,
          definition: `CREATE ACCESS METHOD ${identity} TYPE ${type === 't' ? 'TABLE' : 'INDEX'} HANDLER ${handler}`,
          properties: { comment: context.comment('pg_am', text(oid)) },
        },
        context,
      );
    }
  },
};

export const transforms: Kind = {
  name: 'transforms',
  probe: userRow('pg_transform'),
  query: () =>
    `SELECT t.oid, format_type(t.trftype, NULL), l.lanname,
       CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure END,
       CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure END
     FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
     WHERE t.oid >= ${FIRST_USER_OID} AND ${notMember('pg_transform', 't')}`,
  read(rows, context) {
    for (const [oid, type, language, fromSql, toSql] of rows) {
      const identity = `FOR ${type} LANGUAGE ${quoteIdent(text(language))}`;
      const functions = [
        ...(fromSql === null ? [] : [`FROM SQL WITH FUNCTION ${fromSql}`]),
        ...(toSql === null ? [] : [`TO SQL WITH FUNCTION ${toSql}`]),
      ];
      addDefined(
        {
          kind: 'transform',
          identity,
          catalog: 'pg_transform',
          oid: text(oid),
          target: `TRANSFORM ${identity}`,
          definition: `CREATE TRANSFORM ${identity} (${functions.join(', ')})`,
          properties: { comment: context.comment('pg_transform', text(oid)) },
        },
        context,
      );
    }
  },
};
