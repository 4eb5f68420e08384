import { rule } from './rule.ts';
import { addedKeys, keyWithoutBlocking, nullable } from './unique-constraint.ts';
import { byTime } from './weight.ts';

export const addPkScan = rule({
  id: 'add-pk-scan',
  severity: 'danger',
  title: 'A new PRIMARY KEY builds its index while the table is locked',
  on: ['AlterTableStmt'],
  commands: ['AT_AddConstraint'],
  applies: (analysis, context) =>
    addedKeys(analysis, context, 'CONSTR_PRIMARY')
      .filter(({ using }) => using === null)
      .map((key) => {
        const columns = nullable(key, context);
        const nulls = columns.length === 0 ? '' : ` and every ${columns.join(', ')} is seen to be not null`;
        return {
          severity: byTime(context, [key.table], 'danger'),
          message: `Nobody can read or write ${key.table} until the index is built${nulls}.`,
          safeSql: keyWithoutBlocking(key, context),
        };
      }),
  why: 'ADD PRIMARY KEY holds an AccessExclusiveLock for the whole build of its index; and it makes the columns NOT NULL, for which it reads every row where they are not yet (PostgreSQL manual, ALTER TABLE, ADD table_constraint_using_index).',
  instead:
    'Make the columns NOT NULL by way of a constraint that is validated beside reads and writes, build a unique index CONCURRENTLY, then make it the key: that takes the lock for a moment.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX',
  example: {
    schema: 'CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2);',
    bad: 'ALTER TABLE t ADD PRIMARY KEY (id);',
    danger: { kind: 'scan', relation: 't' },
  },
});
