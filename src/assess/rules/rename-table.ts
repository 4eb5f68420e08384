import { quoteIdent } from '../../sql/quote.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import { existingRelation, rule } from './rule.ts';

export const renameTable = rule({
  id: 'rename-table',
  severity: 'danger',
  title: 'Renaming a table breaks every program that uses the old name',
  on: ['RenameStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const table = existingRelation(analysis, context);
    const written = relationOf(node);
    const name = text(node, 'newname');
    if (text(node, 'renameType') !== 'OBJECT_TABLE' || table === null || written === null || name === null)
      return [];
    const target = showName({ schema: written.schema, name });
    return [
      {
        message: `From this moment on, ${table} does not exist for programs that still run.`,
        safeSql: [
          `ALTER TABLE ${showName(written)} RENAME TO ${quoteIdent(name)}`,
          `CREATE VIEW ${showName(written)} AS SELECT * FROM ${target}`,
        ],
      },
    ];
  },
  why: 'Old and new versions of an application run side by side during a deployment; only one of them knows the new name. Indexes, sequences and constraints keep names of the old table.',
  instead:
    'In the same transaction create a view under the old name (simple views take writes too); drop it when no program uses it any more.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t RENAME TO u;',
    danger: { kind: 'breaks', query: 'SELECT id FROM t', sqlstate: '42P01' },
  },
});
