import type { ParsedStatement } from '../../sql/model.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { flag } from '../../sql/tree.ts';
import { scriptRule } from './rule.ts';

export const transactionStructure = scriptRule({
  id: 'transaction-structure',
  severity: 'warning',
  title: 'BEGIN and COMMIT do not match',
  read: () => {
    let open: ParsedStatement | null = null;
    let works = false;
    return {
      see: ({ statement, facts }, context) => {
        const control = transactionControl(statement);
        // Ferrata refuses what it cannot run, and takes COMMIT for a boundary between steps.
        if (!context.loose) return [];
        if (control === null) {
          works ||= facts.class !== 'other';
          return [];
        }
        const hit = (message: string) => [{ statement, message, safeSql: [] }];
        switch (control) {
          case 'begin': {
            const outer = open;
            open ??= statement;
            if (outer !== null) {
              return hit(
                `A transaction has been open since line ${outer.line}: this BEGIN does nothing but warn, and the first COMMIT ends all of it.`,
              );
            }
            works = false;
            return [];
          }
          case 'commit':
          case 'rollback': {
            const began = open;
            open = flag(statement.node, 'chain') ? statement : null;
            if (began === null) {
              return hit(
                `No transaction was begun in this file: psql warns and goes on; where a tool runs the file in one, it ends here, and what follows stands unprotected.`,
              );
            }
            return control === 'rollback' && works
              ? hit(`What was done since line ${began.line} is undone here.`)
              : [];
          }
          case 'prepared':
            return hit(
              'A prepared transaction outlives the session and keeps its locks until somebody ends it by name.',
            );
          case 'savepoint':
            return [];
          default: {
            const unknown: never = control;
            return unknown;
          }
        }
      },
      end: () =>
        open === null
          ? []
          : [
              {
                statement: open,
                message:
                  'The transaction that begins here is never committed: psql rolls it back at the end of the file.',
                safeSql: [],
              },
            ],
    };
  },
  why: 'BEGIN inside a transaction and COMMIT outside one only warn, and a transaction that is open when the session ends is rolled back (PostgreSQL manual, BEGIN, COMMIT, ROLLBACK).',
  instead: 'One COMMIT for each BEGIN; neither in a file that its tool runs in a transaction.',
  manual: 'sql-begin.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY);',
    bad: 'BEGIN; ALTER TABLE t ADD COLUMN a int;',
    danger: {
      kind: 'shows',
      query:
        "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a')",
    },
    good: ['BEGIN', 'ALTER TABLE t ADD COLUMN a int', 'COMMIT'],
  },
});
