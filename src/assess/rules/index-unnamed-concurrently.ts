import { text } from '../../sql/tree.ts';
import { concurrently, newIndex } from './new-index.ts';
import { rule } from './rule.ts';

export const indexUnnamedConcurrently = rule({
  id: 'index-unnamed-concurrently',
  severity: 'warning',
  title: 'CREATE INDEX CONCURRENTLY without a name makes a second index when it is tried again',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const index = newIndex(analysis, context);
    if (index === null || !index.concurrent || text(analysis.statement.node, 'idxname') !== null) return [];
    return [
      {
        message: `Each attempt makes another index on ${index.table}, with a number behind its name; one that failed stays, invalid.`,
        safeSql: () => concurrently(analysis, index),
      },
    ];
  },
  why: 'The server chooses a name that is free. An attempt that failed has left its invalid index under the first name, so the next one gets another, and both are maintained by every write (PostgreSQL manual, CREATE INDEX).',
  instead: 'Give it a name: a second attempt then fails rather than to double it.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'CREATE INDEX CONCURRENTLY ON t (a); CREATE INDEX CONCURRENTLY ON t (a);',
    danger: {
      kind: 'shows',
      query: "SELECT indkey FROM pg_index WHERE indrelid = 't'::regclass GROUP BY indkey HAVING count(*) > 1",
    },
  },
  manual: 'sql-createindex.html',
});
