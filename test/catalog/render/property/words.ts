/** Names, types and expressions for random statements. */
import type { Dice } from './dice.ts';
import type { Column, Relation, Routine, World } from './world.ts';

/** Few, so that they meet again under another owner; odd ones among them. */
const COLUMNS = ['a', 'b', 'c', 'd', 'e', '"D d"', '"select"', '"x.y"', 'größe'];
const ODD = ['"Two words"', '"dot.ted"', '"quo""te"', '"order"', 'straße', `l${'o'.repeat(60)}ng`];

export const ROLES = ['pr_1', 'pr_2', '"pr 3"'];

export function columnName(dice: Dice): string {
  return dice.one(COLUMNS);
}

/** A new name, or with luck one that something else has or had. */
export function newName(dice: Dice, prefix: string): string {
  if (dice.chance(8)) return dice.one(ODD);
  return `${prefix}${dice.int(dice.chance(25) ? 3 : 90)}`;
}

export function inSchema(dice: Dice, world: World, name: string): string {
  return `${dice.chance(70) ? 'public' : dice.one(world.schemas)}.${name}`;
}

const PLAIN = [
  'integer',
  'bigint',
  'smallint',
  'text',
  'varchar(9)',
  'char(3)',
  'numeric(8,2)',
  'boolean',
  'date',
  'timestamp with time zone',
  'timestamp(3) without time zone',
  'interval',
  'uuid',
  'jsonb',
  'bytea',
  'double precision',
  'text[]',
  'integer[]',
  'int4range',
  'inet',
  'bit(3)',
  'tsvector',
  'xml',
  'money',
  'point',
];

/** A type for a column: mostly plain, sometimes one of the schema's own. */
export function anyType(dice: Dice, world: World): string {
  if (dice.chance(40)) return dice.one(['integer', 'text', 'bigint', 'date']);
  const own = dice.chance(40) ? dice.maybe(world.types) : undefined;
  if (own === undefined) return dice.one(PLAIN);
  return own.name + dice.opt(10, '[]');
}

const VALUES: Readonly<Record<string, readonly string[]>> = {
  integer: ['1', '42', '(2 + 3)', `length('abc')`],
  bigint: ['7', '9000000000'],
  smallint: ['3'],
  text: [`'x'`, `'it''s'`, `E'a\\nb'`, `upper('x')`, 'CURRENT_USER'],
  'character varying(9)': [`'v'`],
  'numeric(8,2)': ['1.50', 'round(2.345, 2)'],
  boolean: ['true', '(1 > 2)'],
  date: ['CURRENT_DATE', `'2020-01-31'`],
  'timestamp with time zone': ['now()', `'2020-01-31 12:00:00+02'`],
  interval: [`'1 day 2 hours'`],
  jsonb: [`'{"a": [1, null]}'`],
  bytea: [`'\\x00ff'`],
  'text[]': [`'{a,NULL}'`, `ARRAY['a', 'b']`],
  'integer[]': [`'{1,2}'`],
  int4range: [`'[1,5)'`, 'int4range(1, 9)'],
  'double precision': ['0.1', 'random()'],
};

/** A value of a type, as `format_type` names it; a function of ours that returns it where there is one. */
export function aValue(dice: Dice, world: World, type: string): string {
  const makers = world.routines.filter(
    (one) => one.kind === 'f' && one.types.length === 0 && one.result === type,
  );
  const maker = dice.chance(60) ? dice.maybe(makers) : undefined;
  if (maker !== undefined) return `${maker.name}()`;
  const label = world.types.find(({ name, bare }) => name === type || bare === type)?.labels ?? [];
  if (label.length > 0) return `${dice.one(label)}::${type}`;
  const literal = dice.maybe(VALUES[type] ?? VALUES[type.replace('varchar', 'character varying')] ?? []);
  return literal ?? `NULL::${type}`;
}

export function predicate(dice: Dice, world: World, columns: readonly Column[]): string {
  const column = dice.one(columns);
  const judge = dice.chance(50) ? dice.maybe(judges(world, column.type)) : undefined;
  const one = judge !== undefined ? `${judge.name}(${column.name})` : simple(dice, world, column);
  if (!dice.chance(25)) return one;
  return `${one} ${dice.one(['AND', 'OR'])} ${simple(dice, world, dice.one(columns))}`;
}

function simple(dice: Dice, world: World, { name, type }: Column): string {
  const value = VALUES[type] === undefined ? undefined : dice.maybe(VALUES[type]);
  if (/range|json|xml|point|money/.test(type) || value === undefined || /now|CURRENT|random/.test(value)) {
    const own = world.types.find((one) => one.name === type || one.bare === type);
    if (own !== undefined && own.labels.length > 0 && dice.chance(70))
      return `${name} <> ${dice.one(own.labels)}`;
    return `${name} IS NOT NULL`;
  }
  return dice.one([
    `${name} = ${value}`,
    `${name} IN (${value}, NULL)`,
    `NOT (${name} IS NULL)`,
    `${name} <> ${value}`,
  ]);
}

/** Immutable functions of one argument that answer yes or no. */
function judges(world: World, type: string): readonly Routine[] {
  return world.routines.filter(
    (one) => one.kind === 'f' && one.result === 'boolean' && one.types.length === 1 && one.types[0] === type,
  );
}

/** An expression over a row, immutable most of the time, with its type. */
export function expression(
  dice: Dice,
  world: World,
  columns: readonly Column[],
): { readonly sql: string; readonly type: string } {
  const column = dice.one(columns);
  const calls = world.routines.filter(
    (one) =>
      one.kind === 'f' &&
      one.types.length === 1 &&
      one.types[0] === column.type &&
      one.result !== null &&
      !/SETOF|TABLE|trigger/.test(one.result),
  );
  const call = dice.chance(50) ? dice.maybe(calls) : undefined;
  if (call !== undefined) return { sql: `${call.name}(${column.name})`, type: call.result ?? 'text' };
  if (['integer', 'bigint', 'smallint'].includes(column.type)) {
    return dice.one([
      { sql: `(${column.name} * 2)`, type: column.type },
      { sql: `(-${column.name})`, type: column.type },
      { sql: `COALESCE(${column.name}, 0)`, type: column.type },
    ]);
  }
  if (column.type === 'text') {
    return dice.one([
      { sql: `lower(${column.name})`, type: 'text' },
      { sql: `(${column.name} || 'x')`, type: 'text' },
      { sql: `length(${column.name})`, type: 'integer' },
    ]);
  }
  return { sql: `(${column.name} IS NULL)`, type: 'boolean' };
}

export function columnList(dice: Dice, relation: Relation, most: number): string {
  return dice
    .some(relation.columns, most)
    .map(({ name }) => name)
    .join(', ');
}
