import { byPartitions, newIndex } from './new-index.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const indexOnPartitionedParentCascades = rule({
  id: 'index-on-partitioned-parent-cascades',
  severity: 'danger',
  title: 'CREATE INDEX on a partitioned table blocks writes to every partition',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const index = newIndex(analysis, context);
    if (index === null || index.concurrent || index.only || !context.isPartitioned(index.table)) return [];
    const partitions = context.descendants(index.table);
    // There is nothing to build as yet.
    if (partitions.length === 0) return [];
    return [
      {
        message: `No write to ${index.table} or any of its partitions (${partitions.join(', ')}) until the indexes of all of them are built.`,
        severity: byTime(context, [index.table], 'danger'),
        safeSql: byPartitions(analysis, index, context),
      },
    ];
  },
  why: 'The index is built on each partition in turn, in one transaction: the ShareLock on each is kept until the last is done. CONCURRENTLY is not possible on a partitioned table (PostgreSQL manual, 5.12.2.2; CREATE INDEX).',
  instead:
    'Make it ON ONLY the partitioned table, which builds nothing; build one CONCURRENTLY on each partition, and attach those. With the last one it becomes valid.',
  example: {
    schema:
      "CREATE TABLE t (id int, at date) PARTITION BY RANGE (at); CREATE TABLE t_old PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2025-01-01'); CREATE TABLE t_new PARTITION OF t FOR VALUES FROM ('2025-01-01') TO (MAXVALUE); INSERT INTO t VALUES (1, '2024-05-05'), (2, '2025-05-05');",
    bad: 'CREATE INDEX t_id ON t (id);',
    danger: { kind: 'lock', relation: 't_old', mode: 'ShareLock' },
  },
  manual: 'ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE',
});
