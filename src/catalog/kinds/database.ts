import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { acl, defaultAcl, text } from '../decode.ts';
import { grantorOf, grantorsFirst, privilegeStatements, undone } from '../privilege-statements.ts';
import { addDefined, oneStatement } from './definition.ts';
import type { Kind } from './kind.ts';

/** Settings whose value is a list of quoted names already (`GUC_LIST_QUOTE` in the server's guc tables). */
const NAME_LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/**
 * What ALTER DATABASE … SET, COMMENT ON, GRANT … ON DATABASE left, and GRANTs on the server's own objects; no object where
 * there is none of these. Its identity is `current`: a database is compared with its copy, which has another name, and
 * another owner: privileges count as the owner's grants, whoever that is. Encoding and locale are chosen by CREATE
 * DATABASE. A connection limit and the like are how this one database is run. CREATE DATABASE … TEMPLATE copies neither
 * settings nor comment nor privileges: run the definition again.
 */
export const database: Kind = {
  name: 'database',
  query: () =>
    `SELECT d.oid, shobj_description(d.oid, 'pg_database'),
       (SELECT json_agg(json_build_array(CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END, s.setconfig))
         FROM pg_db_role_setting s WHERE s.setdatabase = d.oid),
       pg_get_userbyid(d.datdba), d.datacl
     FROM pg_database d WHERE d.datname = current_database()`,
  read(rows, context) {
    for (const [oid, comment, settings, owner, granted] of rows) {
      const assignments: Assignment[] = [];
      const roles =
        settings === null || settings === undefined ? [] : (JSON.parse(settings) as RoleSettings[]);
      for (const [role, items] of roles) {
        for (const item of items) {
          const at = item.indexOf('=');
          assignments.push({ role, name: item.slice(0, at), value: item.slice(at + 1) });
        }
      }
      assignments.sort((a, b) => (order(a) < order(b) ? -1 : 1));
      const privileges =
        granted === null
          ? []
          : privilegeStatements(defaultAcl('d', text(owner), context.major), acl(text(granted)), {
              owner: text(owner),
              target: TARGET,
              column: null,
            });
      const system = context.changedPrivileges.get(null) ?? [];
      const labels = context.securityLabels('pg_database', text(oid));
      const isPlain = assignments.length + privileges.length + system.length === 0 && comment === null;
      if (isPlain && labels.securityLabels === undefined) continue;
      const about = 'COMMENT ON DATABASE ';
      const given = grantorsFirst([...privileges, ...system]);
      addDefined(
        {
          kind: 'database',
          identity: 'current',
          catalog: 'pg_database',
          oid: text(oid),
          target: 'DATABASE current',
          definition: oneStatement([
            ...assignments.map(set),
            ...(comment === null ? [] : [execute(about, ` IS ${quoteLiteral(text(comment))}`)]),
            ...given.flatMap(grant),
            ...labelled(labels.securityLabels ?? [], false),
            // With one more statement it is always a block, which EXECUTE needs.
            'NULL',
          ]),
          drop: oneStatement([
            ...assignments.map(reset),
            ...(comment === null ? [] : [execute(about, ' IS NULL')]),
            ...given.toReversed().map(undone).flatMap(grant),
            ...labelled(labels.securityLabels ?? [], true),
            'NULL',
          ]),
          properties: {
            databaseComment: comment ?? null,
            settings: assignments
              .map(
                ({ role, name, value }) => `${role === null ? '' : `${quoteIdent(role)}: `}${name}=${value}`,
              )
              .sort(),
            ...(privileges.length === 0 ? {} : { databasePrivileges: privileges }),
            ...(system.length === 0 ? {} : { systemPrivileges: system }),
            ...(labels.securityLabels === undefined ? {} : { databaseLabels: labels.securityLabels }),
          },
        },
        context,
      );
    }
  },
};

type RoleSettings = readonly [role: string | null, items: readonly string[]];

interface Assignment {
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
}

function order({ role, name }: Assignment): string {
  return `${role ?? ''}\n${name}`;
}

/** A statement about the database that it runs in, whatever that is called. */
function execute(before: string, after: string): string {
  return `EXECUTE ${quoteLiteral(before)} || quote_ident(current_database()) || ${quoteLiteral(after)}`;
}

const TARGET = 'DATABASE current';

/** The name of the database's owner, as SQL in a block. */
const OWNER_NAME = `(SELECT pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(datdba)) FROM pg_catalog.pg_database WHERE datname = current_database())`;

/** Runs a statement of `privilege-statements.ts` in a block. */
function grant(statement: string): string[] {
  const { sql, grantor } = grantorOf(statement);
  const words = / (?:TO|FROM) OWNER(?: WITH GRANT OPTION)?$/.test(sql)
    ? sql.replace(/ (TO|FROM) OWNER(?= WITH GRANT OPTION$|$)/, ' $1 %2$s')
    : sql.replaceAll('%', '%%');
  const format = words.replace(` ON ${TARGET} `, ' ON DATABASE %1$I ');
  const run = `EXECUTE pg_catalog.format(${quoteLiteral(format)}, current_database(), ${OWNER_NAME})`;
  return grantor === null ? [run] : [`SET LOCAL ROLE ${grantor}`, run, 'RESET ROLE'];
}

function labelled(labels: readonly string[], away: boolean): string[] {
  return labels.map((label) => {
    const at = label.indexOf('=');
    const value = away ? 'NULL' : quoteLiteral(label.slice(at + 1));
    return execute(`SECURITY LABEL FOR ${quoteIdent(label.slice(0, at))} ON DATABASE `, ` IS ${value}`);
  });
}

function subject(role: string | null): string {
  return role === null ? 'ALTER DATABASE ' : `ALTER ROLE ${quoteIdent(role)} IN DATABASE `;
}

/** A name such as `app.tenant` is written as it is; each part is quoted where needed. */
function settingName(name: string): string {
  return name.split('.').map(quoteIdent).join('.');
}

function set({ role, name, value }: Assignment): string {
  const literal = NAME_LISTS.has(name) ? value || "''" : quoteLiteral(value);
  return execute(subject(role), ` SET ${settingName(name)} TO ${literal}`);
}

function reset({ role, name }: Assignment): string {
  return execute(subject(role), ` RESET ${settingName(name)}`);
}
