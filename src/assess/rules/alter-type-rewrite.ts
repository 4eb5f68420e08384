import { addedLimit } from './added-limit.ts';
import { rule } from './rule.ts';
import { typeChanges } from './type-changes.ts';
import { typeSteps } from './type-steps.ts';
import { byTime } from './weight.ts';

export const alterTypeRewrite = rule({
  id: 'alter-type-rewrite',
  severity: 'danger',
  title: 'Changing the type of a column writes the whole table anew',
  on: ['AlterTableStmt'],
  commands: ['AT_AlterColumnType'],
  applies: (analysis, context) =>
    typeChanges(analysis, context)
      .filter((change) => change.rewrites && !change.zone)
      // A limit of length has a rule, and a way round, of its own.
      .filter((change) => change.definition.raw_default !== undefined || addedLimit(change) === null)
      .map((change) => {
        const steps = typeSteps(analysis, change, context);
        return {
          message:
            change.from === null
              ? `Nobody can read or write ${change.table} until all its rows and indexes are written anew, unless its values can stay as they are (which type ${change.column} has is not known without the database).`
              : `Nobody can read or write ${change.table} until all its rows and indexes are written anew.`,
          severity: byTime(context, [change.table], change.from === null ? 'warning' : 'danger'),
          safeSql: async () => (await steps()).steps,
        };
      }),
  why: 'It holds an AccessExclusiveLock while the table and its indexes are written anew, which also needs as much disk again. Only a change that leaves the stored values as they are is instant: a longer varchar, varchar to text, a wider numeric of the same scale (PostgreSQL manual, ALTER TABLE, notes).',
  instead:
    'Add a column of the new type, let a trigger fill it for what is written, fill the old rows in batches, give it the indexes and constraints of the old one, and in one short transaction let it take over the name. The old column stays until nobody needs the way back; it ends up behind the others, so that SELECT * and INSERT without a list of columns see another order. For a limit of length there is text with a CHECK.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 0 CHECK (a >= 0)); CREATE INDEX t_a ON t (a); INSERT INTO t SELECT n, n FROM generate_series(1, 100) AS n;',
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE bigint;',
    danger: { kind: 'rewrite', relation: 't' },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-NOTES',
});
