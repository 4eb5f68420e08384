import { flag, nameFromParts, showName, strings } from '../../sql/tree.ts';
import { existingRelation, rule } from './rule.ts';
import { byTraffic, count, writesPerSecond } from './weight.ts';

export const createTrigger = rule({
  id: 'create-trigger',
  severity: 'info',
  title: 'From now on a trigger runs in every write of the table',
  on: ['CreateTrigStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    const fn = nameFromParts(strings(node.funcname));
    const writes = writesPerSecond(context, table);
    const often =
      writes !== null && flag(node, 'row') ? `, some ${count(writes)} times a second by its statistics` : '';
    return [
      {
        severity: byTraffic(context, table),
        message: `${fn === null ? 'The function' : showName(fn)}() runs inside the transactions that write ${table}${often}; when it fails, they fail. Making it waits for the writers that are at work, and new ones wait behind it.`,
        safeSql: [],
      },
    ];
  },
  why: 'CREATE TRIGGER takes a ShareRowExclusiveLock: it is over at once, but waits for every transaction that has written the table, and lets no other write meanwhile (PostgreSQL manual, CREATE TRIGGER; 13.3.1). What the trigger costs and throws is the writer’s from then on (39.1).',
  instead:
    'Keep the function short and sure; where it is about statements and not about rows, FOR EACH STATEMENT with transition tables runs once.',
  manual: 'sql-createtrigger.html',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;',
    bad: 'CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();',
    danger: { kind: 'lock', relation: 't', mode: 'ShareRowExclusiveLock' },
  },
});
