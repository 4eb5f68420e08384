import { addColumnSteps } from './add-column-steps.ts';
import { addedColumns, rewriting } from './added-columns.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addColumnVolatileDefault = rule({
  id: 'add-column-volatile-default',
  severity: 'danger',
  title: 'A volatile default makes the server write the whole table anew',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context)
      .filter((column) => rewriting(column, context) === 'volatile default')
      .map((column) => ({
        message: `Nobody can read or write ${column.table} until each of its rows is written anew, with a value of its own for ${column.name}.`,
        severity: byTime(context, [column.table], 'danger'),
        safeSql: addColumnSteps(analysis, column, context),
      })),
  why: 'A constant default is kept once in the catalog, and old rows read it from there. A volatile one (random(), gen_random_uuid(), clock_timestamp(), nextval(), a function that is not marked otherwise) gives every row a value of its own: the table and all its indexes are written anew under an AccessExclusiveLock. now() and CURRENT_TIMESTAMP are stable, and cost nothing (PostgreSQL manual, ALTER TABLE, notes).',
  instead:
    'Add the column without a default, set the default for new rows in the same transaction, and fill the old rows in batches. Where it is to be NOT NULL, say so last.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT n FROM generate_series(1, 12000) AS n;',
    bad: 'ALTER TABLE t ADD COLUMN token uuid DEFAULT gen_random_uuid() NOT NULL;',
    danger: { kind: 'rewrite', relation: 't' },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-NOTES',
});
