import { quoteIdent } from '../../sql/quote.ts';
import { child, children, flag, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const superuserOrSystem = rule({
  id: 'superuser-or-system',
  severity: 'warning',
  title: 'It needs a superuser, or makes one, and reaches beyond the database',
  on: ['AlterSystemStmt', 'CreateRoleStmt', 'AlterRoleStmt', 'CopyStmt'],
  applies: ({ statement }) => {
    const { kind, node } = statement;
    const hit = (message: string) => [{ message, safeSql: [] }];
    switch (kind) {
      case 'AlterSystemStmt': {
        const name = text(child(node, 'setstmt'), 'name') ?? 'everything';
        return hit(
          `${name} changes for the whole server, all databases of it, with the next reload or restart; managed servers refuse ALTER SYSTEM, and no rollback of this database brings the old value back.`,
        );
      }
      case 'CopyStmt': {
        if (text(node, 'filename') === null) return [];
        return hit(
          flag(node, 'is_program')
            ? 'The server runs a program as its own operating system user: only superusers and members of pg_execute_server_program may ask for that.'
            : 'The file lies on the server, not beside the migration: only superusers and members of pg_read_server_files or pg_write_server_files may use it, and managed servers have none.',
        );
      }
      default: {
        const role = text(node, 'role') ?? text(child(node, 'role'), 'rolename') ?? 'the role';
        const granted = children(node, 'options')
          .filter((option) => flag(child(child(option.node, 'arg'), 'Boolean'), 'boolval'))
          .map((option) => text(option.node, 'defname') ?? '');
        if (granted.includes('superuser')) {
          return hit(
            `${quoteIdent(role)} may then do anything on the server, in every database, without a check.`,
          );
        }
        return granted.includes('bypassrls')
          ? hit(`${quoteIdent(role)} then sees every row, whatever the policies say.`)
          : [];
      }
    }
  },
  why: 'Roles and the server’s settings belong to all its databases (PostgreSQL manual, 22, 20.1.2). A migration that needs a superuser is run as one, and every mistake in it with it; hosted servers give none.',
  instead:
    'Set up roles, settings and files outside of migrations; grant what is needed by name, or a predefined role (22.5). COPY … FROM STDIN takes the rows from the client.',
  manual: 'predefined-roles.html',
  example: {
    schema: '',
    bad: 'CREATE ROLE example_admin SUPERUSER;',
    danger: {
      kind: 'shows',
      query: "SELECT rolname FROM pg_roles WHERE rolname = 'example_admin' AND rolsuper",
    },
    good: ['CREATE ROLE example_admin', 'GRANT pg_monitor TO example_admin'],
  },
});
