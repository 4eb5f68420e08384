/** Indexes, statistics and maintenance (manual: CREATE INDEX, REINDEX, CLUSTER, VACUUM). */
import { quoteQualified } from '../../sql/quote.ts';
import { child, children, flag, type Node, nameFromRange, relationOf, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import { rewriteTable } from './columns.ts';
import type { Family } from './family.ts';

export const indexFamily: Family = {
  IndexStmt(statement, effect, context) {
    const table = context.resolve(relationOf(statement.node));
    if (table === null) return;
    const schema = relationOf(statement.node)?.schema ?? null;
    const name = text(statement.node, 'idxname');
    const index = name === null ? `${table} index` : quoteQualified(schema, name);
    const mode = flag(statement.node, 'concurrent') ? 'ShareUpdateExclusiveLock' : 'ShareLock';
    effect.lock(table, mode).scan(table).build(table, index).tagFor(table, 'changes-schema');
    if (!context.isPartitioned(table) || !flag(child(statement.node, 'relation'), 'inh')) return;
    for (const partition of context.descendants(table)) {
      effect.lock(partition, mode, 'partition').scan(partition).build(partition, `${partition} index`);
    }
  },
  CreateStatsStmt(statement, effect, context) {
    for (const { node } of children(statement.node, 'relations')) {
      effect.lock(context.resolve(nameFromRange(node)), 'ShareUpdateExclusiveLock');
    }
    effect.tag('changes-schema');
  },
  ReindexStmt(statement, effect, context) {
    const { node } = statement;
    const relation = context.resolve(relationOf(node));
    effect.class = 'other';
    if (relation === null) return;
    const concurrent = children(node, 'params').some((item) => text(item.node, 'defname') === 'concurrently');
    const isIndex = text(node, 'kind') === 'REINDEX_OBJECT_INDEX';
    const table = isIndex ? (context.index(relation)?.table ?? null) : relation;
    effect.lock(table, concurrent ? 'ShareUpdateExclusiveLock' : 'ShareLock');
    const indexes = isIndex ? [relation] : context.indexes(relation);
    for (const index of indexes) {
      effect.lock(index, concurrent ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock', 'index');
      effect.build(relation, index);
    }
    if (table !== null) effect.scan(table);
  },
  ClusterStmt(statement, effect, context) {
    effect.class = 'other';
    describeRewriting(relationNode(statement.node), effect, context);
  },
  VacuumStmt(statement, effect, context) {
    effect.class = 'other';
    const full = isVacuumFull(statement.node);
    for (const { node } of children(statement.node, 'rels')) {
      const relation = child(node, 'relation');
      if (full) describeRewriting(relation, effect, context);
      else {
        const resolved = context.resolve(nameFromRange(relation));
        effect.lock(resolved, 'ShareUpdateExclusiveLock');
        if (resolved !== null) effect.scan(resolved);
      }
    }
  },
};

export function isVacuumFull(node: Node): boolean {
  return (
    flag(node, 'is_vacuumcmd') &&
    children(node, 'options').some((item) => text(item.node, 'defname') === 'full')
  );
}

function relationNode(node: Node): Node | null {
  return child(node, 'relation');
}

function describeRewriting(range: Node | null, effect: Effect, context: AssessContext): void {
  const relation = context.resolve(nameFromRange(range));
  if (relation === null) return;
  effect.lock(relation, 'AccessExclusiveLock');
  rewriteTable(relation, effect, context);
}
