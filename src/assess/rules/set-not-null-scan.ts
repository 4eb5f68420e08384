import { quoteIdent } from '../../sql/quote.ts';
import { flag, relationOf, showName, strings, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { addedConstraints, commands, existingRelation, rule } from './rule.ts';
import { backfill, COMMIT, setNotNull, type Target } from './steps.ts';
import { byTime } from './weight.ts';

export const setNotNullScan = rule({
  id: 'set-not-null-scan',
  severity: 'danger',
  title: 'SET NOT NULL reads the whole table while it is locked',
  on: ['AlterTableStmt'],
  commands: ['AT_SetNotNull', 'AT_AddConstraint'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null) return [];
    const target = { table, written };
    const set = commands(analysis, 'AT_SetNotNull').map((command) => text(command, 'name') ?? '');
    const added = addedConstraints(analysis, 'CONSTR_NOTNULL')
      .filter((constraint) => !flag(constraint, 'skip_validation'))
      .flatMap((constraint) => strings(constraint.keys));
    return [...set, ...added]
      .filter((column) => !isProved(table, column, context))
      .map((column) => ({
        message: `Nobody can read or write ${table} until every row has been checked for a NULL in ${column}.`,
        severity: byTime(context, [table], 'danger'),
        safeSql: stepsFor(target, column, context),
      }));
  },
  why: 'It holds an AccessExclusiveLock while it reads every row, unless a validated CHECK (column IS NOT NULL) proves that there is no NULL; a CHECK that merely implies it, such as a > 0, proves nothing, since NULL passes it (PostgreSQL manual, ALTER TABLE, SET NOT NULL).',
  instead:
    'Fill the rows that are NULL first, in batches, and see that programs no longer write any: from the moment that the constraint is there, NOT VALID or not, every write of a row that is NULL fails. Then add the constraint as NOT VALID, and validate it in a transaction of its own. PostgreSQL 18 knows NOT NULL as such a constraint; before, a CHECK stands in for it until SET NOT NULL, which then reads nothing.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 0); INSERT INTO t VALUES (1, 2), (2, NULL); ALTER TABLE t ADD CHECK (a >= 0);',
    bad: 'UPDATE t SET a = 0 WHERE a IS NULL; ALTER TABLE t ALTER COLUMN a SET NOT NULL;',
    danger: { kind: 'scan', relation: 't' },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL',
});

function isProved(table: string, column: string, context: AssessContext): boolean {
  const known = context.column(table, column);
  if (known?.notNull === true && known.notNullValid) return true;
  return context.isCheckedNotNull(table, column);
}

function stepsFor(target: Target, column: string, context: AssessContext): readonly string[] {
  const known = context.column(target.table, column);
  const quoted = quoteIdent(column);
  if (known?.notNull === true) {
    // It is there, and not valid: its name is the server's own where none is told.
    const name = known.notNullName ?? `${target.written.name}_${column}_not_null`;
    return [`ALTER TABLE ${showName(target.written)} VALIDATE CONSTRAINT ${quoteIdent(name)}`];
  }
  const fill =
    known === null || known.default === null
      ? []
      : [backfill(context, target, `${quoted} = DEFAULT`, `${quoted} IS NULL`), COMMIT];
  return [...fill, ...setNotNull(context, target, column)];
}
