/**
 * Whether an UPDATE or DELETE may run in many transactions instead of one: each row must decide alone, and doing it a
 * part at a time must not be seen by any rule of the database. Decided on the parse tree and the catalog; a doubt is a no.
 */
import type { AssessContext } from '../../assess/context.ts';
import type { IndexProperties, TableProperties } from '../../catalog/model.ts';
import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { child, children, flag, type Node, relationOf, strings, text, walk } from '../../sql/tree.ts';
import type { BackfillAction, BackfillPart } from '../backfill.ts';
import { deleteRefusal, shiftsUnique, updateRefusal } from './constraints.ts';
import { callsOf } from './functions.ts';
import { conjuncts, multiplies, uniqueKeys } from './join.ts';
import { keyOf } from './key.ts';
import { countMoments, withMoment } from './moment.ts';
import { type Pieces, piecesOf } from './pieces.ts';
import { columnNames, familyOf, hasQuery, namesTooMuch, readsTooMuch } from './reads.ts';

/** A statement that may run in batches, and what its spec needs. */
export interface RowLocal {
  /** `schema.table`, quoted where needed. */
  readonly table: string;
  readonly alias: string;
  readonly parts: readonly BackfillPart[];
  readonly where: string | null;
  readonly action: Extract<BackfillAction, { readonly type: 'update' | 'delete' | 'insert-select' }>;
  /** Its parts as they were written, the time not held still. */
  readonly written: Pieces;
  readonly readsOthers: boolean;
  readonly moment: boolean;
  /** Whether the condition asks for the time: which rows it finds depends on when it is asked. */
  readonly momentInWhere: boolean;
  /** Whether it gives rows values that differ from run to run. */
  readonly varies: boolean;
  /** Whether it may be run again over rows that it has done, and do nothing more to them. */
  readonly repeatable: boolean;
  /** A condition that only rows meet which it has not done; null where none can be given, or none was asked for. */
  readonly undone: string | null;
  /** Statement-level triggers, which see a batch at a time. */
  readonly statementTriggers: readonly string[];
}

export type Verdict = RowLocal | { readonly refusal: string };

export function isRowLocal(verdict: Verdict): verdict is RowLocal {
  return !('refusal' in verdict);
}

export interface RowLocalOptions {
  /** Whether tables without a key may be walked by `ctid`: nothing else writes them. */
  readonly rowsStay: boolean;
  /** Whether a later statement builds on every row of the table. */
  readonly builtOn: boolean;
}

/** @param context the schema at the moment when the statement would run */
export async function rowLocal(
  statement: ParsedStatement,
  context: AssessContext,
  options: RowLocalOptions,
): Promise<Verdict> {
  const { kind, node } = statement;
  const isUpdate = kind === 'UpdateStmt';
  const range = child(node, 'relation');
  const table = context.resolve(relationOf(node));
  const properties = table === null ? null : context.table(table);
  if (table === null || range === null || properties === null) return { refusal: 'its table is not known' };
  const alias = text(child(range, 'alias'), 'aliasname') ?? text(range, 'relname') ?? '';
  const columns = new Set(context.columns(table).map(({ name }) => name));
  const assigned = isUpdate ? assignedColumns(node) : new Set<string>();
  const others = children(node, isUpdate ? 'fromClause' : 'usingClause');
  const expressions = [
    node.targetList,
    node.whereClause,
    ...others.map(({ kind: k, node: n }) => ({ [k]: n })),
  ];

  const shape =
    shapeRefusal(node, range, properties, context, table) ??
    (isUpdate ? updateRefusal(node, table, assigned, properties, context) : deleteRefusal(table, context)) ??
    expressions
      .map((expression) => namesTooMuch(expression, alias, columns))
      .find((refusal) => refusal !== null) ??
    readsTooMuch(expressions, familyOf(table, context), alias, context);
  if (shape !== null) return { refusal: shape };

  const inSet = callsOf(node.targetList, context, table, true);
  const inRest = callsOf([node.whereClause, ...others.map(({ node: n }) => n)], context, table, false);
  const called = inSet.refusal ?? inRest.refusal;
  if (called !== null) return { refusal: called };
  const shifted = isUpdate ? await shiftsUnique(node, table, assigned, context) : null;
  if (shifted !== null)
    return { refusal: `it moves ${shifted} on, which is unique: the order of the rows counts` };
  if (isUpdate && others.length > 0) {
    const refusal = await multiplies(others, node.whereClause, { name: alias, columns }, context);
    if (refusal !== null) return { refusal };
  }
  if (await findsFew(table, node.whereClause, alias, columns, context)) {
    return { refusal: 'its condition names single rows by their key' };
  }

  const parts = await partsOf(table, assigned, context, isUpdate, options);
  if ('refusal' in parts) return parts;
  const pieces = await piecesOf(statement);
  if (pieces === null) return { refusal: 'its parts can not be told apart in the text' };
  const timed = timedPieces(pieces, node, isUpdate);
  if (timed === null) return { refusal: 'where it asks for the time can not be found in the text' };

  const quoted = quoteIdent(alias);
  const repeatable = isRepeatable(node, isUpdate, assigned);
  const { set, others: from, where } = timed.pieces;
  return {
    table,
    alias: quoted,
    parts: parts.parts,
    where,
    action: isUpdate
      ? { type: 'update', set: set ?? '', columns: [...assigned], from }
      : { type: 'delete', using: from },
    written: pieces,
    readsOthers:
      inSet.readsTables || inRest.readsTables || hasQuery(node.targetList) || hasQuery(node.whereClause),
    moment: timed.found > 0,
    momentInWhere: countMoments(node.whereClause) > 0,
    varies: inSet.varies,
    repeatable,
    undone:
      repeatable && options.builtOn
        ? await undoneCondition(node, isUpdate, table, quoted, inSet.varies, context)
        : null,
    statementTriggers: statementTriggers(table, context),
  };
}

export function shapeRefusal(
  node: Node,
  range: Node,
  properties: TableProperties,
  context: AssessContext,
  table: string,
): string | null {
  if (!context.known.complete)
    return 'a statement before it may have changed the schema in a way that is not seen';
  if (child(node, 'withClause') !== null) return 'it begins with WITH';
  if (node.returningClause !== undefined || node.returningList !== undefined)
    return 'it gives rows back (RETURNING)';
  if (properties.foreignServer !== null) return 'its rows lie on another server';
  if (!flag(range, 'inh') && properties.partitionKey !== null)
    return 'ONLY of a partitioned table has no rows';
  if (child(range, 'alias')?.colnames !== undefined) return 'it renames the columns';
  const heirs = context.descendants(table);
  if (properties.partitionKey === null && heirs.length > 0 && flag(range, 'inh')) {
    return 'other tables inherit from it, and no key spans them';
  }
  const family = [table, ...heirs];
  const ruled = family.find((relation) => context.on(relation, 'rule').length > 0);
  if (ruled !== undefined) return `rules on ${ruled} rewrite it`;
  if (
    properties.partitionKey !== null &&
    family.some((relation) => context.table(relation)?.rowSecurity === true)
  ) {
    return 'row security of a partitioned table holds for the table, not for its partitions';
  }
  return null;
}

function assignedColumns(node: Node): ReadonlySet<string> {
  return new Set(children(node, 'targetList').flatMap(({ node: target }) => text(target, 'name') ?? []));
}

/** Whether the condition fixes a whole key to constants: then there is nothing to walk along. */
async function findsFew(
  table: string,
  where: unknown,
  alias: string,
  columns: ReadonlySet<string>,
  context: AssessContext,
): Promise<boolean> {
  const fixed = new Set<string>();
  for (const condition of conjuncts(where)) {
    const expression = condition as Readonly<Record<string, Node>>;
    const comparison = expression.A_Expr;
    if (comparison === undefined || !['AEXPR_OP', 'AEXPR_IN'].includes(text(comparison, 'kind') ?? ''))
      continue;
    if (strings(comparison.name).at(-1) !== '=') continue;
    for (const [side, value] of [
      [comparison.lexpr, comparison.rexpr],
      [comparison.rexpr, comparison.lexpr],
    ]) {
      const fields = strings(
        (side as Node | undefined)?.ColumnRef === undefined ? [] : ((side as Node).ColumnRef as Node).fields,
      );
      const name = fields.length === 1 ? fields[0] : fields[0] === alias ? fields[1] : undefined;
      if (name !== undefined && columns.has(name) && isConstant(value)) fixed.add(name);
    }
  }
  return (await uniqueKeys(table, context)).some((key) => key.every((column) => fixed.has(column)));
}

function isConstant(value: unknown): boolean {
  let constant = true;
  walk([value], (kind) => {
    if (kind === 'ColumnRef' || kind === 'SubLink' || kind === 'FuncCall') constant = false;
    return undefined;
  });
  return constant;
}

/** The tables that hold the rows, each with its key. */
export async function partsOf(
  table: string,
  assigned: ReadonlySet<string>,
  context: AssessContext,
  isUpdate: boolean,
  { rowsStay }: RowLocalOptions,
): Promise<{ readonly parts: readonly BackfillPart[] } | { readonly refusal: string }> {
  const partitioned = context.isPartitioned(table);
  const leaves = partitioned
    ? context.descendants(table).filter((relation) => !context.isPartitioned(relation))
    : [table];
  const parts: BackfillPart[] = [];
  for (const leaf of leaves.sort()) {
    const properties = context.table(leaf);
    if (properties?.foreignServer !== null) return { refusal: `the rows of ${leaf} lie on another server` };
    const key = await keyOf(leaf, assigned, context);
    if (key === null && (isUpdate || !rowsStay || !context.since(14))) {
      return {
        refusal: isUpdate
          ? `${leaf} has no primary key, and no unique index over NOT NULL columns, that it leaves alone`
          : `${leaf} has no primary key and no unique index over NOT NULL columns`,
      };
    }
    parts.push({ table: leaf, key });
  }
  return { parts };
}

/** The pieces with the time held still; null where the text and the tree do not agree on how often it is asked for. */
function timedPieces(
  pieces: Pieces,
  node: Node,
  isUpdate: boolean,
): { readonly pieces: Pieces; readonly found: number } | null {
  const expected = countMoments([
    node.targetList,
    node.whereClause,
    node[isUpdate ? 'fromClause' : 'usingClause'],
  ]);
  const timed = [pieces.set, pieces.others, pieces.where].map((piece) =>
    piece === null ? { sql: null, found: 0 } : withMoment(piece),
  );
  const found = timed.reduce((sum, piece) => sum + piece.found, 0);
  if (found !== expected) return null;
  const [set, others, where] = timed;
  return { pieces: { set: set?.sql ?? null, others: others?.sql ?? null, where: where?.sql ?? null }, found };
}

/**
 * Whether a second run would do nothing more to a row: what it reads it does not write. `WHERE b IS NULL` beside
 * `SET b = …` is no such reading: it only leaves out what is done.
 */
function isRepeatable(node: Node, isUpdate: boolean, assigned: ReadonlySet<string>): boolean {
  if (!isUpdate) return true;
  const conditions = conjuncts(node.whereClause).filter(
    (condition) => nullTested(condition, assigned) === null,
  );
  const read = columnNames([
    children(node, 'targetList').map(({ node: target }) => target.val),
    conditions,
    node.fromClause,
  ]);
  const simple = children(node, 'targetList').every(({ node: target }) => target.indirection === undefined);
  return simple && ![...assigned].some((column) => read.has(column));
}

function nullTested(condition: unknown, assigned: ReadonlySet<string>): string | null {
  const test = (condition as Readonly<Record<string, Node>> | null)?.NullTest;
  if (test === undefined || text(test, 'nulltesttype') !== 'IS_NULL') return null;
  const last = strings(child(child(test, 'arg'), 'ColumnRef')?.fields).at(-1);
  return last !== undefined && assigned.has(last) ? last : null;
}

/** Types that have no `=`. */
const WITHOUT_EQUALITY = /^(json|xml|point|polygon|path|lseg|line|box|circle|pg_node_tree)\b/;

/**
 * What rows meet that have not been done: a column that is new here is still NULL; of any other the value differs.
 * Null where neither can be said.
 */
async function undoneCondition(
  node: Node,
  isUpdate: boolean,
  table: string,
  alias: string,
  varies: boolean,
  context: AssessContext,
): Promise<string | null> {
  if (!isUpdate) return 'true';
  const targets = children(node, 'targetList').map(({ node: target }) => target);
  const names = targets.map((target) => text(target, 'name') ?? '');
  const isNew = (name: string): boolean => {
    const column = context.column(table, name);
    return (
      context.isNewColumn(table, name) &&
      column !== null &&
      column.default === null &&
      column.generated === null
    );
  };
  if (names.every(isNew)) return names.map((name) => `${alias}.${quoteIdent(name)} IS NULL`).join(' OR ');
  if (varies || targets.some((target) => !isScalar(target.val))) return null;
  if (names.some((name) => WITHOUT_EQUALITY.test(context.column(table, name)?.type ?? 'json'))) return null;
  const differ: string[] = [];
  for (const [index, name] of names.entries()) {
    const select = await deparse('SelectStmt', {
      targetList: [{ ResTarget: { val: targets[index]?.val } }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    });
    if (select === null) return null;
    const value = select.replace(/^SELECT\s+/i, '');
    differ.push(`${alias}.${quoteIdent(name)} IS DISTINCT FROM (${value})`);
  }
  return differ.join(' OR ');
}

/** One expression for one column. */
function isScalar(value: unknown): boolean {
  let scalar = true;
  walk([value], (kind) => {
    if (kind === 'MultiAssignRef' || kind === 'SetToDefault') scalar = false;
    return undefined;
  });
  return scalar;
}

function statementTriggers(table: string, context: AssessContext): readonly string[] {
  return [table, ...context.descendants(table)].flatMap((relation) =>
    context
      .on(relation, 'trigger')
      .filter(({ properties }) => !/\bFOR EACH ROW\b/.test((properties as IndexProperties).definition))
      .map(({ identity }) => identity),
  );
}
