import { text } from '../../sql/tree.ts';
import { constraintsOf } from '../statements/columns.ts';
import { addColumnSteps } from './add-column-steps.ts';
import { addedColumns, rewriting } from './added-columns.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addColumnInlineCheck = rule({
  id: 'add-column-inline-check',
  severity: 'danger',
  title: 'A CHECK on a new column reads the whole table while it is locked',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context)
      // Where the rows are written anew, they are checked in passing.
      .filter((column) => rewriting(column, context) === null)
      .filter(({ definition }) =>
        constraintsOf(definition).some(
          (constraint) => text(constraint, 'contype') === 'CONSTR_CHECK' && constraint.is_enforced !== false,
        ),
      )
      .map((column) => ({
        message: `Nobody can read or write ${column.table} until every row has been checked, though all have the same in ${column.name}.`,
        severity: byTime(context, [column.table], 'danger'),
        safeSql: addColumnSteps(analysis, column, context),
      })),
  why: 'All old rows have the same value in the new column, NULL or the default; the server reads every one of them nevertheless, under the AccessExclusiveLock of ADD COLUMN (PostgreSQL manual, ALTER TABLE, notes).',
  instead: 'Add the column first, the CHECK as NOT VALID, and validate it in a transaction of its own.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN a int DEFAULT 1 CHECK (a > 0);',
    danger: { kind: 'scan', relation: 't' },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-NOTES',
});
