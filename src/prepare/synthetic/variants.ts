/** Ways to fill a column, the default one first: what a CHECK or a domain may want is tried one after another. */
import type { Facts } from './facts.ts';
import { moments, numbers } from './number-variants.ts';
import { documents, relatives, texts, unknownType } from './text-variants.ts';
import type { TypeShape } from './type-shapes.ts';
import { arrayText, type ChosenValues, type Style, uuidText, valueFor } from './values.ts';
import { constant, lengths, shifted, type Variant } from './variant.ts';

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
