import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { child, children, nameFromRange, showName } from '../../sql/tree.ts';
import { scriptRule } from './rule.ts';
import { COMMIT } from './steps.ts';
import { typeChanges } from './type-changes.ts';
import { refusing } from './type-refused.ts';
import { isSmall } from './weight.ts';

interface Changed {
  readonly statement: ParsedStatement;
  readonly table: string;
  readonly column: string;
  readonly safeSql: readonly string[];
}

export const alterTypeDropsStats = scriptRule({
  id: 'alter-type-drops-stats',
  severity: 'info',
  title: 'The planner knows nothing of the column until it is analysed',
  on: ['AlterTableStmt', 'VacuumStmt'],
  read: () => {
    let changed: readonly Changed[] = [];
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        if (statement.kind === 'VacuumStmt') {
          const tables = children(statement.node, 'rels').map(({ node }) =>
            context.resolve(nameFromRange(child(node, 'relation'))),
          );
          changed = tables.length === 0 ? [] : changed.filter(({ table }) => !tables.includes(table));
        }
        if (statement.kind !== 'AlterTableStmt') return [];
        const found = typeChanges(analysis, context)
          .filter(
            (change) =>
              change.rewrites &&
              change.from !== null &&
              !change.zone &&
              !isSmall(context, change.table) &&
              refusing(change, context).length === 0,
          )
          .map(({ table, written, column }) => ({
            statement,
            table,
            column,
            safeSql: [statement.text, COMMIT, `ANALYZE ${showName(written)} (${quoteIdent(column)})`],
          }));
        changed = [...changed, ...found];
        return [];
      },
      end: () =>
        changed.map(({ statement, table, column, safeSql }) => ({
          statement,
          message: `Until ${table} is analysed, queries with a condition on ${column} are planned in the dark.`,
          safeSql,
        })),
    };
  },
  why: 'What ANALYZE had found out about the column is removed with its old type; autovacuum comes by only when enough rows have changed, which a change of type does not count as (tablecmds.c, ATExecAlterColumnType; PostgreSQL manual, 24.1.3).',
  instead: 'Analyse the column right behind the change.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT n, n % 3 FROM generate_series(1, 100) AS n; ANALYZE t;',
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE bigint;',
    danger: {
      kind: 'shows',
      query: "SELECT WHERE NOT EXISTS (SELECT FROM pg_stats WHERE tablename = 't' AND attname = 'a')",
    },
  },
  manual: 'routine-vacuuming.html#VACUUM-FOR-STATISTICS',
});
