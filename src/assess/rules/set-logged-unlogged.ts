import { commands, existingRelation, rule } from './rule.ts';
import { byTime } from './weight.ts';

export const setLoggedUnlogged = rule({
  id: 'set-logged-unlogged',
  severity: 'danger',
  title: 'SET LOGGED and SET UNLOGGED write the whole table anew',
  on: ['AlterTableStmt'],
  commands: ['AT_SetLogged', 'AT_SetUnLogged'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    const unlogged = commands(analysis, 'AT_SetUnLogged').length > 0;
    if (!unlogged && commands(analysis, 'AT_SetLogged').length === 0) return [];
    // What it is already is left alone.
    const known = context.table(table)?.persistence ?? null;
    if (known === (unlogged ? 'unlogged' : 'permanent')) return [];
    const severity = byTime(context, [table], 'danger');
    return [
      {
        // Losing the rows in a crash is no matter of size.
        severity: unlogged && severity === 'info' ? 'warning' : severity,
        message: `Nobody can read or write ${table} until it is written anew${unlogged ? '; from then on a crash empties it, and no standby has it' : ', and all of it goes through the WAL'}.`,
        safeSql: [],
      },
    ];
  },
  why: 'The table and its indexes are written anew under an AccessExclusiveLock. An unlogged table is emptied after a crash and is empty on a standby (PostgreSQL manual, ALTER TABLE, SET LOGGED; CREATE TABLE, UNLOGGED).',
  instead:
    'Make a table of the other kind beside it, copy the rows, keep both equal with a trigger, and swap them.',
  manual: 'sql-createtable.html#SQL-CREATETABLE-UNLOGGED',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t SET UNLOGGED;',
    danger: { kind: 'rewrite', relation: 't' },
    good: ['CREATE UNLOGGED TABLE t_new (LIKE t INCLUDING ALL)', 'INSERT INTO t_new SELECT * FROM t'],
  },
});
