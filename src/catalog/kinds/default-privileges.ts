import { quoteIdent } from '../../sql/quote.ts';
import type { ReadContext } from '../context.ts';
import { type AclKind, text } from '../decode.ts';
import { addDefined, oneStatement } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

const TYPES: Readonly<Record<string, { readonly words: string; readonly acl: AclKind | null }>> = {
  r: { words: 'TABLES', acl: 'r' },
  S: { words: 'SEQUENCES', acl: 's' },
  f: { words: 'FUNCTIONS', acl: 'f' },
  T: { words: 'TYPES', acl: 'T' },
  n: { words: 'SCHEMAS', acl: 'n' },
  L: { words: 'LARGE OBJECTS', acl: null },
};

interface Grant {
  readonly grantee: string;
  readonly privilege: string;
  readonly option: string;
}

/** `grantee=PRIVILEGE[*]/grantor`; the grantor of a default privilege is always the role itself. */
function parse(item: string): Grant {
  const [, grantee = '', privilege = '', star = ''] =
    /^("(?:[^"]|"")*"|[^=]*)=([A-Z ]+)(\*?)\//.exec(item) ?? [];
  return { grantee, privilege, option: star === '*' ? ' WITH GRANT OPTION' : '' };
}

/**
 * ALTER DEFAULT PRIVILEGES; identity `<role>[ in <schema>] on <TABLES …>`. Those of a schema add to what everybody has,
 * those of the whole database replace it (manual, ALTER DEFAULT PRIVILEGES).
 */
export const defaultPrivileges: Kind = {
  name: 'default privileges',
  probe: userRow('pg_default_acl'),
  query: () =>
    `SELECT oid, pg_get_userbyid(defaclrole), defaclnamespace, defaclobjtype, defaclacl FROM pg_default_acl`,
  read(rows, context) {
    for (const [oid, role, schemaOid, letter, acl] of rows) {
      const type = TYPES[text(letter)];
      const schema = schemaOid === '0' ? null : context.visibleSchema(text(schemaOid));
      if (type === undefined || schema === undefined) continue;
      const owner = quoteIdent(text(role));
      const place = schema === null ? '' : ` IN SCHEMA ${schema.quoted}`;
      const head = `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner}${place}`;
      const has = context.privileges(acl ?? '{}', type.acl ?? 'c', text(role));
      const had = schema === null ? before(type.acl, text(role), context) : [];
      const gained = has.filter((item) => !had.includes(item));
      const lost = had.filter((item) => !has.includes(item));
      addDefined(
        {
          kind: 'default privileges',
          identity: `${owner}${schema === null ? '' : ` in ${schema.quoted}`} on ${type.words}`,
          catalog: 'pg_default_acl',
          oid: text(oid),
          target: head,
          definition: [...revokes(head, lost, type.words), ...grants(head, gained, type.words)],
          drop: oneStatement([...revokes(head, gained, type.words), ...grants(head, lost, type.words)]),
          properties: { grants: has },
        },
        context,
      );
    }
  },
};

function before(acl: AclKind | null, role: string, context: ReadContext): readonly string[] {
  if (acl !== null) return context.privileges(null, acl, role);
  return ['SELECT', 'UPDATE'].map((privilege) => `${quoteIdent(role)}=${privilege}/${quoteIdent(role)}`);
}

function grants(head: string, items: readonly string[], words: string): string[] {
  return items
    .map(parse)
    .map(({ grantee, privilege, option }) => `${head} GRANT ${privilege} ON ${words} TO ${grantee}${option}`);
}

function revokes(head: string, items: readonly string[], words: string): string[] {
  return items
    .map(parse)
    .map(({ grantee, privilege }) => `${head} REVOKE ${privilege} ON ${words} FROM ${grantee}`);
}
