import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { child, children, flag, type Node, relationOf, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { type Hit, rule } from './rule.ts';

export const partitionMisc = rule({
  id: 'partition-misc',
  severity: 'danger',
  title: 'A key of a partitioned table must hold the columns that it is partitioned by',
  on: ['CreateStmt', 'AlterTableStmt', 'IndexStmt'],
  commands: ['AT_AddColumn', 'AT_AddConstraint'],
  applies: (analysis, context) => {
    const key = partitionKey(analysis, context);
    if (key === null) return [];
    return keysOf(analysis).flatMap((columns): readonly Hit[] => {
      const missing = key.columns.filter((column) => !columns.includes(column));
      if (!key.expression && missing.length === 0) return [];
      return [
        {
          message: key.expression
            ? 'A table that is partitioned by an expression can have no unique key: the server refuses it.'
            : `The key (${columns.map(quoteIdent).join(', ')}) lacks ${missing.map(quoteIdent).join(', ')}: the server refuses it.`,
          safeSql: [],
        },
      ];
    });
  },
  why: 'Each partition has an index of its own, and none looks into another: that rows are unique across partitions follows only where the key tells the partition (PostgreSQL manual, 5.12.2.3; SQLSTATE 0A000).',
  instead: 'Add the partition’s columns to the key, or keep the key on each partition alone.',
  manual: 'ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-LIMITATIONS',
  example: {
    schema: '',
    bad: 'CREATE TABLE p (id int PRIMARY KEY, d date) PARTITION BY RANGE (d);',
    danger: { kind: 'fails', sqlstate: '0A000' },
    good: ['CREATE TABLE p (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d)'],
  },
});

interface PartitionKey {
  readonly columns: readonly string[];
  readonly expression: boolean;
}

function partitionKey({ statement }: Analysis, context: AssessContext): PartitionKey | null {
  const { kind, node } = statement;
  if (kind === 'CreateStmt') {
    const elements = children(child(node, 'partspec'), 'partParams');
    if (elements.length === 0) return null;
    const columns = elements.flatMap((element) => text(element.node, 'name') ?? []);
    return { columns, expression: columns.length < elements.length };
  }
  const table = context.resolve(relationOf(node));
  const known = table === null ? null : (context.table(table)?.partitionKey ?? null);
  // Of several columns, or of operator classes of their own, only the plain form is read.
  const list = /^(?:RANGE|LIST|HASH) \((.*)\)$/s.exec(known ?? '')?.[1];
  if (list === undefined) return null;
  if (list.includes('(')) return { columns: [], expression: true };
  const columns = list.split(', ').map((part) => splitQualified(part.split(' ')[0] ?? '')[0] ?? '');
  return { columns, expression: false };
}

/** Columns of each unique or primary key that the statement makes. */
function keysOf({ statement }: Analysis): readonly (readonly string[])[] {
  const { kind, node } = statement;
  if (kind === 'IndexStmt') {
    if (!flag(node, 'unique') || !flag(child(node, 'relation'), 'inh')) return [];
    return [children(node, 'indexParams').map((item) => text(item.node, 'name') ?? '')];
  }
  const columns = new Map<Node, string>();
  const constraints: Node[] = [];
  const look = (column: Node | null): void => {
    for (const { node: constraint } of children(column, 'constraints')) {
      constraints.push(constraint);
      columns.set(constraint, text(column, 'colname') ?? '');
    }
  };
  if (kind === 'CreateStmt') {
    for (const element of children(node, 'tableElts')) {
      if (element.kind === 'Constraint') constraints.push(element.node);
      if (element.kind === 'ColumnDef') look(element.node);
    }
  } else {
    for (const { node: command } of children(node, 'cmds')) {
      const added = child(child(command, 'def'), 'Constraint');
      if (text(command, 'subtype') === 'AT_AddConstraint' && added !== null) constraints.push(added);
      if (text(command, 'subtype') === 'AT_AddColumn') look(child(child(command, 'def'), 'ColumnDef'));
    }
  }
  return constraints
    .filter((constraint) => ['CONSTR_PRIMARY', 'CONSTR_UNIQUE'].includes(text(constraint, 'contype') ?? ''))
    .filter((constraint) => text(constraint, 'indexname') === null)
    .map((constraint) => {
      const keys = strings(constraint.keys);
      return keys.length > 0 ? keys : [columns.get(constraint) ?? ''];
    });
}
