import { deparse } from '../../sql/deparse.ts';
import { flag } from '../../sql/tree.ts';
import { existingRelation, rule } from './rule.ts';

export const indexCreateBlocking = rule({
  id: 'index-create-blocking',
  severity: 'danger',
  title: 'CREATE INDEX blocks writes until the index is built',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const table = existingRelation(analysis, context);
    if (table === null || flag(node, 'concurrent')) return [];
    if (context.isPartitioned(table)) {
      return [
        {
          message: `No write to ${table} or its partitions until every index is built. CONCURRENTLY is not possible on a partitioned table: create the index ON ONLY it, build one CONCURRENTLY on each partition, and attach those.`,
          safeSql: [],
        },
      ];
    }
    return [
      {
        message: `No write to ${table} until the index is built.`,
        safeSql: async () => [await deparse('IndexStmt', { ...node, concurrent: true })],
      },
    ];
  },
  why: 'It holds a ShareLock on the table for the whole build: reads go on, every INSERT, UPDATE and DELETE waits (PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently).',
  instead:
    'Build it CONCURRENTLY: slower, but writes go on. It runs outside a transaction, as a step of its own.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'CREATE INDEX t_a ON t (a);',
    danger: { kind: 'lock', relation: 't', mode: 'ShareLock' },
  },
});
