/** What reaches other servers: foreign data, publications, subscriptions. */
import type { Page } from '../model.ts';

const WRAPPER = `CREATE EXTENSION file_fdw; CREATE EXTENSION postgres_fdw;`;
const DBI = `CREATE FOREIGN DATA WRAPPER dbi OPTIONS (foo '1', bar 'x');`;
const SERVER = `CREATE EXTENSION postgres_fdw; CREATE SERVER foo FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'foo', dbname 'foodb');`;
const FILE = `CREATE EXTENSION file_fdw; CREATE SERVER film_server FOREIGN DATA WRAPPER file_fdw;`;
const FILMS = `${FILE} CREATE FOREIGN TABLE films (code char(5) NOT NULL, title varchar(40) NOT NULL, street text) SERVER film_server OPTIONS (filename '/dev/null', format 'csv');`;
const TABLES = `
  CREATE TABLE users (user_id int PRIMARY KEY, firstname text); CREATE TABLE departments (id int PRIMARY KEY, active boolean);
  INSERT INTO users VALUES (1, 'a'), (2, NULL); INSERT INTO departments VALUES (1, true);`;
const PUBLISHED = `${TABLES} CREATE PUBLICATION mypublication FOR TABLE users; CREATE PUBLICATION noinsert FOR TABLE departments WITH (publish = 'insert, update');`;
const NOWHERE = `CONNECTION 'host=192.0.2.1 dbname=foo' PUBLICATION mypublication WITH (connect = false)`;

export const foreignDataPages: readonly Page[] = [
  {
    page: 'CREATE FOREIGN DATA WRAPPER',
    examples: [
      { name: 'bare', up: 'CREATE FOREIGN DATA WRAPPER dummy' },
      {
        name: 'with a handler',
        schema: WRAPPER,
        up: 'CREATE FOREIGN DATA WRAPPER file HANDLER file_fdw_handler',
      },
      { name: 'with options', up: "CREATE FOREIGN DATA WRAPPER mywrapper OPTIONS (debug 'true')" },
    ],
  },
  {
    page: 'ALTER FOREIGN DATA WRAPPER',
    examples: [
      {
        name: 'OPTIONS',
        schema: DBI,
        up: "ALTER FOREIGN DATA WRAPPER dbi OPTIONS (ADD new '1', DROP bar, SET foo '2')",
      },
      {
        name: 'VALIDATOR',
        schema: 'CREATE FOREIGN DATA WRAPPER plain',
        up: 'ALTER FOREIGN DATA WRAPPER plain VALIDATOR postgresql_fdw_validator',
      },
      {
        name: 'NO VALIDATOR, RENAME TO',
        schema: 'CREATE FOREIGN DATA WRAPPER checked VALIDATOR postgresql_fdw_validator',
        up: 'ALTER FOREIGN DATA WRAPPER checked NO VALIDATOR; ALTER FOREIGN DATA WRAPPER checked RENAME TO d',
      },
    ],
  },
  {
    page: 'DROP FOREIGN DATA WRAPPER',
    examples: [
      {
        name: 'one',
        schema: `${DBI} COMMENT ON FOREIGN DATA WRAPPER dbi IS 'x'; GRANT USAGE ON FOREIGN DATA WRAPPER dbi TO manual_joe`,
        up: 'DROP FOREIGN DATA WRAPPER dbi',
      },
      {
        name: 'with its server, CASCADE',
        schema: `${DBI} CREATE SERVER s FOREIGN DATA WRAPPER dbi; CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (a 'b')`,
        up: 'DROP FOREIGN DATA WRAPPER dbi CASCADE',
      },
    ],
  },
  {
    page: 'CREATE SERVER',
    examples: [
      {
        name: 'one',
        schema: WRAPPER,
        up: "CREATE SERVER myserver FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'foo', dbname 'foodb', port '5432')",
      },
      {
        name: 'TYPE and VERSION',
        schema: DBI,
        up: "CREATE SERVER s TYPE 'oracle' VERSION '9' FOREIGN DATA WRAPPER dbi",
      },
    ],
  },
  {
    page: 'ALTER SERVER',
    examples: [
      {
        name: 'OPTIONS',
        schema: SERVER,
        up: "ALTER SERVER foo OPTIONS (SET host 'baz', ADD port '1', DROP dbname)",
      },
      {
        name: 'VERSION and OPTIONS',
        schema: SERVER,
        up: "ALTER SERVER foo VERSION '8.4' OPTIONS (SET host 'baz')",
      },
      {
        name: 'OWNER TO, RENAME TO',
        schema: SERVER,
        up: 'ALTER SERVER foo OWNER TO manual_joe; ALTER SERVER foo RENAME TO bar',
      },
    ],
  },
  {
    page: 'DROP SERVER',
    examples: [
      { name: 'one', schema: `${SERVER} COMMENT ON SERVER foo IS 'x'`, up: 'DROP SERVER IF EXISTS foo' },
      {
        name: 'with tables and mappings, CASCADE',
        schema: `${FILMS} CREATE USER MAPPING FOR manual_joe SERVER film_server`,
        up: 'DROP SERVER film_server CASCADE',
      },
    ],
  },
  {
    page: 'CREATE USER MAPPING',
    examples: [
      {
        name: 'one',
        schema: SERVER,
        up: "CREATE USER MAPPING FOR manual_joe SERVER foo OPTIONS (user 'bob', password 'secret')",
      },
    ],
  },
  {
    page: 'ALTER USER MAPPING',
    examples: [
      {
        name: 'OPTIONS that are no secret',
        schema: `${SERVER} CREATE USER MAPPING FOR manual_joe SERVER foo OPTIONS (user 'bob')`,
        up: "ALTER USER MAPPING FOR manual_joe SERVER foo OPTIONS (SET user 'alice')",
      },
      {
        name: 'OPTIONS',
        expect: { outcome: 'refuted', code: 'rollback-unavailable', message: /a password is never read/ },
        why: 'A password is never read nor written down.',
        schema: `${SERVER} CREATE USER MAPPING FOR manual_joe SERVER foo OPTIONS (user 'bob', password 'secret')`,
        up: "ALTER USER MAPPING FOR manual_joe SERVER foo OPTIONS (SET password 'public')",
      },
    ],
  },
  {
    page: 'DROP USER MAPPING',
    examples: [
      {
        name: 'without a password',
        schema: `${SERVER} CREATE USER MAPPING FOR PUBLIC SERVER foo OPTIONS (user 'bob')`,
        up: 'DROP USER MAPPING FOR PUBLIC SERVER foo',
      },
      {
        name: 'one',
        expect: { outcome: 'refuted', code: 'rollback-unavailable', message: /holds a secret/ },
        why: 'A password is never read nor written down.',
        schema: `${SERVER} CREATE USER MAPPING FOR manual_joe SERVER foo OPTIONS (user 'bob', password 'secret')`,
        up: 'DROP USER MAPPING IF EXISTS FOR manual_joe SERVER foo',
      },
    ],
  },
  {
    page: 'CREATE FOREIGN TABLE',
    examples: [
      {
        name: 'one',
        schema: FILE,
        up: "CREATE FOREIGN TABLE films (code char(5) NOT NULL, title varchar(40) NOT NULL, did integer NOT NULL, date_prod date, len interval hour to minute) SERVER film_server OPTIONS (filename '/dev/null')",
      },
      {
        name: 'PARTITION OF',
        schema: `${SERVER} CREATE TABLE measurement (logdate date NOT NULL, v int) PARTITION BY RANGE (logdate); CREATE TABLE m1 PARTITION OF measurement FOR VALUES FROM ('2016-06-01') TO ('2016-07-01'); INSERT INTO measurement VALUES ('2016-06-02', 1)`,
        up: "CREATE FOREIGN TABLE measurement_y2016m07 PARTITION OF measurement FOR VALUES FROM ('2016-07-01') TO ('2016-08-01') SERVER foo",
      },
    ],
  },
  {
    page: 'ALTER FOREIGN TABLE',
    examples: [
      {
        name: 'SET NOT NULL',
        schema: FILMS,
        up: 'ALTER FOREIGN TABLE films ALTER COLUMN street SET NOT NULL',
      },
      {
        name: 'OPTIONS',
        schema: FILMS,
        up: "ALTER FOREIGN TABLE films OPTIONS (ADD null 'x', SET filename '/dev/zero', DROP format)",
      },
      {
        name: 'columns',
        schema: FILMS,
        up: "ALTER FOREIGN TABLE films ADD COLUMN a int, DROP COLUMN street, ALTER COLUMN title TYPE text, ALTER COLUMN code OPTIONS (ADD force_not_null 'true')",
      },
      {
        name: 'RENAME TO, SET SCHEMA',
        schema: `${FILMS} CREATE SCHEMA other`,
        up: 'ALTER FOREIGN TABLE films RENAME COLUMN street TO road; ALTER FOREIGN TABLE films RENAME TO f; ALTER FOREIGN TABLE f SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP FOREIGN TABLE',
    examples: [
      {
        name: 'one',
        schema: `${FILMS} COMMENT ON FOREIGN TABLE films IS 'x'; COMMENT ON COLUMN films.code IS 'y'`,
        up: 'DROP FOREIGN TABLE films',
      },
    ],
  },
  {
    page: 'IMPORT FOREIGN SCHEMA',
    examples: [
      {
        name: 'from a server that can not be reached',
        schema: `${SERVER} CREATE SCHEMA films`,
        up: 'IMPORT FOREIGN SCHEMA foreign_films FROM SERVER foo INTO films',
        expect: {
          outcome: 'failed',
          code: 'sql-failed',
          message: /user mapping not found|could not connect/,
        },
        why: 'The copy can not reach the other server either: nothing is proved, and the reason is said.',
      },
    ],
  },
  {
    page: 'CREATE PUBLICATION',
    examples: [
      {
        name: 'two tables',
        schema: TABLES,
        up: 'CREATE PUBLICATION mypublication FOR TABLE users, departments',
      },
      {
        name: 'rows',
        since: 15,
        schema: TABLES,
        up: 'CREATE PUBLICATION active_departments FOR TABLE departments WHERE (active IS TRUE)',
      },
      { name: 'ALL TABLES', schema: TABLES, up: 'CREATE PUBLICATION alltables FOR ALL TABLES' },
      {
        name: 'inserts alone',
        schema: TABLES,
        up: "CREATE PUBLICATION insert_only FOR TABLE users WITH (publish = 'insert')",
      },
      {
        name: 'tables and schemas',
        since: 15,
        schema: `${TABLES} CREATE SCHEMA production`,
        up: 'CREATE PUBLICATION production_publication FOR TABLE users, departments, TABLES IN SCHEMA production',
      },
      {
        name: 'schemas',
        since: 15,
        schema: 'CREATE SCHEMA marketing; CREATE SCHEMA sales',
        up: 'CREATE PUBLICATION sales_publication FOR TABLES IN SCHEMA marketing, sales',
      },
      {
        name: 'columns',
        since: 15,
        schema: TABLES,
        up: 'CREATE PUBLICATION users_filtered FOR TABLE users (user_id, firstname)',
      },
    ],
  },
  {
    page: 'ALTER PUBLICATION',
    examples: [
      {
        name: 'SET what is published',
        schema: PUBLISHED,
        up: "ALTER PUBLICATION noinsert SET (publish = 'update, delete')",
      },
      { name: 'ADD TABLE', schema: PUBLISHED, up: 'ALTER PUBLICATION mypublication ADD TABLE departments' },
      {
        name: 'SET TABLE, columns',
        since: 15,
        schema: PUBLISHED,
        up: 'ALTER PUBLICATION mypublication SET TABLE users (user_id, firstname), TABLE departments',
      },
      {
        name: 'ADD TABLES IN SCHEMA',
        since: 15,
        schema: `${PUBLISHED} CREATE SCHEMA marketing; CREATE SCHEMA sales`,
        up: 'ALTER PUBLICATION mypublication ADD TABLES IN SCHEMA marketing, sales',
      },
      {
        name: 'DROP TABLE, OWNER TO, RENAME TO',
        schema: PUBLISHED,
        up: 'ALTER PUBLICATION mypublication DROP TABLE users; ALTER PUBLICATION mypublication OWNER TO manual_super; ALTER PUBLICATION mypublication RENAME TO p',
      },
    ],
  },
  {
    page: 'DROP PUBLICATION',
    examples: [
      {
        name: 'one',
        schema: `${PUBLISHED} COMMENT ON PUBLICATION mypublication IS 'x'`,
        up: 'DROP PUBLICATION mypublication',
      },
    ],
  },
  {
    page: 'CREATE SUBSCRIPTION',
    examples: [
      {
        name: 'not connected',
        up: `CREATE SUBSCRIPTION mysub ${NOWHERE}`,
      },
      {
        name: 'connected',
        up: "CREATE SUBSCRIPTION mysub CONNECTION 'host=192.0.2.1 port=5432 user=foo dbname=foodb connect_timeout=2' PUBLICATION mypublication, insert_only",
        expect: { outcome: 'failed', code: 'sql-failed', message: /connect/ },
        why: 'The copy must not, and can not, subscribe at the other server.',
      },
    ],
  },
  {
    page: 'ALTER SUBSCRIPTION',
    examples: [
      {
        name: 'SET PUBLICATION',
        expect: { outcome: 'failed', code: 'sql-failed', message: /subscription "mysub" does not exist/ },
        why: 'A copy of a database has no subscriptions: they would fetch from the other server.',
        schema: `CREATE SUBSCRIPTION mysub ${NOWHERE}`,
        up: 'ALTER SUBSCRIPTION mysub SET PUBLICATION insert_only WITH (refresh = false)',
      },
      {
        name: 'options',
        expect: { outcome: 'failed', code: 'sql-failed', message: /subscription "mysub" does not exist/ },
        why: 'A copy of a database has no subscriptions: they would fetch from the other server.',
        schema: `CREATE SUBSCRIPTION mysub ${NOWHERE}`,
        up: "ALTER SUBSCRIPTION mysub SET (synchronous_commit = 'local')",
      },
    ],
  },
  {
    page: 'DROP SUBSCRIPTION',
    examples: [
      {
        name: 'one',
        expect: { outcome: 'failed', code: 'sql-failed', message: /subscription "mysub" does not exist/ },
        why: 'A copy of a database has no subscriptions.',
        schema: `CREATE SUBSCRIPTION mysub ${NOWHERE}; ALTER SUBSCRIPTION mysub SET (slot_name = NONE)`,
        up: 'DROP SUBSCRIPTION mysub',
      },
    ],
  },
];
