import type { ParsedStatement, Script } from '../../sql/model.ts';
import { transactionControl } from '../../sql/transactional.ts';
import type { Analysis } from '../analyse.ts';
import { strength } from '../effect.ts';
import type { Finding } from '../model.ts';
import { findingFrom, type Rule } from './rule.ts';

/** A rule about statements that share a transaction. */
export type ScriptRule = Omit<Rule, 'applies' | 'on'>;

export const lockMix: ScriptRule = Object.freeze({
  id: 'lock-mix',
  severity: 'warning',
  title: 'One transaction locks a table and then goes on working',
  why: 'A lock is held until the transaction ends (PostgreSQL manual, 13.3). Long work behind a brief lock makes it a long one; and two tables locked one after the other can deadlock with a program that takes them in another order.',
  instead:
    'Write COMMIT; between the statements: each part then becomes a step of its own, with a rollback point behind it.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (id int PRIMARY KEY);',
    bad: 'ALTER TABLE t ADD COLUMN b int; ALTER TABLE u ADD COLUMN c int;',
  },
});

export const SCRIPT_RULES: readonly ScriptRule[] = [lockMix];

/** Findings about several statements together. */
export async function findingsOfScript(
  script: Script,
  analyses: readonly Analysis[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const group of transactions(script, analyses)) {
    const mix = lockMixIn(group);
    if (mix !== null) {
      findings.push(
        await findingFrom({ ...lockMix, on: [], applies: () => [] }, mix.statement, {
          message: mix.message,
          safeSql: ['COMMIT'],
        }),
      );
    }
  }
  return findings;
}

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

/** Statements by the transaction in which they will run; those outside any are left out. */
function transactions(script: Script, analyses: readonly Analysis[]): readonly (readonly Analysis[])[] {
  const groups: Analysis[][] = [[]];
  for (const [index, analysis] of analyses.entries()) {
    const statement = script.statements[index];
    const control = statement === undefined ? null : transactionControl(statement);
    if (control === 'begin' || control === 'commit' || !analysis.facts.transactional) groups.push([]);
    else groups.at(-1)?.push(analysis);
  }
  return groups.filter((group) => group.length > 1);
}
