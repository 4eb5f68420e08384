import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { text } from '../decode.ts';
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
 * What ALTER DATABASE … SET and COMMENT ON DATABASE left; no object where there is neither. Its identity is `current`:
 * a database is compared with its copy, which has another name. Name, owner, privileges, encoding and locale belong to
 * the server and are left out. CREATE DATABASE … TEMPLATE copies neither settings nor comment: run the definition again.
 */
export const database: Kind = {
  name: 'database',
  query: () =>
    `SELECT d.oid, shobj_description(d.oid, 'pg_database'),
       (SELECT json_agg(json_build_array(CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END, s.setconfig))
         FROM pg_db_role_setting s WHERE s.setdatabase = d.oid)
     FROM pg_database d WHERE d.datname = current_database()`,
  read(rows, context) {
    for (const [oid, comment, settings] of rows) {
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
      if (assignments.length === 0 && comment === null) continue;
      const about = 'COMMENT ON DATABASE ';
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
            // With one more statement it is always a block, which EXECUTE needs.
            'NULL',
          ]),
          drop: oneStatement([
            ...assignments.map(reset),
            ...(comment === null ? [] : [execute(about, ' IS NULL')]),
            'NULL',
          ]),
          properties: {
            databaseComment: comment ?? null,
            settings: assignments
              .map(
                ({ role, name, value }) => `${role === null ? '' : `${quoteIdent(role)}: `}${name}=${value}`,
              )
              .sort(),
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
