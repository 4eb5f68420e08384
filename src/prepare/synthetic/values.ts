/**
 * One value per row number and type, the same in every table: keys that a migration adds later hold by themselves.
 * Values are the text that the server reads; null where none is known (a type that only trial can tell).
 */
import type { TypeShape } from './type-shapes.ts';

export interface Style {
  /** Texts that read as a number, so that a cast of a text column finds something to cast. */
  readonly castable: boolean;
  /** Of the column, for texts that should look like what they stand for. */
  readonly column: string;
}

/** Values found by trial, by type text and row number (see `trial-types.ts`). */
export type ChosenValues = ReadonlyMap<string, ReadonlyMap<number, string>>;

const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 1, 8, 0, 0);
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The value of row number `n` (from 1). */
export function valueFor(type: TypeShape, n: number, style: Style, chosen: ChosenValues): string | null {
  const found = chosen.get(type.text);
  if (found !== undefined) return found.get(n) ?? null;
  switch (type.kind) {
    case 'enum':
      return type.labels[(n - 1) % type.labels.length] ?? null;
    case 'domain':
      return type.inner === null ? null : valueFor(type.inner, n, style, chosen);
    case 'array':
      return arrayOf(type, n, style, chosen);
    case 'composite':
      return recordText(type.attributes.map((attribute) => valueFor(attribute, n, style, chosen)));
    case 'range':
      return rangeOf(type, n, style, chosen);
    case 'multirange': {
      const range = type.inner === null ? null : rangeOf(type.inner, n, style, chosen);
      return range === null ? null : `{${range}}`;
    }
    case 'base':
      return baseValue(type, n, style);
  }
}

/** Whether values of the type, or of what it is made of, must be found by trial. */
export function needsTrial(type: TypeShape): boolean {
  if (type.kind === 'domain') return type.checks.length > 0 || type.inner === null || needsTrial(type.inner);
  if (type.kind === 'base') return baseValue(type, 1, { castable: false, column: '' }) === null;
  return false;
}

export function arrayText(items: readonly (string | null)[]): string {
  return `{${items.map((item) => (item === null ? 'NULL' : quotedItem(item))).join(',')}}`;
}

export function recordText(items: readonly (string | null)[]): string {
  return `(${items.map((item) => (item === null ? '' : quotedItem(item))).join(',')})`;
}

function quotedItem(item: string): string {
  return `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function arrayOf(type: TypeShape, n: number, style: Style, chosen: ChosenValues): string | null {
  if (type.inner === null) return null;
  // int2vector and oidvector are arrays to the catalog, but have a text form of their own.
  if (type.name === 'int2vector' || type.name === 'oidvector') return `${n} ${n + 1}`;
  const items = [n, n + 1].map((k) => valueFor(type.inner as TypeShape, k, style, chosen));
  return arrayText(items.filter((item) => item !== null));
}

function rangeOf(type: TypeShape, n: number, style: Style, chosen: ChosenValues): string | null {
  const subtype = type.inner;
  if (subtype === null) return null;
  switch (subtype.name) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
    case 'float4':
    case 'float8':
      return `[${n * 10},${n * 10 + 5})`;
    case 'date':
      return `[${dateText(START + n * 2 * DAY)},${dateText(START + (n * 2 + 1) * DAY)})`;
    case 'timestamp':
    case 'timestamptz': {
      const [from, to] = [n * 2, n * 2 + 1].map((k) => `${stamp(START + k * DAY)}`);
      const zone = subtype.name === 'timestamptz' ? '+00' : '';
      return `["${from}${zone}","${to}${zone}")`;
    }
    default: {
      const value = valueFor(subtype, n, style, chosen);
      return value === null ? null : `[${quotedItem(value)},${quotedItem(value)}]`;
    }
  }
}

function baseValue(type: TypeShape, n: number, style: Style): string | null {
  const [first, second] = type.modifiers;
  switch (type.name) {
    case 'int2':
      return String(((n - 1) % 32767) + 1);
    case 'int4':
    case 'int8':
    case 'oid':
    case 'xid':
    case 'cid':
    case 'xid8':
      return String(n);
    case 'numeric':
      return numericText(n, first, second ?? 0);
    case 'float4':
    case 'float8':
      return `${n}.5`;
    case 'money':
      return `${n}.25`;
    case 'text':
    case 'citext':
      return textValue(n, style, null);
    case 'varchar':
      return textValue(n, style, first ?? null);
    case 'bpchar':
      return textValue(n, style, first ?? (type.text === 'bpchar' ? null : 1));
    case 'char':
      return LETTERS[(n - 1) % LETTERS.length] ?? 'A';
    case 'name':
      return style.castable ? String(n) : `name_${n}`;
    case 'bool':
      return n % 2 === 1 ? 'true' : 'false';
    case 'date':
      return dateText(START + n * DAY);
    case 'timestamp':
      return momentText(n);
    case 'timestamptz':
      return `${momentText(n)}+00`;
    case 'time':
      return clock(n);
    case 'timetz':
      return `${clock(n)}+00`;
    case 'interval':
      return `${n} days 02:03:04.5`;
    case 'uuid':
      return uuidText(n);
    case 'json':
    case 'jsonb':
      // In the order and spacing of jsonb's own text: json → jsonb → json is then no difference.
      return `{"n": ${n}, "text": "Text ${n}"}`;
    case 'jsonpath':
      return `$."n${n}"`;
    case 'bytea':
      return `\\x00ff${(n % 0xffff).toString(16).padStart(4, '0')}`;
    case 'inet':
      return `10.0.${Math.floor(n / 250) % 250}.${(n % 250) + 1}`;
    case 'cidr':
      return `10.${Math.floor(n / 250) % 250}.${n % 250}.0/24`;
    case 'macaddr':
      return `08:00:2b:01:${hexByte(n >> 8)}:${hexByte(n)}`;
    case 'macaddr8':
      return `08:00:2b:01:02:03:${hexByte(n >> 8)}:${hexByte(n)}`;
    case 'bit': {
      const length = first ?? 1;
      return n.toString(2).padStart(length, '0').slice(-length);
    }
    case 'varbit':
      return n.toString(2).slice(-(first ?? 32));
    case 'xml':
      return `<row n="${n}">Text ${n}</row>`;
    case 'point':
      return `(${n},${n + 1})`;
    case 'line':
      return `{1,-1,${n}}`;
    case 'lseg':
      return `[(${n},${n}),(${n + 1},${n + 2})]`;
    case 'box':
      return `(${n * 10 + 5},${n * 10 + 5}),(${n * 10},${n * 10})`;
    case 'path':
      return `((${n},0),(${n + 1},1),(${n + 2},0))`;
    case 'polygon':
      return `((${n * 10},0),(${n * 10 + 1},1),(${n * 10 + 2},0))`;
    case 'circle':
      return `<(${n * 10},0),1>`;
    case 'tsvector':
      return `'n${n}':1 'text':2`;
    case 'tsquery':
      return `'n${n}' & 'text'`;
    case 'pg_lsn':
      return `0/${n.toString(16).toUpperCase()}`;
    case 'tid':
      return `(0,${n})`;
    case 'txid_snapshot':
    case 'pg_snapshot':
      return `${n}:${n + 1}:`;
    case 'regtype':
      return pick(['integer', 'text', 'bigint', 'boolean', 'uuid', 'date'], n);
    case 'regclass':
      return pick(['pg_class', 'pg_type', 'pg_proc', 'pg_index'], n);
    case 'regproc':
      return pick(['now', 'pi', 'version'], n);
    case 'regprocedure':
      return pick(['now()', 'pi()', 'version()'], n);
    case 'regnamespace':
      return pick(['pg_catalog', 'public'], 1);
    case 'regrole':
      return pick(['pg_monitor', 'pg_read_all_stats'], n);
    case 'regconfig':
    case 'regdictionary':
      return 'simple';
    case 'regcollation':
      return '"C"';
    case 'hstore':
      return `"n"=>"${n}"`;
    case 'ltree':
      return `top.n${n}`;
    case 'geometry':
    case 'geography':
      return null;
    default:
      return null;
  }
}

function textValue(n: number, style: Style, limit: number | null): string {
  const text = style.castable ? String(n) : (speaking(n, style.column) ?? plainText(n));
  return limit === null || text.length <= limit ? text : shortText(n, limit, style.castable);
}

/** One is empty and one has spaces around it: changes that trim, or that take '' for NULL, are seen to. */
function plainText(n: number): string {
  if (n % 100 === 7) return n === 7 ? '' : `Text ${n}`;
  if (n === 5) return ' Text 5 ';
  return `Text ${n}`;
}

/** What a column's name lets expect; a text that stands for another type survives a cast to it. */
function speaking(n: number, column: string): string | null {
  const name = column.toLowerCase();
  if (/e_?mail/.test(name)) return `User${n}@example.com`;
  if (/uuid|guid/.test(name)) return uuidText(n);
  if (/(^|_)(url|uri|link|href|website|homepage)$/.test(name)) return `https://example.com/Page/${n}`;
  if (/(^|_)(phone|mobile|fax|tel)(_|$)/.test(name)) return `+1555${String(n).padStart(7, '0')}`;
  if (/(^|_)ip(_?addr(ess)?)?$/.test(name)) return `10.0.0.${(n % 250) + 1}`;
  if (/(_at|_date|_time|_on|^date|timestamp)$/.test(name)) return `${stamp(START + n * DAY)}`;
  if (/(^|_)(json|metadata|payload|settings|params|config)$/.test(name))
    return `{"n": ${n}, "text": "Text ${n}"}`;
  if (/(^|_)(ids?|count|amount|price|cost|number|num|qty|quantity|total|year|age|size)$/.test(name)) {
    return String(n);
  }
  if (/^(is|has|can)_|(^|_)(enabled|active|deleted)$/.test(name)) return n % 2 === 1 ? 'true' : 'false';
  return null;
}

/** Different for every n as far as the length allows. */
function shortText(n: number, limit: number, castable: boolean): string {
  if (castable) return String(n).slice(-limit);
  if (limit <= 0) return '';
  if (limit === 1) return LETTERS[(n - 1) % LETTERS.length] ?? 'A';
  const base36 = n.toString(36).toUpperCase().slice(-limit);
  return base36.length < limit ? `T${base36.padStart(limit - 1, '0')}` : base36;
}

/** With a fraction where the type has room for one, so that rounding is seen. */
function numericText(n: number, precision: number | undefined, scale: number): string {
  if (precision === undefined) return `${n}.25`;
  const digits = precision - scale;
  if (scale < 0) return String(n * 10 ** -scale);
  if (digits <= 0) {
    const places = precision;
    return `0.${'0'.repeat(scale - precision)}${String(n % 10 ** Math.min(places, 9)).padStart(places, '0')}`;
  }
  const whole = digits >= 9 ? n : ((n - 1) % (10 ** digits - 1)) + 1;
  const fraction = scale >= 2 ? '.25' : scale === 1 ? '.5' : '';
  return `${whole}${fraction}`;
}

export function uuidText(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

export function dateText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** `2024-01-02 08:00:00` */
export function stamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

export function momentText(n: number): string {
  return `${stamp(START + n * DAY + n * 61_000)}.123456`;
}

function clock(n: number): string {
  return `${stamp(START + n * 61_000).slice(11)}.123456`;
}

function hexByte(n: number): string {
  return (n & 0xff).toString(16).padStart(2, '0');
}

function pick(items: readonly string[], n: number): string | null {
  return items[(n - 1) % items.length] ?? null;
}
