/** Foreign data wrappers, servers and user mappings (manual, CREATE FOREIGN DATA WRAPPER …). */
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { array, type Text, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

/** `name=value` items as the list of an OPTIONS clause, in front of which a space is put. */
function optionsClause(items: readonly string[]): string {
  if (items.length === 0) return '';
  const list = [...items].sort().map((item) => {
    const at = item.indexOf('=');
    return `${quoteIdent(item.slice(0, at))} ${quoteLiteral(item.slice(at + 1))}`;
  });
  return ` OPTIONS (${list.join(', ')})`;
}

function clause(words: string, value: Text | undefined): string {
  return value === null || value === undefined || value === '-' ? '' : ` ${words} ${value}`;
}

export const foreignDataWrappers: Kind = {
  name: 'foreign data wrappers',
  probe: userRow('pg_foreign_data_wrapper'),
  query: () =>
    `SELECT oid, fdwname, pg_get_userbyid(fdwowner), fdwacl, fdwhandler::regproc, fdwvalidator::regproc, fdwoptions
     FROM pg_foreign_data_wrapper WHERE oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, owner, acl, handler, validator, options] of rows) {
      if (context.isMember('pg_foreign_data_wrapper', text(oid))) continue;
      const identity = quoteIdent(text(name));
      const functions = clause('HANDLER', handler) + clause('VALIDATOR', validator);
      addDefined(
        {
          kind: 'foreign data wrapper',
          identity,
          catalog: 'pg_foreign_data_wrapper',
          oid: text(oid),
          target: `FOREIGN DATA WRAPPER ${identity}`,
          definition: `CREATE FOREIGN DATA WRAPPER ${identity}${functions}${optionsClause(array(options))}`,
          properties: context.owned('pg_foreign_data_wrapper', text(oid), text(owner), acl ?? null, 'F'),
        },
        context,
      );
    }
  },
};

export const foreignServers: Kind = {
  name: 'foreign servers',
  probe: userRow('pg_foreign_server'),
  query: () =>
    `SELECT s.oid, s.srvname, pg_get_userbyid(s.srvowner), s.srvacl, s.srvtype, s.srvversion, f.fdwname,
       s.srvoptions
     FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw WHERE s.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, owner, acl, type, version, wrapper, options] of rows) {
      if (context.isMember('pg_foreign_server', text(oid))) continue;
      const identity = quoteIdent(text(name));
      const literal = (value: Text | undefined) =>
        value === null || value === undefined ? null : quoteLiteral(value);
      const about = clause('TYPE', literal(type)) + clause('VERSION', literal(version));
      addDefined(
        {
          kind: 'server',
          identity,
          catalog: 'pg_foreign_server',
          oid: text(oid),
          target: `SERVER ${identity}`,
          grantTarget: `FOREIGN SERVER ${identity}`,
          definition: `CREATE SERVER ${identity}${about} FOREIGN DATA WRAPPER ${quoteIdent(text(wrapper))}${optionsClause(array(options))}`,
          properties: context.owned('pg_foreign_server', text(oid), text(owner), acl ?? null, 'S'),
        },
        context,
      );
    }
  },
};

/** Options that no output may show (DESIGN §4.9). */
const SECRET = /pass|secret|token|key|credential/i;

/** A mapping that holds a password can be seen but not written down: its definition is null. */
export const userMappings: Kind = {
  name: 'user mappings',
  probe: userRow('pg_foreign_server'),
  query: () =>
    `SELECT umid, srvname, CASE WHEN umuser = 0 THEN 'PUBLIC' ELSE quote_ident(usename) END, umoptions
     FROM pg_user_mappings`,
  read(rows, context) {
    for (const [oid, server, user, optionText] of rows) {
      const identity = `FOR ${user} SERVER ${quoteIdent(text(server))}`;
      const options = array(optionText);
      const shown = options.filter((item) => !SECRET.test(item.slice(0, item.indexOf('='))));
      const hidden = options.filter((item) => !shown.includes(item));
      addDefined(
        {
          kind: 'user mapping',
          identity,
          catalog: 'pg_user_mapping',
          oid: text(oid),
          target: `USER MAPPING ${identity}`,
          definition: hidden.length > 0 ? null : `CREATE USER MAPPING ${identity}${optionsClause(shown)}`,
          properties: {
            options: [...shown].sort(),
            secretOptions: hidden.map((item) => item.slice(0, item.indexOf('='))).sort(),
          },
        },
        context,
      );
    }
  },
};
