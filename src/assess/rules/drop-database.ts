import { quoteIdent } from '../../sql/quote.ts';
import { text } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const dropDatabase = rule({
  id: 'drop-database',
  severity: 'danger',
  title: 'DROP DATABASE takes a whole database',
  on: ['DropdbStmt'],
  applies: ({ statement: { node } }) => [
    {
      message: `All that ${quoteIdent(text(node, 'dbname') ?? '')} holds is gone; no rollback brings it back.`,
      safeSql: [],
    },
  ],
  why: 'The files are deleted at once; it runs outside any transaction, and cannot be undone (PostgreSQL manual, DROP DATABASE).',
  instead:
    'It has no place in a migration. Whoever means it types it, after a look at who is connected, and with a backup.',
  example: {
    schema: 'CREATE DATABASE example_d;',
    bad: 'DROP DATABASE example_d;',
    danger: {
      kind: 'shows',
      query: "SELECT WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'example_d')",
    },
  },
  manual: 'sql-dropdatabase.html',
});
