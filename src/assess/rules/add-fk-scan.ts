import type { AssessContext } from '../context.ts';
import { foreignKeysOf, type NewForeignKey } from './foreign-keys.ts';
import { notValidThenValidate } from './not-valid.ts';
import { onPartitions } from './partition-keys.ts';
import { existingRelation, rule } from './rule.ts';
import { byTime } from './weight.ts';

export const addFkScan = rule({
  id: 'add-fk-scan',
  severity: 'danger',
  title: 'A new foreign key checks every row while both tables are locked',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn', 'AT_AddConstraint'],
  applies: (analysis, context) => {
    const { statement } = analysis;
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    return foreignKeysOf(statement, context)
      .filter((key) => key.validated && !key.withColumn && !takesOver(key, context))
      .map((key) => ({
        message: `No write to ${table}${key.referenced === table ? '' : ` or ${key.referenced}`} until every row has been looked up.`,
        severity: byTime(context, [table], 'danger'),
        // Before PostgreSQL 18 the key of a partitioned table cannot be NOT VALID; those of its partitions can.
        safeSql:
          context.isPartitioned(table) && !context.since(18)
            ? onPartitions(analysis, key, context)
            : () => notValidThenValidate(analysis, key.constraint, 'fkey'),
      }));
  },
  why: 'ADD FOREIGN KEY takes a ShareRowExclusiveLock on both tables and holds it while it looks up every row (PostgreSQL manual, ALTER TABLE, ADD table_constraint). With NOT VALID it only writes the catalog; VALIDATE CONSTRAINT then reads the rows under a ShareUpdateExclusiveLock, and writes go on.',
  instead: 'Add it NOT VALID, and validate it in a transaction of its own, behind a COMMIT.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int); INSERT INTO r VALUES (1); INSERT INTO t VALUES (1, 1);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_r_id_fkey FOREIGN KEY (r_id) REFERENCES r (id);',
    danger: { kind: 'scan', relation: 't' },
  },
  manual: 'sql-altertable.html',
});

/** Whether every partition has the key already, validated: that of the partitioned table then reads nothing. */
function takesOver(key: NewForeignKey, context: AssessContext): boolean {
  if (!context.isPartitioned(key.table)) return false;
  const leaves = context.descendants(key.table).filter((table) => !context.isPartitioned(table));
  return leaves.every((leaf) =>
    context
      .constraints(leaf)
      .some(
        ({ type, validated, references, columns }) =>
          type === 'foreign' &&
          validated &&
          references === key.referenced &&
          columns.join() === key.columns.join(),
      ),
  );
}
