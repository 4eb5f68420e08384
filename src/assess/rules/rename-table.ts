import { relationOf, showName, text } from '../../sql/tree.ts';
import { readGone } from './names-gone.ts';
import { scriptRule } from './rule.ts';

const KINDS = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE']);

export const renameTable = scriptRule({
  id: 'rename-table',
  severity: 'danger',
  title: 'Renaming a table breaks every program that uses the old name',
  read: readGone(({ statement }, context) => {
    const { kind, node } = statement;
    const type = text(node, 'renameType') ?? '';
    const written = relationOf(node);
    const table = context.resolve(written);
    const name = text(node, 'newname');
    if (kind !== 'RenameStmt' || !KINDS.has(type) || table === null || written === null || name === null)
      return [];
    // ALTER TABLE renames indexes and sequences as well.
    const other = context.tableOfIndex(table) !== null || context.known.has('sequence', table);
    if (context.isNew(table) || (other && context.table(table) === null)) return [];
    const target = showName({ schema: written.schema, name });
    return [
      {
        name: table,
        hit: {
          statement,
          message: `From this moment on, ${table} does not exist for programs that still run.`,
          safeSql: [statement.text, `CREATE VIEW ${showName(written)} AS SELECT * FROM ${target}`],
        },
      },
    ];
  }),
  why: 'Old and new versions of a program run side by side during a deployment; only one of them knows the new name. Indexes, sequences and constraints keep names of the old table, and functions the old name in their text (PostgreSQL manual, ALTER TABLE, RENAME).',
  instead:
    'In the same transaction create a view under the old name (simple views take writes too); drop it when no program uses it any more.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t RENAME TO u;',
    danger: { kind: 'breaks', query: 'SELECT id FROM t', sqlstate: '42P01' },
  },
  manual: 'sql-altertable.html',
});
