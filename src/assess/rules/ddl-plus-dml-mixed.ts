import { strength } from '../effect.ts';
import { commands, scriptRule } from './rule.ts';
import { assumed, readTransactions } from './script-rules.ts';
import { byTime } from './weight.ts';

export const ddlPlusDmlMixed = scriptRule({
  id: 'ddl-plus-dml-mixed',
  severity: 'warning',
  title: 'Rows are changed, and stay locked while a table’s lock is waited for',
  read: readTransactions((transaction, context) => {
    // Ferrata waits for a moment only, and tries again.
    if (!context.loose) return [];
    let written: { relation: string; line: number } | null = null;
    for (const analysis of transaction.analyses) {
      const { statement, facts } = analysis;
      // Filling a column and making it NOT NULL at once has a rule of its own.
      const setsNotNull = commands(analysis, 'AT_SetNotNull').length > 0;
      const strong = facts.locks.find(
        (lock) => !setsNotNull && facts.class === 'ddl' && strength(lock.mode) >= strength('ShareLock'),
      );
      if (written !== null && strong !== undefined) {
        return [
          {
            statement,
            severity: byTime(context, [written.relation], 'warning'),
            message: `The rows of ${written.relation} that line ${written.line} changed stay locked while this waits for ${strong.relation}${assumed(transaction, context)}.`,
            safeSql: ['COMMIT'],
          },
        ];
      }
      const target = facts.locks.find((lock) => lock.role === 'target' && lock.mode === 'RowExclusiveLock');
      // New rows are in nobody's way.
      const changes = statement.kind !== 'InsertStmt' && statement.kind !== 'CopyStmt';
      if (facts.class === 'dml' && target !== undefined && changes) {
        written ??= { relation: target.relation, line: statement.line };
      }
    }
    return [];
  }),
  why: 'Row locks are held until the transaction ends (PostgreSQL manual, 13.3.2). Whoever wants to write one of the rows waits for the change of the data, for the wait for the table’s lock, and for the change of the schema; and if the lock does not come in time, the change of the data was in vain.',
  instead: 'Put the data and the schema into transactions, or files, of their own.',
  manual: 'explicit-locking.html#LOCKING-ROWS',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (id int PRIMARY KEY); INSERT INTO t VALUES (1, 2);',
    bad: 'UPDATE t SET a = a + 1; ALTER TABLE u ADD COLUMN b int;',
    danger: { kind: 'holds', relation: 't', mode: 'RowExclusiveLock' },
    good: ['UPDATE t SET a = a + 1', 'COMMIT', 'ALTER TABLE u ADD COLUMN b int'],
  },
});
