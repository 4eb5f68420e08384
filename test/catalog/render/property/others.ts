/** Types, what is said about things (comments, privileges, owners), and the rarer kinds. */
import type { Dice } from './dice.ts';
import { type Maker, maker } from './maker.ts';
import { anyType, columnList, expression, inSchema, newName, predicate, ROLES } from './words.ts';
import { ofKind, type World } from './world.ts';

const LABELS = [`'low'`, `'high'`, `'Mid dle'`, `'it''s'`, `'ß'`, `'select'`, `''`];

/** `COMMENT ON` and its kin name an object so. */
export function anything(dice: Dice, world: World): string {
  const word: Readonly<Record<string, string>> = {
    r: 'TABLE',
    p: 'TABLE',
    f: 'FOREIGN TABLE',
    v: 'VIEW',
    m: 'MATERIALIZED VIEW',
    S: 'SEQUENCE',
    i: 'INDEX',
    I: 'INDEX',
  };
  const belongs = (kind: string, list: World['triggers']): string => {
    const { name, table } = dice.one(list);
    return `${kind} ${name} ON ${table}`;
  };
  return dice.one([
    () => {
      const one = dice.one(world.relations);
      return `${word[one.kind]} ${one.name}`;
    },
    () => {
      const one = dice.one(ofKind(world, 'rpvm'));
      return `COLUMN ${one.name}.${dice.one(one.columns).name}`;
    },
    () => {
      const one = dice.one(world.routines);
      return `${one.kind === 'a' ? 'AGGREGATE' : one.kind === 'p' ? 'PROCEDURE' : 'FUNCTION'} ${one.signature}`;
    },
    () => {
      const one = dice.one(world.types);
      return `${one.kind === 'd' ? 'DOMAIN' : 'TYPE'} ${one.name}`;
    },
    () => belongs('CONSTRAINT', world.constraints),
    () => belongs('TRIGGER', world.triggers),
    () => belongs('POLICY', world.policies),
    () => belongs('RULE', world.rules),
    () => `SCHEMA ${dice.one(world.schemas)}`,
    () => `STATISTICS ${dice.one(world.statistics).name}`,
    () => `PUBLICATION ${dice.one(world.publications)}`,
    () => `COLLATION ${dice.one(world.collations).name}`,
  ])();
}

export function grant(dice: Dice, world: World, verb: 'GRANT' | 'REVOKE'): string {
  const to = `${verb === 'GRANT' ? 'TO' : 'FROM'} ${dice.one([...ROLES, 'PUBLIC'])}`;
  const option = verb === 'GRANT' && !to.endsWith('PUBLIC') ? dice.opt(20, ' WITH GRANT OPTION') : '';
  const relation = dice.one(ofKind(world, 'rpvmf'));
  return dice.one([
    () =>
      `${verb} ${dice.some(['SELECT', 'INSERT', 'UPDATE', 'REFERENCES', 'TRIGGER'], 3).join(', ')} ON ${relation.name} ${to}${option}`,
    () =>
      `${verb} ${dice.one(['SELECT', 'UPDATE', 'INSERT'])} (${columnList(dice, relation, 2)}) ON ${relation.name} ${to}${option}`,
    () => `${verb} ALL ON ${relation.name} ${to}`,
    () => `${verb} EXECUTE ON ROUTINE ${dice.one(world.routines).signature} ${to}${option}`,
    () => `${verb} USAGE ON SEQUENCE ${dice.one(ofKind(world, 'S')).name} ${to}`,
    () => `${verb} ${dice.one(['USAGE', 'CREATE', 'ALL'])} ON SCHEMA ${dice.one(world.schemas)} ${to}`,
    () => `${verb} USAGE ON TYPE ${dice.one(world.types).name} ${to}`,
  ])();
}

function domain(dice: Dice, world: World): string {
  const type = anyType(dice, world);
  const check = predicate(dice, world, [
    {
      name: 'VALUE',
      type,
      notNull: false,
      hasDefault: false,
      identity: false,
      generated: false,
      local: true,
    },
  ]);
  return `CREATE DOMAIN ${inSchema(dice, world, newName(dice, 'd'))} AS ${type}${dice.opt(20, ' NOT NULL')}${dice.opt(60, `${dice.opt(40, ` CONSTRAINT ${newName(dice, 'dk')}`)} CHECK (${check})`)}`;
}

export const OTHERS: readonly Maker[] = [
  maker(
    'enum',
    4,
    (dice, world) =>
      `CREATE TYPE ${inSchema(dice, world, newName(dice, 'e'))} AS ENUM (${dice.some(LABELS, 5).join(', ')})`,
  ),
  maker('domain', 4, domain),
  maker('composite', 3, (dice, world) => {
    const names = dice.some(['x', 'y', 'z', '"Z z"'], 3);
    return `CREATE TYPE ${inSchema(dice, world, newName(dice, 'co'))} AS (${names.map((name) => `${name} ${anyType(dice, world)}`).join(', ')})`;
  }),
  maker(
    'range',
    1,
    (dice, world) =>
      `CREATE TYPE ${inSchema(dice, world, newName(dice, 'ra'))} AS RANGE (subtype = ${dice.one(['integer', 'text', 'date', 'double precision'])})`,
  ),
  maker(
    'collation',
    1,
    (dice, world) => `CREATE COLLATION ${inSchema(dice, world, newName(dice, 'cl'))} FROM "C"`,
  ),
  maker('comment', 6, (dice, world) => `COMMENT ON ${anything(dice, world)} IS 'said ${dice.int(9)} it''s'`),
  maker('grant', 5, (dice, world) => grant(dice, world, 'GRANT')),
  maker('owner', 2, (dice, world) => {
    const what = anything(dice, world);
    return `ALTER ${what} OWNER TO ${dice.one([...ROLES, 'CURRENT_USER'])}`;
  }),
  maker('statistics', 2, (dice, world) => {
    const table = dice.one(ofKind(world, 'rpm'));
    const [one, other] =
      dice.some(table.columns, 2).length > 1
        ? [columnList(dice, table, 2), '']
        : [
            columnList(dice, table, 2),
            world.major >= 14 ? `, (${expression(dice, world, table.columns).sql})` : '',
          ];
    return `CREATE STATISTICS ${inSchema(dice, world, newName(dice, 'st'))}${dice.opt(50, ` (${dice.one(['ndistinct', 'dependencies', 'mcv'])})`)} ON ${one}${other} FROM ${table.name}`;
  }),
  maker('publication', 2, (dice, world) => {
    const tables = dice.some(ofKind(world, 'rp'), 2);
    const listed = tables.map((one) => {
      const columns = world.major >= 15 ? dice.opt(25, ` (${columnList(dice, one, 3)})`) : '';
      return `${one.name}${columns}`;
    });
    return `CREATE PUBLICATION ${newName(dice, 'pub')} FOR TABLE ${listed.join(', ')}${dice.opt(30, ` WITH (publish = 'insert')`)}`;
  }),
  maker(
    'publication of a schema',
    1,
    (dice, world) =>
      `CREATE PUBLICATION ${newName(dice, 'pub')} FOR TABLES IN SCHEMA ${dice.one(world.schemas)}`,
    15,
  ),
  maker('operator', 1, (dice, world) => {
    const one = dice.one(
      world.routines.filter(
        ({ types, result, kind }) => types.length === 2 && result !== null && kind === 'f',
      ),
    );
    return `CREATE OPERATOR ${dice.one(['public', ...world.schemas])}.${dice.one(['+++', '<=>', '@-@'])} (FUNCTION = ${one.name}, LEFTARG = ${one.types[0]}, RIGHTARG = ${one.types[1]})`;
  }),
  maker('function of two', 2, (dice, world) => {
    const type = dice.one(['integer', 'text', 'date']);
    return `CREATE FUNCTION ${inSchema(dice, world, newName(dice, 'h'))}(${dice.opt(60, 'a ')}${type}, ${dice.opt(60, 'b ')}${type}) RETURNS ${dice.one(['boolean', type])} IMMUTABLE LANGUAGE sql AS $b$ SELECT NULL $b$`;
  }),
  maker('cast', 1, (dice, world) => {
    const one = dice.one(
      world.routines.filter(
        ({ types, result, kind }) => types.length === 1 && result !== null && kind === 'f',
      ),
    );
    return `CREATE CAST (${one.types[0]} AS ${one.result}) WITH FUNCTION ${one.signature}${dice.opt(30, ' AS ASSIGNMENT')}`;
  }),
  maker('foreign server', 1, (dice) =>
    `CREATE FOREIGN DATA WRAPPER ${newName(dice, 'w')}_w; CREATE SERVER ${newName(dice, 'sv')} FOREIGN DATA WRAPPER x_w`.replace(
      /x\d+_w|w\d+_w/g,
      'w1',
    ),
  ),
  maker(
    'foreign table',
    1,
    (dice, world) =>
      `CREATE FOREIGN TABLE ${inSchema(dice, world, newName(dice, 'ft'))} (a integer${dice.opt(40, ' NOT NULL')}, b ${anyType(dice, world)}) SERVER ${dice.one(world.servers)}${dice.opt(50, ` OPTIONS (x 'y')`)}`,
  ),
  maker('dictionary', 1, (dice, world) => {
    const name = inSchema(dice, world, newName(dice, 'di'));
    const config = inSchema(dice, world, newName(dice, 'tc'));
    return `CREATE TEXT SEARCH DICTIONARY ${name} (TEMPLATE = pg_catalog.simple); CREATE TEXT SEARCH CONFIGURATION ${config} (COPY = pg_catalog.simple); ALTER TEXT SEARCH CONFIGURATION ${config} ALTER MAPPING FOR word WITH ${name}`;
  }),
  maker(
    'default privileges',
    1,
    (dice, world) =>
      `ALTER DEFAULT PRIVILEGES ${dice.opt(50, `IN SCHEMA ${dice.one(world.schemas)} `)}GRANT ${dice.one(['SELECT ON TABLES', 'EXECUTE ON FUNCTIONS', 'USAGE ON SEQUENCES', 'USAGE ON TYPES'])} TO ${dice.one(ROLES)}`,
  ),
  maker('event trigger', 1, (dice, world) => {
    const handler = dice.maybe(world.routines.filter(({ result }) => result === 'event_trigger'));
    if (handler === undefined)
      return `CREATE FUNCTION ${inSchema(dice, world, newName(dice, 'ef'))}() RETURNS event_trigger LANGUAGE plpgsql AS $b$ BEGIN END $b$`;
    return `CREATE EVENT TRIGGER ${newName(dice, 'et')} ON ${dice.one(['ddl_command_end', 'sql_drop'])} EXECUTE FUNCTION ${handler.name}()`;
  }),
];
