import { acl, by, type CatalogCoverage, comes, ignored, OID, OWNER, of, to } from './column.ts';

const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text);';
const DATABASE = `datname = current_database()`;
const FOREIGN = `CREATE FOREIGN DATA WRAPPER z; CREATE FOREIGN DATA WRAPPER z2; CREATE SERVER z FOREIGN DATA WRAPPER z; CREATE SERVER z2 FOREIGN DATA WRAPPER z;
  CREATE USER MAPPING FOR PUBLIC SERVER z; CREATE FOREIGN TABLE t (a int) SERVER z;`;
const PUBLICATION = `${T} CREATE TABLE q (LIKE t); CREATE PUBLICATION z FOR TABLE t; CREATE PUBLICATION z2`;
const FILTERS = `${T} CREATE PUBLICATION z FOR TABLE t WHERE (id > 1); CREATE PUBLICATION z2 FOR TABLE t WHERE (id > 2)`;
const EVENT = `CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE FUNCTION eg() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER z ON ddl_command_end EXECUTE FUNCTION ef()`;
const SETTING = `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''', current_database()); END $$`;
const MADE_ELSEWHERE = ignored('a choice of CREATE DATABASE, which no statement changes');
const OPERATION = ignored('how this one database is run: its copy must not have it');

export const OTHERS: readonly CatalogCoverage[] = [
  {
    catalog: 'pg_namespace',
    setup: 'CREATE SCHEMA s2',
    row: `nspname = 's2'`,
    columns: { oid: OID, nspname: to(`'s3'`), nspowner: OWNER, nspacl: acl('U') },
  },
  {
    catalog: 'pg_extension',
    row: `extname = 'plpgsql'`,
    columns: {
      oid: OID,
      extname: to(`'other'`),
      extowner: ignored('who ran CREATE EXTENSION: no statement names an owner'),
      extnamespace: to(`'public'::regnamespace`),
      extrelocatable: ignored("said by the extension's control file"),
      extversion: to(`'0.9'`),
      extconfig: ignored("said by the extension's script: what pg_dump takes along"),
      extcondition: ignored("said by the extension's script: what pg_dump takes along"),
    },
  },
  {
    catalog: 'pg_foreign_data_wrapper',
    setup: FOREIGN,
    row: `fdwname = 'z'`,
    columns: {
      oid: OID,
      fdwname: to(`'zz'`),
      fdwowner: OWNER,
      fdwhandler: to(`'plpgsql_call_handler'::regproc`),
      fdwvalidator: to(`'postgresql_fdw_validator'::regproc`),
      fdwacl: acl('U'),
      fdwoptions: to(`'{x=y}'`),
    },
  },
  {
    catalog: 'pg_foreign_server',
    setup: FOREIGN,
    row: `srvname = 'z'`,
    columns: {
      oid: OID,
      srvname: to(`'zz'`),
      srvowner: OWNER,
      srvfdw: to(`(SELECT oid FROM pg_foreign_data_wrapper WHERE fdwname = 'z2')`),
      srvtype: to(`'x'`),
      srvversion: to(`'x'`),
      srvacl: acl('U'),
      srvoptions: to(`'{x=y}'`),
    },
  },
  {
    catalog: 'pg_foreign_table',
    setup: FOREIGN,
    row: `ftrelid = 's.t'::regclass`,
    columns: {
      ftrelid: comes('DROP FOREIGN TABLE t'),
      ftserver: to(`(SELECT oid FROM pg_foreign_server WHERE srvname = 'z2')`),
      ftoptions: to(`'{x=y}'`),
    },
  },
  {
    catalog: 'pg_user_mapping',
    setup: FOREIGN,
    row: 'umuser = 0',
    columns: {
      oid: OID,
      umuser: to(`'pg_monitor'::regrole`),
      umserver: to(`(SELECT oid FROM pg_foreign_server WHERE srvname = 'z2')`),
      umoptions: to(`'{x=y}'`),
    },
  },
  {
    catalog: 'pg_publication',
    setup: PUBLICATION,
    row: `pubname = 'z'`,
    columns: {
      oid: OID,
      pubname: to(`'zz'`),
      pubowner: OWNER,
      puballtables: to('true'),
      pubinsert: to('false'),
      pubupdate: to('false'),
      pubdelete: to('false'),
      pubtruncate: to('false'),
      pubviaroot: to('true'),
      pubgencols: to(`'s'`),
    },
  },
  {
    catalog: 'pg_publication_rel',
    setup: PUBLICATION,
    row: `prpubid = (SELECT oid FROM pg_publication WHERE pubname = 'z')`,
    columns: {
      oid: OID,
      prpubid: to(`(SELECT oid FROM pg_publication WHERE pubname = 'z2')`),
      prrelid: to(`'s.q'::regclass`),
      prqual: {
        ...of(
          'prqual',
          'pg_publication_rel',
          `o.prpubid = (SELECT oid FROM pg_publication WHERE pubname = 'z2')`,
        ),
        setup: FILTERS,
      },
      prattrs: to(`'1 2'::int2vector`),
    },
  },
  {
    catalog: 'pg_publication_namespace',
    setup: 'CREATE PUBLICATION z FOR TABLES IN SCHEMA s; CREATE PUBLICATION z2',
    row: 'true',
    columns: {
      oid: OID,
      pnpubid: to(`(SELECT oid FROM pg_publication WHERE pubname = 'z2')`),
      pnnspid: to(`'public'::regnamespace`),
    },
  },
  {
    catalog: 'pg_subscription',
    setup: `CREATE SUBSCRIPTION z CONNECTION 'dbname=nowhere' PUBLICATION a WITH (connect = false, slot_name = NONE)`,
    row: `subname = 'z'`,
    columns: {
      oid: OID,
      subdbid: to('1'),
      subskiplsn: ignored('a transaction to be left out once; the server resets it'),
      subname: to(`'zz'`),
      subowner: OWNER,
      subenabled: to('true'),
      subbinary: to('true'),
      substream: by(
        `DO $$ BEGIN IF current_setting('server_version_num')::int >= 160000 THEN UPDATE pg_subscription SET substream = CASE WHEN substream::text IN ('f', 'p') THEN 't' ELSE 'f' END;
         ELSE UPDATE pg_subscription SET substream = NOT substream::text::bool; END IF; END $$`,
      ),
      subtwophasestate: to(`'p'`),
      subdisableonerr: to('true'),
      subpasswordrequired: to('false'),
      subrunasowner: to('true'),
      subfailover: to('true'),
      subconninfo: ignored('it holds the password, and superusers alone may read it'),
      subslotname: to(`'slot'`),
      subsynccommit: to(`'remote_apply'`, { since: 14 }),
      subpublications: to(`'{b}'`),
      suborigin: to(`'none'`),
    },
  },
  {
    catalog: 'pg_event_trigger',
    setup: EVENT,
    row: `evtname = 'z'`,
    columns: {
      oid: OID,
      evtname: to(`'zz'`),
      evtevent: to(`'ddl_command_start'`),
      evtowner: OWNER,
      evtfoid: to(`'s.eg'::regproc`),
      evtenabled: to(`'D'`),
      evttags: to(`'{"DROP TABLE"}'`),
    },
  },
  {
    catalog: 'pg_default_acl',
    setup: 'ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO pg_monitor',
    row: `defaclnamespace = 's'::regnamespace`,
    columns: {
      oid: OID,
      defaclrole: to(`'pg_monitor'::regrole`),
      defaclnamespace: to(`'public'::regnamespace`),
      defaclobjtype: to(`'S'`),
      defaclacl: acl('w'),
    },
  },
  {
    catalog: 'pg_description',
    setup: `${T} CREATE TABLE q (a int); COMMENT ON COLUMN t.a IS 'x'`,
    row: `objoid = 's.t'::regclass AND classoid = 'pg_class'::regclass`,
    columns: {
      objoid: to(`'s.q'::regclass`),
      classoid: to(`'pg_type'::regclass`),
      objsubid: to('2', { setup: `${T} COMMENT ON COLUMN t.id IS 'x'` }),
      description: to(`'y'`),
    },
  },
  {
    catalog: 'pg_seclabel',
    setup: `${T} CREATE TABLE q (a int); INSERT INTO pg_seclabel VALUES ('s.t'::regclass, 'pg_class'::regclass, 2, 'dummy', 'secret')`,
    row: `provider = 'dummy'`,
    columns: {
      objoid: to(`'s.q'::regclass`),
      classoid: to(`'pg_type'::regclass`),
      objsubid: to('1'),
      provider: to(`'other'`),
      label: to(`'public'`),
    },
  },
  {
    catalog: 'pg_database',
    row: DATABASE,
    columns: {
      oid: OID,
      datname: ignored('a database is compared with its copy, which has another name'),
      datdba: ignored(
        'a copy belongs to who made it: every privilege is read as given by its owner, whoever that is',
      ),
      encoding: MADE_ELSEWHERE,
      datlocprovider: MADE_ELSEWHERE,
      datistemplate: OPERATION,
      datallowconn: OPERATION,
      dathasloginevt: ignored('whether there is an event trigger for logins'),
      datconnlimit: OPERATION,
      datlastsysoid: MADE_ELSEWHERE,
      datfrozenxid: ignored('for VACUUM'),
      datminmxid: ignored('for VACUUM'),
      dattablespace: OPERATION,
      datcollate: MADE_ELSEWHERE,
      datctype: MADE_ELSEWHERE,
      daticulocale: MADE_ELSEWHERE,
      datlocale: MADE_ELSEWHERE,
      daticurules: MADE_ELSEWHERE,
      datcollversion: ignored("of the operating system's library, not of the schema"),
      datacl: to(`ARRAY[makeaclitem('pg_monitor'::regrole, datdba, 'CREATE', true)]`),
    },
  },
  {
    catalog: 'pg_db_role_setting',
    setup: SETTING,
    row: `setdatabase = (SELECT oid FROM pg_database WHERE ${DATABASE})`,
    columns: {
      setdatabase: to('1'),
      setrole: to(`'pg_monitor'::regrole`),
      setconfig: to(`'{work_mem=6MB}'`),
    },
  },
  {
    catalog: 'pg_shdescription',
    setup: `DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''x''', current_database()); END $$`,
    row: `objoid = (SELECT oid FROM pg_database WHERE ${DATABASE}) AND classoid = 'pg_database'::regclass`,
    columns: {
      objoid: to('999999'),
      classoid: to(`'pg_authid'::regclass`),
      description: to(`'y'`),
    },
  },
  {
    catalog: 'pg_shseclabel',
    setup: `INSERT INTO pg_shseclabel SELECT oid, 'pg_database'::regclass, 'dummy', 'secret' FROM pg_database WHERE ${DATABASE}`,
    row: `provider = 'dummy'`,
    columns: {
      objoid: to('999999'),
      classoid: to(`'pg_authid'::regclass`),
      provider: to(`'other'`),
      label: to(`'public'`),
    },
  },
  {
    catalog: 'pg_init_privs',
    setup: 'GRANT EXECUTE ON FUNCTION pg_read_file(text) TO pg_monitor',
    row: `objoid = 'pg_read_file(text)'::regprocedure`,
    columns: {
      objoid: to(`'s'::regnamespace`),
      classoid: to(`'pg_type'::regclass`),
      objsubid: to('1'),
      privtype: ignored('whether initdb or an extension gave them'),
      initprivs: to(`(SELECT proacl FROM pg_proc p WHERE p.oid = 'pg_read_file(text)'::regprocedure)`),
    },
  },
  {
    catalog: 'pg_depend',
    setup: `${T} CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE INDEX i ON t (a); ALTER FUNCTION f() DEPENDS ON EXTENSION plpgsql`,
    row: `deptype = 'x'`,
    columns: {
      classid: to(`'pg_class'::regclass`),
      objid: to(`'s.g'::regproc`),
      objsubid: ignored('which part of an object: for the order of creation alone'),
      refclassid: to(`'pg_class'::regclass`),
      refobjid: to('1'),
      refobjsubid: comes(`ALTER SEQUENCE q OWNED BY t.a`, { setup: `${T} CREATE SEQUENCE q OWNED BY t.id` }),
      deptype: to(`'e'`),
    },
  },
];

const CLUSTER =
  'of the whole server, not of one database; roles and tablespaces count by name where something names them';
const ROWS = 'rows, not schema';

/** Catalogs that are left out as a whole. */
export const IGNORED_CATALOGS: Readonly<Record<string, string>> = {
  pg_authid: CLUSTER,
  pg_auth_members: CLUSTER,
  pg_tablespace: CLUSTER,
  pg_parameter_acl: CLUSTER,
  pg_replication_origin: CLUSTER,
  pg_shdepend:
    'repeats, for all databases, what the objects themselves say of their owners, privileges and tablespaces',
  pg_statistic: 'what ANALYZE found',
  pg_statistic_ext_data: 'what ANALYZE found',
  pg_largeobject: ROWS,
  pg_largeobject_metadata: `owner and privileges of large objects, which are ${ROWS}: they come and go with them`,
  pg_subscription_rel: 'how far a subscription has come',
};
