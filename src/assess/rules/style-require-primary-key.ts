import { child, children, type Node, relationOf, text } from '../../sql/tree.ts';
import { addedConstraints, type ScriptHit, scriptRule } from './rule.ts';

export const styleRequirePrimaryKey = scriptRule({
  id: 'style-require-primary-key',
  severity: 'info',
  optional: true,
  title: 'A table without a primary key',
  on: ['AlterTableStmt', 'DropStmt', 'CreateStmt'],
  read: () => {
    const open = new Map<string, ScriptHit>();
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        const table = context.resolve(relationOf(statement.node));
        if (statement.kind === 'AlterTableStmt' && table !== null) {
          const adds = addedConstraints(analysis, 'CONSTR_PRIMARY').length > 0;
          const inline = children(statement.node, 'cmds').some(({ node }) =>
            hasKey(child(child(node, 'def'), 'ColumnDef'), 'constraints'),
          );
          if (adds || inline) open.delete(table);
        }
        if (statement.kind === 'DropStmt')
          for (const lock of analysis.facts.locks) open.delete(lock.relation);
        if (statement.kind !== 'CreateStmt' || table === null || !needsKey(statement.node)) return [];
        open.set(table, {
          statement,
          message: `Nothing tells the rows of ${table} apart: not for logical replication, nor for a batch, a merge or a repair.`,
          safeSql: [],
        });
        return [];
      },
      end: () => [...open.values()],
    };
  },
  why: 'Logical replication publishes UPDATE and DELETE of tables with a replica identity alone, which is the primary key unless somebody says otherwise (PostgreSQL manual, 29.1); batches, upserts and every tool that compares rows need a key as well.',
  instead: 'Give it one; an identity column where the data has none.',
  manual: 'ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS',
  example: {
    schema: '',
    bad: 'CREATE TABLE t (a int);',
    danger: {
      kind: 'shows',
      query:
        "SELECT relname FROM pg_class WHERE relname = 't' AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)",
    },
    good: ['CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int)'],
  },
});

/** Partitions, typed tables and copies of others get theirs, or not, from there; temporary tables last a moment. */
function needsKey(node: Node): boolean {
  if (node.partbound !== undefined || node.ofTypename !== undefined) return false;
  if (text(child(node, 'relation'), 'relpersistence') === 't') return false;
  const elements = children(node, 'tableElts');
  const own = elements.some(({ kind, node: element }) =>
    kind === 'Constraint' ? text(element, 'contype') === 'CONSTR_PRIMARY' : hasKey(element, 'constraints'),
  );
  const copies = elements.some((element) => element.kind === 'TableLikeClause');
  return !own && !copies && children(node, 'inhRelations').length === 0;
}

function hasKey(node: Node | null, key: string): boolean {
  return children(node, key).some((item) => text(item.node, 'contype') === 'CONSTR_PRIMARY');
}
