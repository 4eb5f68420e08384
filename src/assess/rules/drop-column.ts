import { quoteIdent } from '../../sql/quote.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import { commands, existingRelation, rule } from './rule.ts';

export const dropColumn = rule({
  id: 'drop-column',
  severity: 'warning',
  title: 'Dropping a column breaks programs that still name it',
  on: ['AlterTableStmt'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null) return [];
    return commands(analysis, 'AT_DropColumn').map((command) => {
      const column = text(command, 'name') ?? '';
      const known = context.column(table, column);
      const target = `ALTER TABLE ${showName(written)} ALTER COLUMN ${quoteIdent(column)}`;
      return {
        message: `Statements that name ${table}.${quoteIdent(column)}, ORMs with a cached list of columns among them, fail from this moment on.`,
        // In front of it: programs that no longer know the column must be able to insert rows.
        safeSql: known?.notNull === true && known.default === null ? [`${target} DROP NOT NULL`] : [],
      };
    });
  },
  why: 'Ferrata parks the column rather than dropping it, so its values come back on the way back; but to programs it is gone.',
  instead:
    'First release a version of the programs that neither reads nor writes it (where it is NOT NULL without a default, drop the NOT NULL before), then drop it in a later migration.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t DROP COLUMN a;',
    danger: { kind: 'breaks', query: 'SELECT a FROM t', sqlstate: '42703' },
  },
});
