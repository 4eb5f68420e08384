import { namesFromLists, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const dropTable = rule({
  id: 'drop-table',
  severity: 'warning',
  title: 'Dropping a table breaks programs that still use it',
  on: ['DropStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    if (text(node, 'removeType') !== 'OBJECT_TABLE') return [];
    return namesFromLists(node, 'objects').flatMap((name) => {
      const table = context.resolve(name);
      if (table === null || context.isNew(table)) return [];
      const users = context.referencing(table);
      const keys = users.length === 0 ? '' : ` Foreign keys of ${users.join(', ')} refer to it.`;
      return [{ message: `${table} is gone for every program that still names it.${keys}`, safeSql: [] }];
    });
  },
  why: 'Ferrata parks the table in the attic rather than dropping it, so it comes back with its rows; but to programs it is gone. Its foreign keys lock the tables that they refer to as well.',
  instead:
    'Make sure that nothing uses it (pg_stat_user_tables tells when it was last read), and drop it in a migration of its own.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'DROP TABLE t;',
    danger: { kind: 'breaks', query: 'SELECT id FROM t', sqlstate: '42P01' },
  },
});
