import { transactionControl } from '../../sql/transactional.ts';
import { scriptRule } from './rule.ts';

const WORDS: Readonly<Record<string, string>> = {
  IndexStmt: 'CREATE INDEX CONCURRENTLY',
  DropStmt: 'DROP INDEX CONCURRENTLY',
  ReindexStmt: 'REINDEX',
  AlterTableStmt: 'DETACH PARTITION … CONCURRENTLY',
  VacuumStmt: 'VACUUM',
};

export const indexConcurrentlyInTransaction = scriptRule({
  id: 'index-concurrently-in-transaction',
  severity: 'danger',
  title: 'CONCURRENTLY cannot run in a transaction',
  read: () => {
    let begun: number | null = null;
    return {
      see: ({ statement, facts }) => {
        const control = transactionControl(statement);
        if (control === 'begin') begun = statement.line;
        if (control === 'commit' || control === 'rollback') begun = null;
        if (facts.transactional || begun === null) return [];
        const word = WORDS[statement.kind] ?? 'It';
        return [
          {
            statement,
            message: `${word} cannot run in the transaction that begins in line ${begun}.`,
            safeSql: ['COMMIT', statement.text],
          },
        ];
      },
    };
  },
  why: 'CREATE, DROP and REINDEX INDEX CONCURRENTLY and DETACH PARTITION … CONCURRENTLY commit several transactions of their own; within one of somebody else’s the server refuses them. Several statements that are sent in one message are one transaction, too (PostgreSQL manual, CREATE INDEX; 54.2.2.1).',
  instead:
    'End the transaction before it. Ferrata itself runs such a statement as a step of its own, outside any transaction, wherever the file does not say BEGIN; for another runner, put it into a file of its own.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'BEGIN; CREATE INDEX CONCURRENTLY t_a ON t (a); COMMIT;',
    danger: { kind: 'fails', sqlstate: '25001' },
  },
  manual: 'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
});
