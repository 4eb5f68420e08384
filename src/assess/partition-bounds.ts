/**
 * Bounds of partitions, and whether CHECKs prove that rows keep to them, so that the server need not look (manual,
 * 5.12.2.2; partbounds.c). Single columns alone: what is not understood proves nothing.
 */
import { quoteIdent } from '../sql/quote.ts';
import { child, isNode, type Node, strings, text, unwrap } from '../sql/tree.ts';
import type { AssessContext } from './context.ts';

export type Bound =
  /** Null: MINVALUE, MAXVALUE. Literals as they stand between quotes, or numbers. */
  | { readonly kind: 'range'; readonly lower: string | null; readonly upper: string | null }
  | { readonly kind: 'list'; readonly values: readonly string[] };

/** The column of `RANGE (d)` or `LIST (a)`; null for several, and for expressions. */
export function partitionColumn(partitionKey: string | null): string | null {
  const found = /^(?:RANGE|LIST) \((?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_$]*))\)$/i.exec(partitionKey ?? '');
  return found === null ? null : (found[1]?.replaceAll('""', '"') ?? found[2] ?? null);
}

/** The bound of FOR VALUES; null for DEFAULT, hashes, several columns, NULLs and expressions. */
export function boundOf(spec: Node | null): Bound | null {
  if (spec === null || spec.is_default === true) return null;
  if (text(spec, 'strategy') === 'l') {
    const values = items(spec.listdatums).map(literal);
    const known = values.filter((value) => value !== null);
    return known.length === 0 || known.length < values.length ? null : { kind: 'list', values: known };
  }
  const [lower, secondLower] = items(spec.lowerdatums);
  const [upper, secondUpper] = items(spec.upperdatums);
  if (text(spec, 'strategy') !== 'r' || secondLower !== undefined || secondUpper !== undefined) return null;
  const from = limit(lower, 'minvalue');
  const to = limit(upper, 'maxvalue');
  return from === undefined || to === undefined ? null : { kind: 'range', lower: from, upper: to };
}

/** The bound as a CHECK's condition, as the server itself would say it. */
export function boundSql(column: string, bound: Bound, sql: (value: string) => string): string {
  const name = quoteIdent(column);
  if (bound.kind === 'list')
    return `${name} IS NOT NULL AND ${name} IN (${bound.values.map(sql).join(', ')})`;
  const lower = bound.lower === null ? '' : ` AND ${name} >= ${sql(bound.lower)}`;
  const upper = bound.upper === null ? '' : ` AND ${name} < ${sql(bound.upper)}`;
  return `${name} IS NOT NULL${lower}${upper}`;
}

/** The condition of rows that lie outside: what the default partition must prove. */
export function outsideSql(column: string, bound: Bound, sql: (value: string) => string): string {
  const name = quoteIdent(column);
  if (bound.kind === 'list') return `${name} IS NULL OR ${name} NOT IN (${bound.values.map(sql).join(', ')})`;
  const lower = bound.lower === null ? '' : ` OR ${name} < ${sql(bound.lower)}`;
  const upper = bound.upper === null ? '' : ` OR ${name} >= ${sql(bound.upper)}`;
  return `${name} IS NULL${lower}${upper}`;
}

/** Whether validated CHECKs (and a NOT NULL) of the table say that all of its rows keep to the bound. */
export function provesBound(context: AssessContext, table: string, column: string, bound: Bound): boolean {
  const checks = validated(context, table).filter(
    (check) => !/ or | not /i.test(check.replaceAll(/ is not null/gi, '')),
  );
  const notNull = context.column(table, column)?.notNull === true || context.isCheckedNotNull(table, column);
  if (!notNull) return false;
  const conditions = checks.flatMap((check) => check.split(/ and /i)).map((part) => part.trim());
  const name = quoteIdent(column);
  if (bound.kind === 'list') {
    return conditions.some((condition) => {
      const values = listed(condition, name);
      return values?.every((value) => bound.values.includes(value)) === true;
    });
  }
  const compared = (operators: readonly string[]): readonly string[] =>
    conditions.flatMap((condition) => {
      const operator = operators.find((each) => condition.startsWith(`${name} ${each} `));
      return operator === undefined ? [] : [bare(condition.slice(name.length + operator.length + 2))];
    });
  const { lower, upper } = bound;
  const above = lower === null || compared(['>=', '>', '=']).some((value) => atLeast(value, lower));
  const below =
    upper === null ||
    compared(['<']).some((value) => atLeast(upper, value)) ||
    compared(['<=', '=']).some((value) => value !== upper && atLeast(upper, value));
  return above && below;
}

/** Whether a validated CHECK of the default partition says that none of its rows keeps to the bound. */
export function provesOutside(context: AssessContext, table: string, column: string, bound: Bound): boolean {
  const name = quoteIdent(column);
  return validated(context, table).some((check) => {
    const parts = check.split(/ or /i).map((part) => part.trim());
    if (bound.kind === 'list') {
      return bound.values.every((value) =>
        parts.every((part) => part === `${name} IS NULL` || excluded(part, name).includes(value)),
      );
    }
    const { lower, upper } = bound;
    return parts.every((part) => {
      if (part === `${name} IS NULL`) return true;
      if (part.startsWith(`${name} < `))
        return lower !== null && atLeast(lower, bare(part.slice(name.length + 3)));
      if (part.startsWith(`${name} >= `)) {
        return upper !== null && atLeast(bare(part.slice(name.length + 4)), upper);
      }
      return false;
    });
  });
}

/** The expressions of validated CHECKs, without parentheses and casts. */
function validated(context: AssessContext, table: string): readonly string[] {
  return context
    .constraints(table)
    .filter((constraint) => constraint.type === 'check' && constraint.validated && constraint.enforced)
    .map(({ definition }) =>
      definition
        .replace(/^CHECK /, '')
        .replaceAll(/::[a-z_ ]+(?:\(\d+\))?(?:\[\])?/gi, '')
        .replaceAll(/[()]/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
}

/** `a = ANY ARRAY[1, 2]`, `a IN 1, 2`, `a = 1` without parentheses. */
function listed(condition: string, name: string): readonly string[] | null {
  const array = new RegExp(`^${escaped(name)} (?:= ANY ARRAY\\[(.*)\\]|IN (.*))$`, 's').exec(condition);
  if (array !== null) return (array[1] ?? array[2] ?? '').split(',').map((value) => bare(value));
  return condition.startsWith(`${name} = `) ? [bare(condition.slice(name.length + 3))] : null;
}

/** `a <> ALL ARRAY[1, 2]`, `a NOT IN 1, 2`, `a <> 1`. */
function excluded(condition: string, name: string): readonly string[] {
  const array = new RegExp(`^${escaped(name)} (?:<> ALL ARRAY\\[(.*)\\]|NOT IN (.*))$`, 's').exec(condition);
  if (array !== null) return (array[1] ?? array[2] ?? '').split(',').map((value) => bare(value));
  return condition.startsWith(`${name} <> `) ? [bare(condition.slice(name.length + 4))] : [];
}

function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function bare(value: string): string {
  return value.trim().replace(/^'(.*)'$/s, '$1');
}

/** Whether one literal is at least the other: of numbers and of dates written from the year on; else where they are equal. */
function atLeast(value: string, other: string): boolean {
  if (value === other) return true;
  const number = /^-?\d+(\.\d+)?$/;
  if (number.test(value) && number.test(other)) return Number(value) >= Number(other);
  const date = /^\d{4}-\d\d-\d\d(?: 00:00:00)?(?:\+00)?$/;
  return date.test(value) && date.test(other) && value.slice(0, 10) >= other.slice(0, 10);
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function limit(datum: unknown, infinite: string): string | null | undefined {
  const kinded = unwrap(datum);
  if (kinded?.kind === 'ColumnRef') {
    return strings(kinded.node.fields).join('.').toLowerCase() === infinite ? null : undefined;
  }
  return literal(datum) ?? undefined;
}

/** A constant, cast or not, as it stands between quotes. */
function literal(value: unknown): string | null {
  const kinded = unwrap(value);
  if (kinded?.kind === 'TypeCast') return literal(kinded.node.arg);
  if (kinded?.kind !== 'A_Const' || kinded.node.isnull === true) return null;
  const { node } = kinded;
  if (isNode(node.sval)) return text(child(node, 'sval'), 'sval') ?? '';
  if (isNode(node.ival)) return String(child(node, 'ival')?.ival ?? 0);
  return text(child(node, 'fval'), 'fval');
}
