import { deparse } from '../../sql/deparse.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { children, flag, type Node, nameFromParts, relationOf, strings, text } from '../../sql/tree.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { byTraffic } from './weight.ts';

export const dropTrigger = scriptRule({
  id: 'drop-trigger',
  severity: 'info',
  title: 'DROP TRIGGER locks the table against reads and writes',
  on: ['CreateTrigStmt', 'DropStmt'],
  read: () => {
    const dropped = new Map<string, ScriptHit>();
    return {
      see: ({ statement }, context) => {
        const { kind, node } = statement;
        if (kind === 'CreateTrigStmt') {
          // Dropped only to be made anew: since 14 it can be replaced, which readers do not notice.
          const key = `${context.resolve(relationOf(node))}.${text(node, 'trigname')}`;
          const hit = dropped.get(key);
          if (hit !== undefined && context.since(14) && !flag(node, 'isconstraint')) {
            dropped.set(key, { ...hit, safeSql: () => replaced(node) });
          }
          return [];
        }
        if (kind !== 'DropStmt' || text(node, 'removeType') !== 'OBJECT_TRIGGER') return [];
        for (const { node: list } of children(node, 'objects')) {
          const parts = strings(list.items);
          const table = context.resolve(nameFromParts(parts.slice(0, -1)));
          const trigger = parts.at(-1) ?? '';
          if (table === null || context.isNew(table)) continue;
          const known = context.known.has('trigger', `${table}.${quoteIdent(trigger)}`);
          if (!known && context.known.complete) continue;
          dropped.set(`${table}.${trigger}`, {
            statement,
            severity: byTraffic(context, table),
            message: `It waits for everybody who reads or writes ${table}, and everybody waits behind it.`,
            safeSql: [],
          });
        }
        return [];
      },
      end: () => [...dropped.values()],
    };
  },
  why: 'It takes an AccessExclusiveLock on the table, other than making one, for which a ShareRowExclusiveLock is enough (PostgreSQL manual, 13.3.1). It is held until the transaction ends.',
  instead:
    'Where the trigger is made anew at once, CREATE OR REPLACE TRIGGER (PostgreSQL 14 and newer). Where it only has to stop, ALTER TABLE … DISABLE TRIGGER takes a ShareRowExclusiveLock, and reads go on.',
  manual: 'sql-droptrigger.html',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();',
    bad: 'DROP TRIGGER tr ON t; CREATE TRIGGER tr BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();',
    danger: { kind: 'lock', relation: 't', mode: 'AccessExclusiveLock' },
  },
});

async function replaced(node: Node): Promise<readonly (string | null)[]> {
  return [await deparse('CreateTrigStmt', { ...node, replace: true })];
}
