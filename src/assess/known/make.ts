/**
 * Objects as a replayed statement makes them: what it says is told as the catalog's reader would tell it, and what it
 * does not say has the server's default. Text of expressions that nobody needs is shortened to `…`.
 */
import type {
  ColumnProperties,
  ConstraintProperties,
  IndexProperties,
  ObjectKey,
  ObjectKind,
  TableProperties,
} from '../../catalog/model.ts';
import { quoteIdent, quoteLiteral, splitQualified } from '../../sql/quote.ts';
import { child, type Node, nameFromParts, strings, text, unwrap, walk } from '../../sql/tree.ts';
import { typeNameOf, typeText } from '../types.ts';
import type { KnownObject } from './schema.ts';

/** Stands for SQL that was not read. */
export const UNREAD = '…';

export function object(
  kind: ObjectKind,
  identity: string,
  properties: object,
  parent: ObjectKey | null = null,
): KnownObject {
  return { kind, identity, parent, properties, physical: '' };
}

export function table(relation: string, properties: Partial<TableProperties> = {}): KnownObject {
  const defaults: TableProperties = {
    owner: '',
    comment: null,
    privileges: [],
    persistence: 'permanent',
    accessMethod: 'heap',
    tablespace: null,
    options: [],
    toastOptions: [],
    rowSecurity: false,
    forceRowSecurity: false,
    replicaIdentity: 'default',
    ofType: null,
    inherits: [],
    partitionKey: null,
    partitionOf: null,
    partitionBound: null,
    foreignServer: null,
    foreignOptions: [],
    clusteredOn: null,
  };
  return object('table', relation, { ...defaults, ...properties });
}

export function column(
  relation: string,
  name: string,
  properties: Partial<ColumnProperties> & { readonly type: string },
): KnownObject {
  const defaults: Omit<ColumnProperties, 'type'> = {
    position: 0,
    collation: null,
    notNull: false,
    notNullName: null,
    notNullNoInherit: false,
    notNullValid: true,
    default: null,
    identity: null,
    identitySequence: null,
    generated: null,
    generationExpression: null,
    storage: null,
    compression: null,
    statisticsTarget: null,
    options: [],
    foreignOptions: [],
    local: true,
    inheritedFrom: 0,
    comment: null,
    privileges: [],
  };
  return object(
    'column',
    `${relation}.${quoteIdent(name)}`,
    { ...defaults, ...properties },
    `table ${relation}`,
  );
}

export function constraint(
  parent: ObjectKey,
  name: string,
  properties: Partial<ConstraintProperties> & Pick<ConstraintProperties, 'type' | 'definition'>,
): KnownObject {
  const defaults: Omit<ConstraintProperties, 'type' | 'definition'> = {
    deferrable: false,
    deferred: false,
    validated: true,
    enforced: true,
    noInherit: false,
    local: true,
    inheritedFrom: 0,
    references: null,
    columns: [],
    index: null,
    comment: null,
  };
  const above = parent.slice(parent.indexOf(' ') + 1);
  return object('constraint', `${above}.${quoteIdent(name)}`, { ...defaults, ...properties }, parent);
}

export function index(
  identity: string,
  properties: Pick<IndexProperties, 'definition' | 'table' | 'unique'> & Partial<IndexProperties>,
  parent: ObjectKey,
): KnownObject {
  const defaults = {
    valid: true,
    tablespace: null,
    partitionOf: null,
    statistics: [],
    comment: null,
  };
  return object('index', identity, { ...defaults, ...properties }, parent);
}

/** The object with other properties. */
export function changed<P extends object>(known: KnownObject, properties: Partial<P>): KnownObject {
  return { ...known, properties: { ...known.properties, ...properties } };
}

/** The object under another name, or below another parent. */
export function renamed(known: KnownObject, identity: string, parent = known.parent): KnownObject {
  return { ...known, identity, parent };
}

export function lastName(identity: string): string {
  return splitQualified(identity).at(-1) ?? identity;
}

/** An expression as text where it is a constant, a column or a call without arguments; else `…`. */
export function expressionText(expression: unknown): string {
  const outer = unwrap(expression);
  if (outer === null) return UNREAD;
  const { kind, node } = outer;
  switch (kind) {
    case 'A_Const':
      return constantText(node);
    case 'ColumnRef':
      return strings(node.fields).map(quoteIdent).join('.') || UNREAD;
    case 'FuncCall': {
      const name = nameFromParts(strings(node.funcname));
      return name === null || node.args !== undefined ? UNREAD : `${quoteIdent(name.name)}()`;
    }
    case 'TypeCast':
      return expressionText(node.arg);
    default:
      return UNREAD;
  }
}

function constantText(node: Node): string {
  if (node.isnull === true) return 'NULL';
  const sval = child(node, 'sval');
  if (sval !== null) return quoteLiteral(text(sval, 'sval') ?? '');
  const boolval = child(node, 'boolval');
  if (boolval !== null) return boolval.boolval === true ? 'true' : 'false';
  const fval = child(node, 'fval');
  if (fval !== null) return text(fval, 'fval') ?? UNREAD;
  const ival = child(node, 'ival');
  return ival === null ? UNREAD : String(ival.ival ?? 0);
}

/** The columns that an expression names, each once, in order. */
export function columnsIn(expression: unknown): readonly string[] {
  const found = new Set<string>();
  walk(expression, (kind, node) => {
    const name = kind === 'ColumnRef' ? strings(node.fields).at(-1) : undefined;
    if (name !== undefined) found.add(name);
    return undefined;
  });
  return [...found];
}

/** As `pg_get_constraintdef` prints a CHECK, as far as it is read: NULL tests, and columns compared with constants. */
export function checkDefinition(expression: unknown): string {
  const parts = conjuncts(expression).map((part) => conditionText(part) ?? `(${UNREAD})`);
  return parts.length === 1 ? `CHECK (${parts[0]})` : `CHECK ((${parts.join(' AND ')}))`;
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

function conditionText(condition: unknown): string | null {
  const { kind, node } = unwrap(condition) ?? { kind: '', node: {} };
  if (kind === 'NullTest') {
    const name = columnText(node.arg);
    return name === null ? null : `(${name} IS ${node.nulltesttype === 'IS_NULL' ? '' : 'NOT '}NULL)`;
  }
  if (kind === 'BoolExpr' && node.boolop === 'OR_EXPR' && Array.isArray(node.args)) {
    const parts = node.args.map(conditionText);
    return parts.includes(null) ? null : `(${parts.join(' OR ')})`;
  }
  const operator = strings(node.name).join('.');
  const name = columnText(node.lexpr);
  if (kind !== 'A_Expr' || name === null || !COMPARISONS.has(operator)) return null;
  if (node.kind === 'AEXPR_OP') {
    const value = valueText(node.rexpr);
    return value === null ? null : `(${name} ${operator} ${value})`;
  }
  const list = unwrap(node.rexpr);
  if (node.kind !== 'AEXPR_IN' || list?.kind !== 'List' || !Array.isArray(list.node.items)) return null;
  const values = list.node.items.map(valueText);
  if (values.includes(null)) return null;
  return `(${name} ${operator === '=' ? '= ANY' : '<> ALL'} (ARRAY[${values.join(', ')}]))`;
}

function columnText(value: unknown): string | null {
  const reference = unwrap(value);
  const name = reference?.kind === 'ColumnRef' ? strings(reference.node.fields).at(-1) : undefined;
  return name === undefined ? null : quoteIdent(name);
}

/** A constant, with its cast. */
function valueText(value: unknown): string | null {
  const { kind, node } = unwrap(value) ?? { kind: '', node: {} };
  if (kind === 'TypeCast') {
    const inner = valueText(node.arg);
    return inner === null ? null : `${inner}::${typeText(typeNameOf(node))}`;
  }
  return kind === 'A_Const' ? constantText(node) : null;
}

function conjuncts(expression: unknown): readonly unknown[] {
  const outer = unwrap(expression);
  if (outer?.kind !== 'BoolExpr' || outer.node.boolop !== 'AND_EXPR') return [expression];
  return Array.isArray(outer.node.args) ? outer.node.args.flatMap(conjuncts) : [expression];
}
