/** Functions and what calls them. */
import type { Page } from '../model.ts';

const SQRT = `CREATE FUNCTION sqrt(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';`;
const CHECK_PASSWORD = `CREATE FUNCTION check_password(uname text, pass text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
  AS 'BEGIN RETURN uname = pass; END';`;
const INSERT_DATA = `CREATE TABLE tbl (a int); INSERT INTO tbl VALUES (1);
  CREATE PROCEDURE insert_data(a integer, b integer) LANGUAGE sql AS 'INSERT INTO tbl VALUES (a); INSERT INTO tbl VALUES (b)';`;
const MYSUM = `CREATE AGGREGATE mysum (integer) (sfunc = int4pl, stype = int4, initcond = '0');`;
const ACCOUNTS = `
  CREATE TABLE accounts (id int PRIMARY KEY, balance numeric, owner text); INSERT INTO accounts VALUES (1, 10.5, 'a'), (2, NULL, 'b');
  CREATE TABLE accounts_log (id int, was numeric);
  CREATE FUNCTION check_account_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION log_account_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO accounts_log VALUES (OLD.id, OLD.balance); RETURN NULL; END';
  CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';`;
const CHECKED = `${ACCOUNTS} CREATE TRIGGER check_update BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION check_account_update();`;
const SNITCH = `CREATE FUNCTION snitch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE DEBUG ''%'', tg_tag; END';`;
const RULED = `CREATE TABLE t1 (a int PRIMARY KEY, b text); CREATE TABLE t2 (a int PRIMARY KEY, b text); INSERT INTO t1 VALUES (1, 'x'); INSERT INTO t2 VALUES (1, 'y');`;
const NEWRULE = `${RULED} CREATE RULE newrule AS ON UPDATE TO t1 DO ALSO NOTIFY t1;`;

export const routinePages: readonly Page[] = [
  {
    page: 'CREATE FUNCTION',
    examples: [
      {
        name: 'SQL, body as text',
        up: "CREATE FUNCTION add(integer, integer) RETURNS integer AS 'select $1 + $2;' LANGUAGE SQL IMMUTABLE RETURNS NULL ON NULL INPUT",
      },
      {
        name: 'SQL, RETURN',
        since: 14,
        up: 'CREATE FUNCTION add(a integer, b integer) RETURNS integer LANGUAGE SQL IMMUTABLE RETURNS NULL ON NULL INPUT RETURN a + b',
      },
      {
        name: 'OR REPLACE, PL/pgSQL',
        schema:
          "CREATE FUNCTION increment(i integer) RETURNS integer LANGUAGE sql AS 'SELECT i'; COMMENT ON FUNCTION increment(integer) IS 'x'; GRANT EXECUTE ON FUNCTION increment(integer) TO manual_joe",
        up: 'CREATE OR REPLACE FUNCTION increment(i integer) RETURNS integer AS $$ BEGIN RETURN i + 1; END; $$ LANGUAGE plpgsql',
      },
      {
        name: 'OUT parameters',
        up: "CREATE FUNCTION dup(in int, out f1 int, out f2 text) AS $$ SELECT $1, CAST($1 AS text) || ' is text' $$ LANGUAGE SQL",
      },
      {
        name: 'a composite result',
        up: "CREATE TYPE dup_result AS (f1 int, f2 text); CREATE FUNCTION dup(int) RETURNS dup_result AS $$ SELECT $1, CAST($1 AS text) || ' is text' $$ LANGUAGE SQL",
      },
      {
        name: 'RETURNS TABLE',
        up: "CREATE FUNCTION dup(int) RETURNS TABLE(f1 int, f2 text) AS $$ SELECT $1, CAST($1 AS text) || ' is text' $$ LANGUAGE SQL",
      },
      {
        name: 'SECURITY DEFINER with a path of its own',
        up: 'CREATE SCHEMA admin; CREATE TABLE admin.pwds (username text, pwd text); CREATE FUNCTION check_password(uname TEXT, pass TEXT) RETURNS BOOLEAN AS $$ DECLARE passed BOOLEAN; BEGIN SELECT (pwd = $2) INTO passed FROM pwds WHERE username = $1; RETURN passed; END; $$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = admin, pg_temp',
      },
      {
        name: 'created and kept from the public',
        up: `BEGIN; ${CHECK_PASSWORD} REVOKE ALL ON FUNCTION check_password(uname text, pass text) FROM PUBLIC; GRANT EXECUTE ON FUNCTION check_password(uname text, pass text) TO manual_joe; COMMIT`,
      },
      {
        name: 'defaults and VARIADIC',
        up: "CREATE FUNCTION f(a int, b int DEFAULT 2, VARIADIC c int[] DEFAULT '{}') RETURNS int LANGUAGE sql COST 7 PARALLEL SAFE AS 'SELECT a'",
      },
      {
        name: 'BEGIN ATOMIC',
        since: 14,
        schema: 'CREATE TABLE tbl (a int); INSERT INTO tbl VALUES (1)',
        up: 'CREATE FUNCTION f(x int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM tbl WHERE a = x; END',
      },
    ],
  },
  {
    page: 'ALTER FUNCTION',
    examples: [
      { name: 'RENAME TO', schema: SQRT, up: 'ALTER FUNCTION sqrt(integer) RENAME TO square_root' },
      { name: 'OWNER TO', schema: SQRT, up: 'ALTER FUNCTION public.sqrt(integer) OWNER TO manual_joe' },
      {
        name: 'SET SCHEMA',
        schema: `${SQRT} CREATE SCHEMA maths`,
        up: 'ALTER FUNCTION public.sqrt(integer) SET SCHEMA maths',
      },
      {
        name: 'DEPENDS ON EXTENSION',
        schema: `${SQRT} CREATE EXTENSION citext`,
        up: 'ALTER FUNCTION public.sqrt(integer) DEPENDS ON EXTENSION citext',
      },
      {
        name: 'SET search_path',
        schema: CHECK_PASSWORD,
        up: 'ALTER FUNCTION check_password(text, text) SET search_path = admin, pg_temp',
      },
      {
        name: 'RESET search_path',
        schema: `${CHECK_PASSWORD} ALTER FUNCTION check_password(text, text) SET search_path = admin, pg_temp`,
        up: 'ALTER FUNCTION check_password(text, text) RESET search_path',
      },
      {
        name: 'attributes',
        schema: CHECK_PASSWORD,
        up: 'ALTER FUNCTION check_password(text, text) STRICT STABLE SECURITY INVOKER LEAKPROOF PARALLEL RESTRICTED COST 50',
      },
    ],
  },
  {
    page: 'DROP FUNCTION',
    examples: [
      {
        name: 'by its arguments',
        schema: `${SQRT} COMMENT ON FUNCTION sqrt(integer) IS 'x'`,
        up: 'DROP FUNCTION public.sqrt(integer)',
      },
      {
        name: 'two',
        schema: `${SQRT} CREATE FUNCTION sqrt(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
        up: 'DROP FUNCTION public.sqrt(integer), public.sqrt(text)',
      },
      {
        name: 'by name',
        schema: "CREATE FUNCTION update_employee_salaries() RETURNS void LANGUAGE sql AS ''",
        up: 'DROP FUNCTION update_employee_salaries',
      },
      {
        name: 'with a trigger, CASCADE',
        schema: CHECKED,
        up: 'DROP FUNCTION check_account_update() CASCADE',
      },
    ],
  },
  {
    page: 'CREATE PROCEDURE',
    examples: [
      {
        name: 'body as text',
        schema: 'CREATE TABLE tbl (a int); INSERT INTO tbl VALUES (1)',
        up: 'CREATE PROCEDURE insert_data(a integer, b integer) LANGUAGE SQL AS $$ INSERT INTO tbl VALUES (a); INSERT INTO tbl VALUES (b); $$',
      },
      {
        name: 'BEGIN ATOMIC, and called',
        since: 14,
        schema: 'CREATE TABLE tbl (a int); INSERT INTO tbl VALUES (1)',
        up: 'CREATE PROCEDURE insert_data(a integer, b integer) LANGUAGE SQL BEGIN ATOMIC INSERT INTO tbl VALUES (a); INSERT INTO tbl VALUES (b); END; CALL insert_data(1, 2)',
      },
    ],
  },
  {
    page: 'ALTER PROCEDURE',
    examples: [
      {
        name: 'RENAME TO',
        schema: INSERT_DATA,
        up: 'ALTER PROCEDURE insert_data(integer, integer) RENAME TO insert_record',
      },
      {
        name: 'OWNER TO',
        schema: INSERT_DATA,
        up: 'ALTER PROCEDURE insert_data(integer, integer) OWNER TO manual_joe',
      },
      {
        name: 'SET SCHEMA',
        schema: `${INSERT_DATA} CREATE SCHEMA accounting`,
        up: 'ALTER PROCEDURE insert_data(integer, integer) SET SCHEMA accounting',
      },
      {
        name: 'DEPENDS ON EXTENSION',
        schema: `${INSERT_DATA} CREATE EXTENSION citext`,
        up: 'ALTER PROCEDURE insert_data(integer, integer) DEPENDS ON EXTENSION citext',
      },
      {
        name: 'SET search_path',
        schema: INSERT_DATA,
        up: 'ALTER PROCEDURE insert_data SET search_path = accounting, pg_temp',
      },
      {
        name: 'RESET search_path',
        schema: `${INSERT_DATA} ALTER PROCEDURE insert_data SET search_path = accounting, pg_temp`,
        up: 'ALTER PROCEDURE insert_data RESET search_path',
      },
    ],
  },
  {
    page: 'DROP PROCEDURE',
    examples: [
      { name: 'one', schema: INSERT_DATA, up: 'DROP PROCEDURE insert_data' },
      {
        name: 'with OUT arguments',
        since: 14,
        schema:
          "CREATE PROCEDURE do_db_maintenance(IN target_schema text, OUT results text) LANGUAGE sql AS 'SELECT target_schema'",
        up: 'DROP PROCEDURE do_db_maintenance(IN target_schema text, OUT results text)',
      },
    ],
  },
  {
    page: 'ALTER ROUTINE',
    examples: [
      {
        name: 'RENAME TO',
        schema: "CREATE FUNCTION foo(integer) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        up: 'ALTER ROUTINE foo(integer) RENAME TO foobar',
      },
    ],
  },
  {
    page: 'DROP ROUTINE',
    examples: [
      {
        name: 'one',
        schema: "CREATE PROCEDURE foo(integer) LANGUAGE sql AS ''",
        up: 'DROP ROUTINE foo(integer)',
      },
    ],
  },
  {
    page: 'CREATE AGGREGATE',
    examples: [
      {
        name: 'with a final function',
        up: "CREATE AGGREGATE my_avg (float8) (sfunc = float8_accum, stype = float8[], finalfunc = float8_avg, initcond = '{0,0,0}')",
      },
      {
        name: 'moving',
        up: "CREATE AGGREGATE my_sum (int4) (sfunc = int4pl, stype = int4, msfunc = int4pl, minvfunc = int4mi, mstype = int4, initcond = '0', minitcond = '0', parallel = safe, combinefunc = int4pl)",
      },
      {
        name: 'ordered set',
        up: 'CREATE AGGREGATE my_percentile (float8 ORDER BY float8) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_cont_float8_final, finalfunc_extra)'.replace(
          ', finalfunc_extra',
          '',
        ),
      },
      {
        name: 'OR REPLACE',
        schema: MYSUM,
        up: "CREATE OR REPLACE AGGREGATE mysum (integer) (sfunc = int4pl, stype = int4, initcond = '7')",
      },
    ],
  },
  {
    page: 'ALTER AGGREGATE',
    examples: [
      {
        name: 'RENAME TO',
        schema: `${MYSUM} CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT mysum(a) FROM t`,
        up: 'ALTER AGGREGATE mysum(integer) RENAME TO my_total',
      },
      { name: 'OWNER TO', schema: MYSUM, up: 'ALTER AGGREGATE mysum(integer) OWNER TO manual_joe' },
      {
        name: 'SET SCHEMA of an ordered set',
        schema:
          'CREATE SCHEMA myschema; CREATE AGGREGATE mypercentile (float8 ORDER BY float8) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_cont_float8_final)',
        up: 'ALTER AGGREGATE mypercentile(float8 ORDER BY float8) SET SCHEMA myschema',
      },
    ],
  },
  {
    page: 'DROP AGGREGATE',
    examples: [
      { name: 'one', schema: MYSUM, up: 'DROP AGGREGATE mysum(integer)' },
      {
        name: 'two, one of an ordered set',
        schema: `${MYSUM} CREATE AGGREGATE mypercentile (float8 ORDER BY float8) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_cont_float8_final)`,
        up: 'DROP AGGREGATE mypercentile(float8 ORDER BY float8), mysum(integer)',
      },
    ],
  },
  {
    page: 'CREATE TRIGGER',
    examples: [
      {
        name: 'BEFORE UPDATE',
        schema: ACCOUNTS,
        up: 'CREATE TRIGGER check_update BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION check_account_update()',
      },
      {
        name: 'OR REPLACE, UPDATE OF',
        since: 14,
        schema: CHECKED,
        up: 'CREATE OR REPLACE TRIGGER check_update BEFORE UPDATE OF balance ON accounts FOR EACH ROW EXECUTE FUNCTION check_account_update()',
      },
      {
        name: 'WHEN',
        schema: ACCOUNTS,
        up: 'CREATE TRIGGER check_update BEFORE UPDATE ON accounts FOR EACH ROW WHEN (OLD.balance IS DISTINCT FROM NEW.balance) EXECUTE FUNCTION check_account_update()',
      },
      {
        name: 'AFTER, WHEN anything changed',
        schema: ACCOUNTS,
        up: 'CREATE TRIGGER log_update AFTER UPDATE ON accounts FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION log_account_update()',
      },
      {
        name: 'INSTEAD OF, on a view',
        schema: `${ACCOUNTS} CREATE VIEW my_view AS SELECT id FROM accounts`,
        up: 'CREATE TRIGGER view_insert INSTEAD OF INSERT ON my_view FOR EACH ROW EXECUTE FUNCTION quiet()',
      },
      {
        name: 'transition tables, per statement',
        schema: ACCOUNTS,
        up: 'CREATE TRIGGER transfer_insert AFTER INSERT ON accounts REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION quiet()',
      },
      {
        name: 'transition tables, per row',
        schema: ACCOUNTS,
        up: 'CREATE TRIGGER paired_items_update AFTER UPDATE ON accounts REFERENCING NEW TABLE AS newtab OLD TABLE AS oldtab FOR EACH ROW EXECUTE FUNCTION quiet()',
      },
      {
        name: 'CONSTRAINT, deferred',
        schema: ACCOUNTS,
        up: 'CREATE CONSTRAINT TRIGGER later AFTER INSERT ON accounts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quiet()',
      },
    ],
  },
  {
    page: 'ALTER TRIGGER',
    examples: [
      {
        name: 'RENAME TO',
        schema: CHECKED,
        up: 'ALTER TRIGGER check_update ON accounts RENAME TO verify_update',
      },
      {
        name: 'DEPENDS ON EXTENSION',
        schema: `${CHECKED} CREATE EXTENSION citext`,
        up: 'ALTER TRIGGER check_update ON accounts DEPENDS ON EXTENSION citext',
      },
    ],
  },
  {
    page: 'DROP TRIGGER',
    examples: [
      {
        name: 'one',
        schema: `${CHECKED} COMMENT ON TRIGGER check_update ON accounts IS 'x'; ALTER TABLE accounts ENABLE ALWAYS TRIGGER check_update`,
        up: 'DROP TRIGGER check_update ON accounts',
      },
    ],
  },
  {
    page: 'CREATE EVENT TRIGGER',
    examples: [
      {
        name: 'that forbids every DDL command',
        up: "CREATE FUNCTION abort_any_command() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'command % is disabled', tg_tag; END; $$; CREATE EVENT TRIGGER abort_ddl ON ddl_command_start EXECUTE FUNCTION abort_any_command()",
      },
      {
        name: 'WHEN TAG IN',
        schema: SNITCH,
        up: "CREATE EVENT TRIGGER snitch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION snitch()",
      },
    ],
  },
  {
    page: 'ALTER EVENT TRIGGER',
    examples: [
      {
        name: 'DISABLE',
        schema: `${SNITCH} CREATE EVENT TRIGGER s ON ddl_command_end EXECUTE FUNCTION snitch()`,
        up: 'ALTER EVENT TRIGGER s DISABLE',
      },
      {
        name: 'ENABLE ALWAYS, RENAME TO',
        schema: `${SNITCH} CREATE EVENT TRIGGER s ON ddl_command_end EXECUTE FUNCTION snitch()`,
        up: 'ALTER EVENT TRIGGER s ENABLE ALWAYS; ALTER EVENT TRIGGER s RENAME TO t',
      },
    ],
  },
  {
    page: 'DROP EVENT TRIGGER',
    examples: [
      {
        name: 'one',
        schema: `${SNITCH} CREATE EVENT TRIGGER s ON ddl_command_end EXECUTE FUNCTION snitch(); COMMENT ON EVENT TRIGGER s IS 'x'`,
        up: 'DROP EVENT TRIGGER s',
      },
    ],
  },
  {
    page: 'CREATE RULE',
    examples: [
      {
        name: 'a view by hand',
        schema:
          'CREATE TABLE t1 (a int PRIMARY KEY); INSERT INTO t1 VALUES (1); CREATE VIEW v1 AS SELECT * FROM t1',
        up: 'CREATE RULE r AS ON INSERT TO v1 DO INSTEAD INSERT INTO t1 VALUES (NEW.a) RETURNING t1.*',
      },
      {
        name: 'DO ALSO NOTIFY',
        schema: RULED,
        up: 'CREATE RULE notify_me AS ON UPDATE TO t1 DO ALSO NOTIFY t1',
      },
      {
        name: 'several actions, OR REPLACE',
        schema: NEWRULE,
        up: 'CREATE OR REPLACE RULE newrule AS ON UPDATE TO t1 WHERE OLD.a = 1 DO ALSO (UPDATE t2 SET b = NEW.b WHERE a = OLD.a; DELETE FROM t2 WHERE a = -1)',
      },
    ],
  },
  {
    page: 'ALTER RULE',
    examples: [
      {
        name: 'RENAME TO',
        schema: `${NEWRULE} CREATE RULE notify_all AS ON DELETE TO t1 DO ALSO NOTIFY x`,
        up: 'ALTER RULE notify_all ON t1 RENAME TO notify_me',
      },
    ],
  },
  {
    page: 'DROP RULE',
    examples: [
      {
        name: 'one',
        schema: `${NEWRULE} COMMENT ON RULE newrule ON t1 IS 'x'`,
        up: 'DROP RULE newrule ON t1',
      },
    ],
  },
  {
    page: 'CREATE LANGUAGE',
    examples: [
      {
        name: 'with its handlers',
        up: 'CREATE TRUSTED LANGUAGE plsample HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator',
      },
    ],
  },
  {
    page: 'ALTER LANGUAGE',
    examples: [
      {
        name: 'RENAME TO, OWNER TO',
        schema: 'CREATE LANGUAGE plsample HANDLER plpgsql_call_handler',
        up: 'ALTER LANGUAGE plsample OWNER TO manual_joe; ALTER LANGUAGE plsample RENAME TO pl_sample',
      },
    ],
  },
  {
    page: 'DROP LANGUAGE',
    examples: [
      {
        name: 'one',
        schema:
          "CREATE TRUSTED LANGUAGE plsample HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator; COMMENT ON LANGUAGE plsample IS 'x'; GRANT USAGE ON LANGUAGE plsample TO manual_joe",
        up: 'DROP LANGUAGE plsample',
      },
    ],
  },
  {
    page: 'CREATE TRANSFORM',
    examples: [
      {
        name: 'both ways',
        up: 'CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))',
      },
    ],
  },
  {
    page: 'DROP TRANSFORM',
    examples: [
      {
        name: 'one',
        schema:
          'CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))',
        up: 'DROP TRANSFORM FOR int LANGUAGE sql',
      },
    ],
  },
];
