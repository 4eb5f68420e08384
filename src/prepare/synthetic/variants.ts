/** Ways to fill a column, the default one first: what a CHECK or a domain may want is tried one after another. */
import type { Facts } from './facts.ts';
import { sampleOf } from './pattern.ts';
import type { TypeShape } from './type-shapes.ts';
import {
  arrayText,
  type ChosenValues,
  dateText,
  momentText,
  type Style,
  stamp,
  uuidText,
  valueFor,
} from './values.ts';

/** The value for row number `n`; null is NULL, undefined: this variant has none. */
export type Variant = (n: number) => string | null | undefined;

const MAX_VARIANTS = 160;

/** The variants for a column of `type` whose CHECKs hold `facts`; those that give the same values are left out. */
export function variantsOf(type: TypeShape, facts: Facts, style: Style, chosen: ChosenValues): Variant[] {
  const byDefault: Variant = (n) => valueFor(type, n, style, chosen) ?? undefined;
  const all = [byDefault, ...special(type, facts, style, chosen).map((variant) => fitted(type, variant))];
  const seen = new Set<string>();
  return all
    .filter((variant) => {
      const values = [variant(1), variant(2), variant(5)];
      if (values.every((value) => value === undefined)) return false;
      const signature = JSON.stringify(values);
      if (seen.has(signature)) return false;
      seen.add(signature);
      return true;
    })
    .slice(0, MAX_VARIANTS);
}

/** Values that the type cannot take at all would only stop the trial of the others. */
function fitted(type: TypeShape, variant: Variant): Variant {
  const base = type.kind === 'domain' && type.inner !== null ? type.inner : type;
  const limit = base.name === 'varchar' || base.name === 'bpchar' ? base.modifiers[0] : undefined;
  const maximum = NUMBER_LIMITS[base.name];
  const [precision, scale] = base.modifiers;
  return (n) => {
    const value = variant(n);
    if (value === null || value === undefined) return value;
    if (limit !== undefined && value.length > limit) return undefined;
    if (maximum !== undefined) {
      if (!/^-?\d+$/.test(value) || BigInt(value) > maximum || BigInt(value) < -maximum) return undefined;
    }
    if (base.name === 'numeric' && precision !== undefined) {
      const digits = value.replace(/^-/, '').replace(/^0+/, '').split('.')[0]?.length ?? 0;
      if (digits > precision - (scale ?? 0)) return undefined;
    }
    return value;
  };
}

const NUMBER_LIMITS: Readonly<Record<string, bigint>> = {
  int2: 32767n,
  int4: 2147483647n,
  int8: 9223372036854775807n,
};

function special(type: TypeShape, facts: Facts, style: Style, chosen: ChosenValues): Variant[] {
  const inner = type.inner;
  switch (type.kind) {
    case 'domain':
      return inner === null ? unknownType(type) : special(inner, facts, style, chosen);
    case 'enum':
      return [shifted(type, 1, style, chosen), ...type.labels.map(constant)];
    case 'array':
      return inner === null ? [] : arrays(inner, facts, style, chosen);
    case 'range':
    case 'multirange':
      return [1, 2, -1]
        .map((by) => shifted(type, by, style, chosen))
        .concat([constant('empty'), constant('{}')]);
    case 'composite':
      return [shifted(type, 1, style, chosen)];
    case 'base':
      return baseVariants(type, facts, style, chosen);
  }
}

function baseVariants(type: TypeShape, facts: Facts, style: Style, chosen: ChosenValues): Variant[] {
  switch (type.name) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'oid':
      return numbers(facts, false);
    case 'numeric':
    case 'float4':
    case 'float8':
    case 'money':
      return numbers(facts, true);
    case 'text':
    case 'varchar':
    case 'bpchar':
    case 'citext':
    case 'name':
      return [...relatives(type, style, chosen), ...texts(facts, type.modifiers[0])];
    case 'bool':
      return [constant('true'), constant('false')];
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return moments(type.name, facts);
    case 'json':
    case 'jsonb':
      return documents(facts);
    case 'uuid':
      return [
        ...facts.strings.map(constant),
        ...[1, -1, 100].map((by) => (n: number) => uuidText(Math.max(0, n + by))),
      ];
    case 'time':
    case 'timetz':
    case 'interval':
      return [
        ...facts.strings.map(constant),
        ...[1, 2, -1].map((by) => shifted(type, by, style, chosen)),
        constant('00:00:00'),
        constant('12:00:00'),
        (n) => `${n % 24}:00:00`,
      ];
    case 'inet':
    case 'cidr':
      return [...facts.strings.map(constant), (n) => `2001:db8::${n.toString(16)}`, constant('127.0.0.1')];
    case 'bytea':
      return lengths(facts).map((length) => (n) => `\\x${n.toString(16).padStart(length * 2, '0')}`);
    default:
      return [...facts.strings.map(constant), ...unknownType(type), shifted(type, 1, style, chosen)];
  }
}

function numbers(facts: Facts, fractions: boolean): Variant[] {
  const given = facts.numbers.map(Number).filter(Number.isFinite);
  const lists = facts.lists.map((list) => list.filter(isNumber)).filter((list) => list.length > 0);
  const show = (value: number) => (fractions ? String(Number(value.toFixed(6))) : String(Math.trunc(value)));
  const result: Variant[] = [...lists.map(cycled)];
  for (const [index, low] of given.entries()) {
    const high = given[index + 1];
    if (high !== undefined && high > low) {
      const span = high - low;
      if (fractions) result.push((n) => show(low + (span * ((n * 37) % 97) + span) / 100));
      if (span > 1) result.push((n) => show(low + 1 + ((n - 1) % Math.max(1, Math.floor(span) - 1))));
      result.push((n) => show(low + ((n - 1) % (Math.floor(span) + 1))));
    }
  }
  for (const value of given) {
    result.push(
      (n) => show(value + n),
      (n) => show(value + n - 1),
      (n) => show(value - n),
      (n) => show(value - n + 1),
      (n) => show(value * n),
      constant(show(value)),
    );
  }
  if (fractions)
    result.push(
      (n) => show(n / 1000),
      (n) => show(-n / 1000),
      (n) => String(n),
    );
  result.push(
    (n) => String(n + 1),
    (n) => String(n - 1),
    (n) => String(n + 100),
    (n) => String(-n),
    (n) => String(2 * n),
    (n) => String(2 * n + 1),
    (n) => String(1000 * n),
    (n) => String(2000 + n),
    constant('0'),
    constant('1'),
    (n) => String((n % 5) + 1),
    (n) => String((n % 10) + 1),
    (n) => String(1_700_000_000 + n),
  );
  return result;
}

/** The default in lower case, in upper case, without spaces: the mildest ways to please a CHECK. */
function relatives(type: TypeShape, style: Style, chosen: ChosenValues): Variant[] {
  const base = shifted(type, 0, style, chosen);
  const change = (by: (text: string) => string): Variant => {
    return (n) => {
      const value = base(n);
      return typeof value === 'string' && value.trim() !== '' ? by(value) : `text ${n}`;
    };
  };
  return [
    change((text) => text.trim()),
    change((text) => text.toLowerCase().trim()),
    change((text) => text.toUpperCase().trim()),
    change((text) => text.toLowerCase().trim().replaceAll(' ', '-')),
    change((text) => text.toLowerCase().trim().replaceAll(' ', '_')),
  ];
}

function texts(facts: Facts, limit: number | undefined): Variant[] {
  const result: Variant[] = [];
  for (const list of facts.lists) result.push(cycled(list));
  for (const pattern of facts.patterns) {
    result.push(
      (n) => sampleOf(pattern, n),
      (n) => sampleOf(pattern, n + 1000),
      (n) => sampleOf(pattern, n, true),
    );
  }
  for (const like of facts.likes) {
    result.push((n) => like.replaceAll('%', `x${n}`).replaceAll('_', 'a'));
    result.push((n) => like.replaceAll('%', '').replaceAll('_', String(n % 10)));
  }
  result.push((n) => `Text ${n}`);
  for (const text of facts.strings)
    result.push(
      constant(text),
      (n) => `${text}${n}`,
      (n) => `${n}${text}`,
    );
  result.push(
    (n) => `text-${n}`,
    (n) => `text_${n}`,
    (n) => `TEXT_${n}`,
    (n) => `text${n}`,
    (n) => `TEXT${n}`,
    letters,
    (n) => letters(n).toUpperCase(),
    (n) => `Text${letters(n)}`,
    String,
    (n) => `user${n}@example.com`,
    (n) => `https://example.com/page/${n}`,
    (n) => `http://example.com/page/${n}`,
    (n) => `+1555${String(n).padStart(7, '0')}`,
    (n) => `555-${String(n).padStart(4, '0')}`,
    (n) => uuidText(n),
    (n) => dateText(Date.UTC(2024, 0, n)),
    (n) => stamp(Date.UTC(2024, 0, n)),
    (n) => `#${n.toString(16).padStart(6, '0')}`,
    (n) => n.toString(16).padStart(32, '0'),
    (n) => n.toString(16).padStart(40, '0'),
    (n) => n.toString(16).padStart(64, '0'),
    (n) => `10.0.0.${(n % 250) + 1}`,
    (n) => `1.0.${n}`,
    (n) => `host${n}.example.com`,
    (n) => `/path/${n}`,
    (n) => `{"n": ${n}}`,
    (n) => `A longer text, number ${n}, of a good fifty characters or so.`,
    constant('USD'),
    constant('en'),
    constant('en-US'),
    constant('US'),
    constant('UTC'),
    constant('* * * * *'),
    constant('true'),
    constant(''),
  );
  for (const length of lengths(facts).concat(limit === undefined ? [] : [limit])) {
    result.push(
      (n) => padded(n.toString(36), length, 'a'),
      (n) => padded(n.toString(36).toUpperCase(), length, 'A'),
      (n) => padded(String(n), length, '0'),
      (n) => padded(letters(n), length, 'a'),
      (n) => padded(letters(n).toUpperCase(), length, 'A'),
      (n) => padded(n.toString(16), length, '0'),
    );
  }
  return result;
}

function moments(name: string, facts: Facts): Variant[] {
  const write = (milliseconds: number) =>
    name === 'date' ? dateText(milliseconds) : `${stamp(milliseconds)}${name === 'timestamptz' ? '+00' : ''}`;
  const given = facts.strings
    .map((text) => Date.parse(`${text.slice(0, 10)}T00:00:00Z`))
    .filter(Number.isFinite);
  const zone = name === 'timestamptz' ? '+00' : '';
  const shift = (by: number): Variant =>
    name === 'date' ? (n) => dateText(Date.UTC(2024, 0, 1 + n + by)) : (n) => `${momentText(n + by)}${zone}`;
  return [
    ...[1, 2, -1, 30, -30].map(shift),
    ...given.flatMap((moment): Variant[] => [
      (n) => write(moment + n * 86_400_000),
      (n) => write(moment - n * 86_400_000),
      () => write(moment),
    ]),
    (n) => write(Date.UTC(1990, 0, n)),
    (n) => write(Date.UTC(2090, 0, n)),
    // First of a month, a Monday, midnight: what calendar checks ask for.
    (n) => write(Date.UTC(2024, n, 1)),
    (n) => write(Date.UTC(2024, 0, 1 + 7 * n)),
    (n) => write(Date.UTC(2024, 0, n)),
    (n) => write(Date.UTC(2024, n + 1, 0)),
  ];
}

function documents(facts: Facts): Variant[] {
  const keys = facts.strings.filter((text) => /^[\w-]+$/.test(text));
  const object = (value: string): Variant => {
    return (n) =>
      `{${keys.map((key) => `${JSON.stringify(key)}: ${value.replace('$n', String(n))}`).join(', ')}}`;
  };
  const pairs = keys.slice(0, 6).flatMap((key) =>
    keys
      .slice(0, 12)
      .filter((value) => value !== key)
      .map((value) => constant(`{${JSON.stringify(key)}: ${JSON.stringify(value)}}`)),
  );
  return [
    ...(keys.length === 0
      ? []
      : [object('$n'), object('"Text $n"'), object('{}'), object('[]'), object('true')]),
    ...pairs,
    (n) => `[${n}]`,
    (n) => `["Text ${n}"]`,
    constant('[]'),
    constant('{}'),
    (n) => `[{"n": ${n}}]`,
    (n) => `"Text ${n}"`,
    (n) => String(n),
    constant('true'),
    constant('null'),
  ];
}

function arrays(element: TypeShape, facts: Facts, style: Style, chosen: ChosenValues): Variant[] {
  const item = (n: number) => valueFor(element, n, style, chosen);
  const lists = facts.lists.filter((list) => list.length > 0);
  const sizes = lengths(facts).filter((size) => size <= 64);
  return [
    (n) => arrayText([item(n)]),
    ...lists.map(
      (list): Variant =>
        (n) =>
          arrayText([list[(n - 1) % list.length] ?? null]),
    ),
    ...lists.map(
      (list): Variant =>
        () =>
          arrayText(list),
    ),
    ...facts.strings.map((text) => constant(arrayText([text]))),
    ...sizes.map(
      (size): Variant =>
        (n) =>
          arrayText(Array.from({ length: size }, (_, k) => item(n + k))),
    ),
    ...special(element, facts, style, chosen)
      .slice(0, 24)
      .map((variant): Variant => {
        return (n) => {
          const value = variant(n);
          return value === undefined ? undefined : arrayText([value]);
        };
      }),
    constant('{}'),
  ];
}

/** Text forms of types that extensions bring, and whatever else reads like them. */
export function unknownType(type: TypeShape): Variant[] {
  const dimensions = type.modifiers[0] ?? 3;
  const vector = (n: number) => Array.from({ length: Math.max(1, dimensions) }, (_, k) => `${n + k}`);
  return [
    (n) => `Text ${n}`,
    (n) => `n${n}`,
    String,
    (n) => `top.n${n}`,
    (n) => `"n"=>"${n}"`,
    (n) => `POINT(${n % 90} ${n % 90})`,
    (n) => `SRID=4326;POINT(${n % 90} ${n % 90})`,
    (n) => `LINESTRING(0 0,${n % 90} ${n % 90})`,
    (n) => `POLYGON((0 0,0 ${(n % 80) + 1},${(n % 80) + 1} ${(n % 80) + 1},0 0))`,
    (n) => `MULTIPOLYGON(((0 0,0 ${(n % 80) + 1},${(n % 80) + 1} ${(n % 80) + 1},0 0)))`,
    (n) => `MULTILINESTRING((0 0,${n % 90} ${n % 90}))`,
    (n) => `MULTIPOINT(${n % 90} ${n % 90})`,
    (n) => `SRID=4326;LINESTRING(0 0,${n % 90} ${n % 90})`,
    (n) => `SRID=4326;MULTIPOLYGON(((0 0,0 ${(n % 80) + 1},${(n % 80) + 1} ${(n % 80) + 1},0 0)))`,
    (n) => `SRID=4326;POLYGON((0 0,0 ${(n % 80) + 1},${(n % 80) + 1} ${(n % 80) + 1},0 0))`,
    (n) => `[${vector(n).join(',')}]`,
    (n) => `{1:${n}}/${dimensions}`,
    (n) => `(${n},${n})`,
    (n) => `${n}..${n + 1}`,
    (n) => `1.0.${n}`,
    (n) => `{"n": ${n}}`,
    (n) => uuidText(n),
    (n) => `10.0.0.${(n % 250) + 1}`,
    (n) => stamp(Date.UTC(2024, 0, n)),
    (n) => `user${n}@example.com`,
    (n) => `${n} USD`,
    (n) => `USD ${n}.00`,
    (n) => `=r/${n}`,
    constant('pg_catalog.now'),
    constant(''),
    constant('{}'),
  ];
}

function shifted(type: TypeShape, by: number, style: Style, chosen: ChosenValues): Variant {
  return (n) => valueFor(type, Math.max(1, n + by), style, chosen) ?? undefined;
}

function constant(text: string): Variant {
  return () => text;
}

function cycled(list: readonly string[]): Variant {
  return (n) => list[(n - 1) % list.length];
}

function isNumber(text: string): boolean {
  return /^[-+]?\d+(\.\d+)?$/.test(text);
}

/** Numbers of a CHECK that may be lengths, and their neighbours. */
function lengths(facts: Facts): number[] {
  const found = new Set<number>();
  for (const text of facts.numbers) {
    const length = Number(text);
    if (!Number.isInteger(length) || length < 0 || length > 10_000) continue;
    found.add(length);
    found.add(length + 1);
    if (length > 0) found.add(length - 1);
  }
  return [...found].slice(0, 8);
}

function padded(text: string, length: number, fill: string): string | undefined {
  if (text.length > length) return text.slice(-length);
  return text.padStart(length, fill);
}

/** The number in letters: 1 → b, 27 → bb. */
function letters(n: number): string {
  return n.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)));
}
