/** Enums, domains, composites and ranges beyond the plain cases (manual, ALTER TYPE, ALTER DOMAIN, CREATE TYPE). */
import type { MatrixRow } from './row.ts';

const E = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');";
const IN_USE = `${E} CREATE DOMAIN dm AS mood DEFAULT 'ok' CHECK (VALUE <> 'sad'); CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'ok', ms mood[] DEFAULT '{sad,ok}', d dm);
  CREATE VIEW v AS SELECT m, ms FROM t WHERE m = 'ok'; CREATE MATERIALIZED VIEW mv AS SELECT m FROM t;
  CREATE FUNCTION f(m mood, ms mood[]) RETURNS mood LANGUAGE sql AS $$ SELECT m $$; CREATE INDEX i ON t (m) WHERE m <> 'sad';
  CREATE POLICY p ON t USING (m = 'ok'); INSERT INTO t VALUES (1, 'glad', '{ok,glad}', 'glad'), (2, 'ok', NULL, 'ok');`;
const NEW_TYPE = (labels: string) =>
  `ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM (${labels}); ALTER TABLE t ALTER m TYPE mood USING m::text::mood; DROP TYPE mood_old`;

export const rows: readonly MatrixRow[] = [
  {
    name: 'enum label renamed while another is added',
    base: `${E} CREATE TABLE t (m mood); INSERT INTO t VALUES ('sad')`,
    change: "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; ALTER TYPE mood ADD VALUE 'great'",
    probe: 'SELECT * FROM t',
  },
  {
    name: 'enum label renamed to a name that a new one had',
    base: `${E} CREATE TABLE t (m mood); INSERT INTO t VALUES ('ok')`,
    change: "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; ALTER TYPE mood ADD VALUE 'ok'",
    probe: 'SELECT * FROM t',
  },
  {
    name: 'enum label renamed in a type that is used everywhere',
    base: IN_USE.replaceAll("'ok')", "'sad')")
      .replace("CHECK (VALUE <> 'sad')", "CHECK (VALUE <> 'ok')")
      .replace(
        "(1, 'glad', '{ok,glad}', 'glad'), (2, 'sad', NULL, 'sad')",
        "(1, 'glad', '{glad}', 'glad'), (2, 'sad', NULL, 'glad')",
      ),
    change: "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; DELETE FROM t",
    back: { has: [/RENAME VALUE/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'enum label in between of a type that is used everywhere',
    base: IN_USE,
    change: "ALTER TYPE mood ADD VALUE 'soso' BEFORE 'ok'",
    probe: 'SELECT * FROM t ORDER BY id',
  },
  {
    name: 'enum order changed',
    base: `${E} CREATE TABLE t (m mood); CREATE INDEX i ON t (m); INSERT INTO t VALUES ('sad'), ('glad')`,
    change: NEW_TYPE("'glad', 'ok', 'sad'"),
    probe: 'SELECT m::text FROM t ORDER BY 1',
  },
  {
    name: 'enum of a partition key gets a label',
    base: `${E} CREATE TABLE pt (id int, m mood NOT NULL) PARTITION BY LIST (m); CREATE TABLE p1 PARTITION OF pt FOR VALUES IN ('sad'); CREATE TABLE p2 PARTITION OF pt DEFAULT; INSERT INTO pt VALUES (1, 'sad'), (2, 'ok')`,
    change: "ALTER TYPE mood ADD VALUE 'great'",
    refuses: { direction: 'back', reason: 'partition key' },
  },
  {
    name: 'enum label with quotes and not ASCII',
    base: "CREATE TYPE \"Möd\" AS ENUM ('it''s', 'sö\\so')",
    change:
      "ALTER TYPE \"Möd\" ADD VALUE '\"q\"' BEFORE 'it''s'; ALTER TYPE \"Möd\" RENAME VALUE 'it''s' TO 'its'",
  },
  { name: 'enum without labels', base: '', change: 'CREATE TYPE empty AS ENUM (); CREATE TABLE t (a empty)' },
  {
    name: 'enum without labels gets one',
    base: 'CREATE TYPE empty AS ENUM ()',
    change: "ALTER TYPE empty ADD VALUE 'x'",
  },
  {
    name: 'enum in a composite that a table uses gets a label',
    base: `${E} CREATE TYPE c AS (m mood, n int); CREATE TABLE t (x c, y int); INSERT INTO t VALUES (ROW('ok', 1), 2)`,
    change: "ALTER TYPE mood ADD VALUE 'great'",
    probe: 'SELECT * FROM t',
  },
  {
    name: 'enum of a generated column and its index',
    base: `${E} CREATE FUNCTION mt(mood) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE $1 WHEN 'ok' THEN 'x' ELSE 'y' END $$; CREATE TABLE t (id int PRIMARY KEY, m mood, g text GENERATED ALWAYS AS (mt(m)) STORED); CREATE INDEX i ON t (mt(m)); INSERT INTO t VALUES (1, 'ok')`,
    change: "ALTER TYPE mood ADD VALUE 'great'",
    probe: 'SELECT id, m, g FROM t',
    cosmetic: 'generated column is made again',
  },
  {
    name: 'enum of aggregates, operators and casts gets a label',
    base: `${E} CREATE FUNCTION pick(mood, mood) RETURNS mood LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$; CREATE AGGREGATE first(mood) (sfunc = pick, stype = mood); CREATE FUNCTION eqm(mood, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$; CREATE OPERATOR ~~~ (FUNCTION = eqm, LEFTARG = mood, RIGHTARG = text); CREATE FUNCTION toi(mood) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$; CREATE CAST (mood AS int) WITH FUNCTION toi(mood)`,
    change: "ALTER TYPE mood ADD VALUE 'great'",
  },
  {
    name: 'enum in a range of its own',
    base: `${E} CREATE TYPE mr AS RANGE (subtype = mood); CREATE TABLE t (r mr); INSERT INTO t VALUES ('[sad,ok]')`,
    change: "ALTER TYPE mood ADD VALUE 'great'",
    probe: 'SELECT * FROM t',
  },
  {
    name: 'domain not null',
    base: 'CREATE DOMAIN d AS int; CREATE TABLE t (a d)',
    change: 'ALTER DOMAIN d SET NOT NULL',
    back: { has: [/DROP NOT NULL/] },
  },
  {
    name: 'domain default',
    base: "CREATE DOMAIN d AS text DEFAULT 'a'",
    change: "ALTER DOMAIN d SET DEFAULT 'b'; COMMENT ON DOMAIN d IS 'x'",
    back: { has: [/SET DEFAULT/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'domain constraint changed',
    base: 'CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0); CREATE TABLE t (a d)',
    change: 'ALTER DOMAIN d DROP CONSTRAINT c; ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 5)',
    back: { lacks: [/^CREATE/, /TABLE/] },
  },
  {
    name: 'domain constraint comment',
    base: 'CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0)',
    change: "COMMENT ON CONSTRAINT c ON DOMAIN d IS 'cc'",
    back: { has: [/^COMMENT ON CONSTRAINT/], lacks: [/^DROP/, /^ALTER/] },
  },
  {
    name: 'domain not null that has a name',
    base: 'CREATE DOMAIN d AS int CONSTRAINT nn NOT NULL',
    change: 'ALTER DOMAIN d DROP NOT NULL',
    minMajor: 17,
  },
  {
    name: 'domain over a domain, base type changed',
    base: 'CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE DOMAIN e AS d CHECK (VALUE < 100); CREATE TABLE t (a e); INSERT INTO t VALUES (5)',
    change:
      'ALTER TABLE t ALTER a TYPE int; DROP DOMAIN e; DROP DOMAIN d; CREATE DOMAIN d AS bigint CHECK (VALUE > 0); CREATE DOMAIN e AS d CHECK (VALUE < 100); ALTER TABLE t ALTER a TYPE e',
    probe: 'SELECT * FROM t',
  },
  {
    name: 'domain over an array',
    base: "CREATE DOMAIN d AS int[] CHECK (array_length(VALUE, 1) = 2); CREATE TABLE t (a d); INSERT INTO t VALUES ('{1,2}')",
    change: 'ALTER DOMAIN d ADD CONSTRAINT s CHECK (VALUE[1] > 0); ALTER DOMAIN d RENAME TO pair',
    probe: 'SELECT a FROM t',
  },
  {
    name: 'domain collation',
    base: 'CREATE DOMAIN d AS text COLLATE "C"; CREATE TABLE t (a d); INSERT INTO t VALUES (\'x\')',
    change:
      'ALTER TABLE t ALTER a TYPE text; DROP DOMAIN d; CREATE DOMAIN d AS text; ALTER TABLE t ALTER a TYPE d',
    probe: 'SELECT a FROM t',
  },
  {
    name: 'domain moved',
    base: 'CREATE SCHEMA s; CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TABLE t (a d)',
    change: 'ALTER DOMAIN d SET SCHEMA s',
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'domain over a composite type',
    base: 'CREATE TYPE c AS (a int, b int)',
    change: 'CREATE DOMAIN d AS c CHECK ((VALUE).a > 0); CREATE TABLE t (x d)',
  },
  {
    name: 'domain length of a varchar',
    base: "CREATE DOMAIN d AS varchar(10); CREATE TABLE t (a d); CREATE VIEW v AS SELECT a FROM t; INSERT INTO t VALUES ('abc')",
    change:
      'DROP VIEW v; ALTER TABLE t ALTER a TYPE text; DROP DOMAIN d; CREATE DOMAIN d AS varchar(20); ALTER TABLE t ALTER a TYPE d; CREATE VIEW v AS SELECT a FROM t',
    probe: 'SELECT a FROM t',
  },
  {
    name: 'composite attribute with a typed table',
    base: "CREATE TYPE c AS (a int, b text); CREATE TABLE t OF c (PRIMARY KEY (a)); INSERT INTO t VALUES (1, 'x')",
    change: 'ALTER TYPE c ADD ATTRIBUTE d int CASCADE',
    probe: 'SELECT a, b FROM t',
    back: { has: [/DROP ATTRIBUTE/], lacks: [/^DROP TYPE/] },
  },
  {
    name: 'composite attribute type with a typed table',
    base: "CREATE TYPE c AS (a int, b text); CREATE TABLE t OF c; INSERT INTO t VALUES (1, 'x')",
    change: 'ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint CASCADE',
    probe: 'SELECT a, b FROM t',
  },
  {
    name: 'composite attribute renamed with a typed table',
    base: "CREATE TYPE c AS (a int, b text); CREATE TABLE t OF c; CREATE VIEW v AS SELECT a FROM t; INSERT INTO t VALUES (1, 'x')",
    change: 'ALTER TYPE c RENAME ATTRIBUTE a TO z CASCADE',
    back: { has: [/RENAME ATTRIBUTE/] },
  },
  {
    name: 'composite attribute renamed, one added and one dropped',
    base: 'CREATE TYPE c AS (a int, b text, d int)',
    change: 'ALTER TYPE c RENAME ATTRIBUTE a TO z; ALTER TYPE c ADD ATTRIBUTE e date, DROP ATTRIBUTE d',
    back: { has: [/RENAME ATTRIBUTE/] },
  },
  {
    name: 'composite attributes swap names',
    base: 'CREATE TYPE c AS (a int, b int); CREATE TABLE t (x c); INSERT INTO t VALUES (ROW(1, 2))',
    change:
      'ALTER TYPE c RENAME ATTRIBUTE a TO z; ALTER TYPE c RENAME ATTRIBUTE b TO a; ALTER TYPE c RENAME ATTRIBUTE z TO b',
    refuses: { direction: 'forward', reason: 'the order of its attributes' },
    back: { has: [/RENAME ATTRIBUTE/], lacks: [/DROP/] },
  },
  {
    name: 'composite attribute collation',
    base: 'CREATE TYPE c AS (a text, b int)',
    change: 'ALTER TYPE c ALTER ATTRIBUTE a TYPE text COLLATE "C"',
    back: { has: [/ALTER ATTRIBUTE/] },
  },
  {
    name: 'composite attribute comment',
    base: "CREATE TYPE c AS (a text, b int); COMMENT ON COLUMN c.a IS 'one'",
    change: "COMMENT ON COLUMN c.a IS NULL; COMMENT ON COLUMN c.b IS 'two'",
    back: { has: [/COMMENT ON COLUMN/], lacks: [/DROP/] },
  },
  {
    name: 'composite moved and renamed',
    base: 'CREATE SCHEMA s; CREATE TYPE c AS (a int); CREATE TABLE t (x c); CREATE FUNCTION f(c) RETURNS c LANGUAGE sql AS $$ SELECT $1 $$',
    change: 'ALTER TYPE c SET SCHEMA s; ALTER TYPE s.c RENAME TO k',
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'composite with dependents gets an attribute',
    base: "CREATE TYPE c AS (a int, b text); CREATE FUNCTION f(c) RETURNS c LANGUAGE sql AS $$ SELECT $1 $$; CREATE TABLE t (x c, y c[]); CREATE VIEW v AS SELECT (x).a, x FROM t; CREATE DOMAIN d AS c; INSERT INTO t VALUES (ROW(1, 'q'), NULL)",
    change: 'ALTER TYPE c ADD ATTRIBUTE z int',
    probe: 'SELECT (x).a, (x).b FROM t',
    back: { lacks: [/^DROP TYPE/, /^DROP VIEW/] },
  },
  {
    name: 'composite attribute dropped that a view reads',
    base: 'CREATE TYPE c AS (a int, b text); CREATE TABLE t (x c); CREATE VIEW v AS SELECT (x).a, (x).b FROM t',
    change: 'DROP VIEW v; ALTER TYPE c DROP ATTRIBUTE b; CREATE VIEW v AS SELECT (x).a FROM t',
  },
  {
    name: 'composite attribute type of a composite in use',
    base: "CREATE TYPE c AS (a int, b text); CREATE TABLE t (x c); INSERT INTO t VALUES (ROW(1, 'q'))",
    change:
      'ALTER TABLE t ALTER x TYPE text; ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint; ALTER TABLE t ALTER x TYPE c USING x::c',
    refuses: { direction: 'back', reason: 'changes its type, which PostgreSQL refuses' },
  },
  {
    name: 'composite attribute dropped from the front of a composite in use',
    base: "CREATE TYPE c AS (a int, b text); CREATE TABLE t (x c); INSERT INTO t VALUES (ROW(1, 'q'))",
    change: 'ALTER TYPE c DROP ATTRIBUTE a',
    refuses: { direction: 'back', reason: 'the order of its attributes' },
  },
  {
    name: 'composite without attributes',
    base: '',
    change: 'CREATE TYPE c AS (); CREATE FUNCTION f(c) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  },
  {
    name: 'composite in a composite',
    base: 'CREATE TYPE c AS (a int); CREATE TYPE d AS (x c, y int); CREATE TABLE t (z d)',
    change: 'ALTER TYPE c ADD ATTRIBUTE b int; ALTER TYPE d ADD ATTRIBUTE w c[]',
  },
  {
    name: 'range with every option',
    base: `CREATE COLLATION co (provider = icu, locale = 'de'); CREATE FUNCTION td(text, text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT 1.0::float8 $$`,
    change: `CREATE TYPE tr AS RANGE (subtype = text, subtype_opclass = text_pattern_ops, collation = co, subtype_diff = td); COMMENT ON TYPE tr IS 'c'; CREATE TABLE t (a tr, EXCLUDE USING gist (a WITH &&))`,
  },
  {
    name: 'range with a multirange of its own name',
    base: 'CREATE SCHEMA s',
    change:
      'CREATE TYPE fr AS RANGE (subtype = float8, multirange_type_name = fmany); CREATE TABLE t (a fr, b fmany); CREATE FUNCTION f(fmany) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    minMajor: 14,
  },
  {
    name: 'multirange renamed',
    base: 'CREATE TYPE fr AS RANGE (subtype = float8); CREATE TABLE t (a fr, b fmr)'.replace(
      'b fmr',
      'b fr_multirange',
    ),
    change: 'ALTER TYPE fr_multirange RENAME TO fm',
    minMajor: 14,
  },
  {
    name: 'multirange in another schema',
    base: 'CREATE SCHEMA s',
    change: 'CREATE TYPE fr AS RANGE (subtype = float8, multirange_type_name = s.fm)',
    minMajor: 14,
  },
  {
    name: 'range renamed and moved',
    base: 'CREATE SCHEMA s; CREATE TYPE fr AS RANGE (subtype = float8); CREATE TABLE t (a fr)',
    change: 'ALTER TYPE fr RENAME TO gr; ALTER TYPE gr SET SCHEMA s',
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'range with another difference function',
    base: "CREATE TYPE fr AS RANGE (subtype = float8, subtype_diff = float8mi); CREATE TABLE t (a fr); INSERT INTO t VALUES ('[1,2)')",
    change:
      'ALTER TABLE t ALTER a TYPE text; DROP TYPE fr; CREATE TYPE fr AS RANGE (subtype = float8); ALTER TABLE t ALTER a TYPE fr USING a::fr',
    probe: 'SELECT a::text FROM t',
  },
  {
    name: 'range with a canonical function',
    base: '',
    change: `CREATE TYPE ir; CREATE FUNCTION ircan(ir) RETURNS ir LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical'; CREATE TYPE ir AS RANGE (subtype = int4, canonical = ircan, subtype_diff = int4range_subdiff)`,
  },
];
