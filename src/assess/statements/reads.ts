/** What the queries of a statement read, and the sequences that it draws from. */
import { splitQualified } from '../../sql/quote.ts';
import { readRelations } from '../../sql/relations.ts';
import {
  child,
  children,
  flag,
  type KindedNode,
  type Node,
  nameFromParts,
  nameFromRange,
  type QualifiedName,
  showName,
  strings,
  text,
  unwrap,
  walk,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import { apply, hasRows } from './apply.ts';

export interface ReadOptions {
  /** Whether the queries run now: a view's or a plan's do not. */
  readonly runs: boolean;
  /** Whether views are seen through to what they read; default true. */
  readonly through?: boolean;
  /** What the statement itself makes or replaces. */
  readonly except?: string | null;
}

export function describeReads(
  statement: KindedNode,
  effect: Effect,
  context: AssessContext,
  { runs, through = true, except = null }: ReadOptions,
): void {
  const keyed = keyedReads(statement, context);
  for (const name of readRelations(statement)) {
    if (isSystems(name, context)) continue;
    const relation = context.resolve(name);
    if (relation === null || relation === except) continue;
    for (const source of through ? reached(relation, statement, name, context) : [relation]) {
      apply('data.explain', { source }, effect, context);
      if (runs && hasRows(source, context) && !keyed.has(relation)) effect.scan(source);
    }
  }
  describeSequences(statement.node, effect, context);
}

/** The relation, its partitions and heirs unless it says ONLY, and what a view reads. */
function reached(
  relation: string,
  statement: KindedNode,
  name: QualifiedName,
  context: AssessContext,
): readonly string[] {
  const below = isOnly(statement, name) ? [] : context.descendants(relation);
  const behind = context.known.has('view', relation) ? context.readBy(relation) : [];
  return [relation, ...below, ...behind.flatMap((one) => [one, ...context.descendants(one)])];
}

function isOnly(statement: KindedNode, name: QualifiedName): boolean {
  let only = false;
  walk({ [statement.kind]: statement.node }, (kind, node) => {
    const found = kind === 'RangeVar' ? nameFromRange(node) : null;
    if (found !== null && showName(found) === showName(name)) only = !flag(node, 'inh');
    return undefined;
  });
  return only;
}

/** The catalogs: everybody reads them, and their locks block nobody. */
export function isSystems(name: QualifiedName, context: AssessContext): boolean {
  if (name.schema !== null) return name.schema === 'pg_catalog' || name.schema === 'information_schema';
  return name.name.startsWith('pg_') && !context.isRelation(context.resolve(name) ?? '');
}

/** Relations of which no more than the row of a key is asked for, wherever the statement reads them. */
function keyedReads(statement: KindedNode, context: AssessContext): ReadonlySet<string> {
  const keyed = new Set<string>();
  const whole = new Set<string>();
  walk({ [statement.kind]: statement.node }, (kind, node) => {
    if (kind !== 'SelectStmt') return undefined;
    const from = children(node, 'fromClause');
    for (const item of from) {
      const relation = item.kind === 'RangeVar' ? context.resolve(nameFromRange(item.node)) : null;
      if (relation === null) continue;
      if (from.length === 1 && asksForKey(node.whereClause, relation, context)) keyed.add(relation);
      else whole.add(relation);
    }
    return undefined;
  });
  return new Set([...keyed].filter((relation) => !whole.has(relation)));
}

/** Whether a condition asks for the row of a primary or unique key: `key = value`, alone or in an AND. */
export function asksForKey(where: unknown, relation: string, context: AssessContext): boolean {
  const asked = equalities(where);
  return context.uniqueKeys(relation).some((columns) => columns.every((column) => asked.has(column)));
}

/** Columns that a condition compares with a constant. */
function equalities(where: unknown): ReadonlySet<string> {
  const outer = unwrap(where);
  if (outer?.kind === 'BoolExpr' && outer.node.boolop === 'AND_EXPR' && Array.isArray(outer.node.args)) {
    return new Set(outer.node.args.flatMap((part) => [...equalities(part)]));
  }
  if (outer?.kind !== 'A_Expr' || strings(outer.node.name).join() !== '=') return new Set();
  const [left, right] = [unwrap(outer.node.lexpr), unwrap(outer.node.rexpr)];
  const column = left?.kind === 'ColumnRef' ? strings(left.node.fields).at(-1) : undefined;
  const constant = right?.kind === 'A_Const' || right?.kind === 'TypeCast' || right?.kind === 'ParamRef';
  return new Set(column !== undefined && constant ? [column] : []);
}

const DRAWING: ReadonlySet<string> = new Set(['nextval', 'setval']);

function describeSequences(node: Node, effect: Effect, context: AssessContext): void {
  walk(node, (kind, call) => {
    if (kind !== 'FuncCall' || !DRAWING.has(strings(call.funcname).at(-1) ?? '')) return undefined;
    const [argument] = Array.isArray(call.args) ? call.args : [];
    apply('data.select-nextval', { sequence: sequenceOf(argument, context) }, effect, context);
    return undefined;
  });
}

/** `'sq'`, `'sq'::regclass`, `pg_get_serial_sequence('t', 'id')`. */
function sequenceOf(argument: unknown, context: AssessContext): string | null {
  const outer = unwrap(argument);
  if (outer?.kind === 'TypeCast') return sequenceOf(outer.node.arg, context);
  if (outer?.kind === 'A_Const') {
    const name = nameFromParts(splitQualified(text(child(outer.node, 'sval'), 'sval') ?? ''));
    return context.resolve(name);
  }
  if (outer?.kind !== 'FuncCall' || strings(outer.node.funcname).at(-1) !== 'pg_get_serial_sequence')
    return null;
  const [table, column] = children(outer.node, 'args').map((item) => text(child(item.node, 'sval'), 'sval'));
  const relation = context.resolve(nameFromParts(splitQualified(table ?? '')));
  return relation === null || column === undefined || column === null
    ? null
    : context.sequenceOf(relation, column);
}
