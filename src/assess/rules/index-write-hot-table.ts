import { UNKNOWN_TARGET } from '../target-facts.ts';
import { newIndex } from './new-index.ts';
import { rule } from './rule.ts';
import { count, writesPerSecond } from './weight.ts';

export const indexWriteHotTable = rule({
  id: 'index-write-hot-table',
  severity: 'info',
  title: 'Every write to a busy table pays for the new index',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const index = newIndex(analysis, context);
    if (index === null) return [];
    const writes = writesPerSecond(context, index.table);
    if (writes === null || writes < context.surroundings.settings.busyWritesPerSecond) return [];
    const indexes = context.size(index.table)?.indexes ?? context.indexes(index.table).length;
    return [
      {
        message: `${index.table} takes ${count(writes)} writes per second, and has ${indexes} indexes already: each row costs one entry more, and the build has to catch up with what comes meanwhile.`,
        safeSql: [],
      },
    ];
  },
  why: 'An INSERT writes into every index, and an UPDATE of an indexed column can no longer stay within its page (heap-only tuples); a build CONCURRENTLY reads the table twice and waits for all transactions that are older (PostgreSQL manual, 66.7; CREATE INDEX).',
  instead:
    'Build it CONCURRENTLY at a quiet hour, and look whether an index that is there can be widened or dropped.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT n, n FROM generate_series(1, 100) AS n;',
    bad: 'CREATE INDEX CONCURRENTLY t_a ON t (a);',
    danger: {
      kind: 'convention',
      reason: 'What it costs depends on how much is written, which only the server in use can tell.',
    },
    surroundings: {
      target: {
        ...UNKNOWN_TARGET,
        relations: {
          'public.t': {
            rows: 100,
            bytes: 8192,
            indexes: 1,
            indexBytes: 16_384,
            toastBytes: 0,
            writesPerSecond: 900,
            publications: [],
            columns: null,
          },
        },
      },
    },
  },
  manual: 'storage-hot.html',
});
