import { concurrently, newIndex } from './new-index.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const indexCreateBlocking = rule({
  id: 'index-create-blocking',
  severity: 'danger',
  title: 'CREATE INDEX blocks writes until the index is built',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const index = newIndex(analysis, context);
    if (index === null || index.concurrent || context.isPartitioned(index.table)) return [];
    return [
      {
        message: `No write to ${index.table} until the index is built.`,
        severity: byTime(context, [index.table], 'danger'),
        safeSql: () => concurrently(analysis, index),
      },
    ];
  },
  why: 'It holds a ShareLock on the table for the whole build: reads go on, every INSERT, UPDATE and DELETE waits (PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently).',
  instead:
    'Build it CONCURRENTLY: slower, but writes go on. It runs outside a transaction, as a step of its own. When it fails it leaves an invalid index behind (pg_index.indisvalid), which is to be dropped before the next attempt; ferrata looks for that itself.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'CREATE INDEX t_a ON t (a);',
    danger: { kind: 'lock', relation: 't', mode: 'ShareLock' },
  },
  manual: 'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
});
