import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { strength } from '../effect.ts';
import type { Severity } from '../model.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { assumed, readTransactions } from './script-rules.ts';
import { byTraffic } from './weight.ts';
import { worksOn } from './work.ts';

export const multiDdlOneTx = scriptRule({
  id: 'multi-ddl-one-tx',
  severity: 'warning',
  title: 'One transaction locks several tables, one after the other',
  read: readTransactions((transaction, context) => {
    const held = new Map<string, number>();
    for (const analysis of transaction.analyses) {
      const mine = stronglyLocked(analysis);
      const other = mine.find((relation) => held.size > 0 && !held.has(relation));
      // What works under the lock has a finding of its own.
      if (other !== undefined && worksOn(analysis).length === 0) {
        return [hit(analysis, other, held, context, assumed(transaction, context))];
      }
      for (const relation of mine) if (!held.has(relation)) held.set(relation, analysis.statement.line);
    }
    return [];
  }),
  why: 'Each lock is held until the transaction ends (PostgreSQL manual, 13.3.4). While it waits for the second table, everybody waits for the first; and a program that takes the two in the other order deadlocks with it: after deadlock_timeout the server ends one of them, which may be the program’s.',
  instead:
    'Write COMMIT; between the statements, or a file for each. Ferrata takes every lock with a timeout shorter than deadlock_timeout, so that the migration gives way, and tries again.',
  manual: 'explicit-locking.html#LOCKING-DEADLOCKS',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (id int PRIMARY KEY);',
    bad: 'ALTER TABLE t ADD COLUMN b int; ALTER TABLE u ADD COLUMN c int;',
    danger: { kind: 'holds together', relations: ['t', 'u'], mode: 'AccessExclusiveLock' },
    good: ['ALTER TABLE t ADD COLUMN b int', 'COMMIT', 'ALTER TABLE u ADD COLUMN c int'],
  },
});

function hit(
  { statement }: Analysis,
  other: string,
  held: ReadonlyMap<string, number>,
  context: AssessContext,
  where: string,
): ScriptHit {
  const [[first, line] = ['', 0]] = held;
  return {
    statement,
    severity: severity(context, [other, ...held.keys()]),
    message: `It waits for ${other} while ${first} is locked since line ${line}${where}: whoever uses ${first} waits too, and who has locked ${other} and wants ${first} deadlocks with it.`,
    safeSql: ['COMMIT'],
  };
}

/** Under Ferrata the migration gives way and tries again; that is told, and warned of where a table is busy. */
function severity(context: AssessContext, relations: readonly string[]): Severity {
  if (context.loose) return 'warning';
  return relations.some((relation) => byTraffic(context, relation) === 'warning') ? 'warning' : 'info';
}

function stronglyLocked({ facts }: Analysis): readonly string[] {
  return facts.locks
    .filter((lock) => lock.role === 'target' && strength(lock.mode) >= strength('ShareLock'))
    .map((lock) => lock.relation);
}
