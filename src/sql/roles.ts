/** Roles that a script speaks about. */
import type { Script } from './model.ts';
import { children, text } from './tree.ts';

export interface RoleNames {
  /** In GRANT … TO, OWNER TO, POLICY … TO, AUTHORIZATION, SET ROLE and the like. */
  readonly named: ReadonlySet<string>;
  /** By CREATE ROLE, CREATE USER or CREATE GROUP. */
  readonly made: ReadonlySet<string>;
}

/** Names inside strings (a DO block, a function's body) are not seen. */
export function rolesOf(script: Script): RoleNames {
  const named = new Set<string>();
  const made = new Set<string>();
  for (const { kind, node } of script.statements) {
    const own = kind === 'CreateRoleStmt' ? text(node, 'role') : null;
    if (own !== null) made.add(own);
    if (kind === 'VariableSetStmt' && text(node, 'name') === 'role') {
      for (const name of stringsIn(node.args)) if (name.toLowerCase() !== 'none') named.add(name);
    }
    // GRANT role TO role: the first one stands where a privilege could.
    if (kind === 'GrantRoleStmt') {
      for (const granted of children(node, 'granted_roles')) {
        const name = text(granted.node, 'priv_name');
        if (name !== null) named.add(name);
      }
    }
    collect(node, named);
  }
  return { named, made };
}

/** `RoleSpec` is the grammar's node for a role wherever one can stand; CURRENT_USER, PUBLIC … are other types of it. */
function collect(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, names);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const record = value as Readonly<Record<string, unknown>>;
  if (record.roletype === 'ROLESPEC_CSTRING' && typeof record.rolename === 'string')
    names.add(record.rolename);
  for (const item of Object.values(record)) collect(item, names);
}

function stringsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Readonly<Record<string, unknown>>;
  return typeof record.sval === 'string' ? [record.sval] : Object.values(record).flatMap(stringsIn);
}
