import { quoteIdent } from '../../sql/quote.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const indexRenameViaAlterTable = rule({
  id: 'index-rename-via-alter-table',
  severity: 'warning',
  title: 'ALTER TABLE renames an index under a lock that stops readers',
  on: ['RenameStmt'],
  applies: ({ statement: { node } }, context) => {
    const written = relationOf(node);
    const to = text(node, 'newname');
    if (text(node, 'renameType') !== 'OBJECT_TABLE' || written === null || to === null) return [];
    const index = context.resolve(written) ?? '';
    const table = context.tableOfIndex(index);
    if (table === null || context.table(index) !== null || context.isNew(table)) return [];
    return [
      {
        message: `Whoever plans a query on ${table} waits until ${index} has its new name.`,
        safeSql: [`ALTER INDEX ${showName(written)} RENAME TO ${quoteIdent(to)}`],
      },
    ];
  },
  why: 'ALTER TABLE … RENAME takes an AccessExclusiveLock, for an index too, and planning any query on the table needs its indexes. ALTER INDEX … RENAME takes a ShareUpdateExclusiveLock (PostgreSQL manual, ALTER INDEX).',
  instead: 'Say ALTER INDEX.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE INDEX t_a ON t (a);',
    bad: 'ALTER TABLE t_a RENAME TO t_a_idx;',
    danger: { kind: 'lock', relation: 't_a', mode: 'AccessExclusiveLock' },
  },
  manual: 'sql-alterindex.html',
});
