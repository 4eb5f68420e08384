import { quoteIdent } from '../../sql/quote.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import { expressionSql } from './expression-sql.ts';
import { commands, existingRelation, rule } from './rule.ts';
import { backfillOf, COMMIT, fillingTrigger } from './steps.ts';
import { byTime } from './weight.ts';

export const alterColumnSetExpression = rule({
  id: 'alter-column-set-expression',
  severity: 'danger',
  title: 'Another expression of a stored generated column writes the whole table anew',
  on: ['AlterTableStmt'],
  commands: ['AT_SetExpression'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null) return [];
    const target = { table, written };
    return commands(analysis, 'AT_SetExpression').flatMap((command) => {
      const column = text(command, 'name') ?? '';
      if (context.column(table, column)?.generated === 'virtual') return [];
      const quoted = quoteIdent(column);
      const write = backfillOf(context, target);
      const fill = (value: string): string =>
        write(`${quoted} = (${value})`, `${quoted} IS DISTINCT FROM (${value})`);
      return [
        {
          message: `Nobody can read or write ${table} until each of its rows is written anew, with its new value of ${column}.`,
          severity: byTime(context, [table], 'danger'),
          safeSql: async () => {
            const value = await expressionSql(command.def);
            if (value === null) return [null];
            return [
              `ALTER TABLE ${showName(written)} ALTER COLUMN ${quoted} DROP EXPRESSION`,
              ...fillingTrigger(target, column, value),
              COMMIT,
              fill(value),
            ];
          },
        },
      ];
    });
  },
  why: 'The value is kept in each row: with another expression each gets another, and the table with all its indexes is written anew under an AccessExclusiveLock. A virtual column has nothing to write (PostgreSQL manual, ALTER TABLE, SET EXPRESSION).',
  instead:
    'Make it a plain column, which keeps its values (DROP EXPRESSION), with a trigger that computes the new ones for what is written, in one transaction; then fill the old rows in batches.',
  versions: { from: 17 },
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO t (id, a) SELECT n, n FROM generate_series(1, 100) AS n;',
    bad: 'ALTER TABLE t ALTER COLUMN b SET EXPRESSION AS (a * 3);',
    danger: { kind: 'rewrite', relation: 't' },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-SET-EXPRESSION',
});
