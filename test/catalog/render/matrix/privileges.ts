import type { MatrixRow } from './row.ts';

/** Roles belong to the cluster: made once, by whoever comes first. */
const ROLES = `DO $$ BEGIN
  FOR n IN 1..3 LOOP BEGIN EXECUTE format('CREATE ROLE mx_%s', n); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP;
  BEGIN CREATE ROLE "Mx Q"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
END $$;`;
const T = `${ROLES} CREATE TABLE t (id int PRIMARY KEY, a int, b text);`;

export const rows: readonly MatrixRow[] = [
  {
    name: 'grant on a table',
    base: T,
    change:
      'GRANT SELECT, INSERT ON t TO mx_1; GRANT ALL ON t TO mx_2 WITH GRANT OPTION; GRANT SELECT ON t TO PUBLIC',
  },
  {
    name: 'revoke from a table',
    base: `${T} GRANT SELECT, INSERT ON t TO mx_1; GRANT ALL ON t TO mx_2 WITH GRANT OPTION`,
    change: 'REVOKE INSERT ON t FROM mx_1; REVOKE GRANT OPTION FOR SELECT ON t FROM mx_2',
  },
  {
    name: 'role that needs quotes',
    base: T,
    change: 'GRANT SELECT ON t TO "Mx Q"; ALTER TABLE t OWNER TO "Mx Q"',
  },
  {
    name: 'column privileges',
    base: T,
    change: 'GRANT SELECT (a), UPDATE (a, b) ON t TO mx_1; GRANT INSERT (b) ON t TO mx_2 WITH GRANT OPTION',
  },
  {
    name: 'grants on sequence, function, schema, type, domain',
    base: `${ROLES} CREATE SEQUENCE s; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE SCHEMA sc; CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS int; CREATE PROCEDURE pr() LANGUAGE sql AS $$ SELECT 1 $$`,
    change:
      'GRANT USAGE ON SEQUENCE s TO mx_1; REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION f() TO mx_1; GRANT USAGE, CREATE ON SCHEMA sc TO mx_2; REVOKE USAGE ON TYPE e FROM PUBLIC; GRANT USAGE ON DOMAIN d TO mx_1; GRANT EXECUTE ON PROCEDURE pr() TO mx_3',
  },
  {
    name: 'grants on views',
    base: `${T} CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM t`,
    change: 'GRANT SELECT ON v TO mx_1; GRANT SELECT ON m TO mx_2; GRANT SELECT (a) ON v TO mx_3',
  },
  {
    name: 'view rebuilt keeps grants',
    base: `${T} CREATE VIEW v AS SELECT a FROM t; GRANT SELECT ON v TO mx_1; ALTER VIEW v OWNER TO mx_2; GRANT SELECT (a) ON v TO mx_3`,
    change: 'DROP VIEW v; CREATE VIEW v AS SELECT a, b FROM t',
  },
  {
    name: 'owner',
    base: `${T} CREATE VIEW v AS SELECT a FROM t; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE TYPE e AS ENUM ('a'); CREATE SCHEMA sc; CREATE SEQUENCE s; CREATE DOMAIN d AS int; CREATE TYPE co AS (a int)`,
    change:
      'ALTER TABLE t OWNER TO mx_1; ALTER VIEW v OWNER TO mx_1; ALTER FUNCTION f() OWNER TO mx_1; ALTER TYPE e OWNER TO mx_1; ALTER SCHEMA sc OWNER TO mx_2; ALTER SEQUENCE s OWNER TO mx_1; ALTER DOMAIN d OWNER TO mx_1; ALTER TYPE co OWNER TO mx_3',
  },
  {
    name: 'owner with grants',
    base: `${T} GRANT SELECT ON t TO mx_2; GRANT SELECT (a) ON t TO mx_3`,
    change: 'ALTER TABLE t OWNER TO mx_1; GRANT INSERT ON t TO mx_2',
  },
  {
    name: 'owner who had a grant',
    base: `${T} GRANT SELECT ON t TO mx_1; GRANT UPDATE ON t TO mx_2`,
    change: 'ALTER TABLE t OWNER TO mx_1',
  },
  {
    name: 'owner of a table with a serial',
    base: `${ROLES} CREATE TABLE t (id serial PRIMARY KEY); GRANT USAGE ON SEQUENCE t_id_seq TO mx_2`,
    change: 'ALTER TABLE t OWNER TO mx_1',
  },
  {
    name: 'owner of a serial table made',
    base: ROLES,
    change:
      'CREATE TABLE t (id serial PRIMARY KEY, g int GENERATED ALWAYS AS IDENTITY); ALTER TABLE t OWNER TO mx_1; GRANT SELECT ON SEQUENCE t_id_seq TO mx_2',
  },
  {
    name: 'owner without his own privileges',
    base: T,
    change: 'REVOKE ALL ON t FROM postgres; GRANT SELECT ON t TO mx_1',
  },
  {
    name: 'granted by somebody else',
    base: `${T} GRANT SELECT ON t TO mx_1 WITH GRANT OPTION`,
    change: 'SET ROLE mx_1; GRANT SELECT ON t TO mx_2; RESET ROLE',
  },
  {
    name: 'grant passed on and revoked',
    base: `${T} GRANT SELECT ON t TO mx_1 WITH GRANT OPTION; SET ROLE mx_1; GRANT SELECT ON t TO mx_2; RESET ROLE`,
    change: 'REVOKE SELECT ON t FROM mx_1 CASCADE',
  },
  {
    name: 'policy for roles',
    base: `${T} CREATE POLICY p ON t TO mx_1 USING (true)`,
    change: 'ALTER POLICY p ON t TO mx_2, mx_3; CREATE POLICY q ON t TO CURRENT_USER, "Mx Q" USING (a > 1)',
  },
  {
    name: 'table dropped with grants',
    base: `${T} GRANT SELECT ON t TO mx_1; GRANT UPDATE (a) ON t TO mx_2; ALTER TABLE t OWNER TO mx_3`,
    change: 'DROP TABLE t',
  },
  {
    name: 'public schema',
    base: ROLES,
    change: `REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO mx_1; COMMENT ON SCHEMA public IS 'other'`,
  },
  {
    name: 'function rebuilt keeps grants and owner',
    base: `${ROLES} CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; REVOKE ALL ON FUNCTION f(int) FROM PUBLIC; GRANT EXECUTE ON FUNCTION f(int) TO mx_1; ALTER FUNCTION f(int) OWNER TO mx_2`,
    change: 'DROP FUNCTION f(int); CREATE FUNCTION f(y int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  },
];
