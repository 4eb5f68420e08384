/** ADD COLUMN taken apart: the column alone first, and then, one by one, what would read or write the table whole. */

import { tokens } from '../../sql/lexer.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { children, type Node, showName, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { calledFunctions } from '../expressions.ts';
import { relationName } from '../known/chosen-names.ts';
import { typeNameOf } from '../types.ts';
import {
  type AddedColumn,
  type ConstrainedDomain,
  constrainedDomain,
  constraintOf,
  defaultOf,
  isRequired,
  type Rewriting,
  rewriting,
} from './added-columns.ts';
import { expressionSql } from './expression-sql.ts';
import { alterTableSql } from './rule.ts';
import {
  backfillOf,
  COMMIT,
  checkSql,
  fillingTrigger,
  freeName,
  nameFor,
  setNotNull,
  uniqueSteps,
} from './steps.ts';

type Steps = readonly (string | null)[];

/**
 * All of them, complete and in order; a null among them where something cannot be written down. What is read of the
 * context is read now.
 */
export function addColumnSteps(
  analysis: Analysis,
  column: AddedColumn,
  context: AssessContext,
): () => Promise<Steps> {
  const kind = rewriting(column, context);
  const domain = constrainedDomain(column, context);
  const fill = backfillOf(context, column);
  const refused = [constraintOf(column, 'CONSTR_IDENTITY')].some(
    (identity) => identity !== null && children(identity, 'options').length > 0,
  );
  // VIRTUAL computes nothing now; a function of the user's own cannot stand in it.
  const virtual =
    context.major !== null && context.major >= 18 && kind === 'stored' && isPlain(column, context);
  const required = isRequired(column, context);
  const notNull = setNotNull(context, column, column.name);
  const check = freeName(context, column, column.name, 'check');
  const foreign = freeName(context, column, column.name, 'fkey');
  const key = relationName(context.known, column.table, [column.name], 'key');
  const primaryKey = nameFor(column, [], 'pkey');
  const partitioned = context.isPartitioned(column.table);
  const steps: Context = { analysis, column, kind, domain, fill, virtual, required, notNull, check, foreign };
  return async () => {
    if (refused) return [null];
    const first = await alone(steps);
    const values = await filled(steps);
    const rest = [...(await checks(steps)), ...(await reference(steps))];
    const unique = constraintOf(column, 'CONSTR_UNIQUE');
    const primary = constraintOf(column, 'CONSTR_PRIMARY');
    if (partitioned && (unique !== null || primary !== null)) return [null];
    const named = (constraint: Node, chosen: string): string => text(constraint, 'conname') ?? chosen;
    return [
      ...first,
      ...values.before,
      ...rest,
      // Without a value nobody knows what to fill in: NOT NULL has to wait for that.
      ...(required && values.are && !keepsNotNull(steps) ? [COMMIT, ...notNull] : []),
      ...(unique === null ? [] : uniqueSteps(column, named(unique, key), [column.name], false)),
      ...(primary === null || !values.are
        ? []
        : uniqueSteps(column, named(primary, primaryKey), [column.name], true)),
      ...values.after,
    ];
  };
}

interface Context {
  readonly analysis: Analysis;
  readonly column: AddedColumn;
  readonly kind: Rewriting | null;
  readonly domain: ConstrainedDomain | null;
  readonly fill: (assignment: string, rest: string) => string;
  readonly virtual: boolean;
  readonly required: boolean;
  readonly notNull: readonly string[];
  readonly check: string;
  readonly foreign: string;
}

/** The column, with nothing but what the catalog alone holds. */
async function alone(steps: Context): Promise<Steps> {
  const { analysis, column, kind, domain, virtual } = steps;
  const { constraints: _constraints, ...bare } = column.definition;
  const kept = column.constraints.filter((constraint) => {
    const type = text(constraint, 'contype');
    if (type === 'CONSTR_GENERATED') return virtual;
    if (type === 'CONSTR_DEFAULT') return kind !== 'volatile default';
    return type === 'CONSTR_NOTNULL' && keepsNotNull(steps);
  });
  const typeName = plainType(typeNameOf(column.definition), domain);
  const definition = {
    ...bare,
    ...(typeName === null ? {} : { typeName }),
    ...(kept.length === 0
      ? {}
      : {
          constraints: kept.map((constraint) => ({
            Constraint: virtual ? asVirtual(constraint) : constraint,
          })),
        }),
  };
  return [await alterTableSql(analysis, { ...column.command, def: { ColumnDef: definition } })];
}

/** With a constant default the catalog alone says that no row is NULL. */
function keepsNotNull({ column, kind }: Context): boolean {
  return kind === null && defaultOf(column) !== null && constraintOf(column, 'CONSTR_NOTNULL') !== null;
}

function asVirtual(constraint: Node): Node {
  return text(constraint, 'contype') === 'CONSTR_GENERATED'
    ? { ...constraint, generated_kind: 'v' }
    : constraint;
}

const SERIALS: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
};

/** serial as the integer that it is, and a domain as what it stands for; null: as it is written. */
function plainType(typeName: Node | null, domain: ConstrainedDomain | null): Node | null {
  const name = strings(typeName?.names).at(-1) ?? '';
  const integer = SERIALS[name];
  if (integer !== undefined) return typeNode(['pg_catalog', integer]);
  if (domain === null) return null;
  const [base = '', modifiers] = /^([^(]*)(?:\(([\d, -]+)\))?/.exec(domain.base)?.slice(1) ?? [];
  const typmods = modifiers?.split(',').map((value) => ({ A_Const: { ival: { ival: Number(value) } } }));
  const internal = INTERNAL[base.trim()];
  if (/[^\w ."]/.test(base) || (internal === undefined && base.includes(' '))) return null;
  return {
    ...typeNode(internal === undefined ? base.trim().split('.') : ['pg_catalog', internal]),
    ...(typmods === undefined ? {} : { typmods }),
  };
}

function typeNode(names: readonly string[]): Node {
  return { names: names.map((sval) => ({ String: { sval } })), typemod: -1 };
}

/** Names of types that are more than one word, or not the server's own word. */
const INTERNAL: Readonly<Record<string, string>> = {
  integer: 'int4',
  bigint: 'int8',
  smallint: 'int2',
  'double precision': 'float8',
  real: 'float4',
  boolean: 'bool',
  numeric: 'numeric',
  'character varying': 'varchar',
  character: 'bpchar',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
};

interface Filled {
  /** Whether every row then has a value. */
  readonly are: boolean;
  readonly before: Steps;
  readonly after: Steps;
}

/** A value for every row, old and new. */
async function filled(steps: Context): Promise<Filled> {
  const { column, kind, domain, fill, virtual } = steps;
  const table = showName(column.written);
  const quoted = quoteIdent(column.name);
  const byDefault = fill(`${quoted} = DEFAULT`, `${quoted} IS NULL`);
  switch (kind) {
    case 'volatile default': {
      const value = await expressionSql(defaultOf(column));
      const set = value === null ? null : `ALTER TABLE ${table} ALTER COLUMN ${quoted} SET DEFAULT ${value}`;
      return { are: true, before: [set, COMMIT, byDefault], after: [] };
    }
    case 'serial':
    case 'identity':
      return numbered(steps, byDefault);
    case 'stored': {
      if (virtual) return { are: true, before: [], after: [] };
      const generated = constraintOf(column, 'CONSTR_GENERATED');
      const value = await expressionSql(generated?.raw_expr ?? null);
      if (value === null) return { are: true, before: [null], after: [] };
      const trigger = fillingTrigger(column, column.name, value);
      const rest = `${quoted} IS DISTINCT FROM (${value})`;
      return { are: true, before: [...trigger, COMMIT, fill(`${quoted} = (${value})`, rest)], after: [] };
    }
    case 'domain': {
      if (defaultOf(column) !== null || (domain?.default ?? null) === null) {
        return { are: defaultOf(column) !== null, before: [], after: [] };
      }
      const set = `ALTER TABLE ${table} ALTER COLUMN ${quoted} SET DEFAULT ${domain?.default}`;
      return { are: true, before: [set, COMMIT, byDefault], after: [] };
    }
    case null:
      return { are: defaultOf(column) !== null, before: [], after: [] };
  }
}

/** Numbers from a sequence, which in the end belongs to the column, or gives way to that of the identity. */
function numbered({ column, kind, notNull }: Context, byDefault: string): Filled {
  const table = showName(column.written);
  const quoted = quoteIdent(column.name);
  const name = quoteIdent(nameFor(column, [column.name], kind === 'serial' ? 'seq' : 'fill'));
  const sequence = column.written.schema === null ? name : `${quoteIdent(column.written.schema)}.${name}`;
  const literal = `'${sequence.replaceAll("'", "''")}'`;
  const before = [
    `CREATE SEQUENCE ${sequence}${sizeOf(column)}`,
    `ALTER TABLE ${table} ALTER COLUMN ${quoted} SET DEFAULT nextval(${literal})`,
    COMMIT,
    byDefault,
  ];
  // Both are NOT NULL, whether it is written or not.
  const needed = ['CONSTR_NOTNULL', 'CONSTR_PRIMARY'].some((type) => constraintOf(column, type) !== null)
    ? []
    : [COMMIT, ...notNull];
  if (kind === 'serial') {
    return {
      are: true,
      before,
      after: [...needed, `ALTER SEQUENCE ${sequence} OWNED BY ${table}.${quoted}`],
    };
  }
  const when =
    text(constraintOf(column, 'CONSTR_IDENTITY'), 'generated_when') === 'a' ? 'ALWAYS' : 'BY DEFAULT';
  return {
    are: true,
    before,
    after: [
      ...needed,
      COMMIT,
      `ALTER TABLE ${table} ALTER COLUMN ${quoted} DROP DEFAULT, ALTER COLUMN ${quoted} ADD GENERATED ${when} AS IDENTITY`,
      `SELECT setval(pg_get_serial_sequence('${table.replaceAll("'", "''")}', '${column.name.replaceAll("'", "''")}'), nextval(${literal}), false)`,
      `DROP SEQUENCE ${sequence}`,
    ],
  };
}

function sizeOf({ definition }: AddedColumn): string {
  const name = strings(typeNameOf(definition)?.names).at(-1) ?? '';
  if (/^(serial4?|int4|int|integer)$/.test(name)) return ' AS integer';
  return /^(smallserial|serial2|int2|smallint)$/.test(name) ? ' AS smallint' : '';
}

/** CHECKs, those of the domain too: added without a look at the rows, and then validated. */
async function checks({ column, domain, check }: Context): Promise<Steps> {
  const table = `ALTER TABLE ${showName(column.written)}`;
  const written = column.constraints.filter(
    (constraint) => text(constraint, 'contype') === 'CONSTR_CHECK' && constraint.is_enforced !== false,
  );
  const own: (readonly [string, string | null])[] = [];
  for (const [n, constraint] of written.entries()) {
    const expression = await expressionSql(constraint.raw_expr);
    const name = text(constraint, 'conname') ?? (n === 0 ? check : `${check}${n}`);
    own.push([name, expression === null ? null : `CHECK (${expression})`]);
  }
  for (const [n, found] of (domain?.checks ?? []).entries()) {
    const sql = checkSql(found);
    const taken = own.length + n;
    own.push([taken === 0 ? check : `${check}${taken}`, sql === null ? null : ofColumn(sql, column.name)]);
  }
  return own.flatMap(([name, sql]) => [
    sql === null ? null : `${table} ADD CONSTRAINT ${quoteIdent(name)} ${sql} NOT VALID`,
    COMMIT,
    `${table} VALIDATE CONSTRAINT ${quoteIdent(name)}`,
  ]);
}

/** A domain's CHECK speaks of VALUE. */
function ofColumn(sql: string, column: string): string {
  let out = '';
  let at = 0;
  for (const token of tokens(sql)) {
    if (token.kind !== 'word' || sql.slice(token.start, token.end).toUpperCase() !== 'VALUE') continue;
    out += sql.slice(at, token.start) + quoteIdent(column);
    at = token.end;
  }
  return out + sql.slice(at);
}

/** A foreign key: added without a look at the rows, and then validated. */
async function reference({ analysis, column, foreign }: Context): Promise<Steps> {
  const constraint = constraintOf(column, 'CONSTR_FOREIGN');
  if (constraint === null) return [];
  const { initially_valid: _valid, ...rest } = constraint;
  const name = text(constraint, 'conname') ?? foreign;
  const add = await alterTableSql(analysis, {
    subtype: 'AT_AddConstraint',
    def: {
      Constraint: {
        ...rest,
        conname: name,
        skip_validation: true,
        fk_attrs: [{ String: { sval: column.name } }],
      },
    },
    behavior: 'DROP_RESTRICT',
  });
  return [
    COMMIT,
    add,
    COMMIT,
    `ALTER TABLE ${showName(column.written)} VALIDATE CONSTRAINT ${quoteIdent(name)}`,
  ];
}

/** Whether a generated column's expression uses nothing but what the server brings along. */
function isPlain(column: AddedColumn, context: AssessContext): boolean {
  const expression = constraintOf(column, 'CONSTR_GENERATED')?.raw_expr ?? null;
  const names = typeNameOf(column.definition);
  const own = strings(names?.names);
  const user = context.known.complete ? context.resolveType({ schema: null, name: own.at(-1) ?? '' }) : '';
  const kinds = ['domain', 'enum', 'composite', 'range', 'base type'] as const;
  if (kinds.some((kind) => context.known.has(kind, user))) return false;
  return calledFunctions(expression).every((name) => context.functionVolatility(name) === null);
}
