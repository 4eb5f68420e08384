/**
 * GRANT and REVOKE statements that stand in the catalog as properties: how privileges differ from what CREATE EXTENSION,
 * CREATE DATABASE or initdb gave. `OWNER` in the place of a role is the object's owner, whoever that is; `GRANTED BY` is
 * there where another than the owner granted.
 */
import { quoteIdent } from '../sql/quote.ts';
import type { AclItem } from './decode.ts';

interface Item {
  readonly grantee: string;
  readonly privilege: string;
  readonly grantable: boolean;
  /** Null for the owner. */
  readonly grantor: string | null;
}

export const OWNER_WORD = 'OWNER';

/** The statements that lead from one ACL to another, sorted; `owner` unquoted, `column` and `target` as SQL names them. */
export function privilegeStatements(
  before: readonly AclItem[],
  now: readonly AclItem[],
  {
    owner,
    target,
    column,
  }: { readonly owner: string; readonly target: string; readonly column: string | null },
): string[] {
  const [had, has] = [items(before, owner), items(now, owner)];
  const on = (item: Item): string => `${item.privilege}${column === null ? '' : ` (${column})`} ON ${target}`;
  const by = (item: Item): string => (item.grantor === null ? '' : ` GRANTED BY ${item.grantor}`);
  const statements: string[] = [];
  for (const [key, item] of had) {
    if (!has.has(key)) statements.push(`REVOKE ${on(item)} FROM ${item.grantee}${by(item)}`);
  }
  for (const [key, item] of has) {
    const old = had.get(key);
    if (old !== undefined && old.grantable === item.grantable) continue;
    const option = item.grantable ? ' WITH GRANT OPTION' : '';
    statements.push(
      old?.grantable === true
        ? `REVOKE GRANT OPTION FOR ${on(item)} FROM ${item.grantee}${by(item)}`
        : `GRANT ${on(item)} TO ${item.grantee}${option}${by(item)}`,
    );
  }
  return statements.sort();
}

function items(list: readonly AclItem[], owner: string): ReadonlyMap<string, Item> {
  const found = new Map<string, Item>();
  for (const { grantee, privileges, grantor } of list) {
    const name = grantee === null ? 'PUBLIC' : grantee === owner ? OWNER_WORD : quoteIdent(grantee);
    const by = grantor === owner ? null : quoteIdent(grantor);
    for (const { name: privilege, grantable } of privileges) {
      found.set(`${name} ${privilege} ${by ?? ''}`, { grantee: name, privilege, grantable, grantor: by });
    }
  }
  return found;
}

const GRANTED_BY = / GRANTED BY ("(?:[^"]|"")+"|[^" ]+)$/;

/** The statement without its `GRANTED BY`, and who must run it: the owner (null) or that role, quoted. */
export function grantorOf(statement: string): { readonly sql: string; readonly grantor: string | null } {
  const grantor = GRANTED_BY.exec(statement)?.[1] ?? null;
  return { sql: statement.replace(GRANTED_BY, ''), grantor };
}

/** The statement that takes it back. */
export function undone(statement: string): string {
  const { sql, grantor } = grantorOf(statement);
  const by = grantor === null ? '' : ` GRANTED BY ${grantor}`;
  const option = /^REVOKE GRANT OPTION FOR (.*) FROM (\S+|"(?:[^"]|"")+")$/.exec(sql);
  if (option !== null) return `GRANT ${option[1]} TO ${option[2]} WITH GRANT OPTION${by}`;
  const revoked = /^REVOKE (.*) FROM (\S+|"(?:[^"]|"")+")$/.exec(sql);
  if (revoked !== null) return `GRANT ${revoked[1]} TO ${revoked[2]}${by}`;
  const granted = /^GRANT (.*) TO (\S+|"(?:[^"]|"")+")(?: WITH GRANT OPTION)?$/.exec(sql);
  if (granted === null) throw new Error(`no GRANT or REVOKE: ${statement}`);
  return `REVOKE ${granted[1]} FROM ${granted[2]}${by}`;
}

/**
 * The statements in an order in which they can be run: who grants something was granted it before, with its grant option.
 * Backwards it is the order in which they can be taken back.
 */
export function grantorsFirst(statements: readonly string[]): string[] {
  const ordered: string[] = [];
  let waiting = [...statements];
  while (waiting.length > 0) {
    const givers = new Set(waiting.flatMap((statement) => receiverOf(statement) ?? []));
    const ready = waiting.filter((statement) => {
      const { sql, grantor } = grantorOf(statement);
      return grantor === null || !givers.has(`${grantor} ${privilegeOf(sql)}`);
    });
    // Two who gave each other the option: the server refuses such circles, so there are none.
    if (ready.length === 0) return [...ordered, ...waiting];
    ordered.push(...ready);
    waiting = waiting.filter((statement) => !ready.includes(statement));
  }
  return ordered;
}

/** Who may pass something on after this statement, and what. */
function receiverOf(statement: string): string | null {
  const { sql } = grantorOf(statement);
  const receiver = / TO (\S+|"(?:[^"]|"")+") WITH GRANT OPTION$/.exec(sql)?.[1];
  return receiver === undefined ? null : `${receiver} ${privilegeOf(sql)}`;
}

/** `CREATE ON DATABASE current`, without the statement's own words. */
function privilegeOf(sql: string): string {
  return sql
    .replace(/^(?:GRANT|REVOKE GRANT OPTION FOR|REVOKE) /, '')
    .replace(/ (?:TO|FROM) (?:"(?:[^"]|"")+"|\S+)(?: WITH GRANT OPTION)?$/, '');
}
