import { children, type Node, relationOf, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { columnDefinition } from '../statements/columns.ts';
import { typeNameOf } from '../types.ts';
import { retyped } from './retyped.ts';
import { commands, rule } from './rule.ts';

export const addColumnJson = rule({
  id: 'add-column-json',
  severity: 'warning',
  title: 'A column of type json breaks SELECT DISTINCT, GROUP BY and UNION',
  on: ['AlterTableStmt', 'CreateStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) => {
    const { statement } = analysis;
    const table = context.resolve(relationOf(statement.node));
    if (table === null) return [];
    const used = statement.kind === 'AlterTableStmt' && !context.isNew(table);
    return definitions(analysis)
      .filter((column) => isJson(column))
      .filter(
        (column) =>
          statement.kind === 'CreateStmt' || context.column(table, text(column, 'colname') ?? '') === null,
      )
      .map((column) => {
        const name = text(column, 'colname') ?? '';
        return {
          message: used
            ? `Queries that compare whole rows of ${table} (SELECT DISTINCT *, UNION) fail from now on: json has no equality.`
            : `Queries that compare ${name} (DISTINCT, GROUP BY, UNION) fail: json has no equality.`,
          severity: used ? 'warning' : 'info',
          safeSql: async () => [await retyped(statement, name, 'jsonb')],
        };
      });
  },
  why: 'json keeps its text as it came, white space and the order of keys included, and so has no equality operator; jsonb has one, can be indexed, and is faster to read (PostgreSQL manual, 8.14).',
  instead: 'jsonb, unless the very text must be kept.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD COLUMN data json;',
    danger: { kind: 'breaks', query: 'SELECT DISTINCT * FROM t', sqlstate: '42883' },
  },
  manual: 'datatype-json.html',
});

function definitions(analysis: Analysis): readonly Node[] {
  const { kind, node } = analysis.statement;
  if (kind === 'CreateStmt') {
    return children(node, 'tableElts')
      .filter((item) => item.kind === 'ColumnDef')
      .map((item) => item.node);
  }
  return commands(analysis, 'AT_AddColumn')
    .map((command) => columnDefinition(command))
    .filter((column) => column !== null);
}

function isJson(column: Node): boolean {
  const names = strings(typeNameOf(column)?.names).filter((name) => name !== 'pg_catalog');
  return names.length === 1 && names[0] === 'json';
}
