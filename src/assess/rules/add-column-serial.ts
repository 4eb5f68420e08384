import { addColumnSteps } from './add-column-steps.ts';
import { addedColumns, rewriting } from './added-columns.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addColumnSerial = rule({
  id: 'add-column-serial',
  severity: 'danger',
  title: 'A serial column makes the server write the whole table anew',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context)
      .filter((column) => rewriting(column, context) === 'serial')
      .map((column) => ({
        message: `Nobody can read or write ${column.table} until each of its rows is written anew, with a number of its own for ${column.name}.`,
        severity: byTime(context, [column.table], 'danger'),
        safeSql: addColumnSteps(analysis, column, context),
      })),
  why: 'serial is an integer with nextval() of a new sequence as its default, and that is volatile: every old row gets its number now, and the table with all its indexes is written anew under an AccessExclusiveLock (PostgreSQL manual, 8.1.4; ALTER TABLE, notes).',
  instead:
    'Make the sequence yourself, add the column as a plain integer, and set the default for new rows in the same transaction; number the old rows in batches; say NOT NULL last, and give the sequence to the column.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT n FROM generate_series(1, 12000) AS n;',
    bad: 'ALTER TABLE t ADD COLUMN n serial;',
    danger: { kind: 'rewrite', relation: 't' },
  },
  manual: 'datatype-numeric.html#DATATYPE-SERIAL',
});
