/** Functions, procedures, aggregates, triggers, rules and policies. */
import type { Dice } from './dice.ts';
import { type Maker, maker } from './maker.ts';
import { anyType, aValue, columnList, expression, inSchema, newName, predicate, ROLES } from './words.ts';
import { ofKind, type World } from './world.ts';

function attributes(dice: Dice): string {
  return [
    dice.opt(70, ' IMMUTABLE'),
    dice.opt(15, ' STRICT'),
    dice.opt(10, ' PARALLEL SAFE'),
    dice.opt(10, ' SECURITY DEFINER'),
    dice.opt(10, ` SET search_path TO public, pg_temp`),
    dice.opt(8, ' COST 7'),
    dice.opt(5, ' LEAKPROOF'),
  ].join('');
}

/** A type as a function may have it for an argument: without modifiers, or the row of a table. */
function argumentType(dice: Dice, world: World): string {
  if (dice.chance(8)) return dice.maybe(ofKind(world, 'rv'))?.name ?? 'integer';
  return anyType(dice, world).replace(/\(.*?\)/, '');
}

function body(dice: Dice, expressionSql: string, major: number): string {
  if (major >= 14 && dice.chance(25)) return `RETURN ${expressionSql}`;
  if (dice.chance(25)) return `LANGUAGE plpgsql AS $b$ BEGIN RETURN ${expressionSql}; END $b$`;
  return `LANGUAGE sql AS $b$ SELECT ${expressionSql} $b$`;
}

function constant(dice: Dice, world: World): string {
  const type = argumentType(dice, world);
  return `CREATE FUNCTION ${inSchema(dice, world, newName(dice, 'f'))}() RETURNS ${type}${attributes(dice)} ${body(dice, aValue(dice, world, type), world.major)}`;
}

function ofOne(dice: Dice, world: World): string {
  const type = argumentType(dice, world);
  const [result, sql] = dice.chance(50)
    ? (['boolean', 'x IS NOT NULL'] as const)
    : dice.one([
        ['text', 'x::text'],
        [type, 'x'],
        ['integer', 'length(x::text)'],
      ] as const);
  const fallback = dice.chance(15) ? ` DEFAULT ${aValue(dice, world, type)}` : '';
  const nested = dice.chance(30)
    ? dice.maybe(
        world.routines.filter(
          (one) =>
            one.kind === 'f' && one.types.length === 1 && one.types[0] === type && one.result === result,
        ),
      )
    : undefined;
  return `CREATE FUNCTION ${inSchema(dice, world, newName(dice, 'f'))}(x ${type}${fallback}) RETURNS ${result}${attributes(dice)} ${body(dice, nested === undefined ? sql : `${nested.name}(x)`, world.major)}`;
}

function overTable(dice: Dice, world: World): string {
  const table = dice.one(ofKind(world, 'rpvm'));
  const name = inSchema(dice, world, newName(dice, 'g'));
  const columns = columnList(dice, table, 2);
  const first = table.columns[0];
  if (first === undefined) return '';
  return dice.one([
    () =>
      `CREATE FUNCTION ${name}() RETURNS SETOF ${table.name} LANGUAGE sql AS $b$ SELECT * FROM ${table.name} $b$`,
    () =>
      `CREATE FUNCTION ${name}(r ${table.name}) RETURNS text LANGUAGE sql IMMUTABLE AS $b$ SELECT 'x' $b$`,
    () =>
      `CREATE FUNCTION ${name}(OUT n bigint, OUT m text) LANGUAGE sql AS $b$ SELECT count(*), 'x' FROM ${table.name} $b$`,
    () =>
      `CREATE FUNCTION ${name}() RETURNS TABLE (z ${first.type}) LANGUAGE sql AS $b$ SELECT ${first.name} FROM ${table.name} $b$`,
    () =>
      `CREATE PROCEDURE ${name}(n integer DEFAULT 1, INOUT z text DEFAULT 'y') LANGUAGE plpgsql AS $b$ BEGIN PERFORM ${columns} FROM ${table.name}; END $b$`,
    () =>
      world.major >= 14
        ? `CREATE FUNCTION ${name}() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(${first.name}) FROM ${table.name}; END`
        : `CREATE FUNCTION ${name}() RETURNS bigint LANGUAGE sql AS $b$ SELECT count(*) FROM ${table.name} $b$`,
  ])();
}

export function trigger(dice: Dice, world: World): string {
  const handler = dice.maybe(world.routines.filter(({ result }) => result === 'trigger'));
  if (handler === undefined) {
    return `CREATE FUNCTION ${inSchema(dice, world, newName(dice, 'tf'))}() RETURNS trigger LANGUAGE plpgsql AS $b$ BEGIN RETURN NEW; END $b$`;
  }
  const name = newName(dice, 'tr');
  const call = `EXECUTE FUNCTION ${handler.name}(${dice.opt(20, `'a''b', 7`)})`;
  if (dice.chance(12))
    return `CREATE TRIGGER ${name} INSTEAD OF INSERT OR UPDATE ON ${dice.one(ofKind(world, 'v')).name} FOR EACH ROW ${call}`;
  const table = dice.one(ofKind(world, 'rp'));
  const column = dice.one(table.columns);
  if (dice.chance(12)) {
    return `CREATE CONSTRAINT TRIGGER ${name} AFTER INSERT OR UPDATE ON ${table.name}${dice.opt(50, ' DEFERRABLE INITIALLY DEFERRED')} FOR EACH ROW ${call}`;
  }
  if (dice.chance(12)) {
    return `CREATE TRIGGER ${name} AFTER UPDATE ON ${table.name} REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT ${call}`;
  }
  const event = dice.one(['INSERT', `UPDATE OF ${column.name}`, 'UPDATE', 'DELETE']);
  const when = event.startsWith('UPDATE')
    ? dice.opt(40, ` WHEN (OLD.${column.name} IS NULL AND NEW.${column.name} IS NOT NULL)`)
    : '';
  return `CREATE TRIGGER ${name} ${dice.one(['BEFORE', 'AFTER'])} ${event} ON ${table.name} FOR EACH ROW${when} ${call}`;
}

function policy(dice: Dice, world: World): string {
  const table = dice.one(ofKind(world, 'rp'));
  const command = dice.one(['ALL', 'SELECT', 'INSERT', 'UPDATE', 'DELETE']);
  const using = command === 'INSERT' ? '' : ` USING (${predicate(dice, world, table.columns)})`;
  const check =
    command === 'SELECT' || command === 'DELETE'
      ? ''
      : dice.chance(50) || command === 'INSERT'
        ? ` WITH CHECK (${predicate(dice, world, table.columns)})`
        : '';
  const other = dice.chance(20) ? dice.maybe(ofKind(world, 'rpv')) : undefined;
  const visible =
    other !== undefined && using !== ''
      ? ` USING (EXISTS (SELECT FROM ${other.name} z WHERE z.${dice.one(other.columns).name} IS NULL))`
      : using;
  return `CREATE POLICY ${newName(dice, 'po')} ON ${table.name}${dice.opt(20, ' AS RESTRICTIVE')} FOR ${command} TO ${dice.one([...ROLES, 'PUBLIC'])}${visible}${check}${dice.opt(50, `; ALTER TABLE ${table.name} ENABLE ROW LEVEL SECURITY`)}`;
}

function rule(dice: Dice, world: World): string {
  const table = dice.one(ofKind(world, 'rv'));
  const target = dice.one(ofKind(world, 'r'));
  const what = dice.one([
    'DO INSTEAD NOTHING',
    `DO ALSO NOTIFY changed`,
    `DO ALSO DELETE FROM ${target.name} WHERE ${predicate(dice, world, target.columns)}`,
  ]);
  return `CREATE RULE ${newName(dice, 'ru')} AS ON ${dice.one(['INSERT', 'UPDATE', 'DELETE'])} TO ${table.name} ${what}`;
}

export const ROUTINES: readonly Maker[] = [
  maker('constant function', 5, constant),
  maker('function of one', 6, ofOne),
  maker('function over a table', 4, overTable),
  maker('trigger', 7, trigger),
  maker('policy', 3, policy),
  maker('rule', 2, rule),
  maker('aggregate', 1, (dice, world) => {
    const step = dice.maybe(
      world.routines.filter((one) => one.types.length === 2 && one.types[0] === one.result),
    );
    const name = inSchema(dice, world, newName(dice, 'ag'));
    if (step === undefined) {
      return `CREATE FUNCTION ${name}_step(a integer, b integer) RETURNS integer IMMUTABLE LANGUAGE sql AS $b$ SELECT a + b $b$`;
    }
    return `CREATE AGGREGATE ${name}(${step.types[1]}) (sfunc = ${step.name}, stype = ${step.types[0]}${dice.opt(30, `, initcond = '1'`)})`;
  }),
  maker('default from a function', 3, (dice, world) => {
    const table = dice.one(ofKind(world, 'rpf'));
    const column = dice.one(table.columns);
    return `ALTER TABLE ${table.name} ALTER ${column.name} SET DEFAULT ${aValue(dice, world, column.type)}`;
  }),
  maker('index over a function', 2, (dice, world) => {
    const table = dice.one(ofKind(world, 'rpm'));
    return `CREATE INDEX ON ${table.name} ((${expression(dice, world, table.columns).sql}))`;
  }),
];
