import { foreignKeysOf } from './foreign-keys.ts';
import { scriptRule } from './rule.ts';
import { assumed, readTransactions } from './script-rules.ts';
import { worksOn } from './work.ts';

export const fkInCreateTable = scriptRule({
  id: 'fk-in-create-table',
  severity: 'warning',
  title: 'A new table’s foreign key keeps another table locked while the transaction goes on working',
  read: readTransactions((transaction, context) => {
    const { analyses } = transaction;
    for (const [n, { statement, facts }] of analyses.entries()) {
      if (statement.kind !== 'CreateStmt') continue;
      const locked = facts.locks
        .filter((lock) => lock.mode === 'ShareRowExclusiveLock' && lock.role === 'referenced')
        .map((lock) => lock.relation);
      const referenced = new Set(
        foreignKeysOf(statement, context)
          .filter((key) => key.referenced !== key.table)
          .map((key) => key.referenced),
      );
      const held = locked.filter((relation) => referenced.has(relation));
      const work = analyses.slice(n + 1).find((later) => worksOn(later).length > 0);
      if (held.length === 0 || work === undefined) continue;
      return [
        {
          statement,
          message: `No write to ${held.join(', ')} from here until the transaction ends, and line ${work.statement.line} may take long${assumed(transaction, context)}.`,
          safeSql: [statement.text, 'COMMIT'],
        },
      ];
    }
    return [];
  }),
  why: 'REFERENCES takes a ShareRowExclusiveLock on the table that it refers to, to put its triggers there: no write to that until the transaction ends (PostgreSQL manual, 13.3.1). For an empty new table that is a moment; what follows in the same transaction makes it long.',
  instead: 'End the transaction behind the CREATE TABLE, before anything that works on rows.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY, a int); INSERT INTO u SELECT n, n FROM generate_series(1, 100) AS n;',
    bad: 'CREATE TABLE t (id int PRIMARY KEY, r_id int REFERENCES r (id)); UPDATE u SET a = 0;',
    danger: { kind: 'holds', relation: 'r', mode: 'ShareRowExclusiveLock' },
    good: ['CREATE TABLE t (id int PRIMARY KEY, r_id int REFERENCES r (id))', 'COMMIT', 'UPDATE u SET a = 0'],
  },
  manual: 'explicit-locking.html#LOCKING-TABLES',
});
