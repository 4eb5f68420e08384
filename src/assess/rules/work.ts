/** Which of a table's rows a statement goes through: what makes a lock last. */
import { child, children, type KindedNode } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';

/** The relations that a statement reads or writes whole, as far as its facts tell; none where it is over at once. */
export function worksOn(analysis: Analysis): readonly string[] {
  const { statement, facts } = analysis;
  const relations = new Set([...facts.scans, ...facts.rewrites]);
  if (facts.class === 'dml' && relations.size === 0 && !isBounded(statement)) {
    for (const lock of facts.locks) {
      if (lock.role === 'target' || lock.role === 'source') relations.add(lock.relation);
    }
  }
  return [...relations];
}

/** INSERT … VALUES: as many rows as are written down. */
export function isBounded({ kind, node }: KindedNode): boolean {
  if (kind !== 'InsertStmt') return false;
  const source = child(child(node, 'selectStmt'), 'SelectStmt');
  // DEFAULT VALUES, VALUES, or a SELECT that reads nothing.
  return source === null || children(source, 'fromClause').length === 0;
}
