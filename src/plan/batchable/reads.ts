/** What an expression reads beside its own row: sub-selects over other tables may, over the written one may not. */
import type { AssessContext } from '../../assess/context.ts';
import type { TableProperties } from '../../catalog/model.ts';
import { child, children, type Node, nameFromRange, strings, text, walk } from '../../sql/tree.ts';
import { folds } from './functions.ts';

/** The written table, those that hold its rows, and those whose rows it holds. */
export function familyOf(relation: string, context: AssessContext): ReadonlySet<string> {
  const family = new Set([relation, ...context.descendants(relation)]);
  const queue = [relation];
  for (let below = queue.pop(); below !== undefined; below = queue.pop()) {
    const table: TableProperties | null = context.table(below);
    const above =
      table === null ? [] : [...(table.partitionOf === null ? [] : [table.partitionOf]), ...table.inherits];
    for (const parent of above) if (!family.has(parent)) queue.push(parent);
    for (const parent of above) family.add(parent);
  }
  return family;
}

/**
 * Why what the expression reads forbids that it is asked in many transactions; null where it does not.
 *
 * @param alias the name of the written table's row in the statement
 */
export function readsTooMuch(
  expression: unknown,
  family: ReadonlySet<string>,
  alias: string,
  context: AssessContext,
): string | null {
  const own = new Set<string>();
  walk([expression], (kind, node) => {
    if (kind === 'CommonTableExpr') own.add(text(node, 'ctename') ?? '');
    return undefined;
  });
  let refusal: string | null = null;
  walk([expression], (kind, node) => {
    if (refusal !== null) return false;
    if (kind === 'RangeVar') refusal = relationRefusal(node, own, family, context);
    if (/^(Insert|Update|Delete|Merge)Stmt$/.test(kind)) refusal = 'a query inside it writes';
    if (kind === 'LockingClause') refusal = 'a query inside it locks rows';
    if (kind === 'SelectStmt' && folds(node, context) && !isCorrelated(node, alias)) {
      refusal = 'a query inside it makes one value of many rows, and would make another one in each batch';
    }
    return undefined;
  });
  return refusal;
}

function relationRefusal(
  range: Node,
  own: ReadonlySet<string>,
  family: ReadonlySet<string>,
  context: AssessContext,
): string | null {
  const name = nameFromRange(range);
  if (name === null || (name.schema === null && own.has(name.name))) return null;
  const relation = context.resolve(name);
  if (relation !== null && family.has(relation)) return `it reads ${relation}, which it writes`;
  const known =
    relation !== null &&
    (context.table(relation) !== null || context.known.has('materialized view', relation));
  return known ? null : `it reads ${relation ?? name.name}, which is no table: what is behind it is not seen`;
}

/** Whether the sub-select asks for the written row by its name. */
function isCorrelated(select: Node, alias: string): boolean {
  const inner = new Set<string>();
  let found = false;
  walk([select.fromClause], (kind, node) => {
    if (kind === 'RangeVar')
      inner.add(text(child(node, 'alias'), 'aliasname') ?? text(node, 'relname') ?? '');
    return undefined;
  });
  if (inner.has(alias)) return false;
  walk([select.whereClause, select.targetList, select.fromClause], (kind, node) => {
    if (kind !== 'ColumnRef') return undefined;
    const fields = strings(node.fields);
    if (fields.length === 2 && fields[0] === alias) found = true;
    return undefined;
  });
  return found;
}

/** Whether the expression holds a sub-select. */
export function hasQuery(expression: unknown): boolean {
  let found = false;
  walk([expression], (kind) => {
    if (kind === 'SubLink' || kind === 'SelectStmt') found = true;
    return undefined;
  });
  return found;
}

const SYSTEM_COLUMNS = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

/** Why a way of naming columns forbids it; null where none does. */
export function namesTooMuch(
  expression: unknown,
  alias: string,
  columns: ReadonlySet<string>,
): string | null {
  let refusal: string | null = null;
  walk([expression], (kind, node) => {
    if (kind === 'CurrentOfExpr') refusal = 'it goes by a cursor';
    if (kind === 'ParamRef') refusal = 'it has parameters';
    if (kind !== 'ColumnRef') return undefined;
    const fields = strings(node.fields);
    const last = fields.at(-1) ?? '';
    const star = children(node, 'fields').some((field) => field.kind === 'A_Star');
    if (fields.length > 2) refusal = `it names a column with its schema (${fields.join('.')})`;
    else if (SYSTEM_COLUMNS.has(last) && !columns.has(last))
      refusal = `it asks for ${last}, which a batch may change`;
    else if (fields.length === 1 && last === alias && !columns.has(last))
      refusal = 'it takes the row as a whole';
    else if (star && fields[0] === alias) refusal = 'it takes the row as a whole';
    return undefined;
  });
  return refusal;
}

/** Last parts of all column names in an expression. */
export function columnNames(expression: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  walk([expression], (kind, node) => {
    if (kind === 'ColumnRef') names.add(strings(node.fields).at(-1) ?? '');
    return undefined;
  });
  return names;
}
