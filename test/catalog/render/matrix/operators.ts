/** Aggregates, operators, operator classes and families, casts, transforms (manual, CREATE and ALTER of each). */
import type { MatrixRow } from './row.ts';

const OPERATORS = `CREATE FUNCTION lt(int, int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt'; CREATE FUNCTION ge(int, int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ge';
  CREATE FUNCTION gt(int, int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4gt'; CREATE FUNCTION eq(int, int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';`;

export const rows: readonly MatrixRow[] = [
  {
    name: 'aggregate with every option',
    base: '',
    change:
      `CREATE FUNCTION fin(int8) RETURNS int8 LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$; CREATE AGGREGATE mycount(int) (SFUNC = int8inc_any, STYPE = int8, SSPACE = 8, FINALFUNC = fin, FINALFUNC_MODIFY = SHAREABLE, COMBINEFUNC = int8pl,
      INITCOND = '0', MSFUNC = int8inc_any, MINVFUNC = int8dec_any, MSTYPE = int8, MSSPACE = 16, MFINALFUNC = fin, MFINALFUNC_MODIFY = READ_WRITE, MINITCOND = '0', PARALLEL = SAFE)`.replace(
        /int8inc_any/g,
        'int8inc_any',
      ),
  },
  {
    name: 'aggregate with serialisation',
    base: '',
    change:
      'CREATE AGGREGATE myavg(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg, COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize, PARALLEL = RESTRICTED)',
  },
  {
    name: 'aggregate with a sort operator',
    base: '',
    change: 'CREATE AGGREGATE mymax(int) (SFUNC = int4larger, STYPE = int, SORTOP = >)',
  },
  {
    name: 'ordered-set and hypothetical aggregates',
    base: '',
    change: `CREATE AGGREGATE mypct(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
      CREATE AGGREGATE myrank(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL); COMMENT ON AGGREGATE mypct(float8 ORDER BY anyelement) IS 'c'`,
  },
  {
    name: 'aggregate of nothing, of many, of named arguments',
    base: '',
    change: `CREATE AGGREGATE mycnt(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0'); CREATE FUNCTION st(int, int, text[]) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE AGGREGATE many(n int, VARIADIC t text[]) (SFUNC = st, STYPE = int); COMMENT ON AGGREGATE mycnt(*) IS 'c'; GRANT EXECUTE ON FUNCTION mycnt() TO PUBLIC`,
  },
  {
    name: 'aggregate changed, with a view over it',
    base: `CREATE AGGREGATE mysum(int) (SFUNC = int4pl, STYPE = int); CREATE VIEW v AS SELECT mysum(x) AS s FROM generate_series(1, 3) x`,
    change: `CREATE OR REPLACE AGGREGATE mysum(int) (SFUNC = int4pl, STYPE = int, INITCOND = '5')`,
    back: { has: [/CREATE OR REPLACE AGGREGATE/], lacks: [/DROP/] },
  },
  {
    name: 'aggregate with another state type',
    base: `CREATE AGGREGATE mysum(int) (SFUNC = int4pl, STYPE = int); CREATE VIEW v AS SELECT mysum(x) AS s FROM generate_series(1, 3) x`,
    change: `DROP VIEW v; DROP AGGREGATE mysum(int); CREATE AGGREGATE mysum(int) (SFUNC = int4_sum, STYPE = int8); CREATE VIEW v AS SELECT mysum(x) AS s FROM generate_series(1, 3) x`,
  },
  {
    name: 'aggregate renamed and moved',
    base: 'CREATE SCHEMA s; CREATE AGGREGATE mysum(int) (SFUNC = int4pl, STYPE = int); CREATE AGGREGATE mycnt(*) (SFUNC = int8inc, STYPE = int8, INITCOND = 0)',
    change: 'ALTER AGGREGATE mysum(int) RENAME TO yours; ALTER AGGREGATE mycnt(*) SET SCHEMA s',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'ordered-set aggregate renamed and moved',
    base: 'CREATE SCHEMA s; CREATE AGGREGATE mypct(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)',
    change:
      'ALTER AGGREGATE mypct(float8 ORDER BY anyelement) RENAME TO yours; ALTER AGGREGATE yours(float8 ORDER BY anyelement) SET SCHEMA s',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'operators that are each other’s commutator and negator',
    base: OPERATORS,
    change: `CREATE OPERATOR <<! (FUNCTION = lt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = >>!, NEGATOR = >=!, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
      CREATE OPERATOR >>! (FUNCTION = gt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = <<!, RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
      CREATE OPERATOR >=! (FUNCTION = ge, LEFTARG = int, RIGHTARG = int, NEGATOR = <<!, RESTRICT = scalargesel, JOIN = scalargejoinsel);
      CREATE OPERATOR ==! (FUNCTION = eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ==!, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES); COMMENT ON OPERATOR ==! (int, int) IS 'c'`,
  },
  {
    name: 'operators dropped that are each other’s negator',
    base: `${OPERATORS} CREATE OPERATOR <<! (FUNCTION = lt, LEFTARG = int, RIGHTARG = int, NEGATOR = >=!); CREATE OPERATOR >=! (FUNCTION = ge, LEFTARG = int, RIGHTARG = int, NEGATOR = <<!)`,
    change: 'DROP OPERATOR <<! (int, int); DROP OPERATOR >=! (int, int)',
  },
  {
    name: 'shell operator',
    base: OPERATORS,
    change: 'CREATE OPERATOR <<! (FUNCTION = lt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = >>!)',
  },
  {
    name: 'operator estimators',
    base: `${OPERATORS} CREATE OPERATOR ==! (FUNCTION = eq, LEFTARG = int, RIGHTARG = int, RESTRICT = eqsel, JOIN = eqjoinsel); CREATE VIEW v AS SELECT 1 ==! 2 AS x`,
    change: 'ALTER OPERATOR ==! (int, int) SET (RESTRICT = NONE, JOIN = neqjoinsel)',
    back: { has: [/ALTER OPERATOR public.==! \(integer, integer\) SET/], lacks: [/DROP/] },
  },
  {
    name: 'operator gets a commutator, hashes and merges',
    base: `${OPERATORS} CREATE OPERATOR ==! (FUNCTION = eq, LEFTARG = int, RIGHTARG = int, RESTRICT = eqsel, JOIN = eqjoinsel)`,
    change: 'ALTER OPERATOR ==! (int, int) SET (COMMUTATOR = ==!, HASHES, MERGES)',
    minMajor: 17,
  },
  {
    name: 'prefix operator',
    base: `CREATE FUNCTION neg(int) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'int4um'`,
    change: `CREATE OPERATOR !! (FUNCTION = neg, RIGHTARG = int); COMMENT ON OPERATOR !! (NONE, int) IS 'c'; CREATE VIEW v AS SELECT !! 5 AS x`,
  },
  {
    name: 'operator moved',
    base: `${OPERATORS} CREATE SCHEMA s; CREATE OPERATOR ==! (FUNCTION = eq, LEFTARG = int, RIGHTARG = int); CREATE VIEW v AS SELECT 1 ==! 2 AS x`,
    change: 'ALTER OPERATOR ==! (int, int) SET SCHEMA s',
    back: { has: [/SET SCHEMA/], lacks: [/DROP/] },
  },
  {
    name: 'operator whose function is made again',
    base: `CREATE FUNCTION eq(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT a = b $$; CREATE OPERATOR ==! (FUNCTION = eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ==!); CREATE VIEW v AS SELECT 1 ==! 2 AS x; CREATE TABLE t (a int, CHECK (a ==! 5)); CREATE INDEX i ON t ((a ==! 3))`,
    change: `DROP FUNCTION eq(int, int) CASCADE; CREATE FUNCTION eq(x int, y int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT x = y $$; CREATE OPERATOR ==! (FUNCTION = eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ==!)`,
  },
  {
    name: 'operator family with loose members',
    base: '',
    change: `CREATE OPERATOR FAMILY fam USING btree; ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int4, int2), OPERATOR 3 = (int4, int2), FUNCTION 1 btint42cmp(int4, int2); COMMENT ON OPERATOR FAMILY fam USING btree IS 'c'`,
  },
  {
    name: 'operator family changed',
    base: `CREATE OPERATOR FAMILY fam USING btree; ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int4, int2), FUNCTION 1 btint42cmp(int4, int2)`,
    change: `ALTER OPERATOR FAMILY fam USING btree DROP OPERATOR 1 (int4, int2), FUNCTION 1 (int4, int2); ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 3 = (int4, int8)`,
    back: { has: [/ALTER OPERATOR FAMILY/], lacks: [/^DROP/, /^CREATE/, /^DO/] },
  },
  {
    name: 'operator family with a class and an index over it',
    base: `CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS oc FOR TYPE int USING btree FAMILY fam AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int); CREATE TABLE t (a int); CREATE INDEX i ON t (a oc)`,
    change: `ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int4, int2), FUNCTION 1 btint42cmp(int4, int2)`,
    back: { has: [/DROP OPERATOR 1/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'operator family and class renamed and moved',
    base: `CREATE SCHEMA s; CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS oc FOR TYPE int USING btree FAMILY fam AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 btint4cmp(int, int); CREATE TABLE t (a int); CREATE INDEX i ON t (a oc)`,
    change: `ALTER OPERATOR FAMILY fam USING btree RENAME TO fam2; ALTER OPERATOR CLASS oc USING btree RENAME TO oc2; ALTER OPERATOR FAMILY fam2 USING btree SET SCHEMA s; ALTER OPERATOR CLASS oc2 USING btree SET SCHEMA s`,
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'operator class of its own type and storage, default, for ordering',
    base: '',
    change: `CREATE OPERATOR CLASS oc FOR TYPE int4 USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int4), FUNCTION 2 hashint4extended(int4, int8);
      CREATE OPERATOR CLASS og FOR TYPE polygon USING gist AS OPERATOR 1 <<, OPERATOR 15 <-> (polygon, point) FOR ORDER BY float_ops, FUNCTION 1 gist_poly_consistent(internal, polygon, int2, oid, internal), FUNCTION 2 gist_box_union(internal, internal), FUNCTION 3 gist_poly_compress(internal), FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal), FUNCTION 8 gist_poly_distance(internal, polygon, int2, oid, internal), STORAGE box; COMMENT ON OPERATOR CLASS oc USING hash IS 'c'`,
  },
  {
    name: 'operator class dropped with its family',
    base: 'CREATE OPERATOR CLASS oc FOR TYPE int4 USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int4)',
    change: 'DROP OPERATOR FAMILY oc USING hash CASCADE',
  },
  {
    name: 'operator class dropped, its family stays',
    base: 'CREATE OPERATOR CLASS oc FOR TYPE int4 USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int4)',
    change: 'DROP OPERATOR CLASS oc USING hash',
  },
  {
    name: 'operator class changed under an index',
    base: `CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $2 - $1'; CREATE OPERATOR CLASS rev FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 3 =, OPERATOR 5 <, FUNCTION 1 cmp(int, int); CREATE TABLE t (a int PRIMARY KEY, b int); CREATE INDEX i ON t (b rev)`,
    change: `DROP OPERATOR FAMILY rev USING btree CASCADE; CREATE OPERATOR CLASS rev FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 5 <, FUNCTION 1 cmp(int, int); CREATE INDEX i ON t (b rev)`,
  },
  {
    name: 'casts with and without functions',
    base: `CREATE TYPE c AS (a int); CREATE DOMAIN d AS text; CREATE FUNCTION tc(int, int, boolean) RETURNS c LANGUAGE sql AS $$ SELECT ROW($1)::c $$; CREATE TYPE e AS ENUM ('a')`,
    change: `CREATE CAST (int AS c) WITH FUNCTION tc(int, int, boolean); CREATE CAST (e AS text) WITH INOUT AS IMPLICIT; CREATE CAST (text AS e) WITH INOUT AS ASSIGNMENT; COMMENT ON CAST (e AS text) IS 'c'`,
  },
  {
    name: 'cast without function',
    base: '',
    change: 'CREATE CAST (oid AS int8) WITHOUT FUNCTION AS IMPLICIT'.replace('oid AS int8', 'xid AS oid'),
  },
  {
    name: 'cast changes its context, used by a view',
    base: `CREATE TYPE e AS ENUM ('a'); CREATE FUNCTION te(int) RETURNS e LANGUAGE sql IMMUTABLE AS $$ SELECT 'a'::e $$; CREATE CAST (int AS e) WITH FUNCTION te(int); CREATE VIEW v AS SELECT 1::e AS x`,
    change: `DROP VIEW v; DROP CAST (int AS e); CREATE CAST (int AS e) WITH FUNCTION te(int) AS IMPLICIT; CREATE VIEW v AS SELECT 1::e AS x`,
  },
  {
    name: 'cast of a function that is made again',
    base: `CREATE TYPE e AS ENUM ('a'); CREATE FUNCTION te(n int) RETURNS e LANGUAGE sql IMMUTABLE AS $$ SELECT 'a'::e $$; CREATE CAST (int AS e) WITH FUNCTION te(int)`,
    change: `DROP CAST (int AS e); DROP FUNCTION te(int); CREATE FUNCTION te(m int) RETURNS e LANGUAGE sql IMMUTABLE AS $$ SELECT 'a'::e $$; CREATE CAST (int AS e) WITH FUNCTION te(int)`,
  },
  {
    name: 'transform',
    base: `CREATE FUNCTION ts(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'textsend_i'`.replace(
      'textsend_i',
      'int4recv',
    ),
    change: `CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal)); COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 'c'`,
  },
  {
    name: 'transform changed',
    base: 'CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))',
    change:
      'CREATE OR REPLACE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))',
  },
  {
    name: 'function with a transform',
    base: 'CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))',
    change: 'CREATE FUNCTION f(int) RETURNS int LANGUAGE sql TRANSFORM FOR TYPE int AS $$ SELECT 1 $$',
  },
];
