import { relationOf, showName } from '../../sql/tree.ts';
import { existingRelation, rule } from './rule.ts';

export const unbatchedUpdate = rule({
  id: 'unbatched-update',
  severity: 'warning',
  title: 'Writing all rows in one statement locks them all until the end',
  on: ['UpdateStmt', 'DeleteStmt'],
  applies: (analysis, context) => {
    const { kind, node } = analysis.statement;
    const table = existingRelation(analysis, context);
    const written = relationOf(node);
    if (table === null || written === null || node.whereClause !== undefined) return [];
    // A join bounds an UPDATE … FROM or DELETE … USING as a WHERE would not; only the plain form is certain.
    if (Array.isArray(node.fromClause) || Array.isArray(node.usingClause)) return [];
    const target = showName(written);
    return [
      {
        message: `Every row of ${table} is locked, and kept twice, until the transaction ends.`,
        safeSql:
          kind === 'DeleteStmt'
            ? [`DELETE FROM ${target} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${target} LIMIT 10000))`]
            : [],
      },
    ];
  },
  why: 'Other sessions that write one of the rows wait for the whole statement; replicas fall behind; vacuum cannot clean up meanwhile; and each row is written to disk again (PostgreSQL manual, 13.3.2, 24.1).',
  instead:
    'Write in batches of some thousand rows by ranges of the key, each in a transaction of its own; repeat a DELETE with a LIMIT until it deletes nothing.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT n, n FROM generate_series(1, 20000) AS n;',
    bad: 'DELETE FROM t;',
    danger: { kind: 'shows', query: 'SELECT FROM t HAVING count(*) = 0' },
  },
});
