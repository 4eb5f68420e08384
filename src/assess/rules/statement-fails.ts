import { scriptRule } from './rule.ts';

export const statementFails = scriptRule({
  id: 'statement-fails',
  severity: 'danger',
  title: 'PostgreSQL refuses the statement',
  read: () => ({
    see: ({ statement, facts }) =>
      facts.fails === undefined
        ? []
        : [
            {
              statement,
              message: `On a copy of the schema it ends with “${facts.fails.message}” (SQLSTATE ${facts.fails.sqlstate}), whatever rows there are.`,
              safeSql: [],
            },
          ],
  }),
  why: 'The statements ran, in their own transactions, on a copy of the schema that the migration starts from. What fails there fails everywhere; what follows it was not run.',
  instead:
    'Mend the statement, or what comes before it: something that hangs on the object must go first and come back after it, or the schema is not the one that the migration was written for.',
  manual: 'errcodes-appendix.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE VIEW v AS SELECT a FROM t;',
    bad: "DO $$ BEGIN EXECUTE 'ALTER TABLE t ALTER COLUMN a TYPE bigint'; END $$;",
    danger: { kind: 'fails', sqlstate: '0A000' },
    good: ['DROP VIEW v', 'ALTER TABLE t ALTER COLUMN a TYPE bigint', 'CREATE VIEW v AS SELECT a FROM t'],
    traced: true,
    known: 'it ran on a scratch copy (`--trace`)',
  },
});
