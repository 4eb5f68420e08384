import type { MatrixRow } from './row.ts';

const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text, c varchar(20));';
const order = 'the column comes back last';

export const rows: readonly MatrixRow[] = [
  { name: 'column added', base: T, change: 'ALTER TABLE t ADD d int' },
  {
    name: 'column added with default and NOT NULL',
    base: T,
    change: "ALTER TABLE t ADD d text NOT NULL DEFAULT 'x'",
  },
  { name: 'column added NOT NULL without default', base: T, change: 'ALTER TABLE t ADD d int NOT NULL' },
  { name: 'columns added in order', base: T, change: 'ALTER TABLE t ADD z int, ADD y int, ADD x int' },
  { name: 'column dropped, the last', base: T, change: 'ALTER TABLE t DROP c' },
  { name: 'column dropped', base: T, change: 'ALTER TABLE t DROP a', cosmetic: order },
  {
    name: 'column with default, check, index, comment dropped',
    base: `CREATE TABLE t (id int, a int NOT NULL DEFAULT 5 CHECK (a > 0)); CREATE INDEX t_a ON t (a); COMMENT ON COLUMN t.a IS 'c'; COMMENT ON INDEX t_a IS 'i'`,
    change: 'ALTER TABLE t DROP a',
  },
  {
    name: 'column renamed',
    base: `${T} CREATE INDEX t_a ON t (a); CREATE VIEW v AS SELECT a FROM t`,
    change: 'ALTER TABLE t RENAME a TO z',
    back: { lacks: [/DROP INDEX|DROP VIEW/] },
  },
  {
    name: 'two columns swapped',
    base: `${T} CREATE INDEX t_a ON t (a)`,
    change: 'ALTER TABLE t RENAME a TO z; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME z TO b',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'column renamed with checks and keys',
    base: 'CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0), UNIQUE (a, id)); CREATE TABLE u (t int REFERENCES t (id))',
    change: 'ALTER TABLE t RENAME a TO z; ALTER TABLE t RENAME id TO key',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'table and column renamed',
    base: `${T} CREATE INDEX t_a ON t (a) WHERE b IS NOT NULL`,
    change: 'ALTER TABLE t RENAME a TO z; ALTER TABLE t RENAME TO u',
    back: { lacks: [/DROP|CREATE/] },
  },
  { name: 'default set', base: T, change: 'ALTER TABLE t ALTER a SET DEFAULT 7' },
  {
    name: 'default changed',
    base: 'CREATE TABLE t (a int DEFAULT 1)',
    change: 'ALTER TABLE t ALTER a SET DEFAULT 7',
  },
  {
    name: 'default dropped',
    base: 'CREATE TABLE t (a int DEFAULT 1)',
    change: 'ALTER TABLE t ALTER a DROP DEFAULT',
  },
  {
    name: 'default by a function',
    base: 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE TABLE t (a int)',
    change: 'ALTER TABLE t ALTER a SET DEFAULT f() + 1',
  },
  {
    name: 'default by a new function',
    base: 'CREATE TABLE t (a int)',
    change:
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; ALTER TABLE t ALTER a SET DEFAULT f()',
  },
  {
    name: 'default by a function of its own table',
    base: '',
    change:
      'CREATE TABLE t (a int); CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE FUNCTION g() RETURNS SETOF t LANGUAGE sql AS $$ SELECT * FROM t $$; CREATE FUNCTION h() RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM g() $$; ALTER TABLE t ALTER a SET DEFAULT h()',
  },
  {
    name: 'function of a default rebuilt',
    base: 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE TABLE t (a int DEFAULT f())',
    change:
      'ALTER TABLE t ALTER a DROP DEFAULT; DROP FUNCTION f(); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$; ALTER TABLE t ALTER a SET DEFAULT f()',
  },
  { name: 'NOT NULL set', base: T, change: 'ALTER TABLE t ALTER a SET NOT NULL' },
  {
    name: 'NOT NULL dropped',
    base: 'CREATE TABLE t (a int NOT NULL)',
    change: 'ALTER TABLE t ALTER a DROP NOT NULL',
  },
  {
    name: 'NOT NULL named',
    base: 'CREATE TABLE t (a int, b int CONSTRAINT bb NOT NULL)',
    change: 'ALTER TABLE t ADD CONSTRAINT nn NOT NULL a; ALTER TABLE t RENAME CONSTRAINT bb TO cc',
    minMajor: 18,
  },
  {
    name: 'NOT NULL not valid',
    base: 'CREATE TABLE t (a int)',
    change: 'ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID',
    minMajor: 18,
  },
  {
    name: 'NOT NULL validated',
    base: 'CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID',
    change: 'ALTER TABLE t VALIDATE CONSTRAINT nn',
    minMajor: 18,
  },
  {
    name: 'NOT NULL NO INHERIT',
    base: 'CREATE TABLE t (a int CONSTRAINT nn NOT NULL)',
    change: 'ALTER TABLE t ALTER CONSTRAINT nn NO INHERIT',
    minMajor: 18,
  },
  {
    name: 'NOT NULL NO INHERIT made',
    base: '',
    change: 'CREATE TABLE t (a int NOT NULL NO INHERIT)',
    minMajor: 18,
  },
  {
    name: 'NOT NULL keeps its name through a rename',
    base: 'CREATE TABLE t (a int NOT NULL)',
    change: 'ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO b',
  },
  {
    name: 'NOT NULL named as by the old table',
    base: 'CREATE TABLE t (a int NOT NULL); ALTER TABLE t RENAME TO u',
    change: 'ALTER TABLE u ALTER a DROP NOT NULL',
  },
  {
    name: 'int to bigint',
    base: `${T} INSERT INTO t VALUES (1, 5, 'x', 'y')`,
    change: 'ALTER TABLE t ALTER a TYPE bigint',
    probe: 'SELECT * FROM t',
  },
  {
    name: 'int to bigint with expression index and check',
    base: 'CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 5)); CREATE INDEX i ON t ((a + 1)); CREATE INDEX j ON t (a) WHERE a > 3',
    change: 'ALTER TABLE t ALTER a TYPE bigint',
  },
  {
    name: 'int to numeric with check',
    base: 'CREATE TABLE t (a int CHECK (a > 5) DEFAULT 3); CREATE INDEX j ON t (a) WHERE a > 3',
    change: 'ALTER TABLE t ALTER a TYPE numeric(10,2)',
  },
  {
    name: 'varchar to text with check',
    base: "CREATE TABLE t (a varchar(10) CHECK (a <> 'x') DEFAULT 'y'); CREATE INDEX j ON t (lower(a))",
    change: 'ALTER TABLE t ALTER a TYPE text',
  },
  {
    name: 'varchar longer',
    base: T,
    change: 'ALTER TABLE t ALTER c TYPE varchar(40)',
    back: { lacks: [/USING/] },
  },
  {
    name: 'text to int',
    base: `CREATE TABLE t (a text DEFAULT '1'); INSERT INTO t VALUES ('5')`,
    change: 'ALTER TABLE t ALTER a DROP DEFAULT, ALTER a TYPE int USING a::int, ALTER a SET DEFAULT 1',
    probe: 'SELECT * FROM t',
  },
  {
    name: 'text to timestamptz',
    base: 'CREATE TABLE t (a text)',
    change: 'ALTER TABLE t ALTER a TYPE timestamptz USING a::timestamptz',
  },
  {
    name: 'text to jsonb',
    base: `CREATE TABLE t (a text); INSERT INTO t VALUES ('{"a": 1}')`,
    change: 'ALTER TABLE t ALTER a TYPE jsonb USING a::jsonb',
    probe: 'SELECT * FROM t',
  },
  {
    name: 'text to uuid',
    base: 'CREATE TABLE t (a text)',
    change: 'ALTER TABLE t ALTER a TYPE uuid USING a::uuid',
  },
  {
    name: 'type change with a view',
    base: `${T} CREATE VIEW v AS SELECT a, b FROM t; COMMENT ON VIEW v IS 'x'; CREATE VIEW w AS SELECT a FROM v`,
    change:
      'DROP VIEW w, v; ALTER TABLE t ALTER a TYPE bigint; CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW w AS SELECT a FROM v',
  },
  {
    name: 'type change with a generated column',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a * 2) STORED)',
    change:
      'ALTER TABLE t DROP g; ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE t ADD g bigint GENERATED ALWAYS AS (a * 2) STORED',
  },
  {
    name: 'type change with a trigger on the column',
    base: 'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TABLE t (a int); CREATE TRIGGER x BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION f(); ALTER TABLE t ENABLE ALWAYS TRIGGER x',
    change:
      'DROP TRIGGER x ON t; ALTER TABLE t ALTER a TYPE bigint; CREATE TRIGGER x BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION f(); ALTER TABLE t ENABLE ALWAYS TRIGGER x',
  },
  {
    name: 'type change with a policy',
    base: 'CREATE TABLE t (a int); CREATE POLICY p ON t USING (a > 0)',
    change: 'DROP POLICY p ON t; ALTER TABLE t ALTER a TYPE bigint; CREATE POLICY p ON t USING (a > 0)',
  },
  {
    name: 'type change of both ends of a foreign key',
    base: 'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int REFERENCES p)',
    change:
      'ALTER TABLE t DROP CONSTRAINT t_p_fkey; ALTER TABLE p ALTER id TYPE text USING id::text; ALTER TABLE t ALTER p TYPE text USING p::text; ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p',
  },
  {
    name: 'collation',
    base: 'CREATE TABLE t (a text); CREATE INDEX i ON t (a)',
    change: 'ALTER TABLE t ALTER a TYPE text COLLATE "C"',
  },
  {
    name: 'serial to bigserial',
    base: 'CREATE TABLE t (id serial PRIMARY KEY)',
    change: 'ALTER TABLE t ALTER id TYPE bigint; ALTER SEQUENCE t_id_seq AS bigint',
  },
  {
    name: 'identity added',
    base: 'CREATE TABLE t (id int NOT NULL, a int); INSERT INTO t VALUES (4, 1)',
    change: 'ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY',
  },
  {
    name: 'identity added to a nullable column',
    base: 'CREATE TABLE t (id int, a int)',
    change:
      'ALTER TABLE t ALTER id SET NOT NULL, ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 5 CACHE 3 CYCLE MAXVALUE 1000)',
  },
  {
    name: 'identity dropped',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY); INSERT INTO t DEFAULT VALUES',
    change: 'ALTER TABLE t ALTER id DROP IDENTITY',
    probe: 'SELECT * FROM t',
  },
  {
    name: 'identity kind',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)',
    change: 'ALTER TABLE t ALTER id SET GENERATED BY DEFAULT SET INCREMENT 2 SET CACHE 5',
  },
  {
    name: 'identity to bigint',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)',
    change: 'ALTER TABLE t ALTER id TYPE bigint',
  },
  {
    name: 'identity sequence renamed',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)',
    change: 'ALTER SEQUENCE t_id_seq RENAME TO numbers',
  },
  {
    name: 'identity table renamed and moved',
    base: 'CREATE SCHEMA s; CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)',
    change: 'ALTER TABLE t RENAME TO u; ALTER TABLE u SET SCHEMA s',
  },
  {
    name: 'serial to identity',
    base: 'CREATE TABLE t (id serial PRIMARY KEY)',
    change:
      'ALTER TABLE t ALTER id DROP DEFAULT; DROP SEQUENCE t_id_seq; ALTER TABLE t ALTER id ADD GENERATED ALWAYS AS IDENTITY',
  },
  {
    name: 'identity to a plain default',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)',
    change: 'ALTER TABLE t ALTER id DROP IDENTITY, ALTER id SET DEFAULT 5',
  },
  {
    name: 'generated column added',
    base: 'CREATE TABLE t (a int)',
    change: 'ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 1) STORED',
  },
  {
    name: 'generated column dropped',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED)',
    change: 'ALTER TABLE t DROP g',
  },
  {
    name: 'generated column made plain',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED, z int)',
    change: 'ALTER TABLE t ALTER g DROP EXPRESSION',
    cosmetic: order,
  },
  {
    name: 'generated expression changed',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED, z int)',
    change: 'ALTER TABLE t ALTER g SET EXPRESSION AS (a + 2)',
    minMajor: 17,
  },
  {
    name: 'generated expression changed by drop and add',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED)',
    change: 'ALTER TABLE t DROP g; ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 2) STORED',
  },
  {
    name: 'virtual generated column',
    base: 'CREATE TABLE t (a int)',
    change: 'ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 1) VIRTUAL',
    minMajor: 18,
  },
  {
    name: 'virtual to stored',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) VIRTUAL)',
    change: 'ALTER TABLE t DROP g; ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 1) STORED',
    minMajor: 18,
  },
  {
    name: 'generated by a function that is rebuilt',
    base: 'CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT 1 $$; CREATE TABLE t (a int, g bigint GENERATED ALWAYS AS (f(a)) STORED)',
    change:
      'ALTER TABLE t DROP g; DROP FUNCTION f(int); CREATE FUNCTION f(int) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$ SELECT 1::bigint $$; ALTER TABLE t ADD g bigint GENERATED ALWAYS AS (f(a)) STORED',
  },
  { name: 'storage', base: T, change: 'ALTER TABLE t ALTER b SET STORAGE EXTERNAL' },
  {
    name: 'storage made',
    base: '',
    change:
      'CREATE TABLE t (a text, n numeric); ALTER TABLE t ALTER a SET STORAGE MAIN; ALTER TABLE t ALTER n SET STORAGE PLAIN',
  },
  {
    name: 'storage back',
    base: 'CREATE TABLE t (a text, n numeric); ALTER TABLE t ALTER a SET STORAGE MAIN; ALTER TABLE t ALTER n SET STORAGE EXTERNAL',
    change: 'ALTER TABLE t ALTER a SET STORAGE EXTENDED; ALTER TABLE t ALTER n SET STORAGE MAIN',
  },
  {
    name: 'compression',
    minMajor: 14,
    base: 'CREATE TABLE t (a text COMPRESSION pglz)',
    change: 'ALTER TABLE t ALTER a SET COMPRESSION default',
  },
  {
    name: 'statistics target',
    base: T,
    change: 'ALTER TABLE t ALTER a SET STATISTICS 500; ALTER TABLE t ALTER b SET STATISTICS 0',
  },
  { name: 'column options', base: T, change: 'ALTER TABLE t ALTER a SET (n_distinct = -0.5)' },
  {
    name: 'column comment',
    base: `${T} COMMENT ON COLUMN t.a IS 'one'`,
    change: `COMMENT ON COLUMN t.a IS 'two'; COMMENT ON COLUMN t.b IS E'l1\nl2'`,
  },
  {
    name: 'array column',
    base: T,
    change: 'ALTER TABLE t ADD d text[] DEFAULT ARRAY[]::text[]; ALTER TABLE t ADD e int[][]',
  },
  {
    name: 'interval, bit, char and friends',
    base: '',
    change: `CREATE TABLE t (a interval day to second(3), b bit varying(5), c char(3), d "char", e numeric(7,2), f timestamp(3), g time with time zone, h name, i money, j point, k int4range, l xml, m tsvector, n bit(3) DEFAULT B'101')`,
  },
  {
    name: 'type change int array',
    base: 'CREATE TABLE t (a int[])',
    change: 'ALTER TABLE t ALTER a TYPE bigint[]',
  },
  {
    name: 'type change and rename',
    base: T,
    change: 'ALTER TABLE t RENAME a TO z; ALTER TABLE t ALTER z TYPE bigint',
  },
  {
    name: 'column replaced by another of the name',
    base: 'CREATE TABLE t (id int, a int)',
    change: 'ALTER TABLE t DROP a; ALTER TABLE t ADD a text',
  },
];
