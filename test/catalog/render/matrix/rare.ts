import type { MatrixRow } from './row.ts';

const ROLE = `DO $$ BEGIN CREATE ROLE mx_1; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`;
const T = `${ROLE} CREATE TABLE t (id int PRIMARY KEY, a int, b text);`;
const TF = `CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`;

/** Properties that most objects lack (`render/rare.ts`). */
export const rows: readonly MatrixRow[] = [
  {
    name: 'depends on extension: function, procedure, trigger, index, materialized view',
    base: `${T} ${TF} CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT x'; CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
      CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE INDEX i ON t (a);
      CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER INDEX t_pkey DEPENDS ON EXTENSION plpgsql`,
    change: `ALTER FUNCTION f(int) DEPENDS ON EXTENSION plpgsql; ALTER PROCEDURE p() DEPENDS ON EXTENSION plpgsql;
      ALTER TRIGGER g ON t DEPENDS ON EXTENSION plpgsql; ALTER INDEX i DEPENDS ON EXTENSION plpgsql;
      ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION plpgsql; ALTER INDEX t_pkey NO DEPENDS ON EXTENSION plpgsql`,
  },
  {
    name: 'row type: privileges and comment',
    base: `${T} CREATE VIEW v AS SELECT a FROM t; COMMENT ON TYPE v IS 'was'`,
    change: `REVOKE USAGE ON TYPE t FROM PUBLIC; GRANT USAGE ON TYPE t TO mx_1 WITH GRANT OPTION; COMMENT ON TYPE t IS 'a row';
      COMMENT ON TYPE v IS NULL; ALTER TABLE t OWNER TO mx_1`,
  },
  {
    name: 'privileges on system columns',
    base: `${T} GRANT SELECT (xmin) ON t TO mx_1`,
    change: 'GRANT SELECT (ctid) ON t TO mx_1 WITH GRANT OPTION; REVOKE SELECT (xmin) ON t FROM mx_1',
  },
  {
    name: 'constraint trigger: name and comment of its constraint',
    base: `${T} ${TF} CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
      COMMENT ON CONSTRAINT g ON t IS 'was'`,
    change: `COMMENT ON CONSTRAINT g ON t IS 'is'; ALTER TABLE t RENAME CONSTRAINT g TO gc`,
  },
  {
    name: 'triggers of foreign keys switched off',
    base: `${T} CREATE TABLE c (id int PRIMARY KEY, t int REFERENCES t); CREATE TABLE d (t int REFERENCES t ON DELETE CASCADE DEFERRABLE)`,
    change: 'ALTER TABLE c DISABLE TRIGGER ALL; ALTER TABLE t DISABLE TRIGGER ALL; DROP TABLE d',
  },
  {
    name: 'triggers of a deferrable key switched off, and on again',
    base: 'CREATE TABLE u (a int CONSTRAINT k UNIQUE DEFERRABLE); ALTER TABLE u DISABLE TRIGGER ALL',
    change: 'ALTER TABLE u ENABLE TRIGGER ALL',
  },
  {
    name: 'statistics of the index behind an exclusion constraint',
    base: 'CREATE TABLE x (a int, CONSTRAINT k EXCLUDE ((a + 1) WITH =)); ALTER INDEX k ALTER COLUMN 1 SET STATISTICS 3',
    change: 'ALTER INDEX k ALTER COLUMN 1 SET STATISTICS 7',
  },
  {
    name: 'inherited NOT NULL that the child says as well',
    base: 'CREATE TABLE pa (a int NOT NULL, b int NOT NULL); CREATE TABLE ch () INHERITS (pa); ALTER TABLE ch ALTER b SET NOT NULL',
    change: 'ALTER TABLE ch ALTER a SET NOT NULL',
    minMajor: 18,
  },
  {
    name: 'privileges on members of an extension',
    base: `${ROLE} REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; GRANT EXECUTE ON FUNCTION plpgsql_call_handler() TO mx_1`,
    change: `GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC; REVOKE EXECUTE ON FUNCTION plpgsql_inline_handler(internal) FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION plpgsql_call_handler() TO mx_1 WITH GRANT OPTION`,
  },
  {
    name: 'privileges on what belongs to the server',
    base: `${ROLE} REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC`,
    change: `GRANT EXECUTE ON FUNCTION pg_read_file(text) TO mx_1; GRANT SELECT (rolname) ON pg_authid TO mx_1 WITH GRANT OPTION;
      GRANT EXECUTE ON FUNCTION pg_sleep(double precision) TO PUBLIC; GRANT SELECT ON pg_statistic TO mx_1`,
  },
  {
    name: 'privileges on the database',
    base: `${ROLE} DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$`,
    change: `DO $$ BEGIN EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO mx_1 WITH GRANT OPTION', current_database());
      EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database()); END $$`,
  },
  {
    name: 'shell operators',
    base: `CREATE FUNCTION q(int, bigint) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE SCHEMA "S o";
      CREATE OPERATOR "S o".<|> (FUNCTION = q, LEFTARG = int, RIGHTARG = bigint, COMMUTATOR = OPERATOR("S o".>|<)); DROP OPERATOR "S o".<|> (int, bigint)`,
    change: `CREATE FUNCTION n(int) RETURNS bool LANGUAGE sql AS 'SELECT true'; DROP OPERATOR "S o".>|< (bigint, int);
      CREATE OPERATOR |?| (FUNCTION = n, RIGHTARG = int, NEGATOR = |!|); CREATE OPERATOR <#|> (FUNCTION = q, LEFTARG = int, RIGHTARG = bigint, COMMUTATOR = >|#<)`,
  },
  {
    name: 'name of and comment on the NOT NULL of a domain',
    base: `CREATE DOMAIN d1 AS int CONSTRAINT mine NOT NULL; CREATE DOMAIN d2 AS int NOT NULL; CREATE DOMAIN d3 AS int;
      CREATE DOMAIN "D 4" AS int CONSTRAINT "x'%" NOT NULL; COMMENT ON CONSTRAINT mine ON DOMAIN d1 IS 'was'`,
    change: `ALTER DOMAIN d1 RENAME CONSTRAINT mine TO yours; COMMENT ON CONSTRAINT yours ON DOMAIN d1 IS NULL;
      COMMENT ON CONSTRAINT d2_not_null ON DOMAIN d2 IS 'is'; ALTER DOMAIN d2 RENAME TO d2b; ALTER DOMAIN d3 ADD CONSTRAINT three NOT NULL;
      ALTER DOMAIN "D 4" RENAME CONSTRAINT "x'%" TO "D 4_not_null"`,
    minMajor: 17,
  },
];
