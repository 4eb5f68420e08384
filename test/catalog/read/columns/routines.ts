import { acl, type CatalogCoverage, COUNT, comes, ignored, OID, OWNER, of, SCHEMA, to } from './column.ts';

const F = `CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT x'`;
const DEFAULTS = `CREATE FUNCTION f(x int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT x'; CREATE FUNCTION g(x int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT x'`;
const OUT = { setup: `CREATE FUNCTION f(x int, OUT y int) LANGUAGE sql AS 'SELECT x'` };
const OPERATOR = `CREATE FUNCTION q(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE FUNCTION q2(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
  CREATE OPERATOR === (FUNCTION = q, LEFTARG = int, RIGHTARG = int)`;
const FAMILY = `CREATE OPERATOR FAMILY o USING btree; ALTER OPERATOR FAMILY o USING btree ADD OPERATOR 1 < (int4, int2), FUNCTION 1 (int4, int2) btint42cmp(int4, int2)`;
const CLASS = `CREATE OPERATOR FAMILY fa USING btree; CREATE OPERATOR FAMILY fb USING btree;
  CREATE OPERATOR CLASS o FOR TYPE int USING btree FAMILY fa AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int)`;
const AGGREGATE = `CREATE AGGREGATE g(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = int4abs, INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi,
  MSTYPE = int, MFINALFUNC = int4abs, MINITCOND = '0')`;
const ORDERED = {
  setup: `CREATE AGGREGATE g(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)`,
};

export const ROUTINES: readonly CatalogCoverage[] = [
  {
    catalog: 'pg_proc',
    setup: F,
    row: `oid = 's.f'::regproc`,
    columns: {
      oid: OID,
      proname: to(`'f2'`),
      pronamespace: SCHEMA,
      proowner: OWNER,
      prolang: to(`(SELECT oid FROM pg_language WHERE lanname = 'plpgsql')`),
      procost: to('5'),
      prorows: to('5', { setup: `CREATE FUNCTION f(x int) RETURNS SETOF int LANGUAGE sql AS 'SELECT x'` }),
      provariadic: ignored('the type of the elements of the argument that proargmodes calls variadic'),
      prosupport: to(`'generate_series_int4_support'::regproc`),
      prokind: to(`'w'`),
      prosecdef: to('true'),
      proleakproof: to('true'),
      proisstrict: to('true'),
      proretset: to('true'),
      provolatile: to(`'i'`),
      proparallel: to(`'s'`),
      pronargs: COUNT,
      pronargdefaults: to('0', { setup: DEFAULTS }),
      prorettype: to(`'int8'::regtype`),
      proargtypes: to(`'20'::oidvector`),
      proallargtypes: to(`'{23,20}'`, OUT),
      proargmodes: to(`'{i,t}'`, OUT),
      proargnames: to(`'{z}'`),
      proargdefaults: { ...of('proargdefaults', 'pg_proc', `o.oid = 's.g'::regproc`), setup: DEFAULTS },
      protrftypes: to(`'{3802}'`),
      prosrc: to(`'SELECT 2'`),
      probin: to(`'lib'`, {
        setup: `CREATE FUNCTION f(x int) RETURNS int LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'`,
      }),
      prosqlbody: {
        ...of('prosqlbody', 'pg_proc', `o.oid = 's.g'::regproc`),
        setup:
          'CREATE FUNCTION f(x int) RETURNS int RETURN x + 1; CREATE FUNCTION g(x int) RETURNS int RETURN x + 2',
      },
      proconfig: to(`'{work_mem=5MB}'`),
      proacl: acl('X'),
    },
  },
  {
    catalog: 'pg_aggregate',
    setup: AGGREGATE,
    row: `aggfnoid = 's.g'::regproc`,
    columns: {
      aggfnoid: comes('DROP AGGREGATE g(int)'),
      aggkind: to(`'h'`, ORDERED),
      aggnumdirectargs: to('0', ORDERED),
      aggtransfn: to(`'int4mi'::regproc`),
      aggfinalfn: to(`'int4um'::regproc`),
      aggcombinefn: to(`'int4mul'::regproc`),
      aggserialfn: to(`'int8_avg_serialize'::regproc`),
      aggdeserialfn: to(`'int8_avg_deserialize'::regproc`),
      aggmtransfn: to(`'int4mi'::regproc`),
      aggminvtransfn: to(`'int4pl'::regproc`),
      aggmfinalfn: to(`'int4um'::regproc`),
      aggfinalextra: to('true'),
      aggmfinalextra: to('true'),
      aggfinalmodify: to(`'s'`),
      aggmfinalmodify: to(`'s'`),
      aggsortop: to(`'<(int4,int4)'::regoperator`),
      aggtranstype: to(`'int8'::regtype`),
      aggtransspace: to('64'),
      aggmtranstype: to(`'int8'::regtype`),
      aggmtransspace: to('64'),
      agginitval: to(`'7'`),
      aggminitval: to(`'7'`),
    },
  },
  {
    catalog: 'pg_operator',
    setup: OPERATOR,
    row: `oprname = '===' AND oprnamespace = 's'::regnamespace`,
    columns: {
      oid: OID,
      oprname: to(`'=='`),
      oprnamespace: SCHEMA,
      oprowner: OWNER,
      oprkind: ignored('whether there is a left operand (oprleft)'),
      oprcanmerge: to('true'),
      oprcanhash: to('true'),
      oprleft: to(`'int8'::regtype`),
      oprright: to(`'int8'::regtype`),
      oprresult: ignored("its function's"),
      oprcom: to(`'=(int4,int4)'::regoperator`),
      oprnegate: to(`'<>(int4,int4)'::regoperator`),
      oprcode: to(`'s.q2'::regproc`),
      oprrest: to(`'eqsel'::regproc`),
      oprjoin: to(`'eqjoinsel'::regproc`),
    },
  },
  {
    catalog: 'pg_opfamily',
    setup: FAMILY,
    row: `opfname = 'o'`,
    columns: {
      oid: OID,
      opfmethod: to('405'),
      opfname: to(`'oo'`),
      opfnamespace: SCHEMA,
      opfowner: OWNER,
    },
  },
  {
    catalog: 'pg_opclass',
    setup: CLASS,
    row: `opcname = 'o'`,
    columns: {
      oid: OID,
      opcmethod: to('405'),
      opcname: to(`'oo'`),
      opcnamespace: SCHEMA,
      opcowner: OWNER,
      opcfamily: to(`(SELECT oid FROM pg_opfamily WHERE opfname = 'fb')`),
      opcintype: to(`'int8'::regtype`),
      opcdefault: to('true', {
        setup: `CREATE FUNCTION pc(point, point) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
          CREATE OPERATOR CLASS o FOR TYPE point USING btree AS FUNCTION 1 pc(point, point)`,
      }),
      opckeytype: to(`'int8'::regtype`),
    },
  },
  {
    catalog: 'pg_amop',
    setup: FAMILY,
    row: `amopfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'o')`,
    columns: {
      oid: OID,
      amopfamily: comes('ALTER OPERATOR FAMILY o USING btree DROP OPERATOR 1 (int4, int2)'),
      amoplefttype: ignored("its operator's"),
      amoprighttype: ignored("its operator's"),
      amopstrategy: to('2'),
      amoppurpose: ignored('whether there is an amopsortfamily'),
      amopopr: to(`'>(int4,int2)'::regoperator`),
      amopmethod: ignored("its family's"),
      amopsortfamily: to(`(SELECT oid FROM pg_opfamily WHERE opfname = 'integer_ops' AND opfmethod = 403)`),
    },
  },
  {
    catalog: 'pg_amproc',
    setup: FAMILY,
    row: `amprocfamily = (SELECT oid FROM pg_opfamily WHERE opfname = 'o')`,
    columns: {
      oid: OID,
      amprocfamily: comes('ALTER OPERATOR FAMILY o USING btree DROP FUNCTION 1 (int4, int2)'),
      amproclefttype: to(`'int8'::regtype`),
      amprocrighttype: to(`'int8'::regtype`),
      amprocnum: to('2'),
      amproc: to(`'btint24cmp'::regproc`),
    },
  },
  {
    catalog: 'pg_cast',
    setup: `CREATE TYPE e AS ENUM ('a'); CREATE TYPE e2 AS ENUM ('a'); CREATE FUNCTION c(e) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION c2(e) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST (e AS int) WITH FUNCTION c(e)`,
    row: `castsource = 's.e'::regtype`,
    columns: {
      oid: OID,
      castsource: to(`'s.e2'::regtype`),
      casttarget: to(`'int8'::regtype`),
      castfunc: to(`'s.c2'::regproc`),
      castcontext: to(`'i'`),
      castmethod: to(`'i'`),
    },
  },
  {
    catalog: 'pg_language',
    setup: 'CREATE LANGUAGE la HANDLER plpgsql_call_handler',
    row: `lanname = 'la'`,
    columns: {
      oid: OID,
      lanname: to(`'lb'`),
      lanowner: OWNER,
      lanispl: ignored("false for the server's own alone"),
      lanpltrusted: to('true'),
      lanplcallfoid: to(`'plpgsql_inline_handler'::regproc`),
      laninline: to(`'plpgsql_inline_handler'::regproc`),
      lanvalidator: to(`'plpgsql_validator'::regproc`),
      lanacl: acl('U'),
    },
  },
  {
    catalog: 'pg_transform',
    setup: `CREATE LANGUAGE la HANDLER plpgsql_call_handler; CREATE LANGUAGE lb HANDLER plpgsql_call_handler;
      CREATE TRANSFORM FOR int LANGUAGE la (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))`,
    row: `trftype = 'int4'::regtype`,
    columns: {
      oid: OID,
      trftype: to(`'int8'::regtype`),
      trflang: to(`(SELECT oid FROM pg_language WHERE lanname = 'lb')`),
      trffromsql: to('0'),
      trftosql: to('0'),
    },
  },
  {
    catalog: 'pg_am',
    setup: 'CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler',
    row: `amname = 'am'`,
    columns: {
      oid: OID,
      amname: to(`'am2'`),
      amhandler: to(`'bthandler'::regproc`),
      amtype: to(`'i'`),
    },
  },
];
