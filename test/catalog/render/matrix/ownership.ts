/** Owners, comments and privileges of every kind that has them (manual, COMMENT, GRANT, ALTER DEFAULT PRIVILEGES). */
import type { MatrixRow } from './row.ts';

const ROLES = `DO $$ BEGIN FOR n IN 1..4 LOOP BEGIN EXECUTE format('CREATE ROLE mx_%s', n); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP; END $$;`;
const OWNED = `CREATE FUNCTION fn(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$; CREATE PROCEDURE pr() LANGUAGE sql AS $$ SELECT 1 $$; CREATE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int); CREATE COLLATION co (provider = icu, locale = 'de');
  CREATE CONVERSION cv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (a int) SERVER s;
  CREATE FUNCTION eq(int, int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq'; CREATE OPERATOR ==! (FUNCTION = eq, LEFTARG = int, RIGHTARG = int); CREATE OPERATOR CLASS oc FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int4);
  CREATE TYPE en AS ENUM ('a'); CREATE DOMAIN dm AS int CONSTRAINT dc CHECK (VALUE > 0); CREATE TYPE cm AS (a int); CREATE TYPE rg AS RANGE (subtype = float8);
  CREATE TEXT SEARCH CONFIGURATION tc (PARSER = pg_catalog."default"); CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = pg_catalog.simple); CREATE TEXT SEARCH PARSER tp (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype); CREATE TEXT SEARCH TEMPLATE tt (LEXIZE = dsimple_lexize);
  CREATE TABLE t (id int CONSTRAINT pk PRIMARY KEY, a int); CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE SEQUENCE sq; CREATE SCHEMA sc; CREATE STATISTICS st ON id, a FROM t; CREATE INDEX ix ON t (a);
  CREATE POLICY po ON t USING (true); CREATE RULE ru AS ON DELETE TO t DO INSTEAD NOTHING; CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
  CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$; CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION ef(); CREATE PUBLICATION pu FOR TABLE t; CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler;
  CREATE CAST (en AS int) WITH INOUT; CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal)); CREATE FUNCTION lh() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; CREATE LANGUAGE la HANDLER lh; CREATE EXTENSION citext;`;
const COMMENTS = (text: string) =>
  [
    'ACCESS METHOD am',
    'AGGREGATE ag(int)',
    'CAST (en AS int)',
    'COLLATION co',
    'COLUMN t.a',
    'COLUMN v.a',
    'COLUMN m.a',
    'COLUMN ft.a',
    'COLUMN cm.a',
    'CONSTRAINT pk ON t',
    'CONSTRAINT dc ON DOMAIN dm',
    'CONVERSION cv',
    'DOMAIN dm',
    'EXTENSION citext',
    'EVENT TRIGGER et',
    'FOREIGN DATA WRAPPER w',
    'FOREIGN TABLE ft',
    'FUNCTION fn(int)',
    'INDEX ix',
    'INDEX pk',
    'MATERIALIZED VIEW m',
    'OPERATOR ==! (int, int)',
    'OPERATOR CLASS oc USING hash',
    'OPERATOR FAMILY oc USING hash',
    'POLICY po ON t',
    'LANGUAGE la',
    'PROCEDURE pr()',
    'PUBLICATION pu',
    'RULE ru ON t',
    'SCHEMA sc',
    'SEQUENCE sq',
    'SERVER s',
    'STATISTICS st',
    'TABLE t',
    'TEXT SEARCH CONFIGURATION tc',
    'TEXT SEARCH DICTIONARY td',
    'TEXT SEARCH PARSER tp',
    'TEXT SEARCH TEMPLATE tt',
    'TRANSFORM FOR int LANGUAGE sql',
    'TRIGGER tr ON t',
    'TYPE en',
    'TYPE cm',
    'TYPE rg',
    'VIEW v',
  ]
    .map((target) => `COMMENT ON ${target} IS ${text};`)
    .join(' ');
const OWNERS = [
  'FUNCTION fn(int)',
  'PROCEDURE pr()',
  'AGGREGATE ag(int)',
  'COLLATION co',
  'CONVERSION cv',
  'SERVER s',
  'FOREIGN TABLE ft',
  'OPERATOR ==! (int, int)',
  'OPERATOR CLASS oc USING hash',
  'OPERATOR FAMILY oc USING hash',
  'TYPE en',
  'DOMAIN dm',
  'TYPE cm',
  'TYPE rg',
  'TEXT SEARCH CONFIGURATION tc',
  'TEXT SEARCH DICTIONARY td',
  'TABLE t',
  'VIEW v',
  'MATERIALIZED VIEW m',
  'SEQUENCE sq',
  'SCHEMA sc',
  'STATISTICS st',
  'PUBLICATION pu',
  'LANGUAGE la',
]
  .map((target) => `ALTER ${target} OWNER TO mx_1;`)
  .join(' ');
const GRANTS = `GRANT ALL ON TABLE t TO mx_1; GRANT SELECT (a), INSERT (a), UPDATE (a), REFERENCES (a) ON t TO mx_2 WITH GRANT OPTION; GRANT ALL (a) ON v TO mx_2; GRANT ALL ON m TO mx_3; GRANT ALL ON ft TO mx_1; GRANT ALL ON SEQUENCE sq TO mx_1; GRANT USAGE ON FOREIGN DATA WRAPPER w TO mx_1; GRANT USAGE ON FOREIGN SERVER s TO mx_2 WITH GRANT OPTION;
  GRANT EXECUTE ON FUNCTION fn(int) TO mx_1 WITH GRANT OPTION; REVOKE ALL ON FUNCTION ag(int) FROM PUBLIC; GRANT EXECUTE ON FUNCTION ag(int) TO mx_2; REVOKE EXECUTE ON PROCEDURE pr() FROM PUBLIC; GRANT ALL ON SCHEMA sc TO mx_3; GRANT USAGE ON TYPE en TO mx_1; REVOKE USAGE ON DOMAIN dm FROM PUBLIC; GRANT USAGE ON TYPE cm TO mx_2 WITH GRANT OPTION; REVOKE USAGE ON TYPE rg FROM PUBLIC;`;

export const rows: readonly MatrixRow[] = [
  { name: 'everything that can have a comment', base: '', change: `${OWNED} ${COMMENTS("'one'")}` },
  {
    name: 'comments changed everywhere',
    base: `${OWNED} ${COMMENTS("'one'")}`,
    change: COMMENTS("'it''s \\ two'"),
    back: { lacks: [/^DROP/, /^CREATE/, /^ALTER/] },
  },
  {
    name: 'comments gone everywhere',
    base: `${OWNED} ${COMMENTS("'one'")}`,
    change: COMMENTS('NULL'),
    back: { lacks: [/^DROP/, /^CREATE/, /^ALTER/] },
  },
  {
    name: 'owners of everything',
    base: `${ROLES} ${OWNED}`,
    change: OWNERS,
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  { name: 'everything made with another owner', base: ROLES, change: `${OWNED} ${OWNERS}` },
  {
    name: 'privileges of everything',
    base: `${ROLES} ${OWNED}`,
    change: GRANTS,
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'everything made with privileges and another owner',
    base: ROLES,
    change: `${OWNED} ${OWNERS} ${GRANTS}`,
  },
  {
    name: 'owner of a wrapper and an event trigger, who must be superusers',
    base: `DO $$ BEGIN CREATE ROLE mx_super SUPERUSER; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; ${OWNED}`,
    change: 'ALTER FOREIGN DATA WRAPPER w OWNER TO mx_super; ALTER EVENT TRIGGER et OWNER TO mx_super',
  },
  {
    name: 'privileges on a language',
    base: `${ROLES} CREATE FUNCTION lh() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; CREATE TRUSTED LANGUAGE la HANDLER lh`,
    change: 'REVOKE USAGE ON LANGUAGE la FROM PUBLIC; GRANT USAGE ON LANGUAGE la TO mx_1 WITH GRANT OPTION',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'maintain',
    base: `${ROLES} CREATE TABLE t (a int)`,
    change: 'GRANT MAINTAIN ON t TO mx_1; REVOKE MAINTAIN ON t FROM postgres',
    minMajor: 17,
  },
  {
    name: 'chain of grantors',
    base: `${ROLES} CREATE TABLE t (a int)`,
    change: `GRANT SELECT, INSERT ON t TO mx_1 WITH GRANT OPTION; SET ROLE mx_1; GRANT SELECT ON t TO mx_2 WITH GRANT OPTION; RESET ROLE; SET ROLE mx_2; GRANT SELECT ON t TO mx_3 WITH GRANT OPTION; RESET ROLE; SET ROLE mx_3; GRANT SELECT ON t TO mx_4; RESET ROLE`,
  },
  {
    name: 'chain of grantors in an order that names do not tell',
    base: `${ROLES} CREATE TABLE t (a int)`,
    change: `GRANT SELECT ON t TO mx_3 WITH GRANT OPTION; SET ROLE mx_3; GRANT SELECT ON t TO mx_1 WITH GRANT OPTION; RESET ROLE; SET ROLE mx_1; GRANT SELECT ON t TO mx_4 WITH GRANT OPTION; RESET ROLE; SET ROLE mx_4; GRANT SELECT ON t TO mx_2; RESET ROLE`,
  },
  {
    name: 'chain of grantors of column privileges',
    base: `${ROLES} CREATE TABLE t (a int, b int)`,
    change: `GRANT SELECT (a) ON t TO mx_3 WITH GRANT OPTION; SET ROLE mx_3; GRANT SELECT (a) ON t TO mx_1; RESET ROLE`,
  },
  {
    name: 'grant option of a grantor taken while his grants stay by another way',
    base: `${ROLES} CREATE TABLE t (a int); GRANT SELECT ON t TO mx_1 WITH GRANT OPTION; GRANT SELECT ON t TO mx_2`,
    change: `SET ROLE mx_1; GRANT SELECT ON t TO mx_2 WITH GRANT OPTION; RESET ROLE; REVOKE SELECT ON t FROM mx_2`,
  },
  {
    name: 'default privileges of every kind, in a schema and everywhere',
    base: `${ROLES} CREATE SCHEMA x`,
    change: `ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 GRANT ALL ON TABLES TO mx_2 WITH GRANT OPTION; ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 IN SCHEMA x GRANT SELECT ON SEQUENCES TO mx_2; ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 IN SCHEMA x GRANT EXECUTE ON ROUTINES TO mx_3; ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 REVOKE USAGE ON TYPES FROM PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 GRANT USAGE, CREATE ON SCHEMAS TO mx_2`,
  },
  {
    name: 'default privileges changed',
    base: `${ROLES} ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 GRANT SELECT, INSERT ON TABLES TO mx_2; ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 REVOKE ALL ON TABLES FROM mx_1`,
    change: `ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 GRANT SELECT ON TABLES TO mx_3; ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 REVOKE INSERT ON TABLES FROM mx_2; ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 GRANT SELECT ON TABLES TO mx_1`,
    back: { has: [/^ALTER DEFAULT PRIVILEGES/], lacks: [/^DO/] },
  },
  {
    name: 'default privileges on large objects',
    base: ROLES,
    change: 'ALTER DEFAULT PRIVILEGES FOR ROLE mx_1 GRANT SELECT ON LARGE OBJECTS TO mx_2',
    minMajor: 18,
  },
  {
    name: 'default privileges that are there when something is made',
    base: `${ROLES} CREATE SCHEMA x; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO mx_1; ALTER DEFAULT PRIVILEGES IN SCHEMA x GRANT EXECUTE ON FUNCTIONS TO mx_2; ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC`,
    change: `CREATE TABLE x.t (a int); CREATE FUNCTION x.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE TYPE x.e AS ENUM ('a'); CREATE DOMAIN x.d AS int; CREATE AGGREGATE x.ag(int) (SFUNC = int4pl, STYPE = int); CREATE MATERIALIZED VIEW x.m AS SELECT 1 AS a; GRANT INSERT ON x.t TO mx_3`,
  },
  {
    name: 'materialized view that was there before the default privileges',
    base: `${ROLES} CREATE TABLE t (a int PRIMARY KEY); CREATE MATERIALIZED VIEW m AS SELECT a FROM t`,
    change: 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO mx_1',
  },
  {
    name: 'statistics get an owner, a name and a schema at once',
    base: `${ROLES} CREATE SCHEMA other; GRANT ALL ON SCHEMA other TO mx_1; CREATE TABLE t (a int, b int); CREATE STATISTICS s1 ON a, b FROM t`,
    change:
      'ALTER STATISTICS s1 OWNER TO mx_1; ALTER STATISTICS s1 RENAME TO s2; ALTER STATISTICS s2 SET SCHEMA other',
  },
];
