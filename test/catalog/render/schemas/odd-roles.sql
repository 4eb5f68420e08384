-- Owners, grantees and policies of roles whose names want quotes.
DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['sx user', 'sx"quote"', 'sx.dot', 'sx-dash', 'SX Upper', 'sx=eq/slash', 'sx*star', 'sx_public', 'sxä', 'sx,comma', 'sx{brace}', 'sx\back'] LOOP
    BEGIN EXECUTE format('CREATE ROLE %I', name); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
  END LOOP;
END $$;
CREATE SCHEMA s AUTHORIZATION "sx user";
CREATE TABLE s.t (id int PRIMARY KEY, a int, b text);
ALTER TABLE s.t OWNER TO "sx""quote""";
GRANT SELECT ON s.t TO "sx.dot", "sx-dash", "SX Upper" WITH GRANT OPTION;
GRANT INSERT, UPDATE (a) ON s.t TO "sx=eq/slash", "sx*star", "sx,comma", "sx{brace}", "sx\back", "sxä";
GRANT SELECT (b) ON s.t TO sx_public;
CREATE FUNCTION s.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION s.f(int) OWNER TO "sx=eq/slash";
REVOKE EXECUTE ON FUNCTION s.f(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION s.f(int) TO "sx,comma";
CREATE TYPE s.e AS ENUM ('a');
GRANT USAGE ON TYPE s.e TO "sx*star";
CREATE SEQUENCE s.q;
ALTER SEQUENCE s.q OWNER TO "sx\back";
GRANT USAGE ON SEQUENCE s.q TO "sx.dot";
CREATE POLICY p ON s.t TO "sx user", "sx""quote""", "SX Upper", "sx,comma" USING (CURRENT_USER <> 'sx.dot');
ALTER DEFAULT PRIVILEGES FOR ROLE "sx user" IN SCHEMA s GRANT SELECT ON TABLES TO "sx=eq/slash", "sx{brace}";
ALTER DEFAULT PRIVILEGES FOR ROLE "SX Upper" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA s TO "sx-dash", PUBLIC;
-- change
ALTER TABLE s.t OWNER TO "sx=eq/slash";
REVOKE SELECT ON s.t FROM "sx.dot";
REVOKE UPDATE (a) ON s.t FROM "sx,comma";
GRANT DELETE ON s.t TO "sx""quote""" WITH GRANT OPTION;
ALTER POLICY p ON s.t TO "sx-dash", PUBLIC;
ALTER SCHEMA s OWNER TO "sx*star";
ALTER DEFAULT PRIVILEGES FOR ROLE "sx user" IN SCHEMA s REVOKE SELECT ON TABLES FROM "sx{brace}";
ALTER FUNCTION s.f(int) OWNER TO "sx\back";
