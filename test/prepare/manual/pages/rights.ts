/** Schemas, extensions, rights, owners, policies, comments, labels. */
import type { Page } from '../model.ts';

const FILMS = `CREATE TABLE films (code char(5) PRIMARY KEY, title text, kind text); INSERT INTO films VALUES ('a', 'b', 'c');
  CREATE VIEW kinds AS SELECT kind FROM films;`;
const ACCOUNTS = `CREATE TABLE accounts (id int PRIMARY KEY, manager text, company text); INSERT INTO accounts VALUES (1, 'manual_joe', 'x'), (2, NULL, NULL);
  ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;`;
const POLICY = `${ACCOUNTS} CREATE POLICY account_managers ON accounts TO manual_joe USING (manager = current_user);`;
const HSTORE = `CREATE EXTENSION hstore VERSION '1.4'; CREATE TABLE h (id int PRIMARY KEY, a hstore); INSERT INTO h VALUES (1, 'a=>1');`;
const EVERY_KIND: readonly (readonly [what: string, make: string])[] = [
  [
    'TABLE my_schema.my_table',
    'CREATE SCHEMA my_schema; CREATE TABLE my_schema.my_table (id int, employee_id text)',
  ],
  ['COLUMN my_table.my_column', 'CREATE TABLE my_table (my_column int)'],
  ['CONSTRAINT bar_col_cons ON bar', 'CREATE TABLE bar (a int CONSTRAINT bar_col_cons CHECK (a > 0))'],
  [
    'CONSTRAINT dom_col_constr ON DOMAIN dom',
    'CREATE DOMAIN dom AS int CONSTRAINT dom_col_constr CHECK (VALUE > 0)',
  ],
  ['DOMAIN my_domain', 'CREATE DOMAIN my_domain AS int'],
  ['TYPE complex', 'CREATE TYPE complex AS (a int)'],
  ['SCHEMA bare_schema', 'CREATE SCHEMA bare_schema'],
  [
    'FUNCTION my_function(timestamp)',
    "CREATE FUNCTION my_function(timestamp) RETURNS int LANGUAGE sql AS 'SELECT 1'",
  ],
  [
    'PROCEDURE my_proc(integer, integer)',
    "CREATE PROCEDURE my_proc(a integer, b integer) LANGUAGE sql AS ''",
  ],
  [
    'ROUTINE my_routine(integer)',
    "CREATE FUNCTION my_routine(integer) RETURNS int LANGUAGE sql AS 'SELECT 1'",
  ],
  [
    'AGGREGATE my_aggregate(integer)',
    'CREATE AGGREGATE my_aggregate (integer) (sfunc = int4pl, stype = int4)',
  ],
  ['INDEX my_index', 'CREATE TABLE t (a int); CREATE INDEX my_index ON t (a)'],
  ['SEQUENCE my_sequence', 'CREATE SEQUENCE my_sequence'],
  ['VIEW my_view', 'CREATE VIEW my_view AS SELECT 1 AS a'],
  ['MATERIALIZED VIEW my_matview', 'CREATE MATERIALIZED VIEW my_matview AS SELECT 1 AS a'],
  ['POLICY my_policy ON t', 'CREATE TABLE t (a int); CREATE POLICY my_policy ON t'],
  ['RULE my_rule ON t', 'CREATE TABLE t (a int); CREATE RULE my_rule AS ON DELETE TO t DO INSTEAD NOTHING'],
  [
    'TRIGGER my_trigger ON t',
    "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER my_trigger BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
  ],
  [
    'EVENT TRIGGER abort_ddl',
    "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER abort_ddl ON ddl_command_end EXECUTE FUNCTION f()",
  ],
  [
    'STATISTICS my_statistics',
    'CREATE TABLE t (a int, b int); CREATE STATISTICS my_statistics ON a, b FROM t',
  ],
  ['EXTENSION citext', 'CREATE EXTENSION citext'],
  ['COLLATION my_collation', 'CREATE COLLATION my_collation FROM "C"'],
  ['CONVERSION my_conv', "CREATE CONVERSION my_conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8"],
  ['CAST (t1 AS text)', 'CREATE TYPE t1 AS (a int); CREATE CAST (t1 AS text) WITH INOUT'],
  ['OPERATOR ^^^ (text, text)', 'CREATE OPERATOR ^^^ (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)'],
  [
    'OPERATOR CLASS my_ops USING btree',
    'CREATE OPERATOR CLASS my_ops FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4)',
  ],
  ['OPERATOR FAMILY integer_ops2 USING btree', 'CREATE OPERATOR FAMILY integer_ops2 USING btree'],
  ['ACCESS METHOD gin2', 'CREATE ACCESS METHOD gin2 TYPE INDEX HANDLER ginhandler'],
  ['LANGUAGE plsample', 'CREATE LANGUAGE plsample HANDLER plpgsql_call_handler'],
  [
    'TRANSFORM FOR int LANGUAGE sql',
    'CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))',
  ],
  ['FOREIGN DATA WRAPPER mywrapper', 'CREATE FOREIGN DATA WRAPPER mywrapper'],
  ['SERVER myserver', 'CREATE FOREIGN DATA WRAPPER w1; CREATE SERVER myserver FOREIGN DATA WRAPPER w1'],
  [
    'FOREIGN TABLE my_foreign_table',
    'CREATE FOREIGN DATA WRAPPER w2; CREATE SERVER s FOREIGN DATA WRAPPER w2; CREATE FOREIGN TABLE my_foreign_table (a int) SERVER s',
  ],
  ['PUBLICATION alltables', 'CREATE PUBLICATION alltables FOR ALL TABLES'],
  ['TEXT SEARCH CONFIGURATION my_config', 'CREATE TEXT SEARCH CONFIGURATION my_config (COPY = english)'],
  ['TEXT SEARCH DICTIONARY my_dict', 'CREATE TEXT SEARCH DICTIONARY my_dict (TEMPLATE = simple)'],
  [
    'TEXT SEARCH PARSER my_parser',
    'CREATE TEXT SEARCH PARSER my_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
  ],
  ['TEXT SEARCH TEMPLATE my_template', 'CREATE TEXT SEARCH TEMPLATE my_template (LEXIZE = dsimple_lexize)'],
];

export const rightsPages: readonly Page[] = [
  {
    page: 'COMMENT',
    examples: [
      // One rehearsal for all kinds: each comment replaces an older one, or is the first.
      {
        name: 'on every kind, the first',
        schema: EVERY_KIND.map(([, make], index) => inSchema(index, make)).join(';\n'),
        up: EVERY_KIND.map(
          ([kind], index) => `SET search_path = k${index}; COMMENT ON ${kind} IS 'What it''s for'`,
        ).join(';\n'),
      },
      {
        name: 'on every kind, another one or none',
        schema: EVERY_KIND.map(
          ([kind, make], index) => `${inSchema(index, make)}; COMMENT ON ${kind} IS 'old'`,
        ).join(';\n'),
        up: EVERY_KIND.map(
          ([kind], index) =>
            `SET search_path = k${index}; COMMENT ON ${kind} IS ${index % 2 === 0 ? 'NULL' : "'new'"}`,
        ).join(';\n'),
      },
    ],
  },
  {
    page: 'CREATE SCHEMA',
    examples: [
      { name: 'plain', up: 'CREATE SCHEMA myschema' },
      { name: 'AUTHORIZATION', up: 'CREATE SCHEMA AUTHORIZATION manual_joe' },
      {
        name: 'IF NOT EXISTS, AUTHORIZATION',
        up: 'CREATE SCHEMA IF NOT EXISTS test AUTHORIZATION manual_joe',
      },
      {
        name: 'with what is in it',
        up: 'CREATE SCHEMA hollywood CREATE TABLE films (title text, release date, awards text[]) CREATE VIEW winners AS SELECT title, release FROM films WHERE awards IS NOT NULL',
      },
    ],
  },
  {
    page: 'ALTER SCHEMA',
    examples: [
      {
        name: 'RENAME TO',
        schema:
          "CREATE SCHEMA a; CREATE TABLE a.t (id int PRIMARY KEY, b text); INSERT INTO a.t VALUES (1, 'x')",
        up: 'ALTER SCHEMA a RENAME TO b',
      },
      { name: 'OWNER TO', schema: 'CREATE SCHEMA a', up: 'ALTER SCHEMA a OWNER TO manual_joe' },
    ],
  },
  {
    page: 'DROP SCHEMA',
    examples: [
      {
        name: 'with what is in it, CASCADE',
        schema:
          "CREATE SCHEMA mystuff AUTHORIZATION manual_joe; COMMENT ON SCHEMA mystuff IS 'x'; CREATE TABLE mystuff.t (id serial PRIMARY KEY, b text); INSERT INTO mystuff.t (b) VALUES ('x'); CREATE VIEW mystuff.v AS SELECT * FROM mystuff.t; CREATE FUNCTION mystuff.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM mystuff.t'; CREATE TYPE mystuff.e AS ENUM ('a')",
        up: 'DROP SCHEMA mystuff CASCADE',
      },
      { name: 'an empty one', schema: 'CREATE SCHEMA mystuff', up: 'DROP SCHEMA mystuff' },
    ],
  },
  {
    page: 'CREATE EXTENSION',
    examples: [
      { name: 'one', up: 'CREATE EXTENSION hstore' },
      { name: 'SCHEMA', up: 'CREATE SCHEMA addons; CREATE EXTENSION hstore SCHEMA addons' },
    ],
  },
  {
    page: 'ALTER EXTENSION',
    examples: [
      {
        name: 'SET SCHEMA',
        schema: `${HSTORE} CREATE SCHEMA utils`,
        up: 'ALTER EXTENSION hstore SET SCHEMA utils',
      },
      {
        name: 'UPDATE TO',
        expect: { outcome: 'refuted', code: 'rollback-unavailable', message: /no way known from version/ },
        why: 'An extension brings scripts upwards alone; the older version would be another installation.',
        schema: HSTORE,
        up: "ALTER EXTENSION hstore UPDATE TO '1.5'",
      },
      {
        name: 'ADD FUNCTION',
        open: 'members of an extension are taken for gone',
        schema: `${HSTORE} CREATE FUNCTION populate(int) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
        up: 'ALTER EXTENSION hstore ADD FUNCTION populate(int)',
      },
    ],
  },
  {
    page: 'DROP EXTENSION',
    examples: [
      {
        name: 'one',
        schema: "CREATE EXTENSION hstore; COMMENT ON EXTENSION hstore IS 'x'",
        up: 'DROP EXTENSION hstore',
      },
      {
        name: 'with a column, CASCADE',
        schema: HSTORE.replace(" VERSION '1.4'", ''),
        up: 'DROP EXTENSION hstore CASCADE',
      },
    ],
  },
  {
    page: 'CREATE POLICY',
    examples: [
      {
        name: 'for all commands',
        schema: ACCOUNTS,
        up: 'CREATE POLICY account_managers ON accounts TO manual_joe USING (manager = current_user)',
      },
      {
        name: 'restrictive, one command, with a check',
        schema: ACCOUNTS,
        up: "CREATE POLICY p ON accounts AS RESTRICTIVE FOR UPDATE TO PUBLIC, manual_joe USING (company = 'x') WITH CHECK (manager IS NOT NULL)",
      },
    ],
  },
  {
    page: 'ALTER POLICY',
    examples: [
      {
        name: 'RENAME TO',
        schema: POLICY,
        up: 'ALTER POLICY account_managers ON accounts RENAME TO managers',
      },
      {
        name: 'roles and expressions',
        schema: POLICY,
        up: 'ALTER POLICY account_managers ON accounts TO PUBLIC USING (true) WITH CHECK (id > 0)',
      },
    ],
  },
  {
    page: 'DROP POLICY',
    examples: [
      {
        name: 'one',
        schema: `${POLICY} COMMENT ON POLICY account_managers ON accounts IS 'x'`,
        up: 'DROP POLICY account_managers ON accounts',
      },
    ],
  },
  {
    page: 'GRANT',
    examples: [
      { name: 'INSERT to everybody', schema: FILMS, up: 'GRANT INSERT ON films TO PUBLIC' },
      { name: 'ALL on a view', schema: FILMS, up: 'GRANT ALL PRIVILEGES ON kinds TO manual_joe' },
      {
        name: 'columns, WITH GRANT OPTION',
        schema: FILMS,
        up: 'GRANT SELECT (title), UPDATE (kind) ON films TO manual_joe WITH GRANT OPTION',
      },
      {
        name: 'all tables of a schema',
        schema: FILMS,
        up: 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO manual_joe; GRANT USAGE ON SCHEMA public TO manual_joe',
      },
      {
        name: 'membership in a role',
        up: 'GRANT manual_admins TO manual_other',
        expect: {
          outcome: 'refuted',
          code: 'rollback-unavailable',
          message: /GRANT of a role changes the server/,
        },
        why: 'Membership belongs to the server.',
      },
    ],
  },
  {
    page: 'REVOKE',
    examples: [
      {
        name: 'INSERT from everybody',
        schema: `${FILMS} GRANT INSERT ON films TO PUBLIC`,
        up: 'REVOKE INSERT ON films FROM PUBLIC',
      },
      {
        name: 'ALL on a view',
        schema: `${FILMS} GRANT ALL ON kinds TO manual_joe`,
        up: 'REVOKE ALL PRIVILEGES ON kinds FROM manual_joe',
      },
      {
        name: 'GRANT OPTION FOR',
        schema: `${FILMS} GRANT SELECT, UPDATE (kind) ON films TO manual_joe WITH GRANT OPTION`,
        up: 'REVOKE GRANT OPTION FOR SELECT ON films FROM manual_joe CASCADE',
      },
      {
        name: 'membership in a role',
        up: 'REVOKE manual_admins FROM manual_joe',
        expect: {
          outcome: 'refuted',
          code: 'rollback-unavailable',
          message: /REVOKE of a role changes the server/,
        },
        why: 'Membership belongs to the server.',
      },
    ],
  },
  {
    page: 'ALTER DEFAULT PRIVILEGES',
    examples: [
      {
        name: 'GRANT IN SCHEMA',
        schema: 'CREATE SCHEMA myschema',
        up: 'ALTER DEFAULT PRIVILEGES IN SCHEMA myschema GRANT SELECT ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES IN SCHEMA myschema GRANT INSERT ON TABLES TO manual_joe',
      },
      {
        name: 'REVOKE IN SCHEMA',
        schema:
          'CREATE SCHEMA myschema; ALTER DEFAULT PRIVILEGES IN SCHEMA myschema GRANT SELECT ON TABLES TO PUBLIC',
        up: 'ALTER DEFAULT PRIVILEGES IN SCHEMA myschema REVOKE SELECT ON TABLES FROM PUBLIC',
      },
      {
        name: 'FOR ROLE, what everybody has',
        up: 'ALTER DEFAULT PRIVILEGES FOR ROLE manual_joe REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
      },
    ],
  },
  {
    page: 'REASSIGN OWNED',
    examples: [
      {
        name: 'to another role',
        schema: `${FILMS} ALTER TABLE films OWNER TO manual_joe; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f() OWNER TO manual_joe`,
        up: 'REASSIGN OWNED BY manual_joe TO manual_other',
      },
    ],
  },
  {
    page: 'DROP OWNED',
    examples: [
      {
        name: 'objects and privileges',
        schema: `${FILMS} CREATE TABLE own (id int PRIMARY KEY, a text); INSERT INTO own VALUES (1, 'x'); ALTER TABLE own OWNER TO manual_joe; GRANT SELECT ON films TO manual_joe`,
        up: 'DROP OWNED BY manual_joe',
      },
    ],
  },
  {
    page: 'SECURITY LABEL',
    examples: [
      {
        name: 'without a provider',
        schema: FILMS,
        up: "SECURITY LABEL FOR selinux ON TABLE films IS 'system_u:object_r:sepgsql_table_t:s0'",
        expect: {
          outcome: 'failed',
          code: 'sql-failed',
          message: /security label provider "selinux" is not loaded/,
        },
        why: 'A provider is a module that the server loads; the copy has none, and the server says so.',
      },
    ],
  },
  {
    page: 'ALTER LARGE OBJECT',
    examples: [
      {
        name: 'OWNER TO',
        schema: "SELECT lo_from_bytea(99001, 'x')",
        up: 'ALTER LARGE OBJECT 99001 OWNER TO manual_joe',
        expect: { outcome: 'refuted', code: 'rollback-unavailable', message: /large objects are not read/ },
        why: 'Large objects are in no table, and belong to no schema.',
      },
    ],
  },
];

/** Each in a schema of its own: names do not meet. What belongs to no schema has names of its own. */
function inSchema(index: number, make: string): string {
  return `CREATE SCHEMA k${index}; SET search_path = k${index}; ${make}`;
}
