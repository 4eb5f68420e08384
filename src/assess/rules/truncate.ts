import { namesFromLists, type QualifiedName, showName, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { rule } from './rule.ts';
import { inBatches } from './steps.ts';

export const truncate = rule({
  id: 'truncate',
  severity: 'danger',
  title: 'TRUNCATE takes all rows, and locks the table against everybody',
  on: ['TruncateStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const cascade = text(node, 'behavior') === 'DROP_CASCADE';
    return namesFromLists(node, 'relations').flatMap((written: QualifiedName) => {
      const table = context.resolve(written);
      if (table === null || context.isNew(table)) return [];
      const others = cascade ? emptiedWith(table, context) : [];
      const also = others.length === 0 ? '' : `, and all rows of ${others.join(', ')} with them`;
      const unknown =
        cascade && !context.known.complete ? ', and those of every table that refers to it' : '';
      return [
        {
          message: `All rows of ${table} go${also === '' ? unknown : also}; row triggers do not fire for them, and no WHERE says which were meant.`,
          safeSql: [inBatches(context, { table, written }, `DELETE FROM ${showName(written)}`, 'true')],
        },
      ];
    });
  },
  why: 'It takes an AccessExclusiveLock, is not MVCC-safe (older snapshots see an empty table), and passes row triggers by, those that keep a copy or an audit log among them. With CASCADE it empties every table whose foreign keys lead to it, whatever their ON DELETE says (PostgreSQL manual, TRUNCATE, notes).',
  instead: 'Delete the rows that are meant, in batches, each in a transaction of its own.',
  manual: 'sql-truncate.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'TRUNCATE t;',
    danger: { kind: 'lock', relation: 't', mode: 'AccessExclusiveLock' },
  },
});

/** Tables whose foreign keys lead to it, by whichever way. */
function emptiedWith(table: string, context: AssessContext): readonly string[] {
  const found = new Set<string>();
  const queue = [table];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const other of context.referencing(next)) {
      if (other === table || found.has(other)) continue;
      found.add(other);
      queue.push(other);
    }
  }
  return [...found];
}
