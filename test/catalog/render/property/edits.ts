/** Statements that change, rename, move or drop what is there. */
import type { Dice } from './dice.ts';
import { type Maker, maker } from './maker.ts';
import { anything, grant } from './others.ts';
import { bound, columnDefinition, query } from './relations.ts';
import { CREATE } from './schema.ts';
import { anyType, aValue, columnName, expression, newName, predicate, ROLES } from './words.ts';
import { type Column, ofKind, type Relation, type World } from './world.ts';

const WORDS: Readonly<Record<Relation['kind'], string>> = {
  r: 'TABLE',
  p: 'TABLE',
  f: 'FOREIGN TABLE',
  v: 'VIEW',
  m: 'MATERIALIZED VIEW',
  S: 'SEQUENCE',
  i: 'INDEX',
  I: 'INDEX',
};

function tableAndColumn(
  dice: Dice,
  world: World,
  fits: (column: Column) => boolean = () => true,
): { readonly table: Relation; readonly column: Column } {
  const tables = ofKind(world, 'rp').filter(({ columns }) => columns.some(fits));
  const table = dice.one(tables);
  return { table, column: dice.one(table.columns.filter(fits)) };
}

/** A name for a rename: new, or that of something of the kind. */
function otherName(dice: Dice, taken: readonly string[]): string {
  return dice.chance(20) && taken.length > 0 ? dice.one(taken) : newName(dice, 'z');
}

function rename(dice: Dice, world: World): string {
  return dice.one([
    () => {
      const one = dice.one(world.relations);
      return `ALTER ${WORDS[one.kind]} ${one.name} RENAME TO ${otherName(
        dice,
        world.relations.map(({ bare }) => bare),
      )}`;
    },
    () => {
      const one = dice.one(world.relations);
      return `ALTER ${WORDS[one.kind]} ${one.name} RENAME TO ${otherName(
        dice,
        world.relations.map(({ bare }) => bare),
      )}`;
    },
    () => {
      const { table, column } = tableAndColumn(dice, world);
      return `ALTER TABLE ${table.name} RENAME ${column.name} TO ${columnName(dice)}`;
    },
    () => {
      const { table, column } = tableAndColumn(dice, world);
      return `ALTER TABLE ${table.name} RENAME ${column.name} TO ${columnName(dice)}`;
    },
    () => {
      const { name, table } = dice.one(world.constraints);
      return `ALTER TABLE ${table} RENAME CONSTRAINT ${name} TO ${newName(dice, 'k')}`;
    },
    () => {
      const one = dice.one(world.types);
      return `ALTER ${one.kind === 'd' ? 'DOMAIN' : 'TYPE'} ${one.name} RENAME TO ${otherName(
        dice,
        world.types.map(({ bare }) => bare),
      )}`;
    },
    () => {
      const one = dice.one(world.routines);
      return `ALTER ROUTINE ${one.signature} RENAME TO ${otherName(
        dice,
        world.routines.map(({ bare }) => bare),
      )}`;
    },
    () => {
      const one = dice.one([
        ...world.triggers.map((each) => ({ ...each, what: 'TRIGGER' })),
        ...world.policies.map((each) => ({ ...each, what: 'POLICY' })),
        ...world.rules.map((each) => ({ ...each, what: 'RULE' })),
      ]);
      return `ALTER ${one.what} ${one.name} ON ${one.table} RENAME TO ${newName(dice, 'z')}`;
    },
    () => `ALTER SCHEMA ${dice.one(world.schemas)} RENAME TO ${dice.one(['s1', 's2', 's4', '"S 3"'])}`,
    () => `ALTER STATISTICS ${dice.one(world.statistics).name} RENAME TO ${newName(dice, 'st')}`,
    () => `ALTER PUBLICATION ${dice.one(world.publications)} RENAME TO ${newName(dice, 'pub')}`,
    () => {
      const one = dice.one(world.types.filter(({ kind }) => kind === 'e'));
      return `ALTER TYPE ${one.name} RENAME VALUE ${dice.one(one.labels)} TO 'label ${dice.int(3)}'`;
    },
    () => {
      const one = dice.one(world.types.filter(({ kind }) => kind === 'c'));
      return `ALTER TYPE ${one.name} RENAME ATTRIBUTE ${dice.one(one.attributes)} TO w${dice.int(3)} CASCADE`;
    },
  ])();
}

/** Two of a kind change names. */
function swap(dice: Dice, world: World): string {
  return dice.one([
    () => {
      const one = dice.one(ofKind(world, 'rv'));
      const other = dice.one(
        ofKind(world, one.kind).filter((each) => each.name !== one.name && each.schema === one.schema),
      );
      const word = WORDS[one.kind];
      return `ALTER ${word} ${one.name} RENAME TO spare; ALTER ${word} ${other.name} RENAME TO ${one.bare}; ALTER ${word} ${one.schema}.spare RENAME TO ${other.bare}`;
    },
    () => {
      const { table, column } = tableAndColumn(dice, world);
      const other = dice.one(table.columns.filter((each) => each.name !== column.name));
      const alter = `ALTER TABLE ${table.name} RENAME`;
      return `${alter} ${column.name} TO spare; ${alter} ${other.name} TO ${column.name}; ${alter} spare TO ${other.name}`;
    },
    () => {
      const one = dice.one(world.routines);
      const other = dice.one(
        world.routines.filter((each) => each.name !== one.name && each.schema === one.schema),
      );
      const types = one.signature.slice(one.name.length);
      return `ALTER ROUTINE ${one.signature} RENAME TO spare; ALTER ROUTINE ${other.signature} RENAME TO ${one.bare}; ALTER ROUTINE ${one.schema}.spare${types} RENAME TO ${other.bare}`;
    },
  ])();
}

function move(dice: Dice, world: World): string {
  const schema = dice.one(world.schemas);
  return dice.one([
    () => {
      const one = dice.one(ofKind(world, 'rpvmSf'));
      return `ALTER ${WORDS[one.kind]} ${one.name} SET SCHEMA ${schema}`;
    },
    () => `ALTER ROUTINE ${dice.one(world.routines).signature} SET SCHEMA ${schema}`,
    () => {
      const one = dice.one(world.types);
      return `ALTER ${one.kind === 'd' ? 'DOMAIN' : 'TYPE'} ${one.name} SET SCHEMA ${schema}`;
    },
  ])();
}

function drop(dice: Dice, world: World): string {
  const cascade = dice.opt(65, ' CASCADE');
  return dice.one([
    () => {
      const one = dice.one(ofKind(world, 'rpvmfS'));
      return `DROP ${WORDS[one.kind]} ${one.name}${cascade}`;
    },
    () => {
      const { table, column } = tableAndColumn(dice, world);
      return `ALTER TABLE ${table.name} DROP ${column.name}${cascade}`;
    },
    () => {
      const { table, column } = tableAndColumn(dice, world);
      return `ALTER TABLE ${table.name} DROP ${column.name}${cascade}`;
    },
    () => {
      const { name, table } = dice.one(world.constraints);
      return `ALTER TABLE ${table} DROP CONSTRAINT ${name}${cascade}`;
    },
    () => `DROP INDEX ${dice.one(ofKind(world, 'iI').filter((one) => !one.constraint)).name}${cascade}`,
    () => `DROP ROUTINE ${dice.one(world.routines).signature}${cascade}`,
    () => `DROP TYPE ${dice.one(world.types).name}${cascade}`,
    () => {
      const one = dice.one([
        ...world.triggers.map((each) => ({ ...each, what: 'TRIGGER' })),
        ...world.policies.map((each) => ({ ...each, what: 'POLICY' })),
        ...world.rules.map((each) => ({ ...each, what: 'RULE' })),
      ]);
      return `DROP ${one.what} ${one.name} ON ${one.table}`;
    },
    () => `DROP SCHEMA ${dice.one(world.schemas.filter((name) => name !== 'public'))}${cascade}`,
    () => `DROP STATISTICS ${dice.one(world.statistics).name}`,
    () => `DROP PUBLICATION ${dice.one(world.publications)}`,
    () => `DROP COLLATION ${dice.one(world.collations).name}${cascade}`,
    () => `DROP SERVER ${dice.one(world.servers)}${cascade}`,
  ])();
}

function alterColumn(dice: Dice, world: World): string {
  const { table, column } = tableAndColumn(dice, world);
  const alter = `ALTER TABLE ${dice.opt(5, 'ONLY ')}${table.name} ALTER ${column.name}`;
  return dice.one([
    () => {
      const type = anyType(dice, world);
      return `${alter} TYPE ${type} USING NULL::${type}`;
    },
    () => {
      const wider = column.type === 'integer' ? 'bigint' : column.type === 'text' ? 'varchar(50)' : 'text';
      return `${alter} TYPE ${wider} USING ${column.name}::text::${wider}`;
    },
    () => `${alter} SET NOT NULL`,
    () => `${alter} DROP NOT NULL`,
    () => `${alter} SET DEFAULT ${aValue(dice, world, column.type)}`,
    () => `${alter} DROP DEFAULT`,
    () => `${alter} ADD GENERATED ${dice.one(['ALWAYS', 'BY DEFAULT'])} AS IDENTITY`,
    () => `${alter} DROP IDENTITY`,
    () => `${alter} SET GENERATED ALWAYS SET INCREMENT ${1 + dice.int(4)}`,
    () => `${alter} DROP EXPRESSION`,
    () =>
      `${alter} SET EXPRESSION AS (${
        expression(
          dice,
          world,
          table.columns.filter((one) => !one.generated),
        ).sql
      })`,
    () => `${alter} SET STORAGE ${dice.one(['PLAIN', 'EXTERNAL', 'MAIN', 'EXTENDED'])}`,
    () => `${alter} SET STATISTICS ${dice.int(300)}`,
    () => `${alter} SET (n_distinct = ${dice.int(5)})`,
    () => `${alter} SET COMPRESSION pglz`,
    () => `${alter} TYPE text COLLATE "C"`,
  ])();
}

function alterTable(dice: Dice, world: World): string {
  const table = dice.one(ofKind(world, 'rp'));
  const alter = `ALTER TABLE ${table.name}`;
  const other = dice.one(ofKind(world, 'rp'));
  return dice.one([
    () => `${alter} ADD ${columnDefinition(dice, world, columnName(dice), table.columns).sql}`,
    () => `${alter} ADD ${columnDefinition(dice, world, columnName(dice), table.columns).sql}`,
    () => `${alter} ADD ${columnDefinition(dice, world, columnName(dice), table.columns).sql}`,
    () => `${alter} ${dice.one(['ENABLE', 'DISABLE', 'FORCE', 'NO FORCE'])} ROW LEVEL SECURITY`,
    () => `${alter} SET ${dice.one(['LOGGED', 'UNLOGGED'])}`,
    () =>
      `${alter} ${dice.one(['SET (fillfactor = 60)', 'RESET (fillfactor)', 'SET (autovacuum_vacuum_threshold = 77)', 'SET (toast.autovacuum_enabled = off)'])}`,
    () => `${alter} REPLICA IDENTITY ${dice.one(['FULL', 'NOTHING', 'DEFAULT'])}`,
    () =>
      `${alter} REPLICA IDENTITY USING INDEX ${dice.one(world.relations.filter((one) => one.table === table.name && one.unique)).bare}`,
    () => `${alter} CLUSTER ON ${dice.one(world.relations.filter((one) => one.table === table.name)).bare}`,
    () => `${alter} INHERIT ${other.name}`,
    () => `${alter} NO INHERIT ${table.parent ?? other.name}`,
    () => {
      const parent = dice.one(ofKind(world, 'p'));
      return `ALTER TABLE ${parent.name} ATTACH PARTITION ${table.name} ${bound(dice, parent)}`;
    },
    () => {
      const child = dice.one(world.relations.filter((one) => one.isPartition && 'rpf'.includes(one.kind)));
      return `ALTER TABLE ${child.parent} DETACH PARTITION ${child.name}`;
    },
    () => {
      const child = dice.one(world.relations.filter((one) => one.isPartition && 'rpf'.includes(one.kind)));
      return `ALTER TABLE ${child.parent} DETACH PARTITION ${child.name}`;
    },
    () => {
      const one = dice.one(world.constraints);
      return `ALTER TABLE ${one.table} VALIDATE CONSTRAINT ${one.name}`;
    },
    () => {
      const one = dice.one(world.constraints.filter(({ type }) => type === 'f'));
      return `ALTER TABLE ${one.table} ALTER CONSTRAINT ${one.name} ${dice.one(['DEFERRABLE', 'NOT DEFERRABLE', 'DEFERRABLE INITIALLY DEFERRED'])}`;
    },
    () => {
      const unique = dice.one(
        world.relations.filter((one) => one.unique && !one.constraint && one.table !== null),
      );
      return `ALTER TABLE ${unique.table} ADD CONSTRAINT ${newName(dice, 'k')} ${dice.one(['UNIQUE', 'PRIMARY KEY'])} USING INDEX ${unique.bare}`;
    },
    () => {
      const one = dice.one(world.triggers);
      return `ALTER TABLE ${one.table} ${dice.one(['ENABLE', 'DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA'])} TRIGGER ${one.name}`;
    },
    () => {
      const one = dice.one(world.rules);
      return `ALTER TABLE ${one.table} ${dice.one(['ENABLE', 'DISABLE', 'ENABLE ALWAYS'])} RULE ${one.name}`;
    },
    () => {
      const type = dice.one(world.types.filter(({ kind }) => kind === 'c'));
      return `${alter} OF ${type.name}`;
    },
    () => `${alter} NOT OF`,
  ])();
}

function alterType(dice: Dice, world: World): string {
  const of = (kind: string) => dice.one(world.types.filter((one) => one.kind === kind));
  return dice.one([
    () => `ALTER TYPE ${of('e').name} ADD VALUE 'new ${dice.int(4)}'`,
    () => {
      const one = of('e');
      return `ALTER TYPE ${one.name} ADD VALUE 'between ${dice.int(4)}' BEFORE ${dice.one(one.labels)}`;
    },
    () => `ALTER DOMAIN ${of('d').name} ${dice.one(['SET NOT NULL', 'DROP NOT NULL', 'DROP DEFAULT'])}`,
    () =>
      `ALTER DOMAIN ${of('d').name} ADD CONSTRAINT ${newName(dice, 'dk')} CHECK (VALUE IS NOT NULL)${dice.opt(25, ' NOT VALID')}`,
    () => {
      const one = dice.one(world.domainConstraints);
      return `ALTER DOMAIN ${one.table} ${dice.one(['DROP CONSTRAINT', 'VALIDATE CONSTRAINT'])} ${one.name}`;
    },
    () => {
      const one = dice.one(world.domainConstraints);
      return `ALTER DOMAIN ${one.table} RENAME CONSTRAINT ${one.name} TO ${newName(dice, 'dk')}`;
    },
    () => `ALTER TYPE ${of('c').name} ADD ATTRIBUTE w${dice.int(3)} ${anyType(dice, world)} CASCADE`,
    () => {
      const one = of('c');
      return `ALTER TYPE ${one.name} DROP ATTRIBUTE ${dice.one(one.attributes)} CASCADE`;
    },
    () => {
      const one = of('c');
      return `ALTER TYPE ${one.name} ALTER ATTRIBUTE ${dice.one(one.attributes)} TYPE ${anyType(dice, world)} CASCADE`;
    },
  ])();
}

function replace(dice: Dice, world: World): string {
  return dice.one([
    () => `CREATE OR REPLACE VIEW ${dice.one(ofKind(world, 'v')).name} AS ${query(dice, world)}`,
    () => {
      const one = dice.one(ofKind(world, 'v'));
      return `DROP VIEW ${one.name} CASCADE; CREATE VIEW ${one.name} AS ${query(dice, world)}`;
    },
    () => {
      const one = dice.one(
        world.routines.filter(
          ({ kind, language, result }) =>
            kind === 'f' && language === 'sql' && result !== null && !/SETOF|TABLE|record/.test(result),
        ),
      );
      return `CREATE OR REPLACE FUNCTION ${one.name}(${one.arguments}) RETURNS ${one.result} IMMUTABLE LANGUAGE sql AS $b$ SELECT NULL::${one.result} $b$`;
    },
    () => {
      const one = dice.one(
        world.routines.filter(
          ({ kind, result }) => kind === 'f' && result !== null && !/SETOF|TABLE|record|trigger/.test(result),
        ),
      );
      const type = anyType(dice, world).replace(/\(.*?\)/, '');
      return `DROP FUNCTION ${one.signature} CASCADE; CREATE FUNCTION ${one.name}(${one.arguments}) RETURNS ${type} LANGUAGE sql AS $b$ SELECT NULL::${type} $b$`;
    },
    () => {
      const one = dice.one(world.routines.filter(({ kind }) => kind === 'f'));
      return `ALTER FUNCTION ${one.signature} ${dice.one(['STABLE', 'STRICT', 'SECURITY DEFINER', 'COST 33', 'PARALLEL RESTRICTED', `SET work_mem TO '9MB'`, 'RESET ALL', 'CALLED ON NULL INPUT'])}`;
    },
    () => {
      const one = dice.one(world.policies);
      const table = world.relations.find(({ name }) => name === one.table);
      return `ALTER POLICY ${one.name} ON ${one.table} ${dice.one([`TO ${dice.one(ROLES)}`, `USING (${predicate(dice, world, table?.columns ?? [])})`])}`;
    },
    () =>
      `ALTER VIEW ${dice.one(ofKind(world, 'v')).name} ${dice.one(['SET (security_barrier)', 'RESET (security_barrier)', 'SET (check_option = local)'])}`,
    () => `REFRESH MATERIALIZED VIEW ${dice.one(ofKind(world, 'm')).name}${dice.opt(70, ' WITH NO DATA')}`,
    () =>
      `ALTER SEQUENCE ${dice.one(ofKind(world, 'S')).name} ${dice.one(['INCREMENT 4', 'OWNED BY NONE', 'CYCLE', 'CACHE 9', 'AS bigint MAXVALUE 900'])}`,
    () => {
      const { table, column } = tableAndColumn(dice, world);
      return `ALTER SEQUENCE ${dice.one(ofKind(world, 'S')).name} OWNED BY ${table.name}.${column.name}`;
    },
    () =>
      `ALTER INDEX ${dice.one(ofKind(world, 'i')).name} ${dice.one(['SET (fillfactor = 65)', 'RESET (fillfactor)', 'ALTER COLUMN 1 SET STATISTICS 50'])}`,
    () =>
      `ALTER PUBLICATION ${dice.one(world.publications)} ${dice.one(['ADD', 'DROP', 'SET'])} TABLE ${dice.one(ofKind(world, 'rp')).name}`,
    () => `ALTER STATISTICS ${dice.one(world.statistics).name} SET STATISTICS ${dice.int(90)}`,
  ])();
}

export const EDIT: readonly Maker[] = [
  maker('rename', 14, rename),
  maker('swap', 4, swap),
  maker('move', 5, move),
  maker('drop', 14, drop),
  maker('alter column', 16, alterColumn),
  maker('alter table', 14, alterTable),
  maker('alter type', 6, alterType),
  maker('replace', 12, replace),
  maker(
    'comment',
    3,
    (dice, world) => `COMMENT ON ${anything(dice, world)} IS ${dice.one(['NULL', `'new'`])}`,
  ),
  maker(
    'owner',
    2,
    (dice, world) => `ALTER ${anything(dice, world)} OWNER TO ${dice.one([...ROLES, 'CURRENT_USER'])}`,
  ),
  maker('grant', 2, (dice, world) => grant(dice, world, 'GRANT')),
  maker('revoke', 3, (dice, world) => grant(dice, world, 'REVOKE')),
  // New things among the edits, a third of them.
  ...CREATE.map((one) => ({ ...one, weight: one.weight * 0.4 })).map((one) => ({
    ...one,
    weight: Math.ceil(one.weight),
  })),
];
