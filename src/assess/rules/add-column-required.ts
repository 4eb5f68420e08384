import { addColumnSteps } from './add-column-steps.ts';
import { addedColumns, hasValue, isRequired } from './added-columns.ts';
import { rule } from './rule.ts';

export const addColumnRequired = rule({
  id: 'add-column-required',
  severity: 'danger',
  title: 'A NOT NULL column without a default fails on a table that has rows',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context)
      .filter((column) => isRequired(column, context) && !hasValue(column, context))
      .map((column) => {
        const empty = context.size(column.table)?.rows === 0;
        return {
          message: empty
            ? `${column.table} is empty as yet, but programs that do not know ${column.name} cannot insert rows any more.`
            : `The statement fails as soon as ${column.table} holds a row: its ${column.name} would be NULL.`,
          severity: empty ? 'warning' : 'danger',
          safeSql: addColumnSteps(analysis, column, context),
        };
      }),
  why: 'Existing rows get NULL in a column without a default, and NOT NULL forbids it. It works on an empty test table, and nowhere else. Programs that do not know the column yet cannot insert rows either (PostgreSQL manual, ALTER TABLE, ADD COLUMN).',
  instead:
    'Give it a constant DEFAULT, which costs nothing, and keep that as long as programs run that do not know the column. Or add it nullable, fill it, and say NOT NULL in a later migration.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN a int NOT NULL;',
    danger: { kind: 'fails', sqlstate: '23502' },
  },
  manual: 'sql-altertable.html',
});
