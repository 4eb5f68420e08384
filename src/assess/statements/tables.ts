/** Tables and views that are made: what they lock of what is there already. */

import type { ParsedStatement } from '../../sql/model.ts';
import { readRelations } from '../../sql/relations.ts';
import { child, children, flag, nameFromRange, relationOf, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import type { Family } from './family.ts';

export const tableFamily: Family = {
  CreateStmt(statement, effect, context) {
    effect.tag('changes-schema');
    const { node } = statement;
    const partition = child(node, 'partbound') !== null;
    for (const { node: parent } of children(node, 'inhRelations')) {
      const relation = context.resolve(nameFromRange(parent));
      // DefineRelation: a new partition changes the parent's partition descriptor.
      effect.lock(relation, partition ? 'AccessExclusiveLock' : 'ShareUpdateExclusiveLock', 'parent');
      if (partition) effect.tagFor(relation, 'partitioning');
    }
    const constraints = children(node, 'tableElts').flatMap((element) => {
      if (element.kind === 'ColumnDef') return children(element.node, 'constraints');
      if (element.kind === 'TableLikeClause') {
        effect.lock(context.resolve(relationOf(element.node)), 'AccessShareLock', 'source');
      }
      return element.kind === 'Constraint' ? [element] : [];
    });
    for (const { node: constraint } of constraints) {
      if (text(constraint, 'contype') !== 'CONSTR_FOREIGN') continue;
      const referenced = context.resolve(nameFromRange(child(constraint, 'pktable')));
      effect.lock(referenced, 'ShareRowExclusiveLock', 'referenced');
    }
  },
  CreateForeignTableStmt(_statement, effect) {
    effect.tag('changes-schema');
  },
  CreateTableAsStmt(statement, effect, context) {
    effect.tag('changes-schema');
    lockSources(statement, effect, context);
  },
  ViewStmt(statement, effect, context) {
    effect.tag('changes-schema');
    const view = context.resolve(nameFromRange(child(statement.node, 'view')));
    if (flag(statement.node, 'replace') && view !== null && context.catalog?.objects.has(`view ${view}`)) {
      effect.lock(view, 'AccessExclusiveLock').tag('alters');
    }
    lockSources(statement, effect, context, view);
  },
  RefreshMatViewStmt(statement, effect, context) {
    const view = context.resolve(relationOf(statement.node));
    effect.class = 'dml';
    // The old content can be computed anew only while what it came from has not changed: no statement of data is lost.
    effect.lock(view, flag(statement.node, 'concurrent') ? 'ExclusiveLock' : 'AccessExclusiveLock');
    if (view !== null && !flag(statement.node, 'concurrent')) effect.rewrite(view);
  },
};

/** Tables whose rows a query reads. */
export function lockSources(
  statement: ParsedStatement,
  effect: Effect,
  context: AssessContext,
  except: string | null = null,
): void {
  for (const name of readRelations(statement)) {
    const relation = context.resolve(name);
    if (relation !== except) effect.lock(relation, 'AccessShareLock', 'source');
  }
}
