import { child, flag, nameFromRange } from '../../sql/tree.ts';
import { notValidThenValidate } from './not-valid.ts';
import { addedConstraints, existingRelation, rule } from './rule.ts';

export const addFkScan = rule({
  id: 'add-fk-scan',
  severity: 'danger',
  title: 'A new foreign key checks every row while both tables are locked',
  on: ['AlterTableStmt'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    return addedConstraints(analysis, 'CONSTR_FOREIGN')
      .filter((constraint) => !flag(constraint, 'skip_validation') && constraint.is_enforced !== false)
      .map((constraint) => {
        const other = context.resolve(nameFromRange(child(constraint, 'pktable'))) ?? 'the other table';
        return {
          message: `No write to ${table} or ${other} until every row has been looked up.`,
          safeSql: () => notValidThenValidate(analysis, constraint, 'fkey'),
        };
      });
  },
  why: 'ADD FOREIGN KEY takes a ShareRowExclusiveLock on both tables and holds it while it looks up every row (PostgreSQL manual, ALTER TABLE, ADD table_constraint). With NOT VALID it only writes the catalog; VALIDATE CONSTRAINT then reads the rows under a ShareUpdateExclusiveLock, and writes go on.',
  instead: 'Add it NOT VALID, and validate it in a statement of its own, behind a COMMIT.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int); INSERT INTO r VALUES (1); INSERT INTO t VALUES (1, 1);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_r_id_fkey FOREIGN KEY (r_id) REFERENCES r (id);',
    danger: { kind: 'scan', relation: 't' },
  },
});
