import { byPartitions, newIndex } from './new-index.ts';
import { rule } from './rule.ts';

export const indexConcurrentlyOnPartitionedParent = rule({
  id: 'index-concurrently-on-partitioned-parent',
  severity: 'danger',
  title: 'CREATE INDEX CONCURRENTLY fails on a partitioned table',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const index = newIndex(analysis, context);
    if (index === null || !index.concurrent || !context.isPartitioned(index.table)) return [];
    return [
      {
        message: `${index.table} is partitioned: the statement fails.`,
        safeSql: byPartitions(analysis, index, context),
      },
    ];
  },
  why: 'Indexes of partitioned tables cannot be built CONCURRENTLY, ON ONLY included (PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently).',
  instead:
    'Make it ON ONLY the partitioned table, which builds nothing; build one CONCURRENTLY on each partition, and attach those. With the last one it becomes valid.',
  example: {
    schema:
      "CREATE TABLE t (id int, at date) PARTITION BY RANGE (at); CREATE TABLE t_old PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2025-01-01'); CREATE TABLE t_new PARTITION OF t FOR VALUES FROM ('2025-01-01') TO (MAXVALUE); INSERT INTO t VALUES (1, '2024-05-05'), (2, '2025-05-05');",
    bad: 'CREATE INDEX CONCURRENTLY t_id ON t (id);',
    danger: { kind: 'fails', sqlstate: '0A000' },
  },
  manual: 'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
});
