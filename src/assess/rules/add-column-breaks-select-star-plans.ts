import { addedColumns } from './added-columns.ts';
import { rule } from './rule.ts';

export const addColumnBreaksSelectStarPlans = rule({
  id: 'add-column-breaks-select-star-plans',
  severity: 'info',
  optional: true,
  title: 'Prepared SELECT * fails once when a column is added',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn'],
  applies: (analysis, context) =>
    addedColumns(analysis, context)
      .slice(0, 1)
      .map(({ table }) => ({
        message: `Sessions that have prepared SELECT * on ${table} get “cached plan must not change result type” at their next use of it.`,
        safeSql: [],
      })),
  why: 'A prepared statement’s columns are fixed when it is prepared. When they would be others, the server does not plan it anew but refuses; so does every use after that, until it is prepared again. Drivers and poolers that prepare behind the program’s back are concerned too (PostgreSQL manual, PREPARE). It concerns every ADD COLUMN and none, as the programs are: off by default; ferrata assess --queries finds the queries that it does concern.',
  instead:
    'Name the columns in queries, which ORMs mostly do; or have the connections made anew after the migration, or DISCARD PLANS on them.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN a int;',
    danger: { kind: 'breaks', query: 'SELECT * FROM t', sqlstate: '0A000', prepared: true },
  },
  manual: 'sql-prepare.html',
});
