/** Functions and procedures that others depend on, and each attribute of them (manual, CREATE and ALTER FUNCTION). */
import type { MatrixRow } from './row.ts';

const USERS = `CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT f(1), g int GENERATED ALWAYS AS (f(id)) STORED, CONSTRAINT c CHECK (f(a) > -5)); CREATE INDEX i ON t (f(a)); CREATE VIEW v AS SELECT f(a) AS n FROM t;
  CREATE VIEW w AS SELECT n FROM v; CREATE MATERIALIZED VIEW m AS SELECT f(a) AS n FROM t; CREATE POLICY p ON t USING (f(a) > 1); INSERT INTO t (id) VALUES (1);`;

export const rows: readonly MatrixRow[] = [
  {
    name: 'return type of a function with dependents',
    base: `CREATE FUNCTION f(x int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT x $$; ${USERS}`,
    change: `DROP FUNCTION f(int) CASCADE; CREATE FUNCTION f(x int) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$ SELECT x::bigint $$`,
    cosmetic: 'a generated column that its function takes along comes back last',
    probe: 'SELECT id, a FROM t',
  },
  {
    name: 'function default that calls a function',
    base: 'CREATE FUNCTION g() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    change:
      "CREATE FUNCTION f(a int DEFAULT g(), b text DEFAULT ('x' || ')')) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
  },
  {
    name: 'function default value changed in place',
    base: 'CREATE FUNCTION f(a int DEFAULT 1, b int DEFAULT 2) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE VIEW v AS SELECT f(1) AS x',
    change:
      'CREATE OR REPLACE FUNCTION f(a int DEFAULT 1, b int DEFAULT 3) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'function gets its first argument name',
    base: 'CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    change: 'CREATE OR REPLACE FUNCTION f(n int) RETURNS int LANGUAGE sql AS $$ SELECT n $$',
  },
  {
    name: 'function out arguments changed',
    base: 'CREATE FUNCTION f(OUT a int, OUT b int) LANGUAGE sql AS $$ SELECT 1, 2 $$; CREATE VIEW v AS SELECT a FROM f()',
    change:
      "DROP VIEW v; DROP FUNCTION f(); CREATE FUNCTION f(OUT a int, OUT b text) LANGUAGE sql AS $$ SELECT 1, 'x' $$; CREATE VIEW v AS SELECT a FROM f()",
  },
  {
    name: 'function out argument renamed',
    base: 'CREATE FUNCTION f(OUT a int, OUT b int) LANGUAGE sql AS $$ SELECT 1, 2 $$',
    change: 'DROP FUNCTION f(); CREATE FUNCTION f(OUT a int, OUT c int) LANGUAGE sql AS $$ SELECT 1, 2 $$',
  },
  {
    name: 'function becomes set-returning',
    base: 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    change: 'DROP FUNCTION f(); CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql AS $$ SELECT 1 $$',
  },
  {
    name: 'function leakproof, window, support',
    base: '',
    change: `CREATE FUNCTION f(int, int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT LEAKPROOF AS 'int4eq'; CREATE FUNCTION w() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE STRICT AS 'window_row_number';
      CREATE FUNCTION s(int, int) RETURNS SETOF int LANGUAGE internal IMMUTABLE STRICT SUPPORT generate_series_int4_support ROWS 7 COST 3 AS 'generate_series_int4'; CREATE VIEW v AS SELECT w() OVER () AS n`,
  },
  {
    name: 'function attributes one by one',
    base: `CREATE FUNCTION f(int) RETURNS int LANGUAGE sql STRICT SECURITY DEFINER SET work_mem = '1MB' SET search_path = public, "Q s" AS $$ SELECT 1 $$; CREATE VIEW v AS SELECT f(1) AS x`,
    change: `ALTER FUNCTION f(int) CALLED ON NULL INPUT SECURITY INVOKER STABLE LEAKPROOF PARALLEL RESTRICTED COST 7; ALTER FUNCTION f(int) RESET work_mem; ALTER FUNCTION f(int) SET search_path = ''`,
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'function settings of awkward values',
    base: '',
    change:
      `CREATE FUNCTION f() RETURNS int LANGUAGE sql SET "my.Setting" = 'it''s "x"' SET DateStyle = 'ISO, DMY' SET search_path = "$user", 'a b', pg_temp SET TimeZone = 'Europe/Rome' AS $$ SELECT 1 $$`.replace(
        '"my.Setting"',
        'my.setting',
      ),
  },
  {
    name: 'function language',
    base: 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE VIEW v AS SELECT f() AS x',
    change: 'CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'function kind: window to plain',
    base: `CREATE FUNCTION w() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE STRICT AS 'window_row_number'; CREATE VIEW v AS SELECT w() OVER () AS n`,
    change: `DROP VIEW v; DROP FUNCTION w(); CREATE FUNCTION w() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'; CREATE VIEW v AS SELECT w() AS n`,
  },
  {
    name: 'procedure with OUT arguments',
    base: 'CREATE PROCEDURE p(IN a int, OUT b int, INOUT c text) LANGUAGE plpgsql AS $$ BEGIN b := a; END $$',
    change: `COMMENT ON PROCEDURE p IS 'c'; GRANT EXECUTE ON PROCEDURE p TO PUBLIC; CREATE OR REPLACE PROCEDURE p(IN a int, OUT b int, INOUT c text) LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN b := 2; END $$`,
    minMajor: 14,
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'procedure OUT argument renamed',
    base: 'CREATE PROCEDURE p(IN a int, OUT b int) LANGUAGE plpgsql AS $$ BEGIN b := a; END $$',
    change: `DROP PROCEDURE p; CREATE PROCEDURE p(IN a int, OUT z int) LANGUAGE plpgsql AS $$ BEGIN z := a; END $$`,
    minMajor: 14,
  },
  {
    name: 'procedure renamed, moved',
    base: 'CREATE SCHEMA s; CREATE PROCEDURE p(a int) LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$',
    change: 'ALTER PROCEDURE p(int) RENAME TO q; ALTER PROCEDURE q(int) SET SCHEMA s',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'standard body over columns that go',
    base: 'CREATE TABLE t (a int, b int); CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(b) FROM t; END',
    change:
      'DROP FUNCTION f(); ALTER TABLE t DROP b; CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM t; END',
    minMajor: 14,
    cosmetic: 'b',
  },
  {
    name: 'standard body over a column that changes its type',
    base: 'CREATE TABLE t (a int, b int); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM t; END; CREATE VIEW v AS SELECT f() AS x',
    change:
      'DROP VIEW v; DROP FUNCTION f(); ALTER TABLE t ALTER a TYPE bigint; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM t; END; CREATE VIEW v AS SELECT f() AS x',
    minMajor: 14,
  },
  {
    name: 'standard body over a table that goes, RETURN body',
    base: 'CREATE TABLE t (a int, b int)',
    change:
      'CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1; CREATE PROCEDURE p(x int) LANGUAGE sql BEGIN ATOMIC INSERT INTO t (a) VALUES (x); DELETE FROM t WHERE b = one(); END',
    minMajor: 14,
  },
  {
    name: 'standard bodies that call each other’s tables’ defaults',
    base: '',
    change:
      'CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; CREATE TABLE t (a int DEFAULT g()); CREATE FUNCTION h() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) + g() FROM t; END; CREATE TABLE u (b int DEFAULT h(), CHECK (b > g()))',
    minMajor: 14,
  },
  {
    name: 'default calls a function of the same table’s row',
    base: '',
    change:
      'CREATE TABLE t (a int, b int); CREATE FUNCTION f(t) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1.a $$; CREATE FUNCTION n() RETURNS int LANGUAGE sql AS $$ SELECT count(*)::int FROM t $$; ALTER TABLE t ALTER b SET DEFAULT n(); ALTER TABLE t ADD CHECK (f(t) > 0); CREATE INDEX i ON t (f(t))',
  },
  {
    name: 'standard body in a default of the table that it reads',
    base: '',
    change:
      'CREATE TABLE t (a int, b int); CREATE FUNCTION n() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT count(*)::int FROM t; END; ALTER TABLE t ALTER b SET DEFAULT n()',
    minMajor: 14,
  },
  {
    name: 'standard body in a default of the table that it reads, all dropped',
    base: 'CREATE TABLE t (a int, b int); CREATE FUNCTION n() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT count(*)::int FROM t; END; ALTER TABLE t ALTER b SET DEFAULT n(); CREATE VIEW v AS SELECT n() AS n',
    change: 'DROP TABLE t CASCADE',
    minMajor: 14,
  },
  {
    name: 'function of a view’s rows, view over the function',
    base: '',
    change:
      'CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE FUNCTION f(v) RETURNS int LANGUAGE sql AS $$ SELECT $1.a $$; CREATE VIEW w AS SELECT f(v) AS n FROM v; CREATE FUNCTION g() RETURNS SETOF w LANGUAGE sql AS $$ SELECT * FROM w $$',
  },
  {
    name: 'function of a view’s rows, the view gets another column type',
    base: 'CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE FUNCTION f(v) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE VIEW w AS SELECT f(v) AS n FROM v',
    change:
      'DROP VIEW v CASCADE; CREATE VIEW v AS SELECT a::text AS a FROM t; CREATE FUNCTION f(v) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE VIEW w AS SELECT f(v) AS n FROM v',
  },
  {
    name: 'trigger function replaced by one of another schema',
    base: 'CREATE SCHEMA s; CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TABLE t (a int); CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()',
    change: 'ALTER FUNCTION tf() SET SCHEMA s',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'overloads of which one changes its return type',
    base: "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE FUNCTION f(int, int DEFAULT 3) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE VIEW v AS SELECT f('x'::text) AS x",
    change: "DROP FUNCTION f(int); CREATE FUNCTION f(int) RETURNS text LANGUAGE sql AS $$ SELECT '1' $$",
    back: { lacks: [/DROP VIEW/] },
  },
  {
    name: 'function argument types of every sort',
    base: `CREATE SCHEMA "S x"; CREATE TYPE "S x"."T y" AS ENUM ('a'); CREATE TABLE t (a int)`,
    change: `CREATE FUNCTION "S x"."F, (q)"(a "S x"."T y", b "S x"."T y"[], VARIADIC c numeric[]) RETURNS TABLE (x timestamp with time zone, "y z" "char") LANGUAGE sql AS $$ SELECT NULL::timestamptz, NULL::"char" $$; CREATE FUNCTION poly(anyelement, anyarray) RETURNS anyelement LANGUAGE sql AS $$ SELECT $1 $$; CREATE FUNCTION rec() RETURNS record LANGUAGE sql AS $$ SELECT 1, 2 $$; CREATE FUNCTION trow(t, t[]) RETURNS SETOF t LANGUAGE sql AS $$ SELECT $1 $$; COMMENT ON FUNCTION "S x"."F, (q)"("S x"."T y", "S x"."T y"[], numeric[]) IS 'c'`,
  },
  {
    name: 'function by C library’s symbol of the server',
    base: '',
    change:
      `CREATE FUNCTION dol() RETURNS internal LANGUAGE c AS '$libdir/dict_snowball', 'dsnowball_init'`.replace(
        'dol() RETURNS internal',
        'dol(internal) RETURNS internal',
      ),
  },
  {
    name: 'domain whose default calls a function that gives the domain',
    base: '',
    change: `CREATE DOMAIN code AS text CHECK (length(VALUE) < 9); CREATE FUNCTION to_code(text) RETURNS code LANGUAGE sql IMMUTABLE AS 'SELECT $1'; ALTER DOMAIN code SET DEFAULT to_code('X'); CREATE TABLE t (c code)`,
  },
  {
    name: 'domain loses the default that gives the domain, and a function of its CHECK is renamed',
    base: `CREATE FUNCTION ok(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'; CREATE DOMAIN code AS text CHECK (ok(VALUE)); CREATE FUNCTION to_code(text) RETURNS code LANGUAGE sql IMMUTABLE AS 'SELECT $1'; ALTER DOMAIN code SET DEFAULT to_code('X'); CREATE TABLE t (c code)`,
    change: 'ALTER DOMAIN code DROP DEFAULT; ALTER FUNCTION ok(text) RENAME TO fine',
  },
  {
    name: 'function of another result in a schema that is renamed',
    base: `CREATE SCHEMA x; CREATE FUNCTION x.f(x date) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
    change: `DROP FUNCTION x.f(date); CREATE FUNCTION x.f(x date) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'; ALTER SCHEMA x RENAME TO s`,
  },
  {
    name: 'cast whose type is renamed',
    base: `CREATE TYPE co AS (y int); CREATE FUNCTION f(x co) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT 1::text'; CREATE CAST (co AS text) WITH FUNCTION f(co)`,
    change: 'ALTER TYPE co RENAME TO z1',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'function of a type that gets a new body goes',
    base: `CREATE TYPE e AS ENUM ('a')`,
    change: `CREATE FUNCTION f(x e) RETURNS text LANGUAGE sql AS 'SELECT x::text'; ALTER TYPE e ADD VALUE 'b'`,
  },
  {
    name: 'enum with a new label moved into a schema that is renamed',
    base: `CREATE SCHEMA x; CREATE SCHEMA y; CREATE TYPE x.e AS ENUM ('a')`,
    change: `ALTER TYPE x.e ADD VALUE 'b'; ALTER TYPE x.e SET SCHEMA y; ALTER SCHEMA y RENAME TO z`,
  },
];
