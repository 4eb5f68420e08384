import { rule } from './rule.ts';
import { typeChanges } from './type-changes.ts';

export const alterTypeBreaksCachedPlans = rule({
  id: 'alter-type-breaks-cached-plans',
  severity: 'info',
  optional: true,
  title: 'Prepared statements that return the column fail once its type has changed',
  on: ['AlterTableStmt'],
  commands: ['AT_AlterColumnType'],
  applies: (analysis, context) =>
    typeChanges(analysis, context)
      .filter(({ from, to }) => from !== to)
      .map(({ table, column }) => ({
        message: `Sessions that have prepared a SELECT of ${table}.${column} get “cached plan must not change result type” at their next use of it.`,
        safeSql: [],
      })),
  why: 'A prepared statement’s result is fixed when it is prepared, types and lengths of its columns included. When they would be others, the server refuses it, at every use until it is prepared again; even a longer varchar counts. Drivers and poolers that prepare behind the program’s back are concerned too (PostgreSQL manual, PREPARE). It concerns every change of type and none, as the programs are: off by default; ferrata assess --queries finds the queries that it does concern.',
  instead:
    'Have the connections made anew after the migration, or DISCARD PLANS on them; some drivers prepare again by themselves when they get this error outside a transaction.',
  example: {
    schema: "CREATE TABLE t (id int PRIMARY KEY, a varchar(50)); INSERT INTO t VALUES (1, 'x');",
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE varchar(100);',
    danger: { kind: 'breaks', query: 'SELECT a FROM t', sqlstate: '0A000', prepared: true },
  },
  manual: 'sql-prepare.html',
});
