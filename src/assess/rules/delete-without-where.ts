import { quoteQualified, splitQualified } from '../../sql/quote.ts';
import { relationOf, showName } from '../../sql/tree.ts';
import { joinedName } from '../known/chosen-names.ts';
import { existingRelation, rule } from './rule.ts';
import { COMMIT, inBatches } from './steps.ts';
import { EmptyColumns, takesAllRows } from './whole-table.ts';

export const deleteWithoutWhere = rule({
  id: 'delete-without-where',
  severity: 'danger',
  title: 'DELETE without a WHERE takes every row',
  on: ['DeleteStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const table = existingRelation(analysis, context);
    const written = relationOf(node);
    if (table === null || written === null || !takesAllRows(node, table, new EmptyColumns(), context)) {
      return [];
    }
    const [schema = null] = splitQualified(table);
    const name = joinedName(written.name, null, 'deleted');
    const kept = quoteQualified(written.schema === null ? null : schema, name);
    return [
      {
        severity: context.loose ? 'danger' : 'warning',
        message: context.loose
          ? `All rows of ${table} go, and nothing keeps them; until the transaction ends all of them are locked.`
          : `All rows of ${table} go; Ferrata keeps them for the rollback. Until the transaction ends all of them are locked.`,
        safeSql: [
          `CREATE TABLE ${kept} AS TABLE ${showName(written)}`,
          COMMIT,
          inBatches(context, { table, written }, `DELETE FROM ${showName(written)}`, 'true'),
        ],
      },
    ];
  },
  why: 'A DELETE without a WHERE is more often a mistake than meant, and there is no way back behind COMMIT. Other sessions that write one of the rows wait for all of it (PostgreSQL manual, DELETE; 13.3.2).',
  instead: 'Say which rows are meant; keep a copy, and delete in batches, each in a transaction of its own.',
  manual: 'sql-delete.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2);',
    bad: 'DELETE FROM t;',
    danger: {
      kind: 'shows',
      query: "SELECT 1 WHERE NOT EXISTS (SELECT FROM t) AND to_regclass('public.t_deleted') IS NULL",
    },
  },
});
