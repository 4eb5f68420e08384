import { quoteIdent } from '../../sql/quote.ts';
import { flag, relationOf, showName, text } from '../../sql/tree.ts';
import { commands, existingRelation, rule } from './rule.ts';

export const dropColumn = rule({
  id: 'drop-column',
  severity: 'warning',
  title: 'Dropping a column breaks programs that still name it',
  on: ['AlterTableStmt'],
  commands: ['AT_DropColumn'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null || context.known.has('composite', table)) return [];
    return commands(analysis, 'AT_DropColumn').flatMap((command) => {
      const column = text(command, 'name') ?? '';
      const known = context.column(table, column);
      if (context.isNewColumn(table, column)) return [];
      const absent = known === null && context.known.complete && context.table(table) !== null;
      if (flag(command, 'missing_ok') && absent) return [];
      const target = `ALTER TABLE ${showName(written)} ALTER COLUMN ${quoteIdent(column)}`;
      const values = context.loose ? ' Its values are gone for good.' : '';
      return [
        {
          message: `Statements that name ${table}.${quoteIdent(column)}, ORMs with a cached list of columns among them, fail from this moment on.${values}`,
          severity: context.loose ? 'danger' : 'warning',
          // In front of it: programs that no longer know the column must be able to insert rows.
          safeSql: known?.notNull === true && known.default === null ? [`${target} DROP NOT NULL`] : [],
        },
      ];
    });
  },
  why: 'The statement is instant, and so is its effect: programs of the old release still read and write the column, and many read all columns by name. Where ferrata runs the migration it parks the column rather than to drop it, so its values come back on the way back; any other runner loses them (PostgreSQL manual, ALTER TABLE, DROP COLUMN).',
  instead:
    'First release a version of the programs that neither reads nor writes it (where it is NOT NULL without a default, drop the NOT NULL before, so that they can insert rows), then drop it in a later migration.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t DROP COLUMN a;',
    danger: { kind: 'breaks', query: 'SELECT a FROM t', sqlstate: '42703' },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-COLUMN',
});
