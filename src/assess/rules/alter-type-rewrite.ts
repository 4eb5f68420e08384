import { child, type Node, relationOf, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { columnTypeChange } from '../statements/columns.ts';
import { alterTableSql, commands, existingRelation, rule } from './rule.ts';

export const alterTypeRewrite = rule({
  id: 'alter-type-rewrite',
  severity: 'danger',
  title: 'Changing the type of a column writes the whole table anew',
  on: ['AlterTableStmt'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null) return [];
    return commands(analysis, 'AT_AlterColumnType').flatMap((command) => {
      const change = columnTypeChange(command, table, context);
      if (!change.rewrites) return [];
      const doubt = change.from === null ? ' (as far as can be told without the database)' : '';
      const narrows =
        change.narrows === true ? ` Values may not fit: ${change.from} becomes ${change.to}.` : '';
      return [
        {
          message: `Nobody can read or write ${table} until all its rows and indexes are written anew${doubt}.${narrows}`,
          safeSql: () => newColumn(analysis, command, change.column),
        },
      ];
    });
  },
  why: 'It holds an AccessExclusiveLock while the table and its indexes are written anew, which also needs as much disk again. Only a change that leaves the stored values as they are is instant: a longer varchar, varchar to text, a wider numeric of the same scale (PostgreSQL manual, ALTER TABLE, notes).',
  instead:
    'Add a column of the new type, let a trigger keep it up to date, fill it in batches, move the readers, and drop the old one. For a limit of length: text with a CHECK.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE bigint;',
    danger: { kind: 'rewrite', relation: 't' },
  },
});

/** The first step of the way in two: a column of the new type beside the old one. */
async function newColumn(
  analysis: Analysis,
  command: Node,
  column: string,
): Promise<readonly (string | null)[]> {
  const definition = child(child(command, 'def'), 'ColumnDef');
  return [
    await alterTableSql(analysis, {
      subtype: 'AT_AddColumn',
      def: {
        ColumnDef: {
          colname: `${column}_new`,
          typeName: definition?.typeName,
          is_local: true,
        },
      },
      behavior: text(command, 'behavior') ?? 'DROP_RESTRICT',
    }),
  ];
}
