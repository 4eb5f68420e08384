import { addedConstraints, existingRelation, rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addExclusion = rule({
  id: 'add-exclusion',
  severity: 'danger',
  title: 'A new EXCLUDE builds its index while the table is locked, and knows no other way',
  on: ['AlterTableStmt'],
  commands: ['AT_AddConstraint'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    return addedConstraints(analysis, 'CONSTR_EXCLUSION').map(() => ({
      severity: byTime(context, [table], 'danger'),
      message: `Nobody can read or write ${table} until the index is built and every row has been compared.`,
      safeSql: [],
    }));
  },
  why: 'ADD CONSTRAINT … EXCLUDE holds an AccessExclusiveLock for the whole build of its index, and the index of an exclusion constraint cannot be built CONCURRENTLY; nor can the constraint be NOT VALID, or take an index that is there (PostgreSQL manual, ALTER TABLE; CREATE TABLE, EXCLUDE).',
  instead:
    'On a table that is not small: make a table with the constraint beside it, copy the rows, keep both equal with a trigger, and swap them; or add it while nobody needs the table.',
  manual: 'sql-createtable.html#SQL-CREATETABLE-EXCLUDE',
  example: {
    schema:
      "CREATE TABLE t (id int PRIMARY KEY, during int4range); INSERT INTO t VALUES (1, '[1,5)'), (2, '[5,9)');",
    bad: 'ALTER TABLE t ADD CONSTRAINT t_during EXCLUDE USING gist (during WITH &&);',
    danger: { kind: 'scan', relation: 't' },
    good: [
      'CREATE TABLE t_new (LIKE t INCLUDING ALL, CONSTRAINT t_during EXCLUDE USING gist (during WITH &&))',
      'INSERT INTO t_new SELECT * FROM t',
    ],
  },
});
