import { foreignKeysOf } from './foreign-keys.ts';
import { onPartitions } from './partition-keys.ts';
import { existingRelation, rule } from './rule.ts';

export const addFkPartitioned = rule({
  id: 'add-fk-partitioned',
  severity: 'danger',
  title: 'A foreign key of a partitioned table cannot be NOT VALID before PostgreSQL 18',
  on: ['AlterTableStmt'],
  commands: ['AT_AddColumn', 'AT_AddConstraint'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null || !context.isPartitioned(table) || context.since(18)) return [];
    return foreignKeysOf(analysis.statement, context)
      .filter((key) => !key.validated)
      .map((key) => ({
        message: `${table} is partitioned: the statement fails.`,
        safeSql: onPartitions(analysis, key, context),
      }));
  },
  why: 'Before PostgreSQL 18 the server refuses a NOT VALID foreign key on a partitioned table (PostgreSQL manual, ALTER TABLE, ADD table_constraint). Without NOT VALID all rows are looked up under the lock.',
  instead:
    'Add the key to each partition as NOT VALID, and validate it there. The key of the partitioned table then takes those of its partitions over, and reads nothing.',
  versions: { to: 17 },
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); INSERT INTO r VALUES (1); CREATE TABLE t (id int, r_id int) PARTITION BY RANGE (id); CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (MINVALUE) TO (1000); CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (1000) TO (MAXVALUE); INSERT INTO t VALUES (1, 1), (2000, 1);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_r_id_fkey FOREIGN KEY (r_id) REFERENCES r (id) NOT VALID;',
    danger: { kind: 'fails', sqlstate: '42809' },
  },
  manual: 'sql-altertable.html',
});
