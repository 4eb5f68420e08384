/** Base types, which a superuser makes of internal functions, and shell types (manual, CREATE TYPE). */
import type { MatrixRow } from './row.ts';

const FUNCTIONS = `CREATE FUNCTION box2_in(cstring) RETURNS box2 LANGUAGE internal IMMUTABLE STRICT AS 'box_in';
  CREATE FUNCTION box2_out(box2) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'box_out';
  CREATE FUNCTION box2_recv(internal) RETURNS box2 LANGUAGE internal IMMUTABLE STRICT AS 'box_recv';
  CREATE FUNCTION box2_send(box2) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'box_send';`;
const BOX = `CREATE TYPE box2; ${FUNCTIONS} CREATE TYPE box2 (INPUT = box2_in, OUTPUT = box2_out, INTERNALLENGTH = 32, ALIGNMENT = double);`;
const TEXT = `CREATE TYPE tx; CREATE FUNCTION tx_in(cstring) RETURNS tx LANGUAGE internal IMMUTABLE STRICT AS 'textin';
  CREATE FUNCTION tx_out(tx) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
  CREATE FUNCTION tx_recv(internal) RETURNS tx LANGUAGE internal IMMUTABLE STRICT AS 'textrecv';
  CREATE FUNCTION tx_send(tx) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'textsend';
  CREATE TYPE tx (INPUT = tx_in, OUTPUT = tx_out, LIKE = text, COLLATABLE = true);`;

export const rows: readonly MatrixRow[] = [
  { name: 'shell type', base: '', change: 'CREATE TYPE sh' },
  { name: 'shell type dropped', base: 'CREATE TYPE sh', change: 'DROP TYPE sh' },
  {
    name: 'shell type with functions',
    base: '',
    change:
      "CREATE TYPE sh; CREATE FUNCTION sh_in(cstring) RETURNS sh LANGUAGE internal IMMUTABLE STRICT AS 'textin'",
  },
  { name: 'base type', base: '', change: `${BOX} COMMENT ON TYPE box2 IS 'c'` },
  { name: 'base type dropped', base: BOX, change: 'DROP TYPE box2 CASCADE' },
  {
    name: 'base type: owner, privileges and comment',
    base: `DO $$ BEGIN CREATE ROLE mx_1; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; ${BOX} COMMENT ON TYPE box2 IS 'c'`,
    change:
      "ALTER TYPE box2 OWNER TO mx_1; REVOKE USAGE ON TYPE box2 FROM PUBLIC; COMMENT ON TYPE box2 IS 'another'",
  },
  {
    name: 'base type with everything',
    base: '',
    change: `CREATE TYPE tx; CREATE FUNCTION tx_in(cstring, oid, int4) RETURNS tx LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
      CREATE FUNCTION tx_out(tx) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
      CREATE FUNCTION tx_recv(internal, oid, int4) RETURNS tx LANGUAGE internal IMMUTABLE STRICT AS 'varcharrecv';
      CREATE FUNCTION tx_send(tx) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'varcharsend';
      CREATE FUNCTION tx_min(cstring[]) RETURNS int4 LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
      CREATE FUNCTION tx_mout(int4) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
      CREATE FUNCTION tx_an(internal) RETURNS boolean LANGUAGE internal STABLE STRICT AS 'array_typanalyze';
      CREATE TYPE tx (INPUT = tx_in, OUTPUT = tx_out, RECEIVE = tx_recv, SEND = tx_send, TYPMOD_IN = tx_min, TYPMOD_OUT = tx_mout, ANALYZE = tx_an,
        INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended, CATEGORY = 'S', PREFERRED = false, DEFAULT = 'it''s', DELIMITER = ';', COLLATABLE = true)`,
  },
  {
    name: 'base type subscripted',
    base: '',
    change: `CREATE TYPE sb; CREATE FUNCTION sb_in(cstring) RETURNS sb LANGUAGE internal IMMUTABLE STRICT AS 'jsonb_in';
      CREATE FUNCTION sb_out(sb) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'jsonb_out';
      CREATE FUNCTION sb_sub(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'jsonb_subscript_handler';
      CREATE TYPE sb (INPUT = sb_in, OUTPUT = sb_out, SUBSCRIPT = sb_sub, STORAGE = extended)`,
    minMajor: 14,
  },
  {
    name: 'base type of fixed length with elements',
    base: '',
    change: `CREATE TYPE pt2; CREATE FUNCTION pt2_in(cstring) RETURNS pt2 LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
      CREATE FUNCTION pt2_out(pt2) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
      CREATE TYPE pt2 (INPUT = pt2_in, OUTPUT = pt2_out, INTERNALLENGTH = 16, ELEMENT = float8, ALIGNMENT = double)`,
  },
  {
    name: 'base type passed by value',
    base: '',
    change: `CREATE TYPE i4; CREATE FUNCTION i4_in(cstring) RETURNS i4 LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
      CREATE FUNCTION i4_out(i4) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
      CREATE TYPE i4 (INPUT = i4_in, OUTPUT = i4_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4); CREATE TABLE t (a i4 DEFAULT '5', b i4[]);
      CREATE CAST (i4 AS int4) WITHOUT FUNCTION AS IMPLICIT`,
  },
  {
    name: 'base type altered',
    base: TEXT,
    change: 'ALTER TYPE tx SET (RECEIVE = tx_recv, SEND = tx_send, STORAGE = main)',
    back: { has: [/ALTER TYPE public.tx SET/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'base type renamed and moved, in use',
    base: `${TEXT} CREATE SCHEMA s; CREATE TABLE t (a tx, b tx[]); INSERT INTO t VALUES ('x')`,
    change: 'ALTER TYPE tx RENAME TO ty; ALTER TYPE ty SET SCHEMA s',
    back: { lacks: [/^DROP/, /^CREATE/] },
    probe: 'SELECT a::text FROM t',
    refuses: { direction: 'forward', reason: 'would take the column along' },
  },
  {
    name: 'base type becomes another, in use',
    base: `${TEXT} CREATE TABLE t (a tx); INSERT INTO t VALUES ('x')`,
    change: `ALTER TABLE t ALTER a TYPE text USING a::text; DROP TYPE tx CASCADE; ${TEXT.replace('LIKE = text', "LIKE = text, DELIMITER = ';'")} ALTER TABLE t ALTER a TYPE tx USING a::tx`,
    refuses: { direction: 'back', reason: 'would take the column along' },
  },
  {
    name: 'base type with operators, an operator class and an aggregate',
    base: '',
    change: `${TEXT} CREATE FUNCTION tx_lt(tx, tx) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'text_lt';
      CREATE FUNCTION tx_eq(tx, tx) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'texteq'; CREATE FUNCTION tx_gt(tx, tx) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'text_gt';
      CREATE FUNCTION tx_le(tx, tx) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'text_le'; CREATE FUNCTION tx_ge(tx, tx) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'text_ge';
      CREATE FUNCTION tx_cmp(tx, tx) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'bttextcmp'; CREATE FUNCTION tx_max(tx, tx) RETURNS tx LANGUAGE internal IMMUTABLE STRICT AS 'text_larger';
      CREATE OPERATOR < (FUNCTION = tx_lt, LEFTARG = tx, RIGHTARG = tx, COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
      CREATE OPERATOR <= (FUNCTION = tx_le, LEFTARG = tx, RIGHTARG = tx, COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
      CREATE OPERATOR = (FUNCTION = tx_eq, LEFTARG = tx, RIGHTARG = tx, COMMUTATOR = =, RESTRICT = eqsel, JOIN = eqjoinsel, MERGES);
      CREATE OPERATOR >= (FUNCTION = tx_ge, LEFTARG = tx, RIGHTARG = tx, COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel);
      CREATE OPERATOR > (FUNCTION = tx_gt, LEFTARG = tx, RIGHTARG = tx, COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
      CREATE OPERATOR CLASS tx_ops DEFAULT FOR TYPE tx USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 tx_cmp(tx, tx);
      CREATE AGGREGATE max(tx) (sfunc = tx_max, stype = tx, sortop = >); CREATE TABLE t (a tx COLLATE "C" PRIMARY KEY, b tx); CREATE INDEX i ON t (b)`,
  },
];
