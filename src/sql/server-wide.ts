/**
 * Statements that change the server rather than the database they are sent to: roles, databases, tablespaces, the
 * server's settings (PostgreSQL manual, chapters 21 to 23). No copy of a database shows what they did.
 */
import type { ParsedStatement } from './model.ts';
import { child, children, type Node, text } from './tree.ts';

export interface ServerWide {
  /** The command, as on its page of the manual; of a GRANT or COMMENT with what it is on. */
  readonly command: string;
  /** `roles` alone can be made, and changed, on a server that others use too, without anybody's harm. */
  readonly concerns: 'roles' | 'server';
  /** Roles that it works on: with a role that the migration makes itself all that goes when the role is dropped. */
  readonly roles: readonly string[];
  /** The role that it makes; null for everything else. */
  readonly makes: string | null;
}

/** What a statement does to the server; null where it stays inside the database. */
export function serverWide({ kind, node }: ParsedStatement): ServerWide | null {
  const server = (command: string): ServerWide => ({ command, concerns: 'server', roles: [], makes: null });
  const roles = (command: string, names: readonly string[], makes: string | null = null): ServerWide => ({
    command,
    concerns: 'roles',
    roles: names,
    makes,
  });
  switch (kind) {
    case 'CreateRoleStmt': {
      const name = text(node, 'role') ?? '';
      return roles(`CREATE ${roleWord(text(node, 'stmt_type'))}`, [name], name);
    }
    case 'AlterRoleStmt':
    case 'AlterRoleSetStmt':
      if (text(node, 'database') !== null) return server('ALTER ROLE … IN DATABASE');
      return roles('ALTER ROLE', roleNames([{ RoleSpec: child(node, 'role') }]));
    case 'DropRoleStmt':
      return roles('DROP ROLE', roleNames(node.roles));
    case 'GrantRoleStmt':
      return roles(
        node.is_grant === true ? 'GRANT of a role' : 'REVOKE of a role',
        roleNames(node.grantee_roles),
      );
    case 'CreatedbStmt':
      return server('CREATE DATABASE');
    case 'DropdbStmt':
      return server('DROP DATABASE');
    // By its name, which the copy does not have: the database meant is another one.
    case 'AlterDatabaseSetStmt':
      return server('ALTER DATABASE … SET');
    case 'AlterDatabaseStmt':
    case 'AlterDatabaseRefreshCollStmt':
      return server('ALTER DATABASE');
    case 'AlterSystemStmt':
      return server('ALTER SYSTEM');
    case 'CreateTableSpaceStmt':
      return server('CREATE TABLESPACE');
    case 'DropTableSpaceStmt':
      return server('DROP TABLESPACE');
    case 'AlterTableSpaceOptionsStmt':
      return server('ALTER TABLESPACE');
    case 'RenameStmt': {
      const type = text(node, 'renameType');
      if (type === 'OBJECT_ROLE') return roles('ALTER ROLE … RENAME', [text(node, 'subname') ?? '']);
      if (type === 'OBJECT_DATABASE') return server('ALTER DATABASE … RENAME');
      return type === 'OBJECT_TABLESPACE' ? server('ALTER TABLESPACE … RENAME') : null;
    }
    case 'AlterOwnerStmt': {
      const type = text(node, 'objectType');
      if (type === 'OBJECT_DATABASE') return server('ALTER DATABASE … OWNER');
      return type === 'OBJECT_TABLESPACE' ? server('ALTER TABLESPACE … OWNER') : null;
    }
    case 'GrantStmt': {
      const on = GRANTED_ON.get(text(node, 'objtype') ?? '');
      return on === undefined ? null : server(`${node.is_grant === true ? 'GRANT' : 'REVOKE'} ON ${on}`);
    }
    case 'CommentStmt':
    case 'SecLabelStmt': {
      const command = kind === 'CommentStmt' ? 'COMMENT' : 'SECURITY LABEL';
      const type = text(node, 'objtype');
      const name = text(child(child(node, 'object'), 'String'), 'sval') ?? '';
      if (type === 'OBJECT_ROLE') return roles(`${command} ON ROLE`, [name]);
      if (type === 'OBJECT_DATABASE') return server(`${command} ON DATABASE`);
      return type === 'OBJECT_TABLESPACE' ? server(`${command} ON TABLESPACE`) : null;
    }
    default:
      return null;
  }
}

const GRANTED_ON: ReadonlyMap<string, string> = new Map([
  ['OBJECT_DATABASE', 'DATABASE'],
  ['OBJECT_TABLESPACE', 'TABLESPACE'],
  ['OBJECT_PARAMETER_ACL', 'PARAMETER'],
]);

function roleWord(type: string | null): string {
  return type === 'ROLESTMT_USER' ? 'USER' : type === 'ROLESTMT_GROUP' ? 'GROUP' : 'ROLE';
}

function roleNames(specs: unknown): readonly string[] {
  return children({ specs } as Node, 'specs').map(({ node }) => text(node, 'rolename') ?? '');
}
