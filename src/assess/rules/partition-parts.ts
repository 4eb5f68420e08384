/** What rules of partitions share. */
import { quoteLiteral } from '../../sql/quote.ts';
import { child, children, type Node, nameFromRange, type QualifiedName, relationOf } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { type Bound, boundOf, partitionColumn } from '../partition-bounds.ts';
import { commands, existingRelation } from './rule.ts';

/** A partition that a statement gives to a partitioned table which others use. */
export interface NewPartition {
  readonly parent: string;
  readonly writtenParent: QualifiedName;
  readonly written: QualifiedName;
  /** As the facts name it. */
  readonly partition: string;
  /** FOR VALUES …, or DEFAULT. */
  readonly spec: Node;
  /** Where key and bound are of one column and understood. */
  readonly column: string | null;
  readonly bound: Bound | null;
}

export function attached(analysis: Analysis, context: AssessContext): readonly NewPartition[] {
  const parent = existingRelation(analysis, context);
  const writtenParent = relationOf(analysis.statement.node);
  if (parent === null || writtenParent === null) return [];
  return commands(analysis, 'AT_AttachPartition').flatMap((command) => {
    const attach = child(child(command, 'def'), 'PartitionCmd');
    const written = nameFromRange(child(attach, 'name'));
    return found(parent, writtenParent, written, child(attach, 'bound'), context);
  });
}

export function createdPartition(analysis: Analysis, context: AssessContext): readonly NewPartition[] {
  const { kind, node } = analysis.statement;
  if (kind !== 'CreateStmt') return [];
  const [above] = children(node, 'inhRelations');
  const writtenParent = above === undefined ? null : nameFromRange(above.node);
  const parent = context.resolve(writtenParent);
  if (parent === null || writtenParent === null || context.isNew(parent)) return [];
  return found(parent, writtenParent, relationOf(node), child(node, 'partbound'), context);
}

function found(
  parent: string,
  writtenParent: QualifiedName,
  written: QualifiedName | null,
  spec: Node | null,
  context: AssessContext,
): readonly NewPartition[] {
  const partition = context.resolve(written);
  if (written === null || partition === null || spec === null) return [];
  const column = partitionColumn(context.table(parent)?.partitionKey ?? null);
  const bound = boundOf(spec);
  return [{ parent, writtenParent, written, partition, spec, column, bound }];
}

/** A bound's literal as SQL: numbers as they are, everything else as a constant that takes the column's type. */
export function valueSql(value: string): string {
  return /^-?\d+(\.\d+)?$/.test(value) ? value : quoteLiteral(value);
}
