import { type ScriptHit, scriptRule } from './rule.ts';
import { assumed, readTransactions } from './script-rules.ts';
import { addsUnvalidated, validatedConstraints } from './validated-here.ts';
import { byTime } from './weight.ts';

export const validateSameTransaction = scriptRule({
  id: 'validate-same-transaction',
  severity: 'danger',
  title: 'A constraint is added NOT VALID and validated in the same transaction',
  read: readTransactions((transaction, context) => {
    const hits: ScriptHit[] = [];
    const added = new Map<
      string,
      { line: number; text: string; blocks: string; locked: readonly string[] }
    >();
    for (const analysis of transaction.analyses) {
      const { statement, facts } = analysis;
      for (const name of validatedConstraints(analysis)) {
        const add = added.get(name);
        if (add === undefined) continue;
        hits.push({
          statement,
          severity: byTime(context, facts.scans, 'danger'),
          message: `${add.locked.join(' and ')} stay locked against ${add.blocks} since line ${add.line} while every row is checked${assumed(transaction, context)}: NOT VALID gains nothing here.`,
          safeSql: [add.text, 'COMMIT', statement.text],
        });
      }
      const locked = facts.locks.filter((lock) => lock.role === 'target' || lock.role === 'referenced');
      for (const { name } of addsUnvalidated(analysis)) {
        added.set(name, {
          line: statement.line,
          text: statement.text,
          blocks: facts.blocks,
          locked: [...new Set(locked.map((lock) => lock.relation))],
        });
      }
    }
    return hits;
  }),
  why: 'NOT VALID spares the scan under the strong lock that adding a constraint takes, and VALIDATE CONSTRAINT reads the rows under a ShareUpdateExclusiveLock, beside reads and writes. But locks are held until the transaction ends (PostgreSQL manual, 13.3): in one transaction the scan runs under the lock of the ADD, an AccessExclusiveLock for a CHECK or NOT NULL, a ShareRowExclusiveLock on both tables for a foreign key.',
  instead: 'Put a COMMIT between the two; in files that another tool runs, a file for each.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-NOTES',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD CONSTRAINT a_positive CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT a_positive;',
    danger: { kind: 'scan', relation: 't' },
  },
});
