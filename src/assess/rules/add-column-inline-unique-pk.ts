import { addColumnSteps } from './add-column-steps.ts';
import { addedColumns, constraintOf, hasValue } from './added-columns.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addColumnInlineUniquePk = rule({
  id: 'add-column-inline-unique-pk',
  severity: 'danger',
  title: 'UNIQUE or PRIMARY KEY on a new column builds its index while the table is locked',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context)
      // A key without a value fails: that is told elsewhere.
      .filter(
        (column) =>
          constraintOf(column, 'CONSTR_UNIQUE') !== null ||
          (constraintOf(column, 'CONSTR_PRIMARY') !== null && hasValue(column, context)),
      )
      .map((column) => ({
        message: `Nobody can read or write ${column.table} until the index of ${column.name} is built.`,
        severity: byTime(context, [column.table], 'danger'),
        safeSql: addColumnSteps(analysis, column, context),
      })),
  why: 'The index behind the key is built over every row, under the AccessExclusiveLock of ADD COLUMN (PostgreSQL manual, ALTER TABLE, ADD table_constraint_using_index).',
  instead:
    'Add the column first, build a unique index CONCURRENTLY, and make the key out of it, which is instant.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN code text UNIQUE;',
    danger: { kind: 'scan', relation: 't' },
  },
  manual: 'sql-altertable.html',
});
