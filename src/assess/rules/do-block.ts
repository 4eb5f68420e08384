import { child, children, nameFromParts, showName, strings } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const doBlock = rule({
  id: 'do-block',
  severity: 'info',
  title: 'What a block or a procedure does is not in its text',
  on: ['DoStmt', 'CallStmt'],
  applies: ({ statement, facts }) => {
    // A server has shown what it does.
    if (facts.source === 'traced') return [];
    const called = nameFromParts(strings(child(statement.node, 'funccall')?.funcname));
    const what =
      statement.kind === 'DoStmt' || called === null ? 'this block' : `the procedure ${showName(called)}`;
    const language = children(statement.node, 'args').length === 0 ? '' : ' from its text';
    return [
      {
        message: `What ${what} locks, writes anew and deletes is not known${language}: it may be anything.`,
        safeSql: [],
      },
    ];
  },
  why: 'The body is a program (PostgreSQL manual, DO, CALL, 41.5.4): which statements it runs, on which tables, is decided when it runs.',
  instead:
    'Write the statements down where that is possible. Else let Ferrata run it on a scratch copy (assess without --no-trace, rehearse), which shows every lock, rewrite and scan.',
  manual: 'sql-do.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: "DO $$ BEGIN EXECUTE 'ALTER TABLE t ALTER COLUMN a TYPE ' || 'bigint'; END $$;",
    danger: { kind: 'rewrite', relation: 't' },
  },
});
