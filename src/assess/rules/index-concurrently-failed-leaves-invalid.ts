import { deparse } from '../../sql/deparse.ts';
import { flag } from '../../sql/tree.ts';
import { isThere, newIndex } from './new-index.ts';
import { existingRelation, rule } from './rule.ts';

export const indexConcurrentlyFailedLeavesInvalid = rule({
  id: 'index-concurrently-failed-leaves-invalid',
  severity: 'danger',
  title: 'An attempt that failed left an invalid index behind',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const table = existingRelation(analysis, context);
    const maybe = flag(node, 'if_not_exists');
    const index = newIndex(
      { ...analysis, statement: { ...analysis.statement, node: { ...node, if_not_exists: false } } },
      context,
    );
    if (table === null || index === null) return [];
    const there = isThere(context, index.identity);
    const invalid = context.index(index.identity)?.valid === false;
    const again = async () => {
      const { if_not_exists: _maybe, ...rest } = node;
      const concurrent = index.concurrent || !context.isPartitioned(table);
      return [
        `DROP INDEX CONCURRENTLY IF EXISTS ${index.identity}`,
        await deparse('IndexStmt', { ...rest, idxname: index.name, concurrent }),
      ];
    };
    if (invalid) {
      return [
        {
          message: maybe
            ? `${index.identity} is there and invalid: IF NOT EXISTS takes it for the index, which no query will use.`
            : `${index.identity} is there, invalid since an earlier attempt: the statement fails.`,
          safeSql: again,
        },
      ];
    }
    // A first attempt cannot know; whether it is the first, only the database can tell.
    if (!maybe || !index.concurrent || there || context.known.complete) return [];
    return [
      {
        message: `Should an earlier attempt have failed, ${index.identity} is there and invalid, and IF NOT EXISTS takes it for the index (not known without the database).`,
        severity: 'info',
        safeSql: again,
      },
    ];
  },
  why: 'When CREATE INDEX CONCURRENTLY fails (a deadlock, a duplicate, a cancelled statement) it leaves an index that is not valid: writes maintain it, queries do not use it. IF NOT EXISTS only looks for the name (PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently).',
  instead:
    'Drop the remainder and build the index again; afterwards look at pg_index.indisvalid. Ferrata looks itself, and drops what its own attempt left behind.',
  example: {
    schema:
      "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2); CREATE INDEX t_a ON t (a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass;",
    bad: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);',
    danger: {
      kind: 'shows',
      query: "SELECT FROM pg_index WHERE indexrelid = 't_a'::regclass AND NOT indisvalid",
    },
  },
  manual: 'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
});
