import { addColumnSteps } from './add-column-steps.ts';
import { addedColumns, rewriting } from './added-columns.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addColumnGeneratedStored = rule({
  id: 'add-column-generated-stored',
  severity: 'danger',
  title: 'A stored generated column makes the server write the whole table anew',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context)
      .filter((column) => rewriting(column, context) === 'stored')
      .map((column) => ({
        message: `Nobody can read or write ${column.table} until each of its rows is written anew, with its value of ${column.name}.`,
        severity: byTime(context, [column.table], 'danger'),
        safeSql: addColumnSteps(analysis, column, context),
      })),
  why: 'The value of a stored generated column is kept in each row, and old rows get theirs at once: the table with all its indexes is written anew under an AccessExclusiveLock. A virtual one (PostgreSQL 18) is computed when it is read and changes the catalog alone, but cannot be indexed (PostgreSQL manual, 5.4).',
  instead:
    'From PostgreSQL 18 on make it VIRTUAL, unless it needs an index. Else make it a plain column that a trigger fills for new and changed rows, and fill the old rows in batches.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT n, n FROM generate_series(1, 12000) AS n;',
    bad: 'ALTER TABLE t ADD COLUMN twice int GENERATED ALWAYS AS (a * 2) STORED;',
    danger: { kind: 'rewrite', relation: 't' },
  },
  manual: 'ddl-generated-columns.html',
});
