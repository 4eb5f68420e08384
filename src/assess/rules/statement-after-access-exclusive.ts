import type { ParsedStatement } from '../../sql/model.ts';
import type { Analysis } from '../analyse.ts';
import { strength } from '../effect.ts';
import { scriptRule } from './rule.ts';
import { transactions } from './script-rules.ts';

export const statementAfterAccessExclusive = scriptRule({
  id: 'statement-after-access-exclusive',
  severity: 'warning',
  title: 'One transaction locks a table and then goes on working',
  read: () => {
    const seen: Analysis[] = [];
    return {
      see: (analysis) => {
        seen.push(analysis);
        return [];
      },
      end: () =>
        transactions(seen).flatMap((group) => {
          const mix = lockMixIn(group);
          return mix === null ? [] : [{ ...mix, safeSql: ['COMMIT'] }];
        }),
    };
  },
  why: 'A lock is held until the transaction ends (PostgreSQL manual, 13.3). Long work behind a brief lock makes it a long one; and two tables locked one after the other can deadlock with a program that takes them in another order.',
  instead:
    'Write COMMIT; between the statements: each part then becomes a step of its own, with a rollback point behind it.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (id int PRIMARY KEY);',
    bad: 'ALTER TABLE t ADD COLUMN b int; ALTER TABLE u ADD COLUMN c int;',
    danger: { kind: 'holds together', relations: ['t', 'u'], mode: 'AccessExclusiveLock' },
    good: ['ALTER TABLE t ADD COLUMN b int', 'COMMIT', 'ALTER TABLE u ADD COLUMN c int'],
  },
});

interface Mix {
  readonly statement: ParsedStatement;
  readonly message: string;
}

function lockMixIn(group: readonly Analysis[]): Mix | null {
  let locked: { readonly relation: string; readonly line: number } | null = null;
  for (const { statement, facts } of group) {
    const works = facts.scans.length > 0 || facts.rewrites.length > 0 || facts.builds.length > 0;
    if (locked !== null && (works || facts.class === 'dml') && facts.locks.length > 0) {
      return {
        statement,
        message: `${locked.relation} has been locked against reads and writes since line ${locked.line}, and stays so while this statement works.`,
      };
    }
    const exclusive = facts.locks.filter((lock) => strength(lock.mode) >= strength('AccessExclusiveLock'));
    const targets = exclusive.filter((lock) => lock.role === 'target').map((lock) => lock.relation);
    const other = targets.find((relation) => locked !== null && relation !== locked.relation);
    if (locked !== null && other !== undefined) {
      return {
        statement,
        message: `It waits for ${other} while ${locked.relation} is locked since line ${locked.line}.`,
      };
    }
    const [first] = targets;
    if (locked === null && first !== undefined) locked = { relation: first, line: statement.line };
  }
  return null;
}
