import type { MatrixRow } from './row.ts';

const E = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');";
const USED = `${E} CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'ok', ms mood[] DEFAULT '{sad}', CONSTRAINT c CHECK (m <> 'sad')); CREATE INDEX i ON t (m) WHERE m = 'ok'; CREATE INDEX j ON t (m); CREATE VIEW v AS SELECT m FROM t WHERE m = 'glad'; CREATE FUNCTION f(m mood) RETURNS mood LANGUAGE sql AS $$ SELECT m $$; CREATE POLICY p ON t USING (m = 'ok'); COMMENT ON COLUMN t.m IS 'cm'; COMMENT ON TYPE mood IS 'ct';`;

export const rows: readonly MatrixRow[] = [
  { name: 'enum added', base: '', change: `${E} COMMENT ON TYPE mood IS 'c'` },
  { name: 'enum dropped', base: E, change: 'DROP TYPE mood' },
  { name: 'enum label added at the end', base: E, change: "ALTER TYPE mood ADD VALUE 'great'" },
  {
    name: 'enum labels added in between',
    base: E,
    change:
      "ALTER TYPE mood ADD VALUE 'x' BEFORE 'sad'; ALTER TYPE mood ADD VALUE 'y' AFTER 'sad'; ALTER TYPE mood ADD VALUE 'z' AFTER 'y'",
  },
  {
    name: 'enum label renamed',
    base: `${E} CREATE TABLE t (m mood DEFAULT 'ok')`,
    change: "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
    back: { has: [/RENAME VALUE/], lacks: [/CREATE/] },
  },
  {
    name: 'enum labels swapped',
    base: E,
    change:
      "ALTER TYPE mood RENAME VALUE 'ok' TO 'z'; ALTER TYPE mood RENAME VALUE 'sad' TO 'ok'; ALTER TYPE mood RENAME VALUE 'z' TO 'sad'",
    back: { lacks: [/CREATE/] },
  },
  {
    name: 'enum label added to a type in use',
    base: `${USED} INSERT INTO t VALUES (1, 'glad', '{ok,sad}')`,
    change: "ALTER TYPE mood ADD VALUE 'great' AFTER 'ok'",
    probe: 'SELECT * FROM t',
  },
  {
    name: 'enum label removed by a new type',
    base: E + "CREATE TABLE t (m mood DEFAULT 'ok'); INSERT INTO t VALUES ('sad')",
    change:
      "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TABLE t ALTER m DROP DEFAULT, ALTER m TYPE mood USING m::text::mood, ALTER m SET DEFAULT 'ok'; DROP TYPE mood_old",
    probe: 'SELECT * FROM t',
  },
  { name: 'enum renamed', base: USED, change: 'ALTER TYPE mood RENAME TO feeling' },
  {
    name: 'enum moved',
    base: `CREATE SCHEMA s; ${E} CREATE TABLE t (m mood DEFAULT 'ok')`,
    change: 'ALTER TYPE mood SET SCHEMA s',
  },
  {
    name: 'text to enum',
    base: "CREATE TABLE t (m text DEFAULT 'ok'); INSERT INTO t VALUES ('sad')",
    change: `${E} ALTER TABLE t ALTER m DROP DEFAULT; ALTER TABLE t ALTER m TYPE mood USING m::mood; ALTER TABLE t ALTER m SET DEFAULT 'ok'`,
    probe: 'SELECT * FROM t',
  },
  {
    name: 'enum to text with check',
    base: `${E} CREATE TABLE t (m mood); INSERT INTO t VALUES ('sad')`,
    change:
      "ALTER TABLE t ALTER m TYPE text; DROP TYPE mood; ALTER TABLE t ADD CONSTRAINT c CHECK (m IN ('sad', 'ok'))",
    probe: 'SELECT * FROM t',
  },
  {
    name: 'enum label of a domain over it',
    base: `${E} CREATE DOMAIN dm AS mood DEFAULT 'ok' CHECK (VALUE <> 'sad'); CREATE TABLE t (d dm); INSERT INTO t VALUES ('glad')`,
    change: "ALTER TYPE mood ADD VALUE 'great'",
    probe: 'SELECT * FROM t',
  },
  {
    name: 'enum label in a partition key',
    base: E,
    change: "ALTER TYPE mood ADD VALUE 'x'; CREATE TABLE q (a int)",
  },
  {
    name: 'domain added',
    base: '',
    change: `CREATE DOMAIN d AS varchar(10) COLLATE "C" DEFAULT 'x' NOT NULL CONSTRAINT c CHECK (VALUE <> 'y') CHECK (length(VALUE) > 0); COMMENT ON DOMAIN d IS 'c'; COMMENT ON CONSTRAINT c ON DOMAIN d IS 'cc'`,
  },
  { name: 'domain dropped', base: 'CREATE DOMAIN d AS int CHECK (VALUE > 0)', change: 'DROP DOMAIN d' },
  {
    name: 'domain properties',
    base: 'CREATE DOMAIN d AS int DEFAULT 1 NOT NULL CONSTRAINT c CHECK (VALUE > 0); CREATE TABLE t (a d)',
    change:
      'ALTER DOMAIN d DROP DEFAULT; ALTER DOMAIN d DROP NOT NULL; ALTER DOMAIN d DROP CONSTRAINT c; ALTER DOMAIN d ADD CONSTRAINT e CHECK (VALUE < 9) NOT VALID',
  },
  {
    name: 'domain constraint renamed and validated',
    base: 'CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID',
    change: 'ALTER DOMAIN d RENAME CONSTRAINT c TO e; ALTER DOMAIN d VALIDATE CONSTRAINT e',
  },
  {
    name: 'domain renamed',
    base: 'CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TABLE t (a d)',
    change: 'ALTER DOMAIN d RENAME TO e',
  },
  {
    name: 'domain base type',
    base: 'CREATE DOMAIN d AS int; CREATE TABLE t (a d DEFAULT 5); INSERT INTO t VALUES (3)',
    change:
      'ALTER TABLE t ALTER a TYPE int; DROP DOMAIN d; CREATE DOMAIN d AS bigint CHECK (VALUE > 0); ALTER TABLE t ALTER a TYPE d',
    probe: 'SELECT * FROM t',
  },
  {
    name: 'composite added',
    base: '',
    change: `CREATE TYPE c AS (a int, b text COLLATE "C"); COMMENT ON TYPE c IS 'c'; COMMENT ON COLUMN c.a IS 'ca'; CREATE TABLE t (x c, y c[])`,
  },
  { name: 'composite dropped', base: 'CREATE TYPE c AS (a int)', change: 'DROP TYPE c' },
  {
    name: 'composite attribute added',
    base: 'CREATE TYPE c AS (a int); CREATE TABLE t (x c)',
    change: 'ALTER TYPE c ADD ATTRIBUTE b text',
  },
  {
    name: 'composite attribute dropped',
    base: 'CREATE TYPE c AS (a int, b text); CREATE TABLE t (x c)',
    change: 'ALTER TYPE c DROP ATTRIBUTE b',
  },
  {
    name: 'composite attribute type',
    base: 'CREATE TYPE c AS (a int, b text)',
    change: 'ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint',
  },
  {
    name: 'composite attribute renamed',
    base: 'CREATE TYPE c AS (a int, b text); CREATE TABLE t (x c)',
    change: 'ALTER TYPE c RENAME ATTRIBUTE a TO z',
  },
  {
    name: 'composite attribute dropped from the front',
    base: 'CREATE TYPE c AS (a int, b text)',
    change: 'ALTER TYPE c DROP ATTRIBUTE a',
  },
  {
    name: 'composite renamed',
    base: 'CREATE TYPE c AS (a int); CREATE TABLE t (x c)',
    change: 'ALTER TYPE c RENAME TO d',
  },
  {
    name: 'composite of an enum whose label goes',
    base: `${E} CREATE TYPE c AS (m mood)`,
    change: "ALTER TYPE mood ADD VALUE 'x'",
  },
  {
    name: 'range',
    base: '',
    change: 'CREATE TYPE fr AS RANGE (subtype = float8, subtype_diff = float8mi); CREATE TABLE t (a fr)',
  },
  {
    name: 'type replaced by another kind',
    base: "CREATE TYPE x AS ENUM ('a')",
    change: 'DROP TYPE x; CREATE DOMAIN x AS text',
  },
  {
    name: 'type replaced by another kind, in use',
    base: "CREATE TYPE x AS ENUM ('a'); CREATE TABLE t (c x)",
    change:
      'ALTER TABLE t ALTER c TYPE text; DROP TYPE x; CREATE DOMAIN x AS text; ALTER TABLE t ALTER c TYPE x',
  },
];
