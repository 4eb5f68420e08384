import { workedUnderLock } from './across-files.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { byTime } from './weight.ts';

export const crossFileSequence = scriptRule({
  id: 'cross-file-sequence',
  severity: 'info',
  title: 'Several migrations of one release each go through the same table under its lock',
  read: () => {
    const told = new Set<string>();
    return {
      see: ({ statement, facts }, context) => {
        const { worked } = context.surroundings;
        if (worked === undefined) return [];
        return workedUnderLock(facts).flatMap((relation): readonly ScriptHit[] => {
          const first = worked.get(relation);
          if (first === undefined || told.has(relation)) return [];
          told.add(relation);
          return [
            {
              statement,
              severity: byTime(context, [relation], 'info'),
              message: `${relation} is locked while all of it is read in ${first} already, which is not applied yet either: the outages add up.`,
              safeSql: [],
            },
          ];
        });
      },
    };
  },
  why: 'Each migration is safe or not by itself; those that are deployed together are one outage after the other. Changes of one table that stand in one ALTER TABLE share one pass over its rows (PostgreSQL manual, ALTER TABLE, notes).',
  instead: 'Put the changes of one table into one ALTER TABLE, or release them apart.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-NOTES',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t VALUES (1, 2, 3);',
    before: ['ALTER TABLE t ALTER COLUMN a TYPE bigint;'],
    bad: 'ALTER TABLE t ALTER COLUMN b TYPE bigint;',
    known: 'both are pending',
    surroundings: { worked: new Map([['public.t', '20260102030405_widen_a']]) },
    danger: { kind: 'rewrite', relation: 't', times: 2 },
    good: ['ALTER TABLE t ALTER COLUMN a TYPE bigint, ALTER COLUMN b TYPE bigint'],
  },
});
