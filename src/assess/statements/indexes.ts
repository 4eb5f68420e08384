/** Indexes, statistics and maintenance (manual: CREATE INDEX, REINDEX, CLUSTER, VACUUM). */
import type { IndexProperties, TableProperties } from '../../catalog/model.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { child, children, flag, type Node, nameFromRange, relationOf, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import type { FactId } from '../facts/index.ts';
import { namesInIndex } from '../known/chosen-names.ts';
import { indexParts } from '../known/index-parts.ts';
import { apply, hasRows } from './apply.ts';
import type { Family } from './family.ts';
import { chosenIndex, indexIdentity } from './names.ts';

export const indexFamily: Family = {
  IndexStmt({ node }, effect, context) {
    const table = context.resolve(relationOf(node));
    if (table === null) return;
    const name = text(node, 'idxname');
    const columns = namesInIndex(node);
    const index = name === null ? chosenIndex(table, columns, context) : indexIdentity(table, name);
    const concurrent = flag(node, 'concurrent');
    effect.tagFor(table, 'changes-schema');
    if (flag(node, 'if_not_exists') && context.index(index) !== null) {
      apply('index.exists', { target: table }, effect, context);
      return;
    }
    const partitions = context.isPartitioned(table) ? context.descendants(table) : [];
    if (partitions.length === 0 || !flag(child(node, 'relation'), 'inh')) {
      const alone = context.isPartitioned(table) ? 'index.only' : 'index.create';
      apply(concurrent ? 'index.concurrently' : alone, { target: table }, effect, context);
      if (hasRows(table, context)) effect.build(table, index);
      return;
    }
    // A partition that has such an index already gives it to the new one.
    const [having, lacking] = divide(partitions, (one) => hasEqual(one, node, columns, context));
    apply('index.partitioned', { target: table, partition: lacking }, effect, context);
    apply('index.partitioned-match', { target: table, partition: having }, effect, context);
    for (const partition of lacking) {
      if (hasRows(partition, context)) effect.build(partition, chosenIndex(partition, columns, context));
    }
  },
  CreateStatsStmt({ node }, effect, context) {
    const tables = children(node, 'relations').map((item) => context.resolve(nameFromRange(item.node)));
    apply('statistics.create', { target: tables }, effect, context);
    effect.tag('changes-schema');
  },
  ReindexStmt({ node }, effect, context) {
    effect.class = 'other';
    const concurrent = isConcurrent(node);
    switch (text(node, 'kind')) {
      case 'REINDEX_OBJECT_INDEX': {
        const index = context.resolve(relationOf(node));
        const table = index === null ? null : context.tableOfIndex(index);
        apply(
          concurrent ? 'reindex.index-concurrently' : 'reindex.index',
          { target: table, index },
          effect,
          context,
        );
        if (index !== null) effect.build(table ?? index, index);
        return;
      }
      case 'REINDEX_OBJECT_TABLE': {
        const table = context.resolve(relationOf(node));
        if (table !== null) reindexTable(table, concurrent, effect, context);
        return;
      }
      case 'REINDEX_OBJECT_SCHEMA': {
        const prefix = `${quoteIdent(text(node, 'name') ?? '')}.`;
        for (const table of tablesWithRows(context)) {
          if (table.startsWith(prefix)) reindexTable(table, concurrent, effect, context);
        }
        return;
      }
      case 'REINDEX_OBJECT_DATABASE':
        for (const table of tablesWithRows(context)) reindexTable(table, concurrent, effect, context);
        return;
      default:
        return;
    }
  },
  ClusterStmt({ node }, effect, context) {
    effect.class = 'other';
    const table = context.resolve(relationOf(node));
    if (table !== null) {
      rewriteWith('cluster.using', 'cluster.partitioned', table, effect, context);
      return;
    }
    for (const object of context.known.objects('table')) {
      const { clusteredOn } = object.properties as TableProperties;
      if (clusteredOn !== null) {
        rewriteWith('cluster.using', 'cluster.partitioned', object.identity, effect, context);
      }
    }
  },
  VacuumStmt({ node }, effect, context) {
    effect.class = 'other';
    const named = children(node, 'rels').map((item) => child(item.node, 'relation'));
    const tables =
      named.length > 0
        ? named.map((one) => ({ table: context.resolve(nameFromRange(one)), only: one?.inh !== true }))
        : all(context).map((table) => ({ table, only: false }));
    for (const { table, only } of tables) {
      if (table === null) continue;
      const heirs = only ? [] : context.descendants(table);
      if (isVacuumFull(node)) {
        rewriteWith('vacuum.full', 'vacuum.full-partitioned', table, effect, context);
      } else if (flag(node, 'is_vacuumcmd') && !hasOption(node, 'analyze')) {
        const fact = context.isPartitioned(table) ? 'vacuum.partitioned' : 'vacuum.inherited-vacuum';
        apply(fact, { target: table, partition: heirs, source: heirs }, effect, context);
      } else {
        const fact = context.isPartitioned(table) ? 'vacuum.partitioned' : 'vacuum.inherited';
        apply(fact, { target: table, partition: heirs, source: heirs }, effect, context);
      }
    }
  },
};

function all(context: AssessContext): readonly string[] {
  return (['table', 'materialized view'] as const)
    .flatMap((kind) => context.known.objects(kind))
    .map(({ identity }) => identity);
}

function tablesWithRows(context: AssessContext): readonly string[] {
  return all(context).filter((table) => hasRows(table, context));
}

function reindexTable(table: string, concurrent: boolean, effect: Effect, context: AssessContext): void {
  const index = context.indexes(table);
  const partition = context.isPartitioned(table) ? context.descendants(table) : [];
  if (partition.length > 0) {
    const parts = partition.flatMap((one) => context.indexes(one));
    const fact = concurrent ? 'reindex.partitioned-concurrently' : 'reindex.partitioned';
    apply(fact, { target: table, partition, index: parts }, effect, context);
  } else {
    const fact = concurrent ? 'reindex.table-concurrently' : 'reindex.table';
    apply(fact, { target: table, index }, effect, context);
  }
  for (const one of [table, ...partition]) {
    if (hasRows(one, context)) for (const built of context.indexes(one)) effect.build(one, built);
  }
}

function rewriteWith(
  alone: FactId,
  divided: FactId,
  table: string,
  effect: Effect,
  context: AssessContext,
): void {
  const partition = context.isPartitioned(table) ? context.descendants(table) : [];
  apply(partition.length > 0 ? divided : alone, { target: table, partition }, effect, context);
}

export function isVacuumFull(node: Node): boolean {
  return flag(node, 'is_vacuumcmd') && hasOption(node, 'full');
}

function hasOption(node: Node, name: string): boolean {
  return children(node, 'options').some((item) => text(item.node, 'defname') === name);
}

function isConcurrent(node: Node): boolean {
  return children(node, 'params').some((item) => text(item.node, 'defname') === 'concurrently');
}

function divide<T>(items: readonly T[], test: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** Whether the partition has an index with the same columns, uniqueness and method, whole. */
function hasEqual(
  partition: string,
  node: Node,
  columns: readonly string[],
  context: AssessContext,
): boolean {
  if (node.whereClause !== undefined) return false;
  return context.known.children(`table ${partition}`).some((object) => {
    if (object.kind !== 'index') return false;
    const { definition, partitionOf } = object.properties as IndexProperties;
    const parts = indexParts(definition);
    const named = parts.keys.map((key) => splitQualified(key)[0] ?? key);
    return (
      partitionOf === null &&
      parts.where === null &&
      parts.unique === flag(node, 'unique') &&
      parts.method === (text(node, 'accessMethod') ?? 'btree') &&
      named.join(' ') === columns.join(' ')
    );
  });
}
