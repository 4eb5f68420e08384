import { deparse } from '../../sql/deparse.ts';
import { child, children, type Node, showName } from '../../sql/tree.ts';
import { createdPartition, type NewPartition } from './partition-parts.ts';
import { rule } from './rule.ts';
import { byTraffic } from './weight.ts';

export const partitionCreateOf = rule({
  id: 'partition-create-of',
  severity: 'warning',
  title: 'CREATE TABLE … PARTITION OF locks the parent, and with it all partitions',
  on: ['CreateStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    return createdPartition(analysis, context).map((added) => ({
      severity: byTraffic(context, added.parent),
      message: `Nobody can read or write ${added.parent}, whichever partition it is about, while the new one is made, and before that while it waits for the running queries.`,
      safeSql: isPlain(node) ? () => madeThenAttached(added) : [],
    }));
  },
  why: 'A new partition is made under an AccessExclusiveLock on the parent; ATTACH PARTITION does with a ShareUpdateExclusiveLock, beside which reads and writes go on (PostgreSQL manual, CREATE TABLE, PARTITION OF; 5.12.2.2).',
  instead: 'Make the table like the parent, and attach it; an empty table is attached at once.',
  manual: 'ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE',
  example: {
    schema: 'CREATE TABLE p (id int NOT NULL, d date DEFAULT current_date) PARTITION BY RANGE (id);',
    bad: 'CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (100);',
    danger: { kind: 'lock', relation: 'p', mode: 'AccessExclusiveLock' },
  },
});

/** Without constraints, storage and partitions of its own. */
function isPlain(node: Node): boolean {
  const own = ['tableElts', 'options'].some((key) => children(node, key).length > 0);
  return (
    !own &&
    child(node, 'partspec') === null &&
    node.tablespacename === undefined &&
    node.if_not_exists !== true
  );
}

async function madeThenAttached(added: NewPartition): Promise<readonly (string | null)[]> {
  const { schema, name } = added.writtenParent;
  const attach = await deparse('AlterTableStmt', {
    relation: {
      ...(schema === null ? {} : { schemaname: schema }),
      relname: name,
      inh: true,
      relpersistence: 'p',
    },
    cmds: [
      {
        AlterTableCmd: {
          subtype: 'AT_AttachPartition',
          def: {
            PartitionCmd: {
              name: {
                ...(added.written.schema === null ? {} : { schemaname: added.written.schema }),
                relname: added.written.name,
                inh: true,
                relpersistence: 'p',
              },
              bound: added.spec,
            },
          },
          behavior: 'DROP_RESTRICT',
        },
      },
    ],
    objtype: 'OBJECT_TABLE',
  });
  return [
    // Its indexes, keys and triggers come with the attachment.
    `CREATE TABLE ${showName(added.written)} (LIKE ${showName(added.writtenParent)} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE)`,
    attach,
  ];
}
