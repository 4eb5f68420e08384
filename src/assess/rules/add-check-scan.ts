import { flag } from '../../sql/tree.ts';
import { notValidThenValidate } from './not-valid.ts';
import { addedConstraints, existingRelation, rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addCheckScan = rule({
  id: 'add-check-scan',
  severity: 'danger',
  title: 'A new CHECK reads the whole table while it is locked',
  on: ['AlterTableStmt'],
  commands: ['AT_AddConstraint'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    return addedConstraints(analysis, 'CONSTR_CHECK')
      .filter((constraint) => !flag(constraint, 'skip_validation') && constraint.is_enforced !== false)
      .map((constraint) => {
        return {
          message: `Nobody can read or write ${table} until every row has been checked.`,
          severity: byTime(context, [table], 'danger'),
          safeSql: () => notValidThenValidate(analysis, constraint, 'check'),
        };
      });
  },
  why: 'ADD CHECK takes an AccessExclusiveLock and holds it while it reads every row (PostgreSQL manual, ALTER TABLE, ADD table_constraint). With NOT VALID it only writes the catalog; VALIDATE CONSTRAINT then reads the rows under a ShareUpdateExclusiveLock.',
  instead: 'Add it NOT VALID, and validate it in a statement of its own, behind a COMMIT.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_a_check CHECK (a > 0);',
    danger: { kind: 'scan', relation: 't' },
  },
});
