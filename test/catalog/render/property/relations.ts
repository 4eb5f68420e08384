/** Tables, their constraints and indexes, partitions, inheritance, sequences, views. */
import type { Dice } from './dice.ts';
import { type Maker, maker } from './maker.ts';
import {
  anyType,
  aValue,
  columnList,
  columnName,
  expression,
  inSchema,
  newName,
  predicate,
} from './words.ts';
import { ofKind, type Relation, type World } from './world.ts';

/** One column with whatever it may have; `others` are those before it, which it may be computed from. */
export function columnDefinition(
  dice: Dice,
  world: World,
  name: string,
  others: readonly { name: string; type: string }[],
): { sql: string; type: string } {
  const plain = others.filter(({ type }) => ['integer', 'text', 'bigint', 'smallint'].includes(type));
  if (plain.length > 0 && dice.chance(12)) {
    const full = plain.map((one) => ({
      ...one,
      notNull: false,
      hasDefault: false,
      identity: false,
      generated: false,
      local: true,
    }));
    const { sql, type } = expression(dice, world, full);
    const kind = world.major >= 18 && dice.chance(40) ? 'VIRTUAL' : 'STORED';
    return { sql: `${name} ${type} GENERATED ALWAYS AS (${sql}) ${kind}`, type: 'generated' };
  }
  const type = anyType(dice, world);
  if (/^(integer|bigint|smallint)$/.test(type) && dice.chance(15)) {
    const options = dice.opt(
      40,
      ` (START ${1 + dice.int(9)} INCREMENT ${1 + dice.int(3)}${dice.opt(30, ' CYCLE')})`,
    );
    return {
      sql: `${name} ${type} GENERATED ${dice.one(['ALWAYS', 'BY DEFAULT'])} AS IDENTITY${options}`,
      type,
    };
  }
  if (dice.chance(8)) return { sql: `${name} ${dice.one(['serial', 'bigserial'])}`, type: 'integer' };
  const collation =
    /^(text|varchar)/.test(type) && dice.chance(15)
      ? ` COLLATE ${dice.maybe(world.collations)?.name ?? '"C"'}`
      : '';
  const compression = type === 'text' && world.major >= 14 && dice.chance(8) ? ' COMPRESSION pglz' : '';
  const nullable = dice.chance(25)
    ? `${world.major >= 18 ? dice.opt(30, ` CONSTRAINT ${newName(dice, 'nn')}`) : ''} NOT NULL`
    : '';
  const fallback = dice.chance(25) ? ` DEFAULT ${aValue(dice, world, type)}` : '';
  const check = dice.chance(10) ? ` CHECK (${name} IS NOT NULL)` : '';
  const unique = dice.chance(6) ? ' UNIQUE' : '';
  return { sql: `${name} ${type}${compression}${collation}${nullable}${fallback}${check}${unique}`, type };
}

function table(dice: Dice, world: World): string {
  const name = inSchema(dice, world, newName(dice, 't'));
  const own: { name: string; type: string }[] = [];
  const lines: string[] = [];
  if (dice.chance(50)) {
    const [type, sql] = dice.one([
      ['integer', 'id serial'],
      ['integer', 'id integer'],
      ['bigint', 'id bigint GENERATED ALWAYS AS IDENTITY'],
    ] as const);
    lines.push(`${sql}${dice.opt(80, ' PRIMARY KEY')}`);
    own.push({ name: 'id', type });
  }
  for (let count = 1 + dice.int(6); count > 0; count--) {
    const column = columnName(dice);
    if (own.some((one) => one.name === column)) continue;
    const { sql, type } = columnDefinition(dice, world, column, own);
    lines.push(sql);
    own.push({ name: column, type });
  }
  const parents = dice.chance(10)
    ? dice.some(
        ofKind(world, 'r').filter((one) => !one.isPartition),
        2,
      )
    : [];
  const inherits = parents.length > 0 ? ` INHERITS (${parents.map((one) => one.name).join(', ')})` : '';
  const options = dice.opt(
    8,
    ` WITH (fillfactor = ${50 + dice.int(50)}${dice.opt(50, ', autovacuum_enabled = false')})`,
  );
  return `CREATE ${dice.opt(8, 'UNLOGGED ')}TABLE ${name} (${lines.join(', ')})${inherits}${options}`;
}

function partitioned(dice: Dice, world: World): string {
  const name = inSchema(dice, world, newName(dice, 'p'));
  const key = dice.one(['id', '"K k"']);
  const more = dice.int(3);
  const own = [{ name: key, type: 'integer' }];
  const lines = [`${key} integer${dice.opt(50, ' NOT NULL')}`];
  for (let index = 0; index < more; index++) {
    const column = columnName(dice);
    if (own.some((one) => one.name === column)) continue;
    lines.push(`${column} ${anyType(dice, world)}${dice.opt(20, ' NOT NULL')}`);
    own.push({ name: column, type: '' });
  }
  if (dice.chance(40)) lines.push(`PRIMARY KEY (${key})`);
  return `CREATE TABLE ${name} (${lines.join(', ')}) PARTITION BY ${dice.one(['LIST', 'RANGE', 'HASH'])} (${key})`;
}

export function bound(dice: Dice, parent: Relation): string {
  const n = dice.int(4);
  if (parent.strategy === 'h') return `FOR VALUES WITH (MODULUS 4, REMAINDER ${n})`;
  if (dice.chance(15)) return 'DEFAULT';
  if (parent.strategy === 'l')
    return `FOR VALUES IN (${n}${dice.opt(30, `, ${n + 10}`)}${dice.opt(10, ', NULL')})`;
  return `FOR VALUES FROM (${n === 0 ? 'MINVALUE' : n * 10}) TO (${n === 3 ? 'MAXVALUE' : (n + 1) * 10})`;
}

function partition(dice: Dice, world: World): string {
  const parent = dice.one(ofKind(world, 'p'));
  const key = parent.columns[0]?.name ?? 'id';
  const below = dice.opt(20, ` PARTITION BY ${dice.one(['LIST', 'RANGE', 'HASH'])} (${key})`);
  const name = inSchema(dice, world, newName(dice, 'c'));
  const own = dice.opt(15, ` (${dice.one(parent.columns).name} ${dice.one([`DEFAULT NULL`, 'NOT NULL'])})`);
  return `CREATE TABLE ${name} PARTITION OF ${parent.name}${own} ${bound(dice, parent)}${below}`;
}

export function constraint(dice: Dice, world: World): string {
  const target = dice.one(ofKind(world, 'rp'));
  const named = dice.opt(60, `CONSTRAINT ${newName(dice, 'k')} `);
  const late = dice.opt(20, dice.one([' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED']));
  const sorts: (() => string)[] = [
    () =>
      `CHECK (${predicate(dice, world, target.columns)})${dice.opt(15, ' NO INHERIT')}${dice.opt(20, ' NOT VALID')}`,
    () => {
      const distinct = world.major >= 15 ? dice.opt(20, ' NULLS NOT DISTINCT') : '';
      return `UNIQUE${distinct} (${columnList(dice, target, 2)})${dice.opt(15, ` INCLUDE (${dice.one(target.columns).name})`)}${late}`;
    },
    () => `PRIMARY KEY (${dice.one(target.columns).name})${late}`,
    () => {
      const other = dice.one(ofKind(world, 'rp'));
      const actions =
        dice.opt(40, ` ON DELETE ${dice.one(['CASCADE', 'SET NULL', 'SET DEFAULT', 'RESTRICT'])}`) +
        dice.opt(15, ' ON UPDATE CASCADE');
      const keys = world.constraints.filter((one) => one.table === other.name && 'pu'.includes(one.type));
      const goal = keys.length > 0 && dice.chance(60) ? '' : ` (${dice.one(other.columns).name})`;
      const enforced = world.major >= 18 ? dice.opt(10, ' NOT ENFORCED') : '';
      return `FOREIGN KEY (${dice.one(target.columns).name}) REFERENCES ${other.name}${goal}${dice.opt(10, ' MATCH FULL')}${actions}${late}${dice.opt(15, ' NOT VALID')}${enforced}`;
    },
    () =>
      `EXCLUDE (${dice.one(target.columns).name} WITH =)${dice.opt(30, ` WHERE (${predicate(dice, world, target.columns)})`)}${late}`,
  ];
  return `ALTER TABLE ${dice.opt(10, 'ONLY ')}${target.name} ADD ${named}${dice.one(sorts)()}`;
}

/** A foreign key that fits: of a column with the type of the other table's key. */
function foreignKey(dice: Dice, world: World): string {
  const target = dice.one(ofKind(world, 'rp'));
  const other = dice.one(
    ofKind(world, 'rp').filter(({ columns }) => columns.some(({ name }) => name === 'id')),
  );
  const column = dice.one(target.columns.filter(({ type }) => /^(integer|bigint|smallint)$/.test(type)));
  const actions = dice.opt(50, ` ON DELETE ${dice.one(['CASCADE', 'SET NULL', 'RESTRICT'])}`);
  return `ALTER TABLE ${target.name} ADD ${dice.opt(50, `CONSTRAINT ${newName(dice, 'fk')} `)}FOREIGN KEY (${column.name}) REFERENCES ${other.name} (id)${actions}${dice.opt(20, ' DEFERRABLE')}${dice.opt(20, ' NOT VALID')}`;
}

export function index(dice: Dice, world: World): string {
  const target = dice.one(ofKind(world, 'rpm'));
  const name = dice.opt(85, ` ${newName(dice, 'i')}`);
  const unique = dice.opt(25, 'UNIQUE ');
  const part = (): string => {
    const column = dice.one(target.columns);
    const subject = dice.chance(35) ? `(${expression(dice, world, target.columns).sql})` : column.name;
    const collation = column.type === 'text' ? dice.opt(10, ' COLLATE "C"') : '';
    const opclass =
      column.type === 'text' && subject === column.name ? dice.opt(15, ' text_pattern_ops') : '';
    return `${subject}${collation}${opclass}${dice.opt(15, ' DESC')}${dice.opt(10, ' NULLS FIRST')}`;
  };
  if (unique === '' && dice.chance(15)) {
    return `CREATE INDEX${name} ON ${target.name} USING ${dice.one(['hash', 'gin', 'gist', 'brin', 'spgist'])} (${dice.one(target.columns).name})`;
  }
  const keys = dice.chance(30) ? `${part()}, ${part()}` : part();
  const include = dice.opt(10, ` INCLUDE (${dice.one(target.columns).name})`);
  const options = dice.opt(10, ' WITH (fillfactor = 71)');
  const where = dice.opt(20, ` WHERE ${predicate(dice, world, target.columns)}`);
  const only = target.kind === 'p' ? dice.opt(20, 'ONLY ') : '';
  return `CREATE ${unique}INDEX${name} ON ${only}${target.name} (${keys})${include}${options}${where}`;
}

/** A query over one or two relations. */
export function query(dice: Dice, world: World): string {
  const one = dice.one(ofKind(world, 'rpvmf'));
  const other = dice.chance(30) ? dice.maybe(ofKind(world, 'rpvm')) : undefined;
  const shown = dice.chance(30) ? ['x.*'] : dice.some(one.columns, 4).map(({ name }) => `x.${name}`);
  const computed = dice.chance(35)
    ? [
        `${
          expression(
            dice,
            world,
            one.columns.map((column) => ({ ...column, name: `x.${column.name}` })),
          ).sql
        } AS computed`,
      ]
    : [];
  const joined = other === undefined ? '' : ` CROSS JOIN ${other.name} y`;
  const more = other === undefined ? [] : [`y.${dice.one(other.columns).name} AS other`];
  const where = dice.opt(
    30,
    ` WHERE ${predicate(
      dice,
      world,
      one.columns.map((column) => ({ ...column, name: `x.${column.name}` })),
    )}`,
  );
  return `SELECT ${[...shown, ...computed, ...more].join(', ')} FROM ${one.name} x${joined}${where}`;
}

export function view(dice: Dice, world: World): string {
  const options = dice.opt(
    15,
    ` WITH (security_barrier${world.major >= 15 ? dice.opt(50, ', security_invoker') : ''})`,
  );
  const check = options === '' ? dice.opt(8, ` WITH ${dice.one(['LOCAL', 'CASCADED'])} CHECK OPTION`) : '';
  return `CREATE VIEW ${inSchema(dice, world, newName(dice, 'v'))}${options} AS ${query(dice, world)}${check}`;
}

export function sequence(dice: Dice, world: World): string {
  const owner = dice.chance(30) ? dice.maybe(ofKind(world, 'r')) : undefined;
  const name =
    owner === undefined ? inSchema(dice, world, newName(dice, 'q')) : `${owner.schema}.${newName(dice, 'q')}`;
  const owned = owner === undefined ? '' : ` OWNED BY ${owner.name}.${dice.one(owner.columns).name}`;
  return `CREATE SEQUENCE ${name}${dice.opt(30, ` AS ${dice.one(['smallint', 'integer'])}`)}${dice.opt(40, ` INCREMENT ${1 + dice.int(5)}`)}${dice.opt(30, ' CACHE 5')}${dice.opt(20, ' CYCLE')}${owned}`;
}

export const RELATIONS: readonly Maker[] = [
  maker('table', 16, table),
  maker('partitioned table', 3, partitioned),
  maker('partition', 6, partition),
  maker('constraint', 9, constraint),
  maker('foreign key', 6, foreignKey),
  maker('index', 9, index),
  maker('view', 9, view),
  maker(
    'materialized view',
    4,
    (dice, world) =>
      `CREATE MATERIALIZED VIEW ${inSchema(dice, world, newName(dice, 'm'))} AS ${query(dice, world)}${dice.opt(30, ' WITH NO DATA')}`,
  ),
  maker('sequence', 4, sequence),
  maker('typed table', 1, (dice, world) => {
    const type = dice.one(world.types.filter(({ kind }) => kind === 'c'));
    return `CREATE TABLE ${inSchema(dice, world, newName(dice, 't'))} OF ${type.name}`;
  }),
  maker('default from a sequence', 3, (dice, world) => {
    const target = dice.one(ofKind(world, 'rp'));
    const column = dice.one(target.columns.filter(({ type }) => /^(integer|bigint)$/.test(type)));
    return `ALTER TABLE ${target.name} ALTER ${column.name} SET DEFAULT nextval('${dice.one(ofKind(world, 'S')).name.replaceAll("'", "''")}')`;
  }),
];
