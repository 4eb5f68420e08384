import type { MatrixRow } from './row.ts';

const ROLES = `DO $$ BEGIN
  FOR n IN 1..3 LOOP BEGIN EXECUTE format('CREATE ROLE mx_%s', n); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP;
END $$;`;
const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text);';
const FDW = 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;';
const DEFAULTS = `${ROLES} ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO mx_1; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO mx_2; ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO mx_3;`;

export const rows: readonly MatrixRow[] = [
  {
    name: 'default privileges added',
    base: ROLES,
    change: 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO mx_1',
  },
  {
    name: 'default privileges dropped',
    base: DEFAULTS,
    change: 'ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM mx_1',
  },
  {
    name: 'objects made under default privileges',
    base: DEFAULTS,
    change: `${T} CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE SEQUENCE s; CREATE SCHEMA x; CREATE VIEW v AS SELECT a FROM t`,
  },
  {
    name: 'objects dropped under default privileges',
    base: `${T} CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE SEQUENCE s; CREATE SCHEMA x; CREATE VIEW v AS SELECT a FROM t; ${DEFAULTS}`,
    change: 'DROP VIEW v; DROP TABLE t; DROP FUNCTION f(); DROP SEQUENCE s; DROP SCHEMA x',
  },
  {
    name: 'default privileges in a schema',
    base: `${ROLES} CREATE SCHEMA x`,
    change: `ALTER DEFAULT PRIVILEGES IN SCHEMA x GRANT INSERT ON TABLES TO mx_1; CREATE TABLE x.n (a int)`,
  },
  {
    name: 'statistics',
    base: T,
    change: `CREATE STATISTICS st (dependencies, ndistinct) ON a, b FROM t; COMMENT ON STATISTICS st IS 'c'; ALTER STATISTICS st SET STATISTICS 50`,
  },
  {
    name: 'statistics renamed',
    base: `${T} CREATE STATISTICS st ON a, b FROM t`,
    change: 'ALTER STATISTICS st RENAME TO st2',
  },
  {
    name: 'statistics of a dropped column',
    base: `${T} CREATE STATISTICS st ON a, b FROM t`,
    change: 'ALTER TABLE t DROP b',
    cosmetic: 'last',
  },
  {
    name: 'statistics through a type change',
    minMajor: 14,
    base: `${T} CREATE STATISTICS st (mcv) ON a, (a + 1) FROM t`,
    change: 'ALTER TABLE t ALTER a TYPE bigint',
  },
  {
    name: 'publication',
    base: T,
    change: `CREATE PUBLICATION p FOR TABLE t WITH (publish = 'insert, update'); CREATE PUBLICATION q FOR ALL TABLES; COMMENT ON PUBLICATION p IS 'c'`,
  },
  {
    name: 'publication of columns and rows',
    base: T,
    change:
      'CREATE PUBLICATION p FOR TABLE t (id, a) WHERE (id > 5); CREATE SCHEMA x; CREATE PUBLICATION q FOR TABLES IN SCHEMA x',
    minMajor: 15,
  },
  {
    name: 'publication changed',
    base: `${T} CREATE TABLE u (a int); CREATE PUBLICATION p FOR TABLE t`,
    change: 'ALTER PUBLICATION p ADD TABLE u',
  },
  {
    name: 'published table dropped',
    base: `${T} CREATE TABLE u (a int); CREATE PUBLICATION p FOR TABLE t, u`,
    change: 'DROP TABLE u',
  },
  {
    name: 'event trigger',
    base: 'CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$',
    change: `CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION ef(); ALTER EVENT TRIGGER e ENABLE ALWAYS; COMMENT ON EVENT TRIGGER e IS 'c'`,
  },
  {
    name: 'foreign table',
    base: FDW,
    change: `CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'x') NOT NULL, b text DEFAULT 'd') SERVER s OPTIONS (schema_name 'y', "Q" 'it''s'); COMMENT ON FOREIGN TABLE ft IS 'c'`,
  },
  {
    name: 'foreign table changed',
    base: `${FDW} CREATE FOREIGN TABLE ft (a int OPTIONS (x '1', y '2')) SERVER s OPTIONS (k 'v', l 'w')`,
    change: `ALTER FOREIGN TABLE ft OPTIONS (SET k 'z', DROP l, ADD m 'n'); ALTER FOREIGN TABLE ft ALTER a OPTIONS (DROP x, SET y '3'); ALTER FOREIGN TABLE ft ADD b int; ALTER FOREIGN TABLE ft RENAME TO ft2`,
  },
  {
    name: 'foreign table dropped',
    base: `${FDW} CREATE FOREIGN TABLE ft (a int) SERVER s`,
    change: 'DROP FOREIGN TABLE ft',
  },
  {
    name: 'foreign things',
    base: ROLES,
    change: `${FDW} CREATE USER MAPPING FOR mx_1 SERVER s OPTIONS ("user" 'bob'); GRANT USAGE ON FOREIGN SERVER s TO mx_1; COMMENT ON SERVER s IS 'c'; ALTER SERVER s OPTIONS (ADD host 'h')`,
  },
  {
    name: 'server renamed',
    base: `${FDW} CREATE FOREIGN TABLE ft (a int) SERVER s`,
    change: 'ALTER SERVER s RENAME TO s2',
  },
  {
    name: 'aggregate',
    base: '',
    change: `CREATE AGGREGATE mysum(int) (sfunc = int4pl, stype = int, initcond = '0'); COMMENT ON AGGREGATE mysum(int) IS 'c'`,
  },
  {
    name: 'aggregate by a function of ours',
    base: 'CREATE FUNCTION step(int, int) RETURNS int LANGUAGE sql AS $$ SELECT $1 + $2 $$',
    change: `CREATE AGGREGATE mysum(int) (sfunc = step, stype = int, initcond = '0')`,
  },
  {
    name: 'operator',
    base: 'CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = $2 $$',
    change:
      'CREATE OPERATOR === (FUNCTION = same, LEFTARG = int, RIGHTARG = int); CREATE VIEW v AS SELECT 1 OPERATOR(public.===) 1 AS x',
  },
  {
    name: 'cast',
    base: `CREATE TYPE c AS (a int); CREATE FUNCTION tc(int) RETURNS c LANGUAGE sql AS $$ SELECT ROW($1)::c $$`,
    change: `CREATE CAST (int AS c) WITH FUNCTION tc(int) AS ASSIGNMENT; COMMENT ON CAST (int AS c) IS 'c'`,
  },
  {
    name: 'collation',
    base: '',
    change: `CREATE COLLATION co (provider = icu, locale = 'de-u-ks-level2', deterministic = false); CREATE TABLE t (a text COLLATE co)`,
  },
  {
    name: 'text search',
    base: '',
    change: `CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = pg_catalog.simple, STOPWORDS = english); CREATE TEXT SEARCH CONFIGURATION cfg (COPY = pg_catalog.simple); ALTER TEXT SEARCH CONFIGURATION cfg ALTER MAPPING FOR asciiword WITH d; CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (to_tsvector('cfg', a))`,
  },
  {
    name: 'operator class',
    base: 'CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $2 - $1 $$',
    change:
      'CREATE OPERATOR CLASS rev FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 3 =, OPERATOR 5 <, FUNCTION 1 cmp(int, int); CREATE TABLE t (a int); CREATE INDEX i ON t (a rev)',
  },
  {
    name: 'database settings',
    base: '',
    change: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database()); EXECUTE format('COMMENT ON DATABASE %I IS ''c''', current_database()); END $$`,
  },
  {
    name: 'schema renamed with things of every kind going',
    base: 'CREATE SCHEMA s; CREATE TABLE s.t (a int, b int)',
    change: `ALTER SCHEMA s RENAME TO r; CREATE STATISTICS r.st ON a, b FROM r.t; CREATE AGGREGATE r.ag(int) (sfunc = int4pl, stype = int); CREATE FUNCTION r.f(r.t) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE TYPE r.e AS ENUM ('a')`,
  },
  {
    name: 'two tables change names, and what names one of them is made for the other',
    minMajor: 14,
    base: `CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE t_new (id int PRIMARY KEY, a int); CREATE TABLE c (t int CONSTRAINT fk REFERENCES t);
      CREATE VIEW v AS SELECT a FROM t; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END;
      CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE POLICY p ON c USING (EXISTS (SELECT FROM t WHERE t.id = c.t));
      INSERT INTO t VALUES (1, 1); INSERT INTO t_new VALUES (1, 2); INSERT INTO c VALUES (1)`,
    change: `ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t; CREATE OR REPLACE VIEW v AS SELECT a FROM t;
      ALTER TABLE c DROP CONSTRAINT fk; ALTER TABLE c ADD CONSTRAINT fk FOREIGN KEY (t) REFERENCES t;
      CREATE OR REPLACE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END;
      DROP MATERIALIZED VIEW m; CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER POLICY p ON c USING (EXISTS (SELECT FROM t WHERE t.id = c.t))`,
    probe: 'SELECT (SELECT a FROM v) AS a, (SELECT a FROM t) AS b, (SELECT count(*) FROM c) AS n',
  },
  {
    name: 'two columns change names, and a view reads the other one',
    base: 'CREATE TABLE t (id int, a int, b int); CREATE VIEW v AS SELECT id, a FROM t; INSERT INTO t VALUES (1, 2, 3)',
    change:
      'ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b; CREATE OR REPLACE VIEW v AS SELECT id, a FROM t',
    probe: 'SELECT id, a FROM v',
  },
  {
    name: 'two functions change names, and what calls one of them calls the other',
    base: `CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE FUNCTION g() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2';
      CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TABLE t (a int DEFAULT f(), b int, CONSTRAINT k CHECK (b > f())); CREATE INDEX i ON t ((b + f())); CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
      CREATE DOMAIN d AS int DEFAULT f()`,
    change: `ALTER FUNCTION f() RENAME TO f_old; ALTER FUNCTION g() RENAME TO f; ALTER FUNCTION tf() RENAME TO tf_old; ALTER FUNCTION tg() RENAME TO tf;
      ALTER TABLE t ALTER a SET DEFAULT f(); ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (b > f()); DROP INDEX i; CREATE INDEX i ON t ((b + f()));
      DROP TRIGGER tr ON t; CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER DOMAIN d SET DEFAULT f()`,
  },
  {
    name: 'a table in place of another, with the sequence of its name',
    base: 'CREATE TABLE t (id serial PRIMARY KEY, a int); INSERT INTO t (a) VALUES (7)',
    change: `CREATE TABLE t_new (id bigserial PRIMARY KEY, a int); ALTER TABLE t RENAME TO t_old; ALTER SEQUENCE t_id_seq RENAME TO t_old_id_seq; ALTER INDEX t_pkey RENAME TO t_old_pkey;
      ALTER TABLE t_new RENAME TO t; ALTER SEQUENCE t_new_id_seq RENAME TO t_id_seq; ALTER INDEX t_new_pkey RENAME TO t_pkey`,
    probe: 'SELECT * FROM t',
  },
  {
    name: 'publication loses a table that goes',
    base: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE other (id int PRIMARY KEY REFERENCES t); CREATE PUBLICATION pub FOR TABLE t, other',
    change: 'DROP TABLE t CASCADE; ALTER TABLE other ADD b int',
  },
  {
    name: 'publication of a column that changes its type',
    base: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE other (id int PRIMARY KEY); CREATE PUBLICATION pub FOR TABLE t WHERE (a > 3), other (id)',
    change:
      'DROP PUBLICATION pub; ALTER TABLE t ALTER a TYPE bigint; CREATE PUBLICATION pub FOR TABLE t WHERE (a > 3), other (id); ALTER TABLE other RENAME TO others',
    minMajor: 15,
  },
];
