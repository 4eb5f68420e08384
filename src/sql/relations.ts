/**
 * Which relations a statement writes, reads and makes, as far as its text tells: what a function, a DO block, a trigger
 * or a cascade does beyond that is seen by the rehearsal alone.
 */
import {
  child,
  children,
  flag,
  isNode,
  type KindedNode,
  type Node,
  nameFromRange,
  namesFromLists,
  type QualifiedName,
  relationOf,
  showName,
  text,
  walk,
} from './tree.ts';

/** Statements that only store other statements: nothing inside them runs now. */
const STORED = new Set(['CreateFunctionStmt', 'RuleStmt', 'ViewStmt', 'CreateTrigStmt', 'CreatePolicyStmt']);
const WRITES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/**
 * Tables whose rows the statement changes: INSERT, UPDATE, DELETE, MERGE (inside WITH too), TRUNCATE, COPY … FROM.
 * Names as written; each once.
 */
export function writtenRelations(statement: KindedNode): readonly QualifiedName[] {
  return once(WRITTEN, statement, writtenBy);
}

function writtenBy(statement: KindedNode): readonly QualifiedName[] {
  const found = new Names();
  if (STORED.has(statement.kind)) return [];
  if (statement.kind === 'ExplainStmt' && !explainsByRunning(statement.node)) return [];
  if (statement.kind === 'CopyStmt' && flag(statement.node, 'is_from')) found.add(relationOf(statement.node));
  if (statement.kind === 'TruncateStmt') {
    for (const name of namesFromLists(statement.node, 'relations')) found.add(name);
  }
  walk({ [statement.kind]: statement.node }, (kind, node) => {
    if (STORED.has(kind)) return false;
    if (WRITES.has(kind)) found.add(relationOf(node));
    return undefined;
  });
  return found.list();
}

/** Relations that the statement's queries read, without what it writes and without names of its own WITH. */
export function readRelations(statement: KindedNode): readonly QualifiedName[] {
  return once(READ, statement, readBy);
}

function readBy(statement: KindedNode): readonly QualifiedName[] {
  const found = new Names();
  const own = new Set<string>();
  const targets = new Set(writtenRelations(statement).map(showName));
  walk({ [statement.kind]: statement.node }, (kind, node) => {
    if (kind === 'CommonTableExpr') own.add(text(node, 'ctename') ?? '');
    if (kind === 'RangeVar') found.add(nameFromRange(node));
    return undefined;
  });
  return found
    .list()
    .filter((name) => !(name.schema === null && own.has(name.name)) && !targets.has(showName(name)));
}

type Known = WeakMap<Node, readonly QualifiedName[]>;
/** By the statement's own node, which does not change: many rules ask for the same. */
const WRITTEN: Known = new WeakMap();
const READ: Known = new WeakMap();

function once(
  known: Known,
  statement: KindedNode,
  find: (statement: KindedNode) => readonly QualifiedName[],
): readonly QualifiedName[] {
  const before = known.get(statement.node);
  if (before !== undefined) return before;
  const found = find(statement);
  known.set(statement.node, found);
  return found;
}

export interface MadeRelation {
  readonly name: QualifiedName;
  readonly temporary: boolean;
  /** IF NOT EXISTS: it may have been there before. */
  readonly maybe: boolean;
}

/** The table (or view, sequence …) that the statement makes: CREATE TABLE, CREATE TABLE AS, SELECT INTO, CREATE VIEW … */
export function madeRelation(statement: KindedNode): MadeRelation | null {
  const { kind, node } = statement;
  if (kind === 'CreateStmt' || kind === 'CreateSeqStmt') {
    const sequence = kind === 'CreateSeqStmt';
    return made(child(node, sequence ? 'sequence' : 'relation'), flag(node, 'if_not_exists'));
  }
  if (kind === 'CreateForeignTableStmt') {
    const base = child(node, 'base');
    return made(child(base, 'relation'), flag(base, 'if_not_exists'));
  }
  if (kind === 'CreateTableAsStmt')
    return made(child(child(node, 'into'), 'rel'), flag(node, 'if_not_exists'));
  if (kind === 'ViewStmt') return made(child(node, 'view'), flag(node, 'replace'));
  if (kind === 'SelectStmt') return made(child(child(node, 'intoClause'), 'rel'), false);
  return null;
}

/** Every relation a statement names in whatever role: for finding two branches that touch the same table. */
export function touchedRelations(statement: KindedNode): readonly QualifiedName[] {
  const found = new Names();
  const own = new Set<string>();
  if (statement.kind === 'DropStmt' && RELATION_DROPS.has(text(statement.node, 'removeType') ?? '')) {
    for (const name of namesFromLists(statement.node, 'objects')) found.add(name);
  }
  const direct = ['relation', 'view', 'sequence', 'table'];
  for (const key of direct) found.add(nameFromRange(child(statement.node, key)));
  for (const { node } of children(statement.node, 'relations')) found.add(nameFromRange(node));
  walk(statement.node, (kind, node) => {
    if (kind === 'CommonTableExpr') own.add(text(node, 'ctename') ?? '');
    if (kind === 'RangeVar') found.add(nameFromRange(node));
    for (const value of [node.relation, node.pktable]) if (isNode(value)) found.add(nameFromRange(value));
    return undefined;
  });
  return found.list().filter((name) => !(name.schema === null && own.has(name.name)));
}

const RELATION_DROPS = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
]);

function made(range: Node | null, maybe: boolean): MadeRelation | null {
  const name = nameFromRange(range);
  if (name === null) return null;
  return { name, maybe, temporary: text(range, 'relpersistence') === 't' || name.schema === 'pg_temp' };
}

function explainsByRunning(node: Node): boolean {
  return children(node, 'options').some((option) => text(option.node, 'defname') === 'analyze');
}

class Names {
  readonly #names = new Map<string, QualifiedName>();

  add(name: QualifiedName | null): void {
    if (name !== null) this.#names.set(showName(name), name);
  }

  list(): readonly QualifiedName[] {
    return [...this.#names.values()];
  }
}
