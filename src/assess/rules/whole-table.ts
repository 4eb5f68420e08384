/** UPDATE and DELETE that go through all rows of a table. */
import { quoteIdent } from '../../sql/quote.ts';
import { writtenRelations } from '../../sql/relations.ts';
import {
  child,
  children,
  flag,
  isNode,
  type Node,
  relationOf,
  strings,
  text,
  unwrap,
} from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { columnDefinition } from '../statements/columns.ts';
import { isSerial, typeNameOf } from '../types.ts';
import { commands } from './rule.ts';

/** Columns that a script added without a value: NULL in every row, as long as nothing writes the table. */
export class EmptyColumns {
  /** `schema.table.column` */
  readonly #columns = new Set<string>();

  has(table: string, column: string): boolean {
    return this.#columns.has(`${table}.${quoteIdent(column)}`);
  }

  note(analysis: Analysis, context: AssessContext): void {
    const { statement } = analysis;
    if (statement.kind === 'DoStmt' || statement.kind === 'CallStmt') this.#columns.clear();
    for (const name of writtenRelations(statement)) {
      const table = context.resolve(name);
      for (const column of this.#columns) {
        if (table !== null && column.startsWith(`${table}.`)) this.#columns.delete(column);
      }
    }
    if (statement.kind !== 'AlterTableStmt') return;
    const table = context.resolve(relationOf(statement.node));
    for (const command of commands(analysis, 'AT_AddColumn')) {
      const column = columnDefinition(command);
      const name = text(column, 'colname');
      const filled = children(column, 'constraints').some((item) =>
        ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'].includes(text(item.node, 'contype') ?? ''),
      );
      const serial = isSerial(typeNameOf(column));
      if (table !== null && name !== null && !filled && !serial && !flag(command, 'missing_ok')) {
        this.#columns.add(`${table}.${quoteIdent(name)}`);
      }
    }
  }
}

/** Whether a statement's WHERE, or its absence, lets every row of its table through. */
export function takesAllRows(
  node: Node,
  table: string,
  empty: EmptyColumns,
  context: AssessContext,
): boolean {
  // A join bounds an UPDATE … FROM or DELETE … USING as a WHERE would.
  if (Array.isArray(node.fromClause) || Array.isArray(node.usingClause)) return false;
  return node.whereClause === undefined || isAlwaysTrue(node.whereClause, table, empty, context);
}

function isAlwaysTrue(
  condition: unknown,
  table: string,
  empty: EmptyColumns,
  context: AssessContext,
): boolean {
  const kinded = unwrap(condition);
  if (kinded === null) return false;
  const { kind, node } = kinded;
  switch (kind) {
    case 'A_Const':
      return flag(child(node, 'boolval'), 'boolval');
    case 'TypeCast':
      return isAlwaysTrue(node.arg, table, empty, context);
    case 'BoolExpr': {
      const args = Array.isArray(node.args) ? node.args : [];
      const always = (arg: unknown): boolean => isAlwaysTrue(arg, table, empty, context);
      if (node.boolop === 'AND_EXPR') return args.every(always);
      return node.boolop === 'OR_EXPR' && args.some(always);
    }
    case 'NullTest': {
      const column = columnOf(node.arg);
      if (column === null) return false;
      if (node.nulltesttype === 'IS_NULL') return empty.has(table, column);
      return !empty.has(table, column) && context.column(table, column)?.notNull === true;
    }
    case 'A_Expr': {
      if (node.kind !== 'AEXPR_OP' || strings(node.name).join('.') !== '=') return false;
      const left = constantOf(node.lexpr);
      return left !== null && left === constantOf(node.rexpr);
    }
    default:
      return false;
  }
}

function columnOf(value: unknown): string | null {
  const reference = unwrap(value);
  return reference?.kind === 'ColumnRef' ? (strings(reference.node.fields).at(-1) ?? null) : null;
}

/** A constant as text that equals another's where their values do. */
function constantOf(value: unknown): string | null {
  const constant = unwrap(value);
  if (constant?.kind !== 'A_Const') return null;
  const { location: _location, ...content } = constant.node;
  return isNode(content) && content.isnull !== true ? JSON.stringify(content) : null;
}
