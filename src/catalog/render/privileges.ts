/** GRANT and REVOKE between two sets of privileges, no more than needed (manual, 5.8 Privileges). */
import type { Json, ObjectKind } from '../model.ts';

export interface Privilege {
  /** Quoted where needed; `PUBLIC` for everybody. */
  readonly grantee: string;
  readonly privilege: string;
  readonly grantable: boolean;
  readonly grantor: string;
}

/** Reads `grantee=PRIVILEGE[*]/grantor`. */
export function parsePrivilege(item: string): Privilege {
  const equals = unquotedIndex(item, '=');
  const slash = unquotedIndex(item, '/', equals);
  const privilege = item.slice(equals + 1, slash);
  const grantable = privilege.endsWith('*');
  return {
    grantee: item.slice(0, equals),
    privilege: grantable ? privilege.slice(0, -1) : privilege,
    grantable,
    grantor: item.slice(slash + 1),
  };
}

function unquotedIndex(text: string, character: string, from = 0): number {
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '"') quoted = !quoted;
    else if (!quoted && index >= from && text[index] === character) return index;
  }
  return text.length;
}

/** A list of privileges, those of and granted by one owner as if they were another's; anything else as it is. */
export function withOwner(value: Json, owner: string, wanted: string): Json {
  if (!Array.isArray(value)) return value;
  const rename = (name: string): string => (name === owner ? wanted : name);
  return (value as readonly Json[])
    .map((item) => {
      if (typeof item !== 'string') return item;
      const { grantee, privilege, grantable, grantor } = parsePrivilege(item);
      return `${rename(grantee)}=${privilege}${grantable ? '*' : ''}/${rename(grantor)}`;
    })
    .sort();
}

export interface PrivilegeTarget {
  /** As GRANT … ON takes it: `TABLE public.t`, `FUNCTION public.f(integer)`. */
  readonly on: string;
  /** Column in parentheses behind the privilege, for column privileges. */
  readonly column?: string;
  readonly owner: string;
}

/**
 * Statements that turn `before` into `after`. `clear` names grantees that may hold more than `before` says (default
 * privileges gave it to them when the object was created): everything is taken from them first.
 */
export function privilegeChanges(
  target: PrivilegeTarget,
  before: readonly string[],
  after: readonly string[],
  clear: readonly string[] = [],
): string[] {
  const statements: string[] = [];
  const column = target.column === undefined ? '' : ` (${target.column})`;
  for (const grantee of clear) statements.push(`REVOKE ALL ON ${target.on} FROM ${grantee}`);
  const had = new Map(
    before
      .map(parsePrivilege)
      .filter((one) => !clear.includes(one.grantee))
      .map((one) => [identity(one), one]),
  );
  const wanted = new Map(after.map(parsePrivilege).map((one) => [identity(one), one]));
  const revoked = new Map<string, string[]>();
  const optionRevoked = new Map<string, string[]>();
  const granted = new Map<string, string[]>();
  const collect = (map: Map<string, string[]>, one: Privilege, option: boolean): void => {
    const key = JSON.stringify([one.grantor, one.grantee, option]);
    map.set(key, [...(map.get(key) ?? []), `${one.privilege}${column}`]);
  };
  for (const [id, one] of had) {
    const other = wanted.get(id);
    if (other === undefined) collect(revoked, one, false);
    else if (one.grantable && !other.grantable) collect(optionRevoked, one, false);
  }
  for (const [id, one] of wanted) {
    const other = had.get(id);
    if (other === undefined || (one.grantable && !other.grantable)) collect(granted, one, one.grantable);
  }
  // What somebody passed on is revoked before what he had it from, and granted after it.
  for (const [key, privileges] of ownerLast(revoked, target.owner)) {
    const [grantor, grantee] = parts(key);
    statements.push(
      ...as(grantor, target.owner, `REVOKE ${privileges.join(', ')} ON ${target.on} FROM ${grantee}`),
    );
  }
  for (const [key, privileges] of ownerLast(optionRevoked, target.owner)) {
    const [grantor, grantee] = parts(key);
    const sql = `REVOKE GRANT OPTION FOR ${privileges.join(', ')} ON ${target.on} FROM ${grantee}`;
    statements.push(...as(grantor, target.owner, sql));
  }
  for (const [key, privileges] of ownerLast(granted, target.owner).reverse()) {
    const [grantor, grantee, option] = parts(key);
    const sql = `GRANT ${privileges.join(', ')} ON ${target.on} TO ${grantee}${option ? ' WITH GRANT OPTION' : ''}`;
    statements.push(...as(grantor, target.owner, sql));
  }
  return statements;
}

function identity(one: Privilege): string {
  return JSON.stringify([one.grantor, one.grantee, one.privilege]);
}

function parts(key: string): [string, string, boolean] {
  return JSON.parse(key) as [string, string, boolean];
}

/**
 * Grants in the order in which they can be revoked: what somebody passed on before what he had it from, what the owner
 * gave last. By grantor and grantee alone: nobody can be given an option that goes back to himself (`check_circularity`).
 */
function ownerLast(map: ReadonlyMap<string, string[]>, owner: string): [string, string[]][] {
  const entries = [...map];
  const sorted: [string, string[]][] = [];
  const visited = new Set<string>();
  const visit = (entry: [string, string[]]): void => {
    if (visited.has(entry[0])) return;
    visited.add(entry[0]);
    const [, grantee] = parts(entry[0]);
    for (const other of entries) if (parts(other[0])[0] === grantee && grantee !== owner) visit(other);
    sorted.push(entry);
  };
  for (const entry of entries) if (parts(entry[0])[0] !== owner) visit(entry);
  for (const entry of entries) visit(entry);
  return sorted;
}

/** A privilege is recorded as granted by the owner, unless the grantor himself grants it (manual, GRANT, Notes). */
function as(grantor: string, owner: string, sql: string): string[] {
  return grantor === owner ? [sql] : [`SET LOCAL ROLE ${grantor}`, sql, 'RESET ROLE'];
}

/** After ALTER … OWNER TO the old owner's place in every item is the new owner's (`aclnewowner`). */
export function withNewOwner(
  privileges: readonly string[],
  oldOwner: string | null,
  newOwner: string,
): string[] {
  const items = new Map<string, Privilege>();
  for (const one of privileges.map(parsePrivilege)) {
    const moved = {
      ...one,
      grantee: one.grantee === oldOwner ? newOwner : one.grantee,
      grantor: one.grantor === oldOwner ? newOwner : one.grantor,
    };
    const known = items.get(identity(moved));
    items.set(identity(moved), {
      ...moved,
      grantable: moved.grantable || (known?.grantable ?? false),
    });
  }
  return [...items.values()].map(formatPrivilege);
}

export function formatPrivilege(one: Privilege): string {
  return `${one.grantee}=${one.privilege}${one.grantable ? '*' : ''}/${one.grantor}`;
}

/** What a new object of the kind grants by itself: PostgreSQL's `acldefault`. */
export function builtInPrivileges(kind: ObjectKind, owner: string, major: number): string[] {
  const item = (grantee: string, privilege: string): string => `${grantee}=${privilege}/${owner}`;
  switch (kind) {
    case 'table':
    case 'view':
    case 'materialized view':
      return [
        'SELECT',
        'INSERT',
        'UPDATE',
        'DELETE',
        'TRUNCATE',
        'REFERENCES',
        'TRIGGER',
        ...(major >= 17 ? ['MAINTAIN'] : []),
      ].map((privilege) => item(owner, privilege));
    case 'sequence':
      return ['SELECT', 'UPDATE', 'USAGE'].map((privilege) => item(owner, privilege));
    case 'function':
    case 'aggregate':
      return [item(owner, 'EXECUTE'), item('PUBLIC', 'EXECUTE')];
    case 'enum':
    case 'domain':
    case 'composite':
    case 'range':
    case 'base type':
    case 'language':
      return [item(owner, 'USAGE'), item('PUBLIC', 'USAGE')];
    case 'schema':
      return [item(owner, 'USAGE'), item(owner, 'CREATE')];
    case 'foreign data wrapper':
    case 'server':
      return [item(owner, 'USAGE')];
    case 'database':
      return [
        item(owner, 'CREATE'),
        item(owner, 'CONNECT'),
        item(owner, 'TEMPORARY'),
        item('PUBLIC', 'CONNECT'),
        item('PUBLIC', 'TEMPORARY'),
      ];
    default:
      return [];
  }
}
