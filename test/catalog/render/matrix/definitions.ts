/** Collations, conversions, text search, languages, access methods, extensions, event triggers, database settings. */
import type { MatrixRow } from './row.ts';

const EF = 'CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;';
const SETTING = (text: string) =>
  `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${text.replaceAll("'", "''")}', current_database()); END $$;`;
const CFG = 'CREATE TEXT SEARCH CONFIGURATION cfg (COPY = pg_catalog.simple);';

export const rows: readonly MatrixRow[] = [
  {
    name: 'collations of each provider',
    base: '',
    change: `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE COLLATION cl (provider = libc, locale = 'C'); CREATE COLLATION "C2" (lc_collate = 'C', lc_ctype = 'POSIX'); CREATE COLLATION cf FROM "C"; COMMENT ON COLLATION ci IS 'c'`,
  },
  {
    name: 'collation with rules',
    base: '',
    change: "CREATE COLLATION cr (provider = icu, locale = 'und', rules = '& V << w <<< W')",
    minMajor: 16,
  },
  {
    name: 'collation of the builtin provider',
    base: '',
    change: "CREATE COLLATION cb (provider = builtin, locale = 'C.UTF-8')",
    minMajor: 17,
  },
  {
    name: 'collation renamed, moved, in use',
    base: `CREATE SCHEMA s; CREATE COLLATION co (provider = icu, locale = 'de'); CREATE TABLE t (a text COLLATE co); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t ORDER BY a COLLATE co`,
    change: 'ALTER COLLATION co RENAME TO de; ALTER COLLATION de SET SCHEMA s',
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'collation changed, in use',
    base: `CREATE COLLATION co (provider = icu, locale = 'de'); CREATE TABLE t (id int PRIMARY KEY, a text COLLATE co); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1, 'x')`,
    change: `ALTER TABLE t ALTER a TYPE text; DROP COLLATION co; CREATE COLLATION co (provider = icu, locale = 'fr'); ALTER TABLE t ALTER a TYPE text COLLATE co`,
    probe: 'SELECT * FROM t',
  },
  {
    name: 'conversion',
    base: '',
    change: `CREATE CONVERSION co FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1; COMMENT ON CONVERSION co IS 'c'; CREATE DEFAULT CONVERSION cd FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`,
  },
  {
    name: 'conversion renamed and moved',
    base: `CREATE SCHEMA s; CREATE CONVERSION co FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1`,
    change: 'ALTER CONVERSION co RENAME TO cp; ALTER CONVERSION cp SET SCHEMA s',
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'text search parser and template',
    base: '',
    change: `CREATE TEXT SEARCH PARSER pa (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline); CREATE TEXT SEARCH TEMPLATE te (INIT = dsimple_init, LEXIZE = dsimple_lexize); CREATE TEXT SEARCH DICTIONARY di (TEMPLATE = te); CREATE TEXT SEARCH CONFIGURATION cf (PARSER = pa); COMMENT ON TEXT SEARCH PARSER pa IS 'p'; COMMENT ON TEXT SEARCH TEMPLATE te IS 't'; COMMENT ON TEXT SEARCH DICTIONARY di IS 'd'; COMMENT ON TEXT SEARCH CONFIGURATION cf IS 'c'`,
  },
  {
    name: 'text search objects renamed and moved',
    base: `CREATE SCHEMA s; CREATE TEXT SEARCH PARSER pa (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype); CREATE TEXT SEARCH TEMPLATE te (LEXIZE = dsimple_lexize); CREATE TEXT SEARCH DICTIONARY di (TEMPLATE = pg_catalog.simple); CREATE TEXT SEARCH CONFIGURATION cf (PARSER = pa)`,
    change:
      'ALTER TEXT SEARCH PARSER pa RENAME TO pb; ALTER TEXT SEARCH TEMPLATE te RENAME TO tf; ALTER TEXT SEARCH DICTIONARY di RENAME TO dj; ALTER TEXT SEARCH CONFIGURATION cf RENAME TO cg; ALTER TEXT SEARCH PARSER pb SET SCHEMA s; ALTER TEXT SEARCH TEMPLATE tf SET SCHEMA s; ALTER TEXT SEARCH DICTIONARY dj SET SCHEMA s; ALTER TEXT SEARCH CONFIGURATION cg SET SCHEMA s',
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'text search dictionary options',
    base: `CREATE TEXT SEARCH DICTIONARY di (TEMPLATE = pg_catalog.simple, STOPWORDS = english); CREATE TEXT SEARCH CONFIGURATION cf (COPY = pg_catalog.simple); ALTER TEXT SEARCH CONFIGURATION cf ALTER MAPPING FOR word WITH di; CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (to_tsvector('cf', a))`,
    change: 'ALTER TEXT SEARCH DICTIONARY di (STOPWORDS, ACCEPT = false)',
    back: { has: [/ALTER TEXT SEARCH DICTIONARY/], lacks: [/^DROP/] },
  },
  {
    name: 'text search mappings added, dropped, replaced',
    base: `${CFG} CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (to_tsvector('cfg', a))`,
    change:
      'ALTER TEXT SEARCH CONFIGURATION cfg ALTER MAPPING FOR asciiword, word WITH english_stem, simple; ALTER TEXT SEARCH CONFIGURATION cfg DROP MAPPING FOR email, url; ALTER TEXT SEARCH CONFIGURATION cfg ALTER MAPPING FOR numword REPLACE simple WITH german_stem',
    back: { has: [/ALTER TEXT SEARCH CONFIGURATION/], lacks: [/^DROP/, /^CREATE/, /^DO/] },
  },
  {
    name: 'text search configuration with another parser',
    base: `CREATE TEXT SEARCH PARSER pa (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype); CREATE TEXT SEARCH CONFIGURATION cf (PARSER = pa); ALTER TEXT SEARCH CONFIGURATION cf ADD MAPPING FOR word WITH simple`,
    change:
      'DROP TEXT SEARCH CONFIGURATION cf; CREATE TEXT SEARCH CONFIGURATION cf (PARSER = pg_catalog."default"); ALTER TEXT SEARCH CONFIGURATION cf ADD MAPPING FOR word WITH simple',
  },
  {
    name: 'language',
    base: '',
    change: `CREATE FUNCTION lh() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; CREATE FUNCTION li(internal) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler'; CREATE FUNCTION lv(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator'; CREATE TRUSTED LANGUAGE pl2 HANDLER lh INLINE li VALIDATOR lv; COMMENT ON LANGUAGE pl2 IS 'c'; CREATE FUNCTION f() RETURNS int LANGUAGE pl2 AS $$ BEGIN RETURN 1; END $$`,
  },
  {
    name: 'language renamed and replaced',
    base: `CREATE FUNCTION lh() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; CREATE FUNCTION lv(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator'; CREATE LANGUAGE pl2 HANDLER lh; CREATE FUNCTION f() RETURNS int LANGUAGE pl2 AS $$ BEGIN RETURN 1; END $$`,
    change:
      'CREATE OR REPLACE TRUSTED LANGUAGE pl2 HANDLER lh VALIDATOR lv; ALTER LANGUAGE pl2 RENAME TO pl3',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'access methods',
    base: '',
    change: `CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE ACCESS METHOD h2 TYPE INDEX HANDLER hashhandler; COMMENT ON ACCESS METHOD heap2 IS 'c'; CREATE TABLE t (a int) USING heap2; CREATE OPERATOR CLASS i2 DEFAULT FOR TYPE int USING h2 AS OPERATOR 1 =, FUNCTION 1 hashint4(int); CREATE INDEX i ON t USING h2 (a)`,
  },
  {
    name: 'access method dropped',
    base: 'CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (a int) USING heap2',
    change: 'DROP ACCESS METHOD heap2 CASCADE',
  },
  {
    name: 'extension version',
    base: "CREATE EXTENSION pg_trgm VERSION '1.3'; CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (a gin_trgm_ops)",
    change: "ALTER EXTENSION pg_trgm UPDATE TO '1.4'",
    refuses: { direction: 'back', reason: 'hardly ever go back' },
  },
  {
    name: 'extension moved with what depends on it',
    base: "CREATE SCHEMA ext; CREATE EXTENSION citext; CREATE TABLE t (a citext, b citext[]); CREATE VIEW v AS SELECT a FROM t WHERE a = 'x'; CREATE FUNCTION f(citext) RETURNS citext LANGUAGE sql AS $$ SELECT $1 $$; CREATE INDEX i ON t (a)",
    change: 'ALTER EXTENSION citext SET SCHEMA ext',
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'extension comment',
    base: 'CREATE EXTENSION pgcrypto',
    change: "COMMENT ON EXTENSION pgcrypto IS 'other'",
    back: { lacks: [/^DROP/] },
  },
  {
    name: 'extension with everything that depends on it dropped',
    base: 'CREATE EXTENSION citext; CREATE TABLE t (id int, a citext); CREATE FUNCTION f(citext) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE DOMAIN d AS citext',
    change: 'DROP FUNCTION f(citext); DROP DOMAIN d; ALTER TABLE t ALTER a TYPE text; DROP EXTENSION citext',
  },
  {
    name: 'extension in a schema that goes',
    base: 'CREATE SCHEMA ext; CREATE EXTENSION pgcrypto SCHEMA ext',
    change: 'DROP SCHEMA ext CASCADE',
  },
  {
    name: 'extension that needs another',
    base: '',
    change: 'CREATE EXTENSION earthdistance CASCADE',
  },
  {
    name: 'event trigger of every event and state',
    base: EF,
    change: `CREATE EVENT TRIGGER e1 ON ddl_command_start EXECUTE FUNCTION ef(); CREATE EVENT TRIGGER e2 ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION ef(); CREATE EVENT TRIGGER e3 ON table_rewrite EXECUTE FUNCTION ef(); ALTER EVENT TRIGGER e1 DISABLE; ALTER EVENT TRIGGER e2 ENABLE REPLICA`,
  },
  {
    name: 'event trigger on login',
    base: EF,
    change: 'CREATE EVENT TRIGGER e1 ON login EXECUTE FUNCTION ef()',
    minMajor: 17,
  },
  {
    name: 'event trigger state',
    base: `${EF} CREATE EVENT TRIGGER e1 ON sql_drop EXECUTE FUNCTION ef()`,
    change: "ALTER EVENT TRIGGER e1 DISABLE; COMMENT ON EVENT TRIGGER e1 IS 'c'",
    back: { has: [/ALTER EVENT TRIGGER e1 ENABLE/], lacks: [/^DROP/] },
  },
  {
    name: 'event trigger renamed, tags changed',
    base: `${EF} CREATE EVENT TRIGGER e1 ON sql_drop EXECUTE FUNCTION ef(); CREATE EVENT TRIGGER e2 ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION ef()`,
    change:
      "ALTER EVENT TRIGGER e1 RENAME TO e3; DROP EVENT TRIGGER e2; CREATE EVENT TRIGGER e2 ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION ef()",
  },
  {
    name: 'database settings changed one by one',
    base: `${SETTING('SET search_path = public, "$user"')} ${SETTING("SET work_mem = '8MB'")}`,
    change: `${SETTING("SET work_mem = '9MB'")} ${SETTING('RESET search_path')}`,
    back: { has: [/work_mem/] },
  },
  {
    name: 'database setting of an extension’s name',
    base: '',
    change: SETTING("SET my.tenant = 'a''b'"),
  },
  {
    name: 'database settings of a role',
    base: 'DO $$ BEGIN CREATE ROLE mx_1; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;',
    change: `DO $$ BEGIN EXECUTE format('ALTER ROLE mx_1 IN DATABASE %I SET statement_timeout = ''5s''', current_database()); END $$`,
  },
  {
    name: 'database comment changed',
    base: `DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''a''', current_database()); END $$`,
    change: `DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''b''', current_database()); END $$`,
  },
];
