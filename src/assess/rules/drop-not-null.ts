import { quoteIdent } from '../../sql/quote.ts';
import { text } from '../../sql/tree.ts';
import { commands, existingRelation, rule } from './rule.ts';

export const dropNotNull = rule({
  id: 'drop-not-null',
  severity: 'info',
  title: 'Programs may meet NULL where there never was one',
  on: ['AlterTableStmt'],
  commands: ['AT_DropNotNull'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    return commands(analysis, 'AT_DropNotNull').flatMap((command) => {
      const column = text(command, 'name') ?? '';
      if (context.isNewColumn(table, column) || context.column(table, column)?.notNull === false) return [];
      return [
        {
          message: `Programs that read ${table}.${quoteIdent(column)} must be ready for NULL; and once a row has one, NOT NULL does not come back before it is filled.`,
          safeSql: [],
        },
      ];
    });
  },
  why: 'The statement is instant. What it changes is what readers may rely on, and the way back: SET NOT NULL reads every row, and fails at the first NULL (PostgreSQL manual, ALTER TABLE, DROP NOT NULL).',
  instead:
    'Release the programs that can cope with NULL first, then this, then those that write it. The way back fills the rows that are NULL by then, or does not go.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ALTER COLUMN a DROP NOT NULL; INSERT INTO t (id) VALUES (2);',
    danger: { kind: 'shows', query: 'SELECT FROM t WHERE a IS NULL' },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL',
});
