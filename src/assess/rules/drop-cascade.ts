import { deparse } from '../../sql/deparse.ts';
import { text } from '../../sql/tree.ts';
import { alterTableSql, commands, rule } from './rule.ts';

export const dropCascade = rule({
  id: 'drop-cascade',
  severity: 'danger',
  title: 'CASCADE drops whatever depends on it, in silence',
  on: ['DropStmt', 'AlterTableStmt', 'TruncateStmt'],
  applies: (analysis) => {
    const { kind, node } = analysis.statement;
    if (kind !== 'AlterTableStmt') {
      if (text(node, 'behavior') !== 'DROP_CASCADE' || !analysis.tags.has('destroys')) return [];
      return [
        {
          message:
            'What depends on it goes too: views, foreign keys, columns, rows; today’s, not those that you had in mind.',
          safeSql: async () => [await deparse(kind, { ...node, behavior: 'DROP_RESTRICT' })],
        },
      ];
    }
    return [...commands(analysis, 'AT_DropColumn'), ...commands(analysis, 'AT_DropConstraint')]
      .filter((command) => text(command, 'behavior') === 'DROP_CASCADE')
      .map((command) => ({
        message: `What depends on ${text(command, 'name')} goes too: views, foreign keys, indexes.`,
        safeSql: async () => [await alterTableSql(analysis, { ...command, behavior: 'DROP_RESTRICT' })],
      }));
  },
  why: 'CASCADE follows pg_depend as far as it leads (PostgreSQL manual, 5.15). What it takes along is not parked, and a trigger or view that a later migration had added disappears unnoticed.',
  instead:
    'Drop the dependents by name, in order, and then the object without CASCADE: the server refuses when one was forgotten.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;',
    bad: 'DROP TABLE t CASCADE;',
    danger: { kind: 'breaks', query: 'SELECT id FROM v', sqlstate: '42P01' },
  },
});
