import { quoteIdent } from '../../sql/quote.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import { existingRelation, rule } from './rule.ts';

export const renameColumn = rule({
  id: 'rename-column',
  severity: 'danger',
  title: 'Renaming a column breaks every program that uses the old name',
  on: ['RenameStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const table = existingRelation(analysis, context);
    const written = relationOf(node);
    const from = text(node, 'subname');
    const to = text(node, 'newname');
    const relationType = text(node, 'relationType');
    if (text(node, 'renameType') !== 'OBJECT_COLUMN' || relationType !== 'OBJECT_TABLE') return [];
    if (table === null || written === null || from === null || to === null) return [];
    const type = context.column(table, from)?.type ?? null;
    return [
      {
        message: `From this moment on, ${table}.${quoteIdent(from)} does not exist for programs that still run.`,
        safeSql:
          type === null ? [] : [`ALTER TABLE ${showName(written)} ADD COLUMN ${quoteIdent(to)} ${type}`],
      },
    ];
  },
  why: 'Old and new versions of an application run side by side during a deployment; only one of them knows the new name. Functions keep the old name in their text and fail when they are next called.',
  instead:
    'Add the new column, keep the two equal with a trigger, fill it in batches, move the programs, then drop the old one; or leave the name and alias it in the application.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t RENAME COLUMN a TO b;',
    danger: { kind: 'breaks', query: 'SELECT a FROM t', sqlstate: '42703' },
  },
});
