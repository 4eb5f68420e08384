import { addColumnSteps } from './add-column-steps.ts';
import { addedColumns, rewriting } from './added-columns.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addColumnDomainConstrained = rule({
  id: 'add-column-domain-constrained',
  severity: 'danger',
  title: 'A column of a domain with constraints makes the server write the whole table anew',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context)
      .filter((column) => rewriting(column, context) === 'domain')
      .map((column) => ({
        message: `Nobody can read or write ${column.table} until each of its rows is written anew: the domain of ${column.name} checks its values.`,
        severity: byTime(context, [column.table], 'danger'),
        safeSql: addColumnSteps(analysis, column, context),
      })),
  why: 'The server makes sure that the value of each old row, be it NULL or the default, satisfies the domain, and does so by writing the table with all its indexes anew under an AccessExclusiveLock, even where every row gets the same. A domain without CHECK and NOT NULL is free (tablecmds.c, ATExecAddColumn; measured on 13 to 18; PostgreSQL manual, CREATE DOMAIN).',
  instead:
    'Add the column as the type that the domain stands for, and its CHECKs as NOT VALID; validate them in transactions of their own.',
  example: {
    schema:
      'CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT n FROM generate_series(1, 12000) AS n;',
    bad: 'ALTER TABLE t ADD COLUMN n positive;',
    danger: { kind: 'rewrite', relation: 't' },
  },
  manual: 'sql-createdomain.html',
});
