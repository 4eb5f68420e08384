import { namesFromLists, showName, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const partitionDropChild = rule({
  id: 'partition-drop-child',
  severity: 'warning',
  title: 'Dropping a partition locks the parent, and with it all partitions',
  on: ['DropStmt'],
  applies: ({ statement }, context) => {
    const { node } = statement;
    if (text(node, 'removeType') !== 'OBJECT_TABLE') return [];
    const names = namesFromLists(node, 'objects');
    const dropped = new Set(names.map((name) => context.resolve(name)));
    return names.flatMap((name) => {
      const partition = context.resolve(name);
      const parent = partition === null ? null : (context.table(partition)?.partitionOf ?? null);
      if (partition === null || parent === null || dropped.has(parent) || context.isNew(parent)) return [];
      const alone = context.defaultPartition(parent) === null && context.since(14);
      return [
        {
          message: `Nobody can read or write ${parent}, whichever partition it is about, while ${partition} is dropped, and before that while it waits for the running queries.`,
          safeSql: alone
            ? [
                `ALTER TABLE ${parent} DETACH PARTITION ${showName(name)} CONCURRENTLY`,
                `DROP TABLE ${showName(name)}`,
              ]
            : [],
        },
      ];
    });
  },
  why: 'The parent loses a partition, which takes an AccessExclusiveLock on it, held until the files are gone and the transaction ends (PostgreSQL manual, 5.12.2.2).',
  instead:
    'Detach it CONCURRENTLY (PostgreSQL 14 and newer, no default partition), then drop the table that it has become.',
  manual: 'ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE',
  example: {
    schema:
      'CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (100);',
    bad: 'DROP TABLE p_1;',
    danger: { kind: 'lock', relation: 'p', mode: 'AccessExclusiveLock' },
  },
});
