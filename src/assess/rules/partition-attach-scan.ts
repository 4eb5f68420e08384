import { quoteIdent } from '../../sql/quote.ts';
import { showName } from '../../sql/tree.ts';
import { boundSql, provesBound } from '../partition-bounds.ts';
import { attached, valueSql } from './partition-parts.ts';
import { rule } from './rule.ts';
import { COMMIT, nameFor } from './steps.ts';
import { byTime } from './weight.ts';

export const partitionAttachScan = rule({
  id: 'partition-attach-scan',
  severity: 'danger',
  title: 'ATTACH PARTITION reads the whole new partition while it is locked',
  on: ['AlterTableStmt'],
  applies: (analysis, context) =>
    attached(analysis, context).flatMap((added) => {
      const { partition, written, column, bound } = added;
      if (context.isNew(partition)) return [];
      const known = column !== null && bound !== null;
      if (known && provesBound(context, partition, column, bound)) return [];
      const table = `ALTER TABLE ${showName(written)}`;
      const target = { table: partition, written };
      const name = quoteIdent(nameFor(target, [], 'bound'));
      return [
        {
          severity: byTime(context, [partition], 'danger'),
          message: `Nobody can read or write ${partition} until every row is seen to keep to the bound.`,
          safeSql: known
            ? [
                `${table} ADD CONSTRAINT ${name} CHECK (${boundSql(column, bound, valueSql)}) NOT VALID`,
                COMMIT,
                `${table} VALIDATE CONSTRAINT ${name}`,
                COMMIT,
                analysis.statement.text,
                `${table} DROP CONSTRAINT ${name}`,
              ]
            : [],
        },
      ];
    }),
  why: 'The parent is locked for a moment only, and lightly (ShareUpdateExclusiveLock); the table that becomes a partition is read from end to end under an AccessExclusiveLock, unless a validated CHECK proves the bound, IS NOT NULL included (PostgreSQL manual, ALTER TABLE, ATTACH PARTITION; 5.12.2.2).',
  instead:
    'Give the table a CHECK that says the same as the bound, NOT VALID first, validate it beside reads and writes, attach, and drop the CHECK.',
  manual: 'ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE',
  example: {
    schema:
      "CREATE TABLE p (d date) PARTITION BY RANGE (d); CREATE TABLE c (d date); INSERT INTO c VALUES ('2024-01-05');",
    bad: "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');",
    danger: { kind: 'scan', relation: 'c' },
  },
});
