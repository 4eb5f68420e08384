/** What a statement says it is about, and what to hold so that it can be watched. */
import type { ParsedStatement } from '../../sql/model.ts';
import { parseScript } from '../../sql/parse.ts';
import { quoteQualified } from '../../sql/quote.ts';
import { writtenRelations } from '../../sql/relations.ts';
import {
  child,
  children,
  nameFromRange,
  namesFromLists,
  type QualifiedName,
  relationOf,
  text,
} from '../../sql/tree.ts';
import type { Gate } from './samples.ts';
import type { Snapshot, SnapshotRelation } from './snapshot.ts';

export interface Subjects {
  /** As written; empty for a DO block, a function call … */
  readonly names: readonly QualifiedName[];
  readonly statements: readonly ParsedStatement[];
  /** ATTACH and DETACH PARTITION. */
  readonly changesPartitions: boolean;
}

/** The server reads grammars that the parser at hand may not: a statement of those is about nothing known. */
export async function subjectsOf(sql: string, parsed?: readonly ParsedStatement[]): Promise<Subjects> {
  const statements = parsed ?? (await parseScript(sql, '').catch(() => null))?.statements ?? [];
  const changesPartitions = statements.some(({ node }) =>
    children(node, 'cmds').some((command) =>
      /^AT_(At|De)tachPartition/.test(text(command.node, 'subtype') ?? ''),
    ),
  );
  return { statements, names: statements.flatMap(namesOf), changesPartitions };
}

const RANGES = ['relation', 'view', 'sequence', 'table'];

/** The relations that a statement says it is about, as written. */
export function namesOf(statement: ParsedStatement): readonly QualifiedName[] {
  const { node } = statement;
  return [
    ...['objects', 'relations'].flatMap((key) => namesFromLists(node, key)),
    ...RANGES.flatMap((key) => relationOf(node, key) ?? []),
    ...children(node, 'rels').flatMap((item) => relationOf(item.node) ?? []),
    ...writtenRelations(statement),
  ];
}

/**
 * Without a schema any relation of this name may be meant: which one, only the search_path of the moment tells. It is
 * asked only of relations that the statement locked.
 */
export function isCalled(relation: SnapshotRelation, { schema, name }: QualifiedName): boolean {
  return schema === null ? relation.bare === name : relation.name === quoteQualified(schema, name);
}

/** What to hold while a statement runs that is not transactional. */
export function gateFor({ names, statements }: Subjects, before: Snapshot): Gate {
  const detached = statements.flatMap((statement) => detachedConcurrently(statement) ?? []);
  // It takes two locks in its last transaction: that on the parent is seen while it waits for the other.
  if (detached.length > 0) {
    return { tables: tablesCalled(detached, before), modes: ['ACCESS SHARE', 'ACCESS SHARE'] };
  }
  // What is told to pass by what is locked must not find it locked.
  if (statements.some(skipsLocked)) return { tables: [], modes: ['', ''] };
  const tables = names.length > 0 ? tablesCalled(names, before) : allTables(before);
  return { tables, modes: ['EXCLUSIVE', 'ROW EXCLUSIVE'] };
}

function detachedConcurrently({ node }: ParsedStatement): QualifiedName | null {
  for (const { node: command } of children(node, 'cmds')) {
    if (text(command, 'subtype') !== 'AT_DetachPartition') continue;
    return nameFromRange(child(child(child(command, 'def'), 'PartitionCmd'), 'name'));
  }
  return null;
}

function skipsLocked({ node }: ParsedStatement): boolean {
  return children(node, 'options').some((option) => text(option.node, 'defname') === 'skip_locked');
}

function isHoldable({ kind }: SnapshotRelation): boolean {
  return kind === 'r' || kind === 'p';
}

function allTables(before: Snapshot): readonly string[] {
  return [...before.relations.values()].filter(isHoldable).map(({ name }) => name);
}

/** The tables of these names, those of indexes of these names, and what inherits from them. */
function tablesCalled(names: readonly QualifiedName[], before: Snapshot): readonly string[] {
  const named = [...before.relations.values()].filter((one) => names.some((name) => isCalled(one, name)));
  const found = new Set(named.map(({ oid, table }) => table ?? oid));
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [kid, parent] of before.parents) if (found.has(parent)) found.add(kid);
  }
  return [...found].flatMap((oid) => {
    const relation = before.relations.get(oid);
    return relation !== undefined && isHoldable(relation) ? [relation.name] : [];
  });
}
