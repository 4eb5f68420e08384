import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { outsideSql, provesOutside } from '../partition-bounds.ts';
import { attached, createdPartition, valueSql } from './partition-parts.ts';
import { rule } from './rule.ts';
import { COMMIT, nameFor } from './steps.ts';
import { byTime } from './weight.ts';

export const partitionDefaultScan = rule({
  id: 'partition-default-scan',
  severity: 'danger',
  title: 'A new partition reads the whole default partition while it is locked',
  on: ['AlterTableStmt', 'CreateStmt'],
  applies: (analysis, context) =>
    [...attached(analysis, context), ...createdPartition(analysis, context)].flatMap((added) => {
      const { parent, column, bound, spec } = added;
      const partition = context.defaultPartition(parent);
      if (partition === null || spec.is_default === true || context.isNew(partition)) return [];
      const known = column !== null && bound !== null && !context.isPartitioned(partition);
      if (known && provesOutside(context, partition, column, bound)) return [];
      const [schema = null, bare = partition] = splitQualified(partition);
      const name = quoteIdent(nameFor({ table: partition, written: { schema, name: bare } }, [], 'rest'));
      return [
        {
          severity: byTime(context, [partition], 'danger'),
          message: `Nobody can read or write ${partition}, the default partition, until every row of it is seen not to belong into the new one.`,
          safeSql: known
            ? [
                `ALTER TABLE ${partition} ADD CONSTRAINT ${name} CHECK (${outsideSql(column, bound, valueSql)}) NOT VALID`,
                COMMIT,
                `ALTER TABLE ${partition} VALIDATE CONSTRAINT ${name}`,
                COMMIT,
                analysis.statement.text,
                `ALTER TABLE ${partition} DROP CONSTRAINT ${name}`,
              ]
            : [],
        },
      ];
    }),
  why: 'Rows of the new partition could lie in the default one: the server takes an AccessExclusiveLock on it and reads it from end to end, unless a validated CHECK proves that none does (PostgreSQL manual, ALTER TABLE, ATTACH PARTITION). If one does, the statement fails.',
  instead:
    'Move such rows out first; give the default partition a CHECK that leaves the new bound out, NOT VALID first, and validate it beside reads and writes.',
  manual: 'ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE',
  example: {
    schema:
      "CREATE TABLE p (d date) PARTITION BY RANGE (d); CREATE TABLE p_rest PARTITION OF p DEFAULT; INSERT INTO p VALUES ('2023-12-31');",
    bad: "CREATE TABLE p_2024_01 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');",
    danger: { kind: 'scan', relation: 'p_rest' },
  },
});
