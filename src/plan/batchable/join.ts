/** Whether a join finds at most one row for each row of the driving table: else which of them counts is chance. */
import type { AssessContext } from '../../assess/context.ts';
import type { IndexProperties } from '../../catalog/model.ts';
import { parseGrammar } from '../../sql/parser.ts';
import {
  child,
  children,
  flag,
  type KindedNode,
  type Node,
  nameFromRange,
  strings,
  text,
  unwrap,
  walk,
} from '../../sql/tree.ts';

/** A relation that is joined: the name it has in the statement, its columns, and which of them tell its rows apart. */
interface Joined {
  readonly name: string;
  readonly columns: ReadonlySet<string>;
  readonly keys: readonly (readonly string[])[];
}

/**
 * Why the FROM of an UPDATE may find several rows for one; null where it can't. Only plain tables and lists of
 * constants are looked at, joined by equalities.
 *
 * @param own the driving table's columns, and its name in the statement
 */
export async function multiplies(
  from: readonly KindedNode[],
  where: unknown,
  own: { readonly name: string; readonly columns: ReadonlySet<string> },
  context: AssessContext,
): Promise<string | null> {
  const conditions: unknown[] = [where];
  const joined: Joined[] = [];
  const add = async (item: KindedNode): Promise<string | null> => {
    if (item.kind === 'JoinExpr') {
      if (
        text(item.node, 'jointype') !== 'JOIN_INNER' ||
        flag(item.node, 'isNatural') ||
        item.node.usingClause !== undefined
      ) {
        return 'its FROM holds a join that may find several rows for one';
      }
      conditions.push(item.node.quals);
      for (const side of ['larg', 'rarg']) {
        const inner = unwrap(item.node[side]);
        const refusal = inner === null ? 'its FROM can not be read' : await add(inner);
        if (refusal !== null) return refusal;
      }
      return null;
    }
    const found = item.kind === 'RangeVar' ? await tableOf(item.node, context) : constantsOf(item);
    if (found === null) return 'its FROM holds something that may have several rows for one';
    joined.push(found);
    return null;
  };
  for (const item of from) {
    const refusal = await add(item);
    if (refusal !== null) return refusal;
  }
  const pairs = conditions.flatMap(conjuncts).flatMap(equality);
  const fixed = new Set<string>();
  for (let progress = true; progress; ) {
    progress = false;
    for (const relation of joined) {
      if (fixed.has(relation.name)) continue;
      const others = joined.filter(({ name }) => name !== relation.name && !fixed.has(name));
      const known = new Set(
        pairs.flatMap(([left, right]) =>
          [
            [left, right],
            [right, left],
          ].flatMap(([column, value]) => {
            const name = columnOf(column, relation, [own, ...joined]);
            return name !== null && isFixed(value, relation, others, [own, ...joined]) ? [name] : [];
          }),
        ),
      );
      if (!relation.keys.some((key) => key.every((column) => known.has(column)))) continue;
      fixed.add(relation.name);
      progress = true;
    }
  }
  const open = joined.find(({ name }) => !fixed.has(name));
  return open === undefined ? null : `it joins ${open.name}, which may have several rows for one`;
}

interface Named {
  readonly name: string;
  readonly columns: ReadonlySet<string>;
}

async function tableOf(range: Node, context: AssessContext): Promise<Joined | null> {
  const relation = context.resolve(nameFromRange(range));
  if (relation === null || context.table(relation) === null) return null;
  const name = text(child(range, 'alias'), 'aliasname') ?? text(range, 'relname') ?? '';
  if (child(range, 'alias')?.colnames !== undefined) return null;
  return {
    name,
    columns: new Set(context.columns(relation).map((column) => column.name)),
    keys: await uniqueKeys(relation, context),
  };
}

/** Sets of columns that no two rows share, NULLs apart: an equality never finds those. */
export async function uniqueKeys(
  relation: string,
  context: AssessContext,
): Promise<readonly (readonly string[])[]> {
  const keys: (readonly string[])[] = context
    .constraints(relation)
    .filter(({ type }) => type === 'primary' || type === 'unique')
    .map(({ columns }) => columns);
  for (const index of context.indexes(relation)) {
    const properties = context.index(index);
    if (properties === null || !properties.unique || !properties.valid) continue;
    const columns = await plainColumns(properties);
    if (columns !== null) keys.push(columns);
  }
  return keys;
}

/** Columns of an index without expressions and without a predicate; null for any other. */
async function plainColumns({ definition }: IndexProperties): Promise<readonly string[] | null> {
  const parsed = await parseGrammar(definition);
  const statement = parsed.ok ? child(parsed.statements[0]?.stmt, 'IndexStmt') : null;
  if (statement === null || statement.whereClause !== undefined) return null;
  const names = children(statement, 'indexParams').map(({ node }) => text(node, 'name'));
  return names.includes(null) ? null : names.filter((name) => name !== null);
}

/** `(VALUES (1, 'a'), (2, 'b')) AS v (id, name)`: columns whose constants are all different are keys. */
function constantsOf({ kind, node }: KindedNode): Joined | null {
  const select = kind === 'RangeSubselect' ? child(child(node, 'subquery'), 'SelectStmt') : null;
  const rows = children(select, 'valuesLists').map(({ node: list }) =>
    Array.isArray(list.items) ? list.items : [],
  );
  const alias = child(node, 'alias');
  const names = strings(alias?.colnames);
  const name = text(alias, 'aliasname');
  if (rows.length === 0 || name === null) return null;
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, n) => names[n] ?? `column${n + 1}`);
  const keys = columns.flatMap((column, n) => {
    const values = rows.map((row) => constant(row[n]));
    return values.includes(null) || new Set(values).size < rows.length ? [] : [[column]];
  });
  return { name, columns: new Set(columns), keys };
}

/** A constant's text; null for anything else. Texts that differ may be equal under a collation or as numbers. */
function constant(value: unknown): string | null {
  const node = unwrap(value);
  if (node?.kind === 'TypeCast') return constant(node.node.arg);
  if (node?.kind !== 'A_Const') return null;
  const number = child(node.node, 'ival') ?? child(node.node, 'fval');
  if (number !== null) return String(Number(number.ival ?? number.fval ?? 0));
  const string = text(child(node.node, 'sval'), 'sval');
  return string === null ? null : `'${string.toLowerCase().trim()}`;
}

export function conjuncts(expression: unknown): readonly unknown[] {
  const node = unwrap(expression);
  if (node === null) return [];
  if (node.kind !== 'BoolExpr' || text(node.node, 'boolop') !== 'AND_EXPR') return [expression];
  return Array.isArray(node.node.args) ? node.node.args.flatMap(conjuncts) : [];
}

function equality(expression: unknown): readonly (readonly [unknown, unknown])[] {
  const node = unwrap(expression);
  if (node?.kind !== 'A_Expr' || text(node.node, 'kind') !== 'AEXPR_OP') return [];
  return strings(node.node.name).at(-1) === '=' ? [[node.node.lexpr, node.node.rexpr]] : [];
}

/** The relation's column that the expression is, where it is nothing else; a cast may make different values equal. */
function columnOf(expression: unknown, relation: Named, all: readonly Named[]): string | null {
  const reference = unwrap(expression);
  if (reference?.kind !== 'ColumnRef') return null;
  const fields = strings(reference.node.fields);
  const [first, second] = fields;
  if (first === undefined || fields.length > 2) return null;
  if (second !== undefined) return first === relation.name && relation.columns.has(second) ? second : null;
  return relation.columns.has(first) && all.filter(({ columns }) => columns.has(first)).length === 1
    ? first
    : null;
}

/** Whether the expression has one value for each row of the driving table: it asks nothing of what is still open. */
function isFixed(
  expression: unknown,
  relation: Named,
  open: readonly Named[],
  all: readonly Named[],
): boolean {
  let fixed = true;
  walk([expression], (kind, node) => {
    if (kind === 'SubLink') fixed = false;
    if (kind !== 'ColumnRef') return undefined;
    const fields = strings(node.fields);
    const [first = '', second] = fields;
    const owner =
      second !== undefined ? first : all.filter(({ columns }) => columns.has(first)).map(({ name }) => name);
    const owners = typeof owner === 'string' ? [owner] : owner;
    if (owners.length !== 1 || owners[0] === relation.name || open.some(({ name }) => name === owners[0]))
      fixed = false;
    return undefined;
  });
  return fixed;
}
