import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { namesFromLists, relationOf, text } from '../../sql/tree.ts';
import { scriptRule } from './rule.ts';

export const styleCreateTableForce = scriptRule({
  id: 'style-create-table-force',
  severity: 'warning',
  optional: true,
  title: 'A table is dropped to be made again, and its rows are gone',
  on: ['DropStmt', 'CreateStmt'],
  read: () => {
    const dropped = new Map<string, ParsedStatement>();
    return {
      see: ({ statement }, context) => {
        const { kind, node } = statement;
        if (kind === 'DropStmt' && text(node, 'removeType') === 'OBJECT_TABLE') {
          for (const name of namesFromLists(node, 'objects')) {
            const table = context.resolve(name);
            // Known not to be there.
            const absent = table !== null && context.known.complete && !context.isRelation(table);
            if (table !== null && !context.isNew(table) && !absent) dropped.set(table, statement);
          }
        }
        if (kind !== 'CreateStmt') return [];
        const table = context.resolve(relationOf(node));
        const drop = table === null ? undefined : dropped.get(table);
        if (table === null || drop === undefined) return [];
        dropped.delete(table);
        return [
          {
            statement: drop,
            message: `${table} is dropped here and made again in line ${statement.line}, empty; what refers to it is gone or in the way.`,
            safeSql: async () => [await deparse(kind, { ...node, if_not_exists: true })],
          },
        ];
      },
    };
  },
  why: 'It is what schema files and generators write (force: true) to start from nothing, and on a database that is in use it takes all rows (PostgreSQL manual, DROP TABLE).',
  instead: 'Leave the DROP out, and say IF NOT EXISTS; change the table that is there by ALTER TABLE.',
  manual: 'sql-droptable.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY);',
    danger: { kind: 'shows', query: 'SELECT 1 WHERE NOT EXISTS (SELECT FROM t)' },
  },
});
