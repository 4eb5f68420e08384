import { namesFromLists, showName } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const truncate = rule({
  id: 'truncate',
  severity: 'danger',
  title: 'TRUNCATE takes all rows, and locks the table against everybody',
  on: ['TruncateStmt'],
  applies: (analysis, context) =>
    namesFromLists(analysis.statement.node, 'relations').flatMap((name) => {
      const table = context.resolve(name);
      if (table === null || context.isNew(table)) return [];
      const target = showName(name);
      return [
        {
          message: `All rows of ${table} go; row triggers do not fire for them, and no WHERE says which were meant.`,
          safeSql: [
            `DELETE FROM ${target} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${target} LIMIT 10000))`,
          ],
        },
      ];
    }),
  why: 'It takes an AccessExclusiveLock, is not MVCC-safe (older snapshots see an empty table), and passes row triggers by, those that keep a copy or an audit log among them (PostgreSQL manual, TRUNCATE, notes).',
  instead: 'Delete the rows that are meant, in batches; repeat until nothing is deleted.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'TRUNCATE t;',
    danger: { kind: 'lock', relation: 't', mode: 'AccessExclusiveLock' },
  },
});
