import { transactionControl } from '../../sql/transactional.ts';
import type { Analysis } from '../analyse.ts';

/** Statements by the transaction in which they will run; those outside any, and those that are alone in one, are left out. */
export function transactions(analyses: readonly Analysis[]): readonly (readonly Analysis[])[] {
  const groups: Analysis[][] = [[]];
  for (const analysis of analyses) {
    const control = transactionControl(analysis.statement);
    if (control === 'begin' || control === 'commit' || !analysis.facts.transactional) groups.push([]);
    else groups.at(-1)?.push(analysis);
  }
  return groups.filter((group) => group.length > 1);
}
