import { hiddenWork } from './alter-type-with-check-or-expr-index.ts';
import { rule } from './rule.ts';

export const alterTypeCollation = rule({
  id: 'alter-type-collation',
  severity: 'danger',
  title: 'Another collation builds the indexes of the column anew',
  on: ['AlterTableStmt'],
  commands: ['AT_AlterColumnType'],
  applies: (analysis, context) =>
    hiddenWork(analysis, context)
      .filter(({ collation }) => collation)
      .map(({ hit }) => hit),
  why: 'The rows stay as they are, but in another order: every index on the column is built anew, under the AccessExclusiveLock (PostgreSQL manual, ALTER TABLE, SET DATA TYPE; 23.2).',
  instead:
    'Drop the indexes CONCURRENTLY before, and build them CONCURRENTLY after, where the queries can do without them for so long. Or leave the column, and make an index with the other collation beside: CREATE INDEX … (a COLLATE "C").',
  example: {
    schema:
      "CREATE TABLE t (id int PRIMARY KEY, a text); CREATE INDEX t_a ON t (a); INSERT INTO t VALUES (1, 'x');",
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE text COLLATE "C";',
    danger: { kind: 'scan', relation: 't' },
  },
  manual: 'sql-altertable.html',
});
