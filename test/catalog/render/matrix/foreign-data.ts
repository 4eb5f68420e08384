/** Foreign data wrappers, servers, user mappings and foreign tables (manual, CREATE and ALTER of each). */
import type { MatrixRow } from './row.ts';

const ROLES = `DO $$ BEGIN FOR n IN 1..3 LOOP BEGIN EXECUTE format('CREATE ROLE mx_%s', n); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP; END $$;`;
const FDW = 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;';
const TABLE = `${FDW} CREATE FOREIGN TABLE ft (a int, b text) SERVER s;`;

export const rows: readonly MatrixRow[] = [
  {
    name: 'wrapper options and handlers',
    base: `CREATE FOREIGN DATA WRAPPER w OPTIONS (a '1', b '2', "C d" 'it''s'); CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (a int) SERVER s`,
    change: `ALTER FOREIGN DATA WRAPPER w OPTIONS (SET a '3', DROP b, ADD e '4')`,
    back: { has: [/ALTER FOREIGN DATA WRAPPER w OPTIONS/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'wrapper handler and validator',
    base: `CREATE FUNCTION fv(text[], oid) RETURNS void LANGUAGE internal STRICT AS 'postgresql_fdw_validator'; ${TABLE}`,
    change: 'ALTER FOREIGN DATA WRAPPER w VALIDATOR fv',
    back: { has: [/NO VALIDATOR/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'wrapper renamed',
    base: TABLE,
    change: 'ALTER FOREIGN DATA WRAPPER w RENAME TO w2',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'server version and options',
    base: `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s TYPE 'x' VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (host 'h', port '5'); CREATE FOREIGN TABLE ft (a int) SERVER s; CREATE USER MAPPING FOR PUBLIC SERVER s`,
    change: `ALTER SERVER s VERSION '2' OPTIONS (SET host 'i', DROP port, ADD dbname 'd')`,
    back: { has: [/ALTER SERVER s VERSION '1' OPTIONS/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'server version given',
    base: TABLE,
    change: `ALTER SERVER s VERSION '2'`,
    back: { lacks: [/^CREATE/] },
  },
  {
    name: 'server of another type, with a foreign table',
    base: `${TABLE} CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS ("user" 'x')`,
    change: `DROP SERVER s CASCADE; CREATE SERVER s TYPE 'y' FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (a int, b text) SERVER s; CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS ("user" 'x')`,
  },
  {
    name: 'user mapping options',
    base: `${ROLES} ${FDW} CREATE USER MAPPING FOR mx_1 SERVER s OPTIONS ("user" 'a', x '1')`,
    change: `ALTER USER MAPPING FOR mx_1 SERVER s OPTIONS (SET "user" 'b', DROP x, ADD y '2')`,
    back: { has: [/ALTER USER MAPPING FOR mx_1 SERVER s OPTIONS/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'user mapping added for a current user and for everybody',
    base: `${ROLES} ${FDW}`,
    change: `CREATE USER MAPPING FOR PUBLIC SERVER s; CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" 'a')`,
  },
  {
    name: 'user mapping with a password',
    base: `${ROLES} ${FDW} CREATE USER MAPPING FOR mx_1 SERVER s OPTIONS ("user" 'a', password 'geheim')`,
    change: `DROP USER MAPPING FOR mx_1 SERVER s`,
    refuses: { direction: 'back', reason: 'password' },
  },
  {
    name: 'user mapping with a password changes its user',
    base: `${ROLES} ${FDW} CREATE USER MAPPING FOR mx_1 SERVER s OPTIONS ("user" 'a', password 'geheim')`,
    change: `ALTER USER MAPPING FOR mx_1 SERVER s OPTIONS (SET "user" 'b')`,
    back: { has: [/ALTER USER MAPPING FOR mx_1/], lacks: [/geheim/] },
    refuses: { direction: 'anew', reason: 'never read' },
  },
  {
    name: 'user mapping loses its password',
    base: `${ROLES} ${FDW} CREATE USER MAPPING FOR mx_1 SERVER s OPTIONS ("user" 'a', password 'geheim')`,
    change: `ALTER USER MAPPING FOR mx_1 SERVER s OPTIONS (DROP password)`,
    refuses: { direction: 'back', reason: 'password' },
  },
  {
    name: 'foreign table of another server',
    base: `${TABLE} CREATE SERVER s2 FOREIGN DATA WRAPPER w`,
    change: 'DROP FOREIGN TABLE ft; CREATE FOREIGN TABLE ft (a int, b text) SERVER s2',
  },
  {
    name: 'foreign table columns',
    base: `${FDW} CREATE FOREIGN TABLE ft (a int OPTIONS (x '1'), b text, CONSTRAINT c CHECK (a > 0)) SERVER s`,
    change: `ALTER FOREIGN TABLE ft ALTER a TYPE bigint, ALTER a SET NOT NULL, ALTER b SET DEFAULT 'x', DROP CONSTRAINT c, ADD COLUMN d int OPTIONS (y '2'); ALTER FOREIGN TABLE ft ALTER a OPTIONS (SET x '2'); ALTER FOREIGN TABLE ft ALTER b SET STATISTICS 5; COMMENT ON COLUMN ft.a IS 'ca'`,
  },
  {
    name: 'foreign table renamed and moved, column renamed',
    base: `CREATE SCHEMA x; ${TABLE}`,
    change:
      'ALTER FOREIGN TABLE ft RENAME a TO z; ALTER FOREIGN TABLE ft RENAME TO fu; ALTER FOREIGN TABLE fu SET SCHEMA x',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'foreign table as a partition',
    base: `${FDW} CREATE TABLE pt (a int, b text) PARTITION BY RANGE (a)`,
    change:
      'CREATE FOREIGN TABLE fp PARTITION OF pt FOR VALUES FROM (1) TO (10) SERVER s; CREATE TABLE lp PARTITION OF pt DEFAULT',
  },
  {
    name: 'foreign table that inherits',
    base: `${FDW} CREATE TABLE parent (a int)`,
    change: 'CREATE FOREIGN TABLE fc (b int) INHERITS (parent) SERVER s',
  },
  {
    name: 'foreign table triggers and privileges',
    base: `${ROLES} ${TABLE} CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`,
    change:
      'CREATE TRIGGER x BEFORE INSERT ON ft FOR EACH ROW EXECUTE FUNCTION tf(); GRANT SELECT ON ft TO mx_1; GRANT UPDATE (b) ON ft TO mx_2; ALTER FOREIGN TABLE ft OWNER TO mx_3; ALTER FOREIGN TABLE ft DISABLE TRIGGER x',
  },
  {
    name: 'index of a partitioned table that has a foreign partition',
    base: 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w',
    change:
      'CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p FOR VALUES IN (1); CREATE FOREIGN TABLE f PARTITION OF p FOR VALUES IN (2) SERVER s; CREATE TABLE m PARTITION OF p FOR VALUES IN (3, 4) PARTITION BY LIST (a); CREATE TABLE l PARTITION OF m FOR VALUES IN (3); CREATE FOREIGN TABLE g PARTITION OF m FOR VALUES IN (4) SERVER s; CREATE INDEX pi ON p (b); ALTER INDEX m_b_idx RENAME TO mi',
  },
  {
    name: 'index of a partitioned table that has a foreign partition already',
    base: 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p FOR VALUES IN (1); CREATE FOREIGN TABLE f PARTITION OF p FOR VALUES IN (2) SERVER s',
    change: 'CREATE INDEX pi ON p (b)',
  },
  {
    name: "type of a foreign table's column, which takes no USING",
    base: 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (a int, b text) SERVER s',
    change: 'ALTER FOREIGN TABLE f ALTER a TYPE text, ALTER b TYPE boolean',
    back: { lacks: [/USING/] },
  },
];
