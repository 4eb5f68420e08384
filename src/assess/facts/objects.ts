/** What is in no table: schemas, functions, extensions, operators, text search, foreign servers … */
import type { FactFamily } from './model.ts';

export const objects = {
  title: 'What is in no table: schemas, functions, extensions, operators, text search, foreign servers …',
  fixture: [
    {
      since: 13,
      sql: `
CREATE EXTENSION pgcrypto;
CREATE FUNCTION trg2() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE trgt2 (id int);
CREATE TRIGGER t2 BEFORE INSERT ON trgt2 FOR EACH ROW EXECUTE FUNCTION trg2();
CREATE OPERATOR @@@# (leftarg = int, rightarg = int, function = int4eq, restrict = eqsel);
CREATE OPERATOR FAMILY fam USING btree;
CREATE CAST (mood AS int) WITH INOUT;
CREATE FUNCTION tfn(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'textlike_support';
CREATE TEXT SEARCH CONFIGURATION tsc (COPY = simple);
CREATE TEXT SEARCH DICTIONARY tsd (TEMPLATE = simple);
CREATE FOREIGN DATA WRAPPER wrap;
CREATE EXTENSION postgres_fdw;
CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%PGHOST%', port '%PGPORT%', dbname '%DATABASE%');
CREATE USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (user '%PGUSER%', password '%PGPASSWORD%');
CREATE CONVERSION conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE AGGREGATE agg (int) (sfunc = int4pl, stype = int);
CREATE OPERATOR CLASS opc FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int);
CREATE LANGUAGE lang HANDLER plpgsql_call_handler;
CREATE TRANSFORM FOR mood LANGUAGE plpgsql (FROM SQL WITH FUNCTION tfn(internal));
CREATE ACCESS METHOD heap3 TYPE TABLE HANDLER heap_tableam_handler;
CREATE TEXT SEARCH PARSER tsp (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE tst (LEXIZE = dsimple_lexize);
CREATE TYPE temper AS ENUM ('a');
CREATE TABLE pubt (id int);
CREATE PUBLICATION pub FOR TABLE pubt;
CREATE SUBSCRIPTION subs CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, enabled = false);
CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, enabled = false);
DO $$ BEGIN CREATE ROLE ferrata_owner; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE owned (id int);
ALTER TABLE owned OWNER TO ferrata_owner;
`,
    },
  ],
  rows: [
    {
      id: 'schema.create',
      node: 'CreateSchemaStmt',
      form: 'CREATE SCHEMA',
      roles: {},
      examples: ['CREATE SCHEMA n'],
    },
    {
      id: 'schema.create-elements',
      node: 'CreateSchemaStmt',
      form: 'CREATE SCHEMA with objects',
      roles: { referenced: { mode: 'ShareRowExclusiveLock' } },
      on: { referenced: ['r'] },
      examples: ['CREATE SCHEMA n CREATE TABLE a (id int REFERENCES public.r)'],
    },
    {
      id: 'schema.rename-in-catalog',
      node: 'RenameStmt',
      of: [
        'OBJECT_SCHEMA',
        'OBJECT_FUNCTION',
        'OBJECT_COLLATION',
        'OBJECT_STATISTIC_EXT',
        'OBJECT_FOREIGN_SERVER',
        'OBJECT_TABLESPACE',
      ],
      form: 'RENAME of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'RENAME of a schema', sql: 'ALTER SCHEMA elsewhere RENAME TO z' },
        { label: 'RENAME of a function', sql: 'ALTER FUNCTION calm() RENAME TO z' },
        { label: 'RENAME of a collation', sql: 'ALTER COLLATION colx RENAME TO z' },
        { label: 'RENAME of a statistics object', sql: 'ALTER STATISTICS tyi_st RENAME TO z' },
        { label: 'RENAME of a server', sql: 'ALTER SERVER fs RENAME TO z' },
        { label: 'RENAME of a tablespace', sql: 'ALTER TABLESPACE ferrata_space RENAME TO ferrata_z' },
      ],
    },
    {
      id: 'schema.owner-in-catalog',
      node: 'AlterOwnerStmt',
      of: [
        'OBJECT_SCHEMA',
        'OBJECT_FUNCTION',
        'OBJECT_STATISTIC_EXT',
        'OBJECT_FOREIGN_SERVER',
        'OBJECT_DATABASE',
      ],
      form: 'OWNER TO of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'OWNER TO of a schema', sql: 'ALTER SCHEMA elsewhere OWNER TO ferrata_facts' },
        { label: 'OWNER TO of a function', sql: 'ALTER FUNCTION calm() OWNER TO ferrata_facts' },
        { label: 'OWNER TO of a statistics object', sql: 'ALTER STATISTICS tyi_st OWNER TO ferrata_facts' },
        { label: 'OWNER TO of a server', sql: 'ALTER SERVER fs OWNER TO CURRENT_USER' },
        { label: 'OWNER TO of a database', sql: 'ALTER DATABASE postgres OWNER TO CURRENT_USER' },
      ],
    },
    {
      id: 'extension.create',
      node: 'CreateExtensionStmt',
      form: 'CREATE EXTENSION',
      roles: {},
      examples: ['CREATE EXTENSION hstore'],
    },
    {
      id: 'extension.update',
      node: 'AlterExtensionStmt',
      form: 'ALTER EXTENSION … UPDATE',
      roles: {},
      examples: ['ALTER EXTENSION citext UPDATE'],
    },
    {
      id: 'extension.set-schema-in-catalog',
      node: 'AlterObjectSchemaStmt',
      of: ['OBJECT_EXTENSION', 'OBJECT_COLLATION', 'OBJECT_STATISTIC_EXT'],
      form: 'SET SCHEMA of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'ALTER EXTENSION … SET SCHEMA', sql: 'ALTER EXTENSION citext SET SCHEMA elsewhere' },
        { label: 'SET SCHEMA of a collation', sql: 'ALTER COLLATION colx SET SCHEMA elsewhere' },
        { label: 'SET SCHEMA of a statistics object', sql: 'ALTER STATISTICS tyi_st SET SCHEMA elsewhere' },
      ],
    },
    {
      id: 'extension.add',
      node: 'AlterExtensionContentsStmt',
      form: 'ALTER EXTENSION … ADD',
      roles: {},
      examples: ['ALTER EXTENSION citext ADD FUNCTION calm()'],
    },
    {
      id: 'extension.add-table',
      node: 'AlterExtensionContentsStmt',
      form: 'ALTER EXTENSION … ADD TABLE',
      roles: { target: { mode: 'ShareUpdateExclusiveLock' } },
      on: { target: ['keyless'] },
      examples: ['ALTER EXTENSION citext ADD TABLE keyless'],
    },
    {
      id: 'extension.drop-in-catalog',
      node: 'DropStmt',
      of: [
        'OBJECT_EXTENSION',
        'OBJECT_FUNCTION',
        'OBJECT_PROCEDURE',
        'OBJECT_CAST',
        'OBJECT_COLLATION',
        'OBJECT_CONVERSION',
        'OBJECT_AGGREGATE',
        'OBJECT_ROUTINE',
        'OBJECT_OPERATOR',
        'OBJECT_OPCLASS',
        'OBJECT_OPFAMILY',
        'OBJECT_LANGUAGE',
        'OBJECT_TRANSFORM',
        'OBJECT_ACCESS_METHOD',
        'OBJECT_FDW',
        'OBJECT_TSPARSER',
        'OBJECT_TSTEMPLATE',
        'OBJECT_TSDICTIONARY',
        'OBJECT_TSCONFIGURATION',
      ],
      form: 'DROP of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'DROP EXTENSION', sql: 'DROP EXTENSION pgcrypto' },
        { label: 'DROP FUNCTION', sql: 'DROP FUNCTION calm()' },
        { label: 'DROP PROCEDURE', sql: 'DROP PROCEDURE proc()' },
        { label: 'DROP CAST', sql: 'DROP CAST (mood AS int)' },
        { label: 'DROP COLLATION', sql: 'DROP COLLATION colx' },
        { label: 'DROP CONVERSION', sql: 'DROP CONVERSION conv' },
        { label: 'DROP AGGREGATE', sql: 'DROP AGGREGATE agg (int)' },
        { label: 'DROP ROUTINE', sql: 'DROP ROUTINE proc()' },
        { label: 'DROP OPERATOR', sql: 'DROP OPERATOR @@@# (int, int)' },
        { label: 'DROP OPERATOR CLASS', sql: 'DROP OPERATOR CLASS opc USING hash' },
        { label: 'DROP OPERATOR FAMILY', sql: 'DROP OPERATOR FAMILY fam USING btree' },
        { label: 'DROP LANGUAGE', sql: 'DROP LANGUAGE lang' },
        { label: 'DROP TRANSFORM', sql: 'DROP TRANSFORM FOR mood LANGUAGE plpgsql' },
        { label: 'DROP ACCESS METHOD', sql: 'DROP ACCESS METHOD heap3' },
        { label: 'DROP FOREIGN DATA WRAPPER', sql: 'DROP FOREIGN DATA WRAPPER wrap' },
        { label: 'DROP TEXT SEARCH PARSER', sql: 'DROP TEXT SEARCH PARSER tsp' },
        { label: 'DROP TEXT SEARCH TEMPLATE', sql: 'DROP TEXT SEARCH TEMPLATE tst' },
        { label: 'DROP TEXT SEARCH DICTIONARY', sql: 'DROP TEXT SEARCH DICTIONARY tsd' },
        { label: 'DROP TEXT SEARCH CONFIGURATION', sql: 'DROP TEXT SEARCH CONFIGURATION tsc' },
      ],
    },
    {
      id: 'extension.drop-cascade',
      node: 'DropStmt',
      of: 'OBJECT_EXTENSION',
      form: 'DROP EXTENSION … CASCADE that columns use',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['ty', 'tyi'] },
      unseen: 'which types belong to an extension is not known',
      examples: ['DROP EXTENSION citext CASCADE'],
    },
    {
      id: 'function.create',
      node: 'CreateFunctionStmt',
      form: 'CREATE FUNCTION',
      roles: {},
      examples: ["CREATE FUNCTION n() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    },
    {
      id: 'function.create-body',
      node: 'CreateFunctionStmt',
      form: 'CREATE FUNCTION with a body of SQL',
      roles: { source: { mode: 'AccessShareLock' } },
      on: { source: ['t'] },
      unseen: 'a body in a string is not read',
      examples: ["CREATE FUNCTION n() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'"],
    },
    {
      id: 'function.create-atomic',
      node: 'CreateFunctionStmt',
      form: 'CREATE FUNCTION … BEGIN ATOMIC',
      roles: { source: { mode: 'AccessShareLock' } },
      on: { source: ['t'] },
      since: 14,
      examples: ['CREATE FUNCTION n() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END'],
    },
    {
      id: 'function.create-plpgsql',
      node: 'CreateFunctionStmt',
      form: 'CREATE FUNCTION in PL/pgSQL',
      roles: {},
      examples: ['CREATE FUNCTION n() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; END $$'],
    },
    {
      id: 'function.replace',
      node: 'CreateFunctionStmt',
      form: 'CREATE OR REPLACE FUNCTION',
      roles: {},
      examples: ["CREATE OR REPLACE FUNCTION calm() RETURNS int LANGUAGE sql STABLE AS 'SELECT 2'"],
    },
    {
      id: 'function.procedure',
      node: 'CreateFunctionStmt',
      form: 'CREATE PROCEDURE',
      roles: {},
      examples: ['CREATE PROCEDURE n() LANGUAGE plpgsql AS $$ BEGIN END $$'],
    },
    {
      id: 'function.alter',
      node: 'AlterFunctionStmt',
      form: 'ALTER FUNCTION',
      roles: {},
      examples: ['ALTER FUNCTION calm() IMMUTABLE'],
    },
    {
      id: 'function.drop-cascade',
      node: 'DropStmt',
      of: 'OBJECT_FUNCTION',
      form: 'DROP FUNCTION … CASCADE that triggers use',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['trgt2'] },
      examples: ['DROP FUNCTION trg2() CASCADE'],
    },
    {
      id: 'function.create-in-catalog',
      node: 'DefineStmt',
      of: ['OBJECT_AGGREGATE', 'OBJECT_OPERATOR', 'OBJECT_TSCONFIGURATION', 'OBJECT_TSDICTIONARY'],
      form: 'CREATE of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'CREATE AGGREGATE', sql: 'CREATE AGGREGATE n (int) (sfunc = int4pl, stype = int)' },
        {
          label: 'CREATE OPERATOR',
          sql: 'CREATE OPERATOR ### (leftarg = int, rightarg = int, function = int4pl)',
        },
        {
          label: 'CREATE TEXT SEARCH CONFIGURATION',
          sql: 'CREATE TEXT SEARCH CONFIGURATION n (COPY = simple)',
        },
        {
          label: 'CREATE TEXT SEARCH DICTIONARY',
          sql: 'CREATE TEXT SEARCH DICTIONARY n (TEMPLATE = simple)',
        },
      ],
    },
    {
      id: 'operator.alter',
      node: 'AlterOperatorStmt',
      form: 'ALTER OPERATOR … SET',
      roles: {},
      examples: ['ALTER OPERATOR @@@# (int, int) SET (restrict = NONE)'],
    },
    {
      id: 'operator.class',
      node: 'CreateOpClassStmt',
      form: 'CREATE OPERATOR CLASS',
      roles: {},
      examples: ['CREATE OPERATOR CLASS n FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int)'],
    },
    {
      id: 'operator.family',
      node: 'CreateOpFamilyStmt',
      form: 'CREATE OPERATOR FAMILY',
      roles: {},
      examples: ['CREATE OPERATOR FAMILY n USING btree'],
    },
    {
      id: 'operator.alter-family',
      node: 'AlterOpFamilyStmt',
      form: 'ALTER OPERATOR FAMILY',
      roles: {},
      examples: ['ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int, int)'],
    },
    {
      id: 'cast.create',
      node: 'CreateCastStmt',
      form: 'CREATE CAST',
      roles: {},
      examples: ['CREATE CAST (int AS mood) WITH INOUT'],
    },
    {
      id: 'conversion.create',
      node: 'CreateConversionStmt',
      form: 'CREATE CONVERSION',
      roles: {},
      examples: ["CREATE CONVERSION n FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1"],
    },
    {
      id: 'language.create',
      node: 'CreatePLangStmt',
      form: 'CREATE LANGUAGE',
      roles: {},
      examples: ['CREATE LANGUAGE n HANDLER plpgsql_call_handler'],
    },
    {
      id: 'transform.create',
      node: 'CreateTransformStmt',
      form: 'CREATE TRANSFORM',
      roles: {},
      examples: ['CREATE TRANSFORM FOR temper LANGUAGE plpgsql (FROM SQL WITH FUNCTION tfn(internal))'],
    },
    {
      id: 'access-method-object.create',
      node: 'CreateAmStmt',
      form: 'CREATE ACCESS METHOD',
      roles: {},
      examples: ['CREATE ACCESS METHOD n TYPE TABLE HANDLER heap_tableam_handler'],
    },
    {
      id: 'text-search.alter-dict',
      node: 'AlterTSDictionaryStmt',
      form: 'ALTER TEXT SEARCH DICTIONARY',
      roles: {},
      examples: ['ALTER TEXT SEARCH DICTIONARY tsd (Accept = false)'],
    },
    {
      id: 'text-search.alter-config',
      node: 'AlterTSConfigurationStmt',
      form: 'ALTER TEXT SEARCH CONFIGURATION',
      roles: {},
      examples: ['ALTER TEXT SEARCH CONFIGURATION tsc ALTER MAPPING FOR asciiword WITH simple'],
    },
    {
      id: 'foreign.wrapper',
      node: 'CreateFdwStmt',
      form: 'CREATE FOREIGN DATA WRAPPER',
      roles: {},
      examples: ['CREATE FOREIGN DATA WRAPPER n'],
    },
    {
      id: 'foreign.alter',
      node: 'AlterFdwStmt',
      form: 'ALTER FOREIGN DATA WRAPPER',
      roles: {},
      examples: ['ALTER FOREIGN DATA WRAPPER wrap NO HANDLER'],
    },
    {
      id: 'foreign.server',
      node: 'CreateForeignServerStmt',
      form: 'CREATE SERVER',
      roles: {},
      examples: ['CREATE SERVER n FOREIGN DATA WRAPPER wrap'],
    },
    {
      id: 'foreign.alter-server',
      node: 'AlterForeignServerStmt',
      form: 'ALTER SERVER',
      roles: {},
      examples: ["ALTER SERVER fs VERSION '2'"],
    },
    {
      id: 'foreign.mapping',
      node: 'CreateUserMappingStmt',
      form: 'CREATE USER MAPPING',
      roles: {},
      examples: ['CREATE USER MAPPING FOR PUBLIC SERVER fs'],
    },
    {
      id: 'foreign.alter-mapping',
      node: 'AlterUserMappingStmt',
      form: 'ALTER USER MAPPING',
      roles: {},
      examples: ["ALTER USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (SET password 'x')"],
    },
    {
      id: 'foreign.drop-mapping',
      node: 'DropUserMappingStmt',
      form: 'DROP USER MAPPING',
      roles: {},
      examples: ['DROP USER MAPPING IF EXISTS FOR PUBLIC SERVER fs'],
    },
    {
      id: 'foreign.import',
      node: 'ImportForeignSchemaStmt',
      form: 'IMPORT FOREIGN SCHEMA',
      roles: {},
      examples: ['IMPORT FOREIGN SCHEMA doomed FROM SERVER loop INTO elsewhere'],
    },
    {
      id: 'foreign.drop-server',
      node: 'DropStmt',
      of: 'OBJECT_FOREIGN_SERVER',
      form: 'DROP SERVER … CASCADE',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['ft'] },
      examples: ['DROP SERVER fs CASCADE'],
    },
  ],
} as const satisfies FactFamily;
