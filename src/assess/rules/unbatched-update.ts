import { deparse } from '../../sql/deparse.ts';
import { child, type Node, relationOf, showName, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { expressionSql } from './expression-sql.ts';
import { existingRelation, scriptRule } from './rule.ts';
import { backfill, keyOf, type Target } from './steps.ts';
import { byTime } from './weight.ts';
import { EmptyColumns, takesAllRows } from './whole-table.ts';

export const unbatchedUpdate = scriptRule({
  id: 'unbatched-update',
  severity: 'warning',
  title: 'Writing all rows in one statement locks them all until the end',
  read: () => {
    const empty = new EmptyColumns();
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        const table = statement.kind === 'UpdateStmt' ? existingRelation(analysis, context) : null;
        const written = relationOf(statement.node);
        const all = table !== null && takesAllRows(statement.node, table, empty, context);
        empty.note(analysis, context);
        if (table === null || written === null || !all) return [];
        const refusal = context.surroundings.batches?.get(statement);
        if (refusal === null) return [];
        const stays =
          refusal === undefined ? '' : ` Ferrata does not run it in batches by itself: ${refusal}.`;
        const target = { table, written };
        return [
          {
            statement,
            severity: byTime(context, [table], 'warning'),
            message: `Every row of ${table} is locked, and kept twice, until the transaction ends.${stays}`,
            safeSql: keyOf(context, table) === null ? [] : () => inSteps(statement.node, target, context),
          },
        ];
      },
    };
  },
  why: 'Other sessions that write one of the rows wait for the whole statement; replicas fall behind; vacuum cannot clean up meanwhile; and each row is written to disk again, and in every index (PostgreSQL manual, 13.3.2, 24.1).',
  instead:
    'Write in batches of some thousand rows by ranges of the key, each in a transaction of its own. What is written meanwhile must be right already: by a default, a trigger or the program.',
  manual: 'explicit-locking.html#LOCKING-ROWS',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT n, n FROM generate_series(1, 15000) AS n;',
    bad: 'UPDATE t SET a = a + 1;',
    danger: {
      kind: 'shows',
      query: 'SELECT count(*) FROM t HAVING count(DISTINCT xmin::text) = 1 AND count(*) > 10000',
    },
  },
});

async function inSteps(
  node: Node,
  target: Target,
  context: AssessContext,
): Promise<readonly (string | null)[]> {
  // A name of its own, WITH or RETURNING would not survive the way it is taken apart.
  if (child(child(node, 'relation'), 'alias') !== null || child(node, 'withClause') !== null) return [null];
  if (node.returningList !== undefined || node.returningClause !== undefined) return [null];
  const { whereClause, ...whole } = node;
  const update = await deparse('UpdateStmt', whole);
  const head = `UPDATE ${showName(target.written)} SET `;
  const rest = whereClause === undefined ? 'true' : await expressionSql(whereClause);
  if (update?.startsWith(head) !== true || rest === null) return [null];
  if (text(child(node, 'relation'), 'catalogname') !== null) return [null];
  return [backfill(context, target, update.slice(head.length), rest === 'true' ? rest : `(${rest})`)];
}
