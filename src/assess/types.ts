/**
 * What changing a column's type costs and may lose (manual, ALTER TABLE, notes; tablecmds.c,
 * ATColumnChangeRequiresRewrite; the planner's support functions that see that a cast to another length does nothing).
 */
import { child, children, type Node, strings } from '../sql/tree.ts';

export interface TypeChange {
  /** The table is written anew. */
  readonly rewrites: boolean;
  /** Values that the old type holds may not fit; null where the old type is not known. */
  readonly narrows: boolean | null;
}

interface TypeName {
  readonly base: string;
  readonly modifiers: readonly number[];
  readonly array: boolean;
  /** Of an interval: `year to month` …; else empty. */
  readonly fields: string;
}

const ALIASES: Readonly<Record<string, string>> = {
  varchar: 'character varying',
  bpchar: 'character',
  char: 'character',
  int2: 'smallint',
  int4: 'integer',
  int: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  decimal: 'numeric',
  bool: 'boolean',
  varbit: 'bit varying',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
};

/** From which type to which the stored values stay as they are (pg_cast.castmethod = 'b'; citext's own). */
const SAME_STORAGE: ReadonlySet<string> = new Set(
  [
    ['character varying', 'text'],
    ['text', 'character varying'],
    ['cidr', 'inet'],
    ['xml', 'text'],
    ['xml', 'character varying'],
    ['citext', 'text'],
    ['text', 'citext'],
    ['citext', 'character varying'],
    ['character varying', 'citext'],
    ['integer', 'oid'],
    ['oid', 'integer'],
    ['bit', 'bit varying'],
    ['bit varying', 'bit'],
    ...['regclass', 'regproc', 'regprocedure', 'regoper', 'regoperator', 'regtype', 'regrole'].flatMap(
      (name) => [
        [name, 'oid'],
        ['oid', name],
        [name, 'integer'],
        ['integer', name],
      ],
    ),
  ].map((pair) => pair.join(' > ')),
);

/** Of which a value of one is a value of the other wherever the session's clock is UTC's. */
const CLOCK: ReadonlySet<string> = new Set([
  'timestamp without time zone > timestamp with time zone',
  'timestamp with time zone > timestamp without time zone',
]);

/** From which type to which no value is lost, whatever it is. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  smallint: ['integer', 'bigint', 'numeric', 'real', 'double precision'],
  integer: ['bigint', 'numeric', 'double precision'],
  bigint: ['numeric'],
  real: ['double precision'],
  'character varying': ['text'],
  character: ['text'],
  citext: ['text'],
  date: ['timestamp without time zone', 'timestamp with time zone'],
  'timestamp without time zone': ['timestamp with time zone'],
  'timestamp with time zone': ['timestamp without time zone'],
  cidr: ['inet'],
  json: ['text'],
  jsonb: ['text', 'json'],
  uuid: [],
};

/**
 * @param from as `format_type` gives it, null where unknown
 * @param to likewise
 * @param hasUsing whether the values are computed by an expression
 * @param isUtc whether the session's TimeZone is UTC, or as good
 */
export function typeChange(from: string | null, to: string, hasUsing: boolean, isUtc = false): TypeChange {
  const target = parseType(to);
  if (from === null) {
    // Everything fits into text.
    const roomy = target.base === 'text' && !target.array;
    return { rewrites: true, narrows: roomy ? false : null };
  }
  const source = parseType(from);
  const unlimited = target.modifiers.length === 0;
  if (source.base === target.base && source.array === target.array) {
    const widens = modifiersWiden(source, target);
    // A character(n) is padded: every change of its length writes the values anew.
    const padded = source.base === 'character' && !sameModifiers(source, target);
    // The elements of an array are not looked at one by one: a new limit of their length is applied to all.
    const elements = source.array && !unlimited && !sameModifiers(source, target);
    return { rewrites: hasUsing || !widens || padded || elements, narrows: !widens };
  }
  const scalar = !source.array && !target.array;
  const pair = `${source.base} > ${target.base}`;
  const same = scalar && (SAME_STORAGE.has(pair) || (isUtc && CLOCK.has(pair)));
  const wider = target.base === 'text' || (WIDER[source.base] ?? []).includes(target.base);
  const fits = scalar && (wider || SAME_STORAGE.has(pair));
  return { rewrites: hasUsing || !same || !unlimited, narrows: !fits || !unlimited };
}

/**
 * The operators by which an index orders a type where it names none: types of one kind share them, and an index on one
 * serves the other as it is (pg_opclass; indexcmds.c, CheckIndexCompatible).
 */
export function indexOperators(type: string): string {
  const { base, array } = parseType(type);
  if (array) return `array of ${base}`;
  if (base === 'character varying') return 'text';
  return base === 'cidr' ? 'inet' : base;
}

/** A TypeName node as `format_type` would print it, as far as this file needs it. */
export function typeText(typeName: Node | null): string {
  const names = strings(typeName?.names).filter((name) => name !== 'pg_catalog');
  const name = names.join('.');
  const modifiers = children(typeName, 'typmods').map((item) => Number(child(item.node, 'ival')?.ival ?? 0));
  const base = ALIASES[name] ?? name;
  const array = Array.isArray(typeName?.arrayBounds) ? '[]' : '';
  if (base === 'interval') return `${intervalText(modifiers)}${array}`;
  // character without a length means one.
  const shown = name === 'bpchar' && modifiers.length === 0 ? [1] : modifiers;
  const limit = shown.length === 0 ? '' : `(${shown.join(',')})`;
  const zone = /^(time|timestamp)( with(out)? time zone)$/.exec(base);
  return zone === null ? `${base}${limit}${array}` : `${zone[1]}${limit}${zone[2]}${array}`;
}

export function isSerial(typeName: Node | null): boolean {
  return /^(big|small)?serial[248]?$/.test(strings(typeName?.names).at(-1) ?? '');
}

export function typeNameOf(columnDefinition: Node | null): Node | null {
  const value = columnDefinition?.typeName;
  return typeof value === 'object' && value !== null ? (value as Node) : null;
}

/** Fields of an interval by their bit in the type's mask (timestamp.h), the least first. */
const FIELDS: readonly (readonly [name: string, bit: number])[] = [
  ['second', 12],
  ['minute', 11],
  ['hour', 10],
  ['day', 3],
  ['month', 1],
  ['year', 2],
];
const EVERY_FIELD = 0x7fff;

function intervalText([mask, precision]: readonly number[]): string {
  const limit = precision === undefined ? '' : `(${precision})`;
  if (mask === undefined || mask === EVERY_FIELD) return `interval${limit}`;
  const named = FIELDS.filter(([, bit]) => (mask & (1 << bit)) !== 0).map(([name]) => name);
  const [least = ''] = named;
  const most = named.at(-1) ?? least;
  return `interval ${most === least ? least : `${most} to ${least}`}${limit}`;
}

/** The place of the smallest field that an interval keeps; `second` where none is named. */
function leastField({ fields }: TypeName): number {
  const least = fields === '' ? 'second' : (fields.split(' to ').at(-1) ?? 'second');
  return FIELDS.findIndex(([name]) => name === least);
}

function parseType(written: string): TypeName {
  const array = written.endsWith('[]');
  const bare = array ? written.slice(0, -2) : written;
  const modifiers = /\(([\d,\s-]+)\)/.exec(bare)?.[1]?.split(',').map(Number) ?? [];
  const words = bare
    .replace(/\([^)]*\)/, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (/^interval\b/.test(words)) {
    return { base: 'interval', modifiers, array, fields: words.slice('interval'.length).trim() };
  }
  // A user's type is known by its own name: one side may not know the schema.
  const base = words.replace(/^(?:"(?:[^"]|"")*"|[^".\s]+)\.(?=\S)/, '');
  return { base: ALIASES[base] ?? base, modifiers, array, fields: '' };
}

function sameModifiers(a: TypeName, b: TypeName): boolean {
  return a.modifiers.join() === b.modifiers.join() && a.fields === b.fields;
}

/** The most digits of a second that timestamps and their like keep: a limit there limits nothing. */
const EVERY_DIGIT = 6;

/** Whether every value under the old length or precision fits the new one. */
function modifiersWiden(from: TypeName, to: TypeName): boolean {
  if (sameModifiers(from, to)) return true;
  const [fromFirst = 0, fromScale = 0] = from.modifiers;
  const [toFirst = 0, toScale = 0] = to.modifiers;
  if (from.base === 'interval') {
    const [digits, newDigits] = [from, to].map(({ modifiers }) => modifiers[0] ?? EVERY_DIGIT);
    const keepsFields = leastField(to) <= leastField(from);
    return keepsFields && (leastField(from) > 0 || (newDigits ?? 0) >= (digits ?? 0));
  }
  if (to.modifiers.length === 0) return to.base !== 'character';
  const isTime = /^(time|timestamp) with/.test(from.base);
  if (isTime && toFirst >= EVERY_DIGIT) return true;
  if (from.modifiers.length === 0) return false;
  if (from.base === 'numeric') return toScale === fromScale && toFirst >= fromFirst;
  if (from.base === 'bit') return false;
  return toFirst >= fromFirst;
}
