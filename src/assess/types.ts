/** What changing a column's type costs and may lose (manual, ALTER TABLE, notes; tablecmds.c, ATColumnChangeRequiresRewrite). */
import { children, type Node, strings } from '../sql/tree.ts';

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

/** Types whose values are stored alike: one can become the other without a rewrite (pg_cast.castmethod = 'b'). */
const SAME_STORAGE: readonly (readonly [string, string])[] = [
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
  ['bit', 'bit varying'],
  ['bit varying', 'bit'],
];

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

/** @param from as `format_type` gives it, null where unknown; @param to likewise */
export function typeChange(from: string | null, to: string, hasUsing: boolean): TypeChange {
  const target = parseType(to);
  if (from === null) {
    // Everything fits into text.
    const roomy = target.base === 'text' && !target.array;
    return { rewrites: true, narrows: roomy ? false : null };
  }
  const source = parseType(from);
  if (source.base === target.base && source.array === target.array) {
    const widens = modifiersWiden(source, target);
    // A character(n) is padded: every change of its length writes the values anew.
    const padded = source.base === 'character' && !sameModifiers(source, target);
    // The elements of an array are not looked at one by one: any change of their length writes it anew.
    const elements = source.array && !sameModifiers(source, target);
    return { rewrites: hasUsing || !widens || padded || elements, narrows: !widens };
  }
  const sameStorage =
    !source.array && !target.array && SAME_STORAGE.some(([a, b]) => a === source.base && b === target.base);
  const unlimited = target.modifiers.length === 0;
  const wider = target.base === 'text' || (WIDER[source.base] ?? []).includes(target.base);
  const fits = !source.array && !target.array && (wider || sameStorage);
  return { rewrites: hasUsing || !sameStorage || !unlimited, narrows: !fits || !unlimited };
}

/** A TypeName node as `format_type` would print it, as far as this file needs it. */
export function typeText(typeName: Node | null): string {
  const names = strings(typeName?.names).filter((name) => name !== 'pg_catalog');
  const name = names.join('.');
  const modifiers = children(typeName, 'typmods').map((item) => {
    const value = item.node.ival as { readonly ival?: number } | undefined;
    return String(value?.ival ?? 0);
  });
  const base = ALIASES[name] ?? name;
  const array = Array.isArray(typeName?.arrayBounds) ? '[]' : '';
  // character without a length means one.
  const shown = name === 'bpchar' && modifiers.length === 0 ? ['1'] : modifiers;
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

function parseType(written: string): TypeName {
  const array = written.endsWith('[]');
  const bare = array ? written.slice(0, -2) : written;
  const modifiers = /\(([\d,\s-]+)\)/.exec(bare)?.[1]?.split(',').map(Number) ?? [];
  const base = bare
    .replace(/\([^)]*\)/, '')
    .replace(/\s+/g, ' ')
    .trim();
  return { base: ALIASES[base] ?? base, modifiers, array };
}

function sameModifiers(a: TypeName, b: TypeName): boolean {
  return a.modifiers.join() === b.modifiers.join();
}

/** Whether every value under the old length or precision fits the new one. */
function modifiersWiden(from: TypeName, to: TypeName): boolean {
  if (sameModifiers(from, to)) return true;
  if (to.modifiers.length === 0) return to.base !== 'character';
  if (from.modifiers.length === 0) return false;
  const [fromFirst = 0, fromScale = 0] = from.modifiers;
  const [toFirst = 0, toScale = 0] = to.modifiers;
  if (from.base === 'numeric') return toScale === fromScale && toFirst >= fromFirst;
  if (from.base === 'bit') return false;
  return toFirst >= fromFirst;
}
