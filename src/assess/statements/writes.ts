/** What INSERT, UPDATE, DELETE, MERGE and COPY lock beside the rows they write: heirs, views, both ends of foreign keys. */
import {
  child,
  children,
  flag,
  type KindedNode,
  type Node,
  relationOf,
  strings,
  text,
  walk,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import type { FactId } from '../facts/index.ts';
import type { KeyAction } from '../known/foreign-keys.ts';
import { apply, hasRows } from './apply.ts';
import { referringKeys } from './foreign-keys.ts';
import { asksForKey } from './reads.ts';

/** What one part of a statement does to the rows of one table. */
interface Write {
  readonly relation: string;
  readonly only: boolean;
  readonly inserts: boolean;
  /** Columns that get a value; null: all of them. */
  readonly inserted: readonly string[] | null;
  readonly updated: readonly string[];
  readonly deletes: boolean;
  /** The rows are looked for by reading the table whole. */
  readonly searches: boolean;
}

/** @param runs whether the statement runs now, or is planned alone */
export function describeWrites(
  statement: KindedNode,
  effect: Effect,
  context: AssessContext,
  runs: boolean,
): void {
  for (const write of writesIn(statement, context)) {
    const { relation } = write;
    if (runs) effect.tagFor(relation, 'writes-rows');
    // New rows go into partitions; rows of heirs are written through their parent.
    const reaches =
      context.isPartitioned(relation) || (!write.only && (write.deletes || write.updated.length > 0));
    const partition = reaches ? context.descendants(relation) : [];
    apply('data.explain-write', { target: relation }, effect, context);
    apply('data.insert-partitioned', { partition }, effect, context);
    const behind = context.known.has('view', relation) ? context.readBy(relation) : [];
    apply('data.insert-view', { target: behind }, effect, context);
    if (!runs || context.isNew(relation)) continue;
    if (write.searches) {
      for (const one of [relation, ...partition]) if (hasRows(one, context)) effect.scan(one);
    }
    describeKeys(write, effect, context);
    describeReferring(write, effect, context);
  }
}

function writesIn(statement: KindedNode, context: AssessContext): readonly Write[] {
  const found: Write[] = [];
  const add = (node: Node, write: Partial<Write>): void => {
    const relation = context.resolve(relationOf(node));
    if (relation === null) return;
    found.push({
      relation,
      only: !flag(child(node, 'relation'), 'inh'),
      inserts: false,
      inserted: null,
      updated: [],
      deletes: false,
      searches: false,
      ...write,
    });
  };
  const searches = (node: Node): boolean => {
    const relation = context.resolve(relationOf(node));
    return relation !== null && !asksForKey(node.whereClause, relation, context);
  };
  const visit = (kind: string, node: Node): undefined => {
    if (kind === 'InsertStmt') {
      const conflict = child(node, 'onConflictClause');
      add(node, { inserts: true, inserted: columnsOf(node, 'cols'), updated: setColumns(conflict) });
    } else if (kind === 'UpdateStmt') add(node, { updated: setColumns(node), searches: searches(node) });
    else if (kind === 'DeleteStmt') add(node, { deletes: true, searches: searches(node) });
    else if (kind === 'MergeStmt') add(node, mergeWrites(node));
    else if (kind === 'CopyStmt' && flag(node, 'is_from')) {
      const columns = strings(node.attlist);
      add(node, { inserts: true, inserted: columns.length === 0 ? null : columns });
    }
    return undefined;
  };
  walk({ [statement.kind]: statement.node }, visit);
  return found;
}

function mergeWrites(node: Node): Partial<Write> {
  const clauses = children(node, 'mergeWhenClauses').map((item) => item.node);
  const doing = (command: string) => clauses.filter((clause) => text(clause, 'commandType') === command);
  return {
    inserts: doing('CMD_INSERT').length > 0,
    updated: doing('CMD_UPDATE').flatMap(setColumns),
    deletes: doing('CMD_DELETE').length > 0,
    searches: true,
  };
}

function setColumns(node: Node | null): readonly string[] {
  return columnsOf(node, 'targetList') ?? [];
}

function columnsOf(node: Node | null, key: string): readonly string[] | null {
  const columns = children(node, key).flatMap((item) => text(item.node, 'name') ?? []);
  return columns.length === 0 ? null : columns;
}

/** The row that a foreign key refers to is looked up and locked, where the key has got a value. */
function describeKeys(write: Write, effect: Effect, context: AssessContext): void {
  const { relation, inserts, inserted, updated } = write;
  for (const constraint of context.constraints(relation)) {
    if (constraint.type !== 'foreign' || !constraint.enforced) continue;
    const given = (column: string) =>
      inserted === null || inserted.includes(column) || context.column(relation, column)?.default !== null;
    const looked =
      (inserts && constraint.columns.every(given)) ||
      constraint.columns.some((column) => updated.includes(column));
    if (looked && constraint.references !== relation) {
      apply('data.insert-fk', { referenced: constraint.references }, effect, context);
    }
  }
  if (!inserts) return;
  const drawn = context.columns(relation).flatMap(({ default: value }) => {
    const name = /^nextval\('([^']+)'::regclass\)$/.exec(value ?? '')?.[1];
    return name === undefined ? [] : [name];
  });
  apply('data.insert-sequence', { sequence: drawn }, effect, context);
}

const ACTING: ReadonlySet<KeyAction> = new Set(['CASCADE', 'SET NULL', 'SET DEFAULT']);

/** A row that others refer to is not let go, or takes them along; without an index on their side each is searched for. */
function describeReferring(
  { relation, updated, deletes }: Pick<Write, 'relation' | 'updated' | 'deletes'>,
  effect: Effect,
  context: AssessContext,
  seen: ReadonlySet<string> = new Set(),
): void {
  for (const { table, key, properties } of referringKeys(relation, null, context)) {
    if (!properties.enforced) continue;
    const renamed = key.referenced?.some((column) => updated.includes(column));
    if (!deletes && !renamed) continue;
    const acts = (deletes && ACTING.has(key.onDelete)) || (renamed && ACTING.has(key.onUpdate));
    const indexed = context.isIndexed(table, key.columns);
    const fact: FactId = acts ? 'data.delete-cascade' : 'data.delete-referenced';
    const indexedFact: FactId = acts ? 'data.delete-cascade-indexed' : 'data.delete-referenced-indexed';
    apply(indexed ? indexedFact : fact, { source: table }, effect, context);
    // Rows that go with it have others that refer to them.
    if (deletes && key.onDelete === 'CASCADE' && !seen.has(table)) {
      const further = { relation: table, updated: [], deletes: true };
      describeReferring(further, effect, context, new Set([...seen, relation]));
    }
  }
}
