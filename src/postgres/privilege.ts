/**
 * Which GRANT is missing, read from what the server said. English messages only: on a server that speaks another
 * language the hint stays general.
 */
import { quoteIdent } from '../sql/quote.ts';

/**
 * The next step after SQLSTATE 42501.
 * @param message the server's primary message
 * @param detail the server's DETAIL
 * @param user the role that lacks the privilege
 * @param sql the statement, to tell SELECT from UPDATE
 */
export function privilegeHint(
  message: string,
  detail: string | undefined,
  user: string | undefined,
  sql: string | undefined,
): string {
  const role = user === undefined ? 'the role that ferrata connects as' : quoteIdent(user);
  const denied = /^permission denied for ([a-z -]+?) "?(.+?)"?$/.exec(message);
  if (denied) {
    const [, kind = '', name = ''] = denied;
    const grant = grantFor(kind, name, role, detail, verbOf(sql));
    if (grant !== null) return `Let the owner or a superuser run: ${grant}`;
  }
  const owner = /^must be owner of ([a-z -]+?) "?(.+?)"?$/.exec(message);
  if (owner) {
    const [, kind = '', name = ''] = owner;
    const sqlKind = (kind === 'relation' ? 'table' : kind).toUpperCase();
    return (
      `Only the owner may do this. Connect as the owner, make ${role} a member of the owning role ` +
      `(GRANT <owner> TO ${role};), or hand it over: ALTER ${sqlKind} ${quoteName(name)} OWNER TO ${role};`
    );
  }
  const member =
    /(?:must be able to SET ROLE|must be member of role|permission denied to set role) "(.+?)"/.exec(message);
  if (member) return `Let a superuser run: GRANT ${quoteIdent(member[1] ?? '')} TO ${role};`;
  const create = /^permission denied to create (database|role|extension)/.exec(message);
  if (create?.[1] === 'database') return `Let a superuser run: ALTER ROLE ${role} CREATEDB;`;
  if (create?.[1] === 'role') return `Let a superuser run: ALTER ROLE ${role} CREATEROLE;`;
  if (create?.[1] === 'extension') {
    return 'Let a superuser create the extension once, before the migration; CREATE EXTENSION IF NOT EXISTS then does nothing.';
  }
  if (/row-level security policy/.test(message)) {
    return `A row security policy forbids it. Connect as a role with BYPASSRLS, or let a superuser run: ALTER ROLE ${role} BYPASSRLS;`;
  }
  if (/superuser/.test(message))
    return 'Connect as a superuser for this statement, or take it out of the migration.';
  return `Grant ${role} what the statement needs, or connect as the owner of the objects it touches.`;
}

function grantFor(
  kind: string,
  name: string,
  role: string,
  detail: string | undefined,
  verb: string | null,
): string | null {
  switch (kind) {
    case 'table':
    case 'relation':
    case 'view':
    case 'materialized view':
    case 'foreign table':
    case 'partitioned table': {
      const privilege =
        verb === 'MERGE'
          ? 'SELECT, INSERT, UPDATE, DELETE'
          : verb === 'COPY' || verb === null
            ? 'SELECT, INSERT, UPDATE, DELETE'
            : verb === 'ALTER' || verb === 'CREATE'
              ? 'REFERENCES, TRIGGER, SELECT'
              : verb === 'UPDATE' || verb === 'DELETE'
                ? `SELECT, ${verb}`
                : verb === 'LOCK'
                  ? 'UPDATE'
                  : verb;
      return `GRANT ${privilege} ON ${quoteName(name)} TO ${role};`;
    }
    case 'sequence':
      return `GRANT USAGE, SELECT, UPDATE ON SEQUENCE ${quoteName(name)} TO ${role};`;
    case 'schema':
      return verb === 'CREATE' || verb === 'ALTER'
        ? `GRANT USAGE, CREATE ON SCHEMA ${quoteName(name)} TO ${role};`
        : `GRANT USAGE ON SCHEMA ${quoteName(name)} TO ${role};`;
    case 'database':
      return /CONNECT/.test(detail ?? '')
        ? `GRANT CONNECT ON DATABASE ${quoteName(name)} TO ${role};`
        : verb === 'CREATE'
          ? `GRANT CREATE ON DATABASE ${quoteName(name)} TO ${role};`
          : `GRANT CREATE, CONNECT, TEMPORARY ON DATABASE ${quoteName(name)} TO ${role};`;
    case 'function':
    case 'procedure':
    case 'routine':
    case 'aggregate':
      return `GRANT EXECUTE ON ${kind === 'procedure' ? 'PROCEDURE' : 'FUNCTION'} ${quoteName(name)} TO ${role};`;
    case 'type':
    case 'language':
    case 'foreign server':
    case 'foreign-data wrapper':
      return `GRANT USAGE ON ${kind.replace('-', ' ').toUpperCase()} ${quoteName(name)} TO ${role};`;
    case 'tablespace':
      return `GRANT CREATE ON TABLESPACE ${quoteName(name)} TO ${role};`;
    case 'parameter':
      return `GRANT SET ON PARAMETER ${name} TO ${role};`;
    default:
      return null;
  }
}

/** The server prints names unquoted; a function comes with its arguments. */
function quoteName(name: string): string {
  const call = /^(.*?)(\(.*\))$/.exec(name);
  return call ? quoteIdent(call[1] ?? '') + (call[2] ?? '') : quoteIdent(name);
}

const VERBS = new Set([
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'TRUNCATE',
  'LOCK',
  'COPY',
  'MERGE',
  'CREATE',
  'ALTER',
]);

/** The statement's verb; null where it can't be told by the first word (WITH, DO, several statements). */
function verbOf(sql: string | undefined): string | null {
  if (sql === undefined) return null;
  const text = sql.replace(/^(?:\s+|--[^\n]*\n|\/\*.*?\*\/)+/s, '');
  // More than one statement: the first word says nothing about the one that failed.
  if (/;\s*\S/.test(text)) return null;
  const word = /^[a-z]+/i.exec(text)?.[0].toUpperCase() ?? '';
  return VERBS.has(word) ? word : null;
}
