import type { MatrixRow } from './row.ts';

const F = "CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;";
const TF =
  'CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TABLE t (id int PRIMARY KEY, a int, b text);';

export const rows: readonly MatrixRow[] = [
  { name: 'function added', base: '', change: `${F} COMMENT ON FUNCTION f(int, text) IS 'c'` },
  { name: 'function dropped', base: F, change: 'DROP FUNCTION f(int, text)' },
  {
    name: 'function body',
    base: F,
    change: `CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS $$ SELECT 2 $$`,
    back: { lacks: [/DROP/] },
  },
  {
    name: 'function attributes',
    base: F,
    change: `ALTER FUNCTION f(int, text) IMMUTABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 5 SET search_path = pg_catalog, public SET work_mem = '1MB'`,
  },
  {
    name: 'function default argument dropped and added',
    base: F,
    change: `DROP FUNCTION f(int, text); CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$`,
  },
  {
    name: 'function default argument changed',
    base: F,
    change: `CREATE OR REPLACE FUNCTION f(a int, b text DEFAULT 'y, (z)') RETURNS int LANGUAGE sql AS $$ SELECT 1 $$`,
  },
  {
    name: 'function argument name',
    base: F,
    change: `DROP FUNCTION f(int, text); CREATE FUNCTION f(z int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS $$ SELECT 1 $$`,
  },
  {
    name: 'function return type',
    base: F,
    change:
      "DROP FUNCTION f(int, text); CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS text LANGUAGE sql AS $$ SELECT b $$",
  },
  {
    name: 'function return table',
    base: 'CREATE FUNCTION f() RETURNS TABLE (a int) LANGUAGE sql AS $$ SELECT 1 $$',
    change:
      'DROP FUNCTION f(); CREATE FUNCTION f() RETURNS TABLE (a int, b int) LANGUAGE sql AS $$ SELECT 1, 2 $$',
  },
  {
    name: 'function out and variadic',
    base: '',
    change:
      'CREATE FUNCTION f(IN a int, OUT x int, INOUT y text, VARIADIC z int[]) LANGUAGE plpgsql AS $$ BEGIN x := 1; END $$',
  },
  {
    name: 'function overloaded',
    base: F,
    change:
      'CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$ SELECT 3 $$; CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS $$ SELECT 4 $$; DROP FUNCTION f(int, text)',
  },
  { name: 'function renamed', base: F, change: 'ALTER FUNCTION f(int, text) RENAME TO g' },
  {
    name: 'functions swapped',
    base: `${F} CREATE FUNCTION g(a int, b text) RETURNS int LANGUAGE sql AS $$ SELECT 9 $$`,
    change:
      'ALTER FUNCTION f(int, text) RENAME TO z; ALTER FUNCTION g(int, text) RENAME TO f; ALTER FUNCTION z(int, text) RENAME TO g',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'function moved',
    base: `${F} CREATE SCHEMA s`,
    change: 'ALTER FUNCTION f(int, text) SET SCHEMA s',
  },
  {
    name: 'function becomes a procedure',
    base: 'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT 1 $$',
    change: 'DROP FUNCTION f(); CREATE PROCEDURE f() LANGUAGE sql AS $$ SELECT 1 $$',
  },
  {
    name: 'procedure',
    base: '',
    change: `CREATE PROCEDURE p(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := 1; END $$; COMMENT ON PROCEDURE p(int) IS 'c'`,
  },
  {
    name: 'window function and set returning',
    base: '',
    change: "CREATE FUNCTION s(int) RETURNS SETOF text LANGUAGE sql ROWS 10 AS $$ SELECT 'a' $$",
  },
  {
    name: 'function with dollars and quotes',
    base: '',
    change: `CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $x$ BEGIN RETURN 'it''s $$ \\ "q" $function$'; END $x$`,
  },
  {
    name: 'function with a standard body',
    minMajor: 14,
    base: 'CREATE TABLE t (a int)',
    change: 'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM t; END',
  },
  {
    name: 'standard body over a view that changes',
    minMajor: 14,
    base: 'CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM v; END',
    change:
      'DROP VIEW v CASCADE; CREATE VIEW v AS SELECT a::bigint AS a FROM t; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM v; END',
  },
  {
    name: 'functions that call each other',
    base: '',
    change:
      'SET check_function_bodies = off; CREATE FUNCTION a() RETURNS int LANGUAGE sql AS $$ SELECT b() $$; CREATE FUNCTION b() RETURNS int LANGUAGE sql AS $$ SELECT a() $$; RESET check_function_bodies',
  },
  {
    name: 'function over a table that is made later',
    base: '',
    change:
      'CREATE TABLE zz (a int); CREATE FUNCTION f() RETURNS SETOF zz LANGUAGE sql AS $$ SELECT * FROM zz $$; CREATE FUNCTION g(zz.a%TYPE) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  },
  {
    name: 'function of a table row, table dropped',
    base: 'CREATE TABLE t (a int); CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    change: 'DROP TABLE t CASCADE',
  },
  {
    name: 'function argument type renamed',
    base: "CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION f(m mood) RETURNS mood LANGUAGE sql AS $$ SELECT m $$",
    change: 'ALTER TYPE mood RENAME TO feeling',
  },
  {
    name: 'function dropped whose argument type is renamed',
    base: "CREATE TYPE mood AS ENUM ('a')",
    change:
      'ALTER TYPE mood RENAME TO feeling; CREATE FUNCTION f(m feeling) RETURNS feeling LANGUAGE sql AS $$ SELECT m $$',
  },
  {
    name: 'function used by everything rebuilt',
    base: 'CREATE FUNCTION f(x int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT x $$; CREATE TABLE t (a int DEFAULT f(1), CONSTRAINT c CHECK (f(a) > 0)); CREATE INDEX i ON t (f(a)); CREATE VIEW v AS SELECT f(a) AS n FROM t; CREATE POLICY p ON t USING (f(a) > 1); CREATE MATERIALIZED VIEW m AS SELECT f(a) AS n FROM t; CREATE DOMAIN d AS int DEFAULT f(3) CHECK (f(VALUE) > 0)',
    change:
      'DROP FUNCTION f(int) CASCADE; CREATE FUNCTION f(y int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT y $$',
  },
  {
    name: 'trigger added',
    base: TF,
    change: `CREATE TRIGGER x AFTER INSERT OR UPDATE OF a, b ON t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION tf('arg', '2'); COMMENT ON TRIGGER x ON t IS 'c'`,
  },
  {
    name: 'trigger dropped',
    base: `${TF} CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()`,
    change: 'DROP TRIGGER x ON t',
  },
  {
    name: 'trigger changed',
    base: `${TF} CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()`,
    change:
      'DROP TRIGGER x ON t; CREATE TRIGGER x AFTER DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION tf()',
  },
  {
    name: 'trigger disabled',
    base: `${TF} CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()`,
    change: 'ALTER TABLE t DISABLE TRIGGER x',
  },
  {
    name: 'trigger replica, always',
    base: `${TF} CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE TRIGGER y BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()`,
    change: 'ALTER TABLE t ENABLE REPLICA TRIGGER x; ALTER TABLE t ENABLE ALWAYS TRIGGER y',
  },
  {
    name: 'trigger renamed',
    base: `${TF} CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()`,
    change: 'ALTER TRIGGER x ON t RENAME TO y',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'constraint trigger',
    base: TF,
    change:
      'CREATE CONSTRAINT TRIGGER x AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tf()',
  },
  {
    name: 'transition tables',
    base: TF,
    change:
      'CREATE TRIGGER x AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tf()',
  },
  {
    name: 'trigger on truncate',
    base: TF,
    change: 'CREATE TRIGGER x BEFORE TRUNCATE ON t EXECUTE FUNCTION tf()',
  },
  {
    name: 'trigger function replaced, older trigger stays',
    base: `${TF} CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()`,
    change:
      'CREATE OR REPLACE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := 1; RETURN NEW; END $$; CREATE TRIGGER y BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf()',
    back: { lacks: [/DROP TRIGGER x/, /CASCADE/] },
  },
  {
    name: 'policy added',
    base: TF,
    change: `ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t AS RESTRICTIVE FOR UPDATE USING (a > 0) WITH CHECK (b <> 'x'); CREATE POLICY q ON t FOR SELECT USING (true); CREATE POLICY r ON t FOR INSERT WITH CHECK (a = 1); COMMENT ON POLICY p ON t IS 'c'`,
  },
  {
    name: 'policy changed',
    base: `${TF} CREATE POLICY p ON t FOR SELECT USING (a > 0)`,
    change: 'ALTER POLICY p ON t USING (a > 1)',
  },
  {
    name: 'policy command changed',
    base: `${TF} CREATE POLICY p ON t FOR SELECT USING (a > 0)`,
    change: 'DROP POLICY p ON t; CREATE POLICY p ON t FOR ALL USING (a > 0)',
  },
  {
    name: 'policy renamed',
    base: `${TF} CREATE POLICY p ON t USING (a > 0)`,
    change: 'ALTER POLICY p ON t RENAME TO q',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'policy with a subquery over another table',
    base: '',
    change: `${TF} CREATE TABLE m (u text); CREATE POLICY p ON t USING (EXISTS (SELECT 1 FROM m WHERE m.u = current_user))`,
  },
  {
    name: 'extension',
    base: '',
    change:
      "CREATE SCHEMA ext; CREATE EXTENSION pgcrypto SCHEMA ext; CREATE EXTENSION citext; CREATE TABLE t (a citext DEFAULT 'x', b bytea DEFAULT ext.gen_random_bytes(4))",
  },
  { name: 'extension dropped', base: 'CREATE EXTENSION pgcrypto', change: 'DROP EXTENSION pgcrypto' },
  {
    name: 'extension moved',
    base: 'CREATE SCHEMA ext; CREATE EXTENSION pgcrypto',
    change: 'ALTER EXTENSION pgcrypto SET SCHEMA ext',
  },
  {
    name: 'schema with everything',
    base: '',
    change: `CREATE SCHEMA s; COMMENT ON SCHEMA s IS 'c'; CREATE TYPE s.e AS ENUM ('a', 'b'); CREATE DOMAIN s.d AS int CHECK (VALUE > 0); CREATE TABLE s.t (id serial PRIMARY KEY, e s.e DEFAULT 'a', d s.d, ea s.e[]); CREATE FUNCTION s.f(s.e) RETURNS s.t LANGUAGE sql AS $$ SELECT * FROM s.t LIMIT 1 $$; CREATE VIEW s.v AS SELECT s.f(e) FROM s.t`,
  },
];
