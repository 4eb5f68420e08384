import { constraintsOf } from '../statements/columns.ts';
import { addColumnSteps } from './add-column-steps.ts';
import { addedColumns, hasValue, referencedBy, rewriting } from './added-columns.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addColumnInlineFk = rule({
  id: 'add-column-inline-fk',
  severity: 'danger',
  title: 'A foreign key on a new column locks two tables, and with a default it reads them',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context).flatMap((column) => {
      const key =
        constraintsOf(column.definition).find(({ contype }) => contype === 'CONSTR_FOREIGN') ?? null;
      if (key === null || key.is_enforced === false) return [];
      const other = referencedBy(key, context);
      if (other === null) return [];
      const reads = hasValue(column, context);
      // Without a value the lock on the other table is all there is, and a table of one's own nobody waits for.
      if (!reads && (other === column.table || context.isNew(other))) return [];
      const also =
        rewriting(column, context) === null ? '' : ' Its rows are looked up after they are written anew.';
      return [
        {
          message: reads
            ? `Nobody can read or write ${column.table}, nor write ${other}, until each row has been looked up in ${other}.${also}`
            : `${column.table} and ${other} are locked at once: whoever holds one of them makes everybody wait for the other as well.`,
          severity: reads ? byTime(context, [column.table], 'danger') : 'info',
          safeSql: addColumnSteps(analysis, column, context),
        },
      ];
    }),
  why: 'ADD COLUMN … REFERENCES takes an AccessExclusiveLock on the table and, in the same moment, a ShareRowExclusiveLock on the one that it refers to. Where the column has a default, every row is looked up while both are held; without one all are NULL, and nothing is read (PostgreSQL manual, ALTER TABLE; tablecmds.c).',
  instead:
    'Add the column first; then the foreign key as NOT VALID, in a transaction of its own; then validate it, under locks that stop nobody.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); INSERT INTO r VALUES (1); CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN r_id int DEFAULT 1 REFERENCES r (id);',
    danger: { kind: 'scan', relation: 't' },
  },
  manual: 'sql-altertable.html',
});
