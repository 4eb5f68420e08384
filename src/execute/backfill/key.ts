/**
 * The SQL of a key: order, comparison, ranges. A range lies behind one value and reaches up to another, that one
 * included; both are values of the whole key (TRAPS 12).
 */
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import type { BackfillKey, KeyColumn, KeyValue } from './model.ts';

/** `alias.column`, with the index's own collation. */
function expression(column: KeyColumn, alias: string): string {
  const name = `${alias}.${quoteIdent(column.name)}`;
  return column.collation === null ? name : `${name} COLLATE ${column.collation}`;
}

function literal(column: KeyColumn, value: string | undefined): string {
  return `${quoteLiteral(value ?? '')}::${column.type}`;
}

/** What stands behind ORDER BY, as the index has it, or the other way round. */
export function orderBy(key: BackfillKey, alias: string, backwards = false): string {
  return key.columns
    .map((column) => {
      const descending = column.descending !== backwards;
      const nullsFirst = column.nullsFirst !== backwards;
      return `${expression(column, alias)} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
    })
    .join(', ');
}

/** The key as one array of texts. `concat` calls the type's own output function, where `::text` would run any cast. */
export function keyText(key: BackfillKey, alias: string): string {
  const texts = key.columns.map(({ name }) => `pg_catalog.concat(${alias}.${quoteIdent(name)})`);
  return `ARRAY[${texts.join(', ')}]`;
}

/** The rows of two relations that are the same one; `there` gives the other side's column by its number from 1. */
export function sameKey(key: BackfillKey, alias: string, there: (n: number) => string): string {
  return key.columns
    .map(({ name }, index) => `${alias}.${quoteIdent(name)} = ${there(index + 1)}`)
    .join(' AND ');
}

/** The row with this very key. */
export function isKey(key: BackfillKey, alias: string, value: KeyValue): string {
  return sameKey(key, alias, (n) => literalAt(key, value, n));
}

function literalAt(key: BackfillKey, value: KeyValue, n: number): string {
  const column = key.columns[n - 1];
  return column === undefined ? 'NULL' : literal(column, value[n - 1]);
}

/** Whether all columns run the same way, so that one comparison of rows says it. */
function uniform(columns: readonly KeyColumn[]): boolean {
  return columns.every(({ descending }) => descending === columns[0]?.descending);
}

/**
 * Conditions that are met by the rows behind `value` (or, with `inclusive`, also by itself): together they cover them,
 * none twice, in the order of the index; each is a range of the index.
 */
export function segmentsAfter(key: BackfillKey, alias: string, value: KeyValue | null): readonly string[] {
  if (value === null) return ['true'];
  if (uniform(key.columns)) return [compare(key.columns, alias, value, 'after', false)];
  return segments(key.columns, alias, value, 'after', false);
}

/** Met by the rows up to and with `value`. */
export function upTo(key: BackfillKey, alias: string, value: KeyValue): string {
  if (uniform(key.columns)) return compare(key.columns, alias, value, 'before', true);
  return either(key.columns, alias, value, 'before', true);
}

/** Met by the rows behind `last` (null: from the first on) up to and with `bound`. */
export function between(key: BackfillKey, alias: string, last: KeyValue | null, bound: KeyValue): string {
  if (last === null) return upTo(key, alias, bound);
  if (uniform(key.columns)) {
    return `${compare(key.columns, alias, last, 'after', false)} AND ${compare(key.columns, alias, bound, 'before', true)}`;
  }
  // Within one value of the first columns the rest is a range of the index again.
  let same = 0;
  while (same < key.columns.length - 1 && last[same] === bound[same]) same++;
  const fixed = key.columns
    .slice(0, same)
    .map((column, n) => `${expression(column, alias)} = ${literal(column, last[n])}`);
  const rest = key.columns.slice(same);
  const parts = uniform(rest)
    ? [
        compare(rest, alias, last.slice(same), 'after', false),
        compare(rest, alias, bound.slice(same), 'before', true),
      ]
    : [
        either(rest, alias, last.slice(same), 'after', false),
        either(rest, alias, bound.slice(same), 'before', true),
      ];
  return [...fixed, ...parts].join(' AND ');
}

type Side = 'after' | 'before';

function operator(column: KeyColumn | undefined, side: Side, inclusive: boolean): string {
  const greater = (side === 'after') !== (column?.descending ?? false);
  return `${greater ? '>' : '<'}${inclusive ? '=' : ''}`;
}

/** One comparison of rows, for columns of one direction (manual, 9.25.5). */
function compare(
  columns: readonly KeyColumn[],
  alias: string,
  value: KeyValue,
  side: Side,
  inclusive: boolean,
): string {
  const left = columns.map((column) => expression(column, alias));
  const right = columns.map((column, n) => literal(column, value[n]));
  const sign = operator(columns[0], side, inclusive);
  return left.length === 1
    ? `${left[0]} ${sign} ${right[0]}`
    : `(${left.join(', ')}) ${sign} (${right.join(', ')})`;
}

/** For mixed directions: the longest common beginning first, as the rows follow each other behind `value`. */
function segments(
  columns: readonly KeyColumn[],
  alias: string,
  value: KeyValue,
  side: Side,
  inclusive: boolean,
): readonly string[] {
  const found: string[] = [];
  for (let n = columns.length - 1; n >= 0; n--) {
    const fixed = columns
      .slice(0, n)
      .map((column, i) => `${expression(column, alias)} = ${literal(column, value[i])}`);
    const column = columns[n] as KeyColumn;
    const whole = inclusive && n === columns.length - 1;
    const sign = operator(column, side, whole);
    found.push([...fixed, `${expression(column, alias)} ${sign} ${literal(column, value[n])}`].join(' AND '));
  }
  return found;
}

/** The segments as one condition; the first column's range stands by itself, for the index. */
function either(
  columns: readonly KeyColumn[],
  alias: string,
  value: KeyValue,
  side: Side,
  inclusive: boolean,
): string {
  const [first] = columns as readonly [KeyColumn];
  const outer = `${expression(first, alias)} ${operator(first, side, true)} ${literal(first, value[0])}`;
  const inner = segments(columns, alias, value, side, inclusive).map((segment) => `(${segment})`);
  return `${outer} AND (${inner.join(' OR ')})`;
}
