import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { strength } from '../effect.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { assumed, readTransactions, type Transaction } from './script-rules.ts';
import { addsUnvalidated, validatedConstraints } from './validated-here.ts';
import { byTime } from './weight.ts';
import { worksOn } from './work.ts';

export const statementAfterAccessExclusive = scriptRule({
  id: 'statement-after-access-exclusive',
  severity: 'warning',
  title: 'One transaction locks a table and then goes on working',
  read: readTransactions((transaction, context) => {
    const hit = firstWorkBehindLock(transaction, context);
    return hit === null ? [] : [hit];
  }),
  why: 'A lock is held until the transaction ends (PostgreSQL manual, 13.3). Long work behind a brief lock makes it a long one: nobody reads or writes the table until all of it is done.',
  instead:
    'Write COMMIT; between the statements: each part then becomes a step of its own, with a rollback point behind it. In a file that another tool runs: a file for each.',
  manual: 'explicit-locking.html#LOCKING-TABLES',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2); INSERT INTO u VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD COLUMN b int; UPDATE u SET a = a + 1;',
    danger: { kind: 'holds', relation: 't', mode: 'AccessExclusiveLock' },
    good: ['ALTER TABLE t ADD COLUMN b int', 'COMMIT', 'UPDATE u SET a = a + 1'],
  },
});

interface Locked {
  readonly relation: string;
  readonly analysis: Analysis;
}

function firstWorkBehindLock(transaction: Transaction, context: AssessContext): ScriptHit | null {
  const locked: Locked[] = [];
  for (const [index, analysis] of transaction.analyses.entries()) {
    const work = worksOn(analysis);
    if (work.length > 0) {
      const own = exclusive(analysis);
      // What the statement locks itself it would have locked alone as well.
      const held = locked.find(
        ({ relation, analysis: holder }) => !own.includes(relation) && !isOwnValidation(holder, analysis),
      );
      if (held !== undefined) {
        const rest = transaction.analyses
          .slice(index + 1)
          .filter((later) => worksOn(later).length > 0).length;
        const more = rest === 0 ? '' : `, and through ${rest} more behind it`;
        return {
          statement: analysis.statement,
          severity: byTime(context, work, 'warning'),
          message: `${held.relation} has been locked against reads and writes since line ${held.analysis.statement.line}, and stays so while this statement works on ${work.join(', ')}${more}${assumed(transaction, context)}.`,
          safeSql: ['COMMIT'],
        };
      }
    }
    for (const relation of exclusive(analysis)) locked.push({ relation, analysis });
  }
  return null;
}

function exclusive({ facts }: Analysis): readonly string[] {
  return facts.locks
    .filter((lock) => strength(lock.mode) >= strength('AccessExclusiveLock') && lock.role !== 'index')
    .map((lock) => lock.relation);
}

/** A constraint added NOT VALID and validated at once has a rule of its own. */
function isOwnValidation(holder: Analysis, later: Analysis): boolean {
  const added = addsUnvalidated(holder).map(({ name }) => name);
  return validatedConstraints(later).some((name) => added.includes(name));
}
