/** Texts of all sorts, documents, and the text forms of types that nobody here knows. */
import type { Facts } from './facts.ts';
import { sampleOf } from './pattern.ts';
import type { TypeShape } from './type-shapes.ts';
import { type ChosenValues, dateText, type Style, stamp, uuidText } from './values.ts';
import { constant, cycled, lengths, shifted, type Variant } from './variant.ts';

/** The default in lower case, in upper case, without spaces: the mildest ways to please a CHECK. */
export function relatives(type: TypeShape, style: Style, chosen: ChosenValues): Variant[] {
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

export function texts(facts: Facts, limit: number | undefined): Variant[] {
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

export function documents(facts: Facts): Variant[] {
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

function padded(text: string, length: number, fill: string): string | undefined {
  if (text.length > length) return text.slice(-length);
  return text.padStart(length, fill);
}

/** The number in letters: 1 → b, 27 → bb. */
function letters(n: number): string {
  return n.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)));
}
