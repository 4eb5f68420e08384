/** Tables and views that are made: what they lock of what is there already. */
import {
  child,
  children,
  flag,
  type Node,
  nameFromParts,
  nameFromRange,
  relationOf,
  strings,
  text,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import { apply } from './apply.ts';
import type { Family } from './family.ts';
import { withPartitions } from './foreign-keys.ts';
import { describePartitionOf } from './partitions.ts';
import { describeReads } from './reads.ts';

export const tableFamily: Family = {
  CreateStmt({ node }, effect, context) {
    describeCreate(node, effect, context);
  },
  CreateForeignTableStmt({ node }, effect, context) {
    const base = child(node, 'base');
    if (base !== null) describeCreate(base, effect, context);
  },
  CreateTableAsStmt(statement, effect, context) {
    const { node } = statement;
    effect.tag('changes-schema');
    const into = child(node, 'into');
    const made = context.resolve(nameFromRange(child(into, 'rel')));
    if (flag(node, 'if_not_exists') && made !== null && context.isRelation(made)) return;
    describeReads(statement, effect, context, { runs: !flag(into, 'skipData') });
  },
  ViewStmt(statement, effect, context) {
    effect.tag('changes-schema');
    const view = context.resolve(nameFromRange(child(statement.node, 'view')));
    if (flag(statement.node, 'replace') && view !== null && context.known.has('view', view)) {
      apply('view.replace', { target: view }, effect, context);
      effect.tag('alters');
    }
    describeReads(statement, effect, context, { runs: false, through: false, except: view });
  },
  RefreshMatViewStmt({ node }, effect, context) {
    const view = context.resolve(relationOf(node));
    effect.class = 'dml';
    if (view === null) return;
    // The old content can be computed anew only while what it came from has not changed: no statement of data is lost.
    if (flag(node, 'skipData')) {
      apply('matview.nodata', { target: view }, effect, context);
      return;
    }
    const fact = flag(node, 'concurrent') ? 'matview.concurrently' : 'matview.refresh';
    apply(fact, { target: view, source: context.readBy(view) }, effect, context);
  },
};

/** CREATE TABLE and CREATE FOREIGN TABLE. */
export function describeCreate(node: Node, effect: Effect, context: AssessContext): void {
  effect.tag('changes-schema');
  const made = context.resolve(relationOf(node));
  if (flag(node, 'if_not_exists') && made !== null && context.isRelation(made)) return;
  const bound = child(node, 'partbound');
  for (const { node: range } of children(node, 'inhRelations')) {
    const parent = context.resolve(nameFromRange(range));
    if (parent !== null && bound !== null) describePartitionOf(parent, bound, effect, context);
    else apply('create-table.inherits', { parent }, effect, context);
  }
  const type = nameFromParts(strings(child(node, 'ofTypename')?.names));
  if (type !== null) apply('create-table.of', { source: context.resolveType(type) }, effect, context);
  const constraints = children(node, 'tableElts').flatMap((element) => {
    if (element.kind === 'ColumnDef') return children(element.node, 'constraints');
    if (element.kind === 'TableLikeClause') {
      apply('create-table.like', { source: context.resolve(relationOf(element.node)) }, effect, context);
    }
    return element.kind === 'Constraint' ? [element] : [];
  });
  for (const { node: constraint } of constraints) {
    if (text(constraint, 'contype') !== 'CONSTR_FOREIGN') continue;
    const references = context.resolve(nameFromRange(child(constraint, 'pktable')));
    if (references === made) continue;
    apply('create-table.foreign-key', { referenced: withPartitions(references, context) }, effect, context);
  }
}
