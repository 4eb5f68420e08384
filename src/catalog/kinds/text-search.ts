/** Text search parsers, templates, dictionaries and configurations (manual, chapter 12). */
import { quoteIdent } from '../../sql/quote.ts';
import { array, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined, optionList, qualified } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

export const textSearchParsers: Kind = {
  name: 'text search parsers',
  probe: userRow('pg_ts_parser'),
  query: () =>
    `SELECT oid, prsname, prsnamespace, prsstart, prstoken, prsend, prslextype, prsheadline
     FROM pg_ts_parser WHERE oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, schema, start, token, end, types, headline] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_ts_parser', text(oid));
      if (identity === undefined) continue;
      const options = optionList([
        ['START', start],
        ['GETTOKEN', token],
        ['END', end],
        ['HEADLINE', headline],
        ['LEXTYPES', types],
      ]);
      addDefined(
        {
          kind: 'text search parser',
          identity,
          catalog: 'pg_ts_parser',
          oid: text(oid),
          target: `TEXT SEARCH PARSER ${identity}`,
          definition: `CREATE TEXT SEARCH PARSER ${identity} (${options})`,
          properties: { comment: context.comment('pg_ts_parser', text(oid)) },
        },
        context,
      );
    }
  },
};

export const textSearchTemplates: Kind = {
  name: 'text search templates',
  probe: userRow('pg_ts_template'),
  query: () =>
    `SELECT oid, tmplname, tmplnamespace, tmplinit, tmpllexize
     FROM pg_ts_template WHERE oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, schema, init, lexize] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_ts_template', text(oid));
      if (identity === undefined) continue;
      const options = optionList([
        ['INIT', init],
        ['LEXIZE', lexize],
      ]);
      addDefined(
        {
          kind: 'text search template',
          identity,
          catalog: 'pg_ts_template',
          oid: text(oid),
          target: `TEXT SEARCH TEMPLATE ${identity}`,
          definition: `CREATE TEXT SEARCH TEMPLATE ${identity} (${options})`,
          properties: { comment: context.comment('pg_ts_template', text(oid)) },
        },
        context,
      );
    }
  },
};

export const textSearchDictionaries: Kind = {
  name: 'text search dictionaries',
  probe: userRow('pg_ts_dict'),
  query: () =>
    `SELECT d.oid, d.dictname, d.dictnamespace, pg_get_userbyid(d.dictowner), ${qualified('n.nspname', 't.tmplname')},
       d.dictinitoption
     FROM pg_ts_dict d JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace n ON n.oid = t.tmplnamespace
     WHERE d.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, template, init] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_ts_dict', text(oid));
      if (identity === undefined) continue;
      addDefined(
        {
          kind: 'text search dictionary',
          identity,
          catalog: 'pg_ts_dict',
          oid: text(oid),
          target: `TEXT SEARCH DICTIONARY ${identity}`,
          definition: `CREATE TEXT SEARCH DICTIONARY ${identity} (TEMPLATE = ${template}${init === null ? '' : `, ${init}`})`,
          properties: { owner: quoteIdent(text(owner)), comment: context.comment('pg_ts_dict', text(oid)) },
        },
        context,
      );
    }
  },
};

export const textSearchConfigurations: Kind = {
  name: 'text search configurations',
  probe: userRow('pg_ts_config'),
  query: () =>
    `SELECT c.oid, c.cfgname, c.cfgnamespace, pg_get_userbyid(c.cfgowner), ${qualified('n.nspname', 'p.prsname')},
       ARRAY(SELECT (SELECT quote_ident(y.alias) FROM ts_token_type(c.cfgparser) y WHERE y.tokid = m.maptokentype)
         || ' WITH ' || string_agg(${qualified('dn.nspname', 'd.dictname')}, ', ' ORDER BY m.mapseqno)
         FROM pg_ts_config_map m JOIN pg_ts_dict d ON d.oid = m.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace
         WHERE m.mapcfg = c.oid GROUP BY m.maptokentype ORDER BY m.maptokentype)
     FROM pg_ts_config c JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace n ON n.oid = p.prsnamespace
     WHERE c.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, parser, mappings] of rows) {
      const identity = context.identityIn(text(schema), text(name), 'pg_ts_config', text(oid));
      if (identity === undefined) continue;
      addDefined(
        {
          kind: 'text search configuration',
          identity,
          catalog: 'pg_ts_config',
          oid: text(oid),
          target: `TEXT SEARCH CONFIGURATION ${identity}`,
          definition: [
            `CREATE TEXT SEARCH CONFIGURATION ${identity} (PARSER = ${parser})`,
            ...array(mappings).map(
              (mapping) => `ALTER TEXT SEARCH CONFIGURATION ${identity} ADD MAPPING FOR ${mapping}`,
            ),
          ],
          properties: { owner: quoteIdent(text(owner)), comment: context.comment('pg_ts_config', text(oid)) },
        },
        context,
      );
    }
  },
};
