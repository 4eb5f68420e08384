import { rule } from './rule.ts';
import { addedKeys, keyWithoutBlocking } from './unique-constraint.ts';
import { byTime } from './weight.ts';

export const addUniqueScan = rule({
  id: 'add-unique-scan',
  severity: 'danger',
  title: 'A new UNIQUE builds its index while the table is locked',
  on: ['AlterTableStmt'],
  commands: ['AT_AddConstraint'],
  applies: (analysis, context) =>
    addedKeys(analysis, context, 'CONSTR_UNIQUE')
      .filter(({ using }) => using === null)
      .map((key) => ({
        severity: byTime(context, [key.table], 'danger'),
        message: `Nobody can read or write ${key.table} until the index is built.`,
        safeSql: keyWithoutBlocking(key, context),
      })),
  why: 'ADD CONSTRAINT … UNIQUE holds an AccessExclusiveLock for the whole build of its index (PostgreSQL manual, ALTER TABLE, ADD table_constraint_using_index).',
  instead:
    'Build a unique index CONCURRENTLY, then make it the constraint: that takes the lock for a moment. Look first whether the index is valid: where two rows are the same, it is not. On a partitioned table the parent gets the constraint alone (ONLY), and each partition its own, which is attached.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE (a);',
    danger: { kind: 'scan', relation: 't' },
  },
});
