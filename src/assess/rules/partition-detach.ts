import { child, flag, nameFromRange, relationOf, showName } from '../../sql/tree.ts';
import { commands, existingRelation, rule } from './rule.ts';

export const partitionDetach = rule({
  id: 'partition-detach',
  severity: 'warning',
  title: 'DETACH PARTITION locks the parent, and with it all partitions',
  on: ['AlterTableStmt'],
  commands: ['AT_DetachPartition'],
  applies: (analysis, context) => {
    const parent = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (parent === null || written === null) return [];
    return commands(analysis, 'AT_DetachPartition').flatMap((command) => {
      const detach = child(child(command, 'def'), 'PartitionCmd');
      const partition = nameFromRange(child(detach, 'name'));
      if (partition === null || flag(detach, 'concurrent')) return [];
      const rest = context.defaultPartition(parent);
      const cannot = rest === null ? '' : `; CONCURRENTLY does not go while ${rest} is the default partition`;
      return [
        {
          message: `Nobody can read or write ${parent}, whichever partition it is about, while it waits and works${cannot}.`,
          safeSql:
            rest === null && context.since(14)
              ? [`ALTER TABLE ${showName(written)} DETACH PARTITION ${showName(partition)} CONCURRENTLY`]
              : [],
        },
      ];
    });
  },
  why: 'DETACH takes an AccessExclusiveLock on the parent and the partition. CONCURRENTLY, since PostgreSQL 14, takes a ShareUpdateExclusiveLock on the parent, in two transactions of its own; not inside another, and not beside a default partition (PostgreSQL manual, ALTER TABLE, DETACH PARTITION).',
  instead: 'Detach CONCURRENTLY; where there is a default partition, at an hour when the table is quiet.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION',
  example: {
    schema:
      'CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (100);',
    bad: 'ALTER TABLE p DETACH PARTITION p_1;',
    danger: { kind: 'lock', relation: 'p', mode: 'AccessExclusiveLock' },
  },
});
