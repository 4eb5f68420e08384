/** Which of a table's rows a statement goes through: what makes a lock last. */
import { readRelations } from '../../sql/relations.ts';
import { type KindedNode, walk } from '../../sql/tree.ts';
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
export function isBounded(statement: KindedNode): boolean {
  if (statement.kind !== 'InsertStmt') return false;
  let sources = readRelations(statement).length;
  walk(statement.node, (kind) => {
    if (kind === 'RangeFunction') sources++;
    return undefined;
  });
  return sources === 0;
}
