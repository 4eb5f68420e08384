/**
 * What belongs to the whole server: roles, databases, tablespaces, settings. No copy of a database shows it. A role that
 * the migration makes is dropped on the way back; anything else wants a down.sql (`rollback-unavailable`), and what is
 * more than roles is not even run on a server that others use (`scratch-unavailable`; see server.test.ts for one of its own).
 */
import type { Example, Exception, Page } from '../model.ts';

const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, NULL);';

const noWayBack = (command: string): Exception => ({
  outcome: 'refuted',
  code: 'rollback-unavailable',
  message: new RegExp(`${command} changes the server, and a copy of the database does not show`),
});
const notHere = (command: string): Exception => ({
  outcome: 'failed',
  code: 'scratch-unavailable',
  message: new RegExp(`${command} can not be rehearsed on .* It changes the server rather than the database`),
});
const WHY = 'It changes the server, not the database.';

/** Made here, and used: dropped again on the way back. */
const made = (name: string, up: string): Example => ({ name, schema: TABLE, up });
const role = (name: string, up: string, command: string): Example => ({
  name,
  up,
  expect: noWayBack(command),
  why: WHY,
});
const refused = (name: string, up: string, command: string): Example => ({
  name,
  up,
  expect: notHere(command),
  why: WHY,
});

export const serverPages: readonly Page[] = [
  {
    page: 'CREATE ROLE',
    examples: [
      made('LOGIN', 'CREATE ROLE manual_jonathan LOGIN; GRANT SELECT ON t TO manual_jonathan'),
      made(
        'password with an end, settings, member of another',
        `CREATE ROLE manual_miriam WITH LOGIN PASSWORD 'jw8s0F4' VALID UNTIL '2035-01-01' IN ROLE manual_admins;
         ALTER ROLE manual_miriam SET work_mem = '8MB'; COMMENT ON ROLE manual_miriam IS 'x'; GRANT SELECT ON t TO manual_miriam`,
      ),
      made(
        'CREATEDB CREATEROLE',
        'CREATE ROLE manual_admin WITH CREATEDB CREATEROLE; ALTER TABLE t OWNER TO manual_admin',
      ),
    ],
  },
  {
    page: 'CREATE USER',
    examples: [
      made(
        'with a password',
        "CREATE USER manual_davide WITH PASSWORD 'jw8s0F4'; GRANT ALL ON t TO manual_davide",
      ),
    ],
  },
  {
    page: 'CREATE GROUP',
    examples: [
      made('with members', 'CREATE GROUP manual_staff WITH USER manual_joe; GRANT ALL ON t TO manual_staff'),
    ],
  },
  {
    page: 'ALTER ROLE',
    examples: [
      role('PASSWORD', "ALTER ROLE manual_other WITH PASSWORD 'hu8jmn3'", 'ALTER ROLE'),
      role('SET', 'ALTER ROLE manual_other SET maintenance_work_mem = 100000', 'ALTER ROLE'),
      role('RENAME TO', 'ALTER ROLE manual_away RENAME TO manual_back', 'ALTER ROLE … RENAME'),
      refused(
        'SET in one database',
        'ALTER ROLE manual_other IN DATABASE devel SET client_min_messages = DEBUG',
        'ALTER ROLE … IN DATABASE',
      ),
    ],
  },
  {
    page: 'ALTER USER',
    examples: [role('VALID UNTIL', "ALTER USER manual_other VALID UNTIL 'infinity'", 'ALTER ROLE')],
  },
  {
    page: 'ALTER GROUP',
    examples: [role('ADD USER', 'ALTER GROUP manual_admins ADD USER manual_other', 'ALTER ROLE')],
  },
  { page: 'DROP ROLE', examples: [role('one', 'DROP ROLE manual_gone_1', 'DROP ROLE')] },
  { page: 'DROP USER', examples: [role('one', 'DROP USER IF EXISTS manual_gone_2', 'DROP ROLE')] },
  { page: 'DROP GROUP', examples: [role('one', 'DROP GROUP manual_gone_3', 'DROP ROLE')] },
  {
    page: 'CREATE DATABASE',
    examples: [
      refused('bare', 'CREATE DATABASE lusiadas', 'CREATE DATABASE'),
      refused(
        'OWNER, TABLESPACE',
        'CREATE DATABASE sales OWNER manual_joe TABLESPACE manual_fast',
        'CREATE DATABASE',
      ),
      refused(
        'locale',
        "CREATE DATABASE music2 LOCALE 'C' ENCODING LATIN9 TEMPLATE template0",
        'CREATE DATABASE',
      ),
    ],
  },
  {
    page: 'ALTER DATABASE',
    examples: [
      refused('SET', 'ALTER DATABASE test SET enable_indexscan TO off', 'ALTER DATABASE … SET'),
      refused('RENAME TO', 'ALTER DATABASE test RENAME TO test2', 'ALTER DATABASE … RENAME'),
      refused('REFRESH COLLATION VERSION', 'ALTER DATABASE test REFRESH COLLATION VERSION', 'ALTER DATABASE'),
      refused('CONNECTION LIMIT', 'ALTER DATABASE test CONNECTION LIMIT 3', 'ALTER DATABASE'),
    ],
  },
  { page: 'DROP DATABASE', examples: [refused('one', 'DROP DATABASE IF EXISTS lusiadas', 'DROP DATABASE')] },
  {
    page: 'CREATE TABLESPACE',
    examples: [refused('one', "CREATE TABLESPACE dbspace LOCATION '/data/dbs'", 'CREATE TABLESPACE')],
  },
  {
    page: 'ALTER TABLESPACE',
    examples: [
      refused('RENAME TO', 'ALTER TABLESPACE manual_fast RENAME TO fast_raid', 'ALTER TABLESPACE … RENAME'),
      refused('OWNER TO', 'ALTER TABLESPACE manual_fast OWNER TO manual_joe', 'ALTER TABLESPACE … OWNER'),
      refused('SET', 'ALTER TABLESPACE manual_fast SET (random_page_cost = 1.1)', 'ALTER TABLESPACE'),
    ],
  },
  { page: 'DROP TABLESPACE', examples: [refused('one', 'DROP TABLESPACE manual_fast', 'DROP TABLESPACE')] },
  {
    page: 'ALTER SYSTEM',
    examples: [
      refused('SET', 'ALTER SYSTEM SET wal_level = replica', 'ALTER SYSTEM'),
      refused('RESET', 'ALTER SYSTEM RESET wal_level', 'ALTER SYSTEM'),
    ],
  },
];
