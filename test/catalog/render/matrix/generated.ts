/** Generated columns, stored and virtual (manual, 5.4), and what hangs on them. */
import type { MatrixRow } from './row.ts';

const last = 'a column that is made again comes last';
const T = 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED, z int);';

export const rows: readonly MatrixRow[] = [
  {
    name: 'expression changed, with all that hangs on the column',
    base: `${T} CREATE INDEX gi ON t (g); ALTER TABLE t ADD CONSTRAINT gc CHECK (g > 0), ADD CONSTRAINT gu UNIQUE (g); COMMENT ON COLUMN t.g IS 'c'; COMMENT ON INDEX gi IS 'i'; GRANT SELECT (g) ON t TO PUBLIC; CREATE VIEW v AS SELECT g FROM t; GRANT SELECT ON v TO PUBLIC; ALTER TABLE t ALTER g SET STATISTICS 77; CREATE STATISTICS st ON a, g FROM t; ALTER TABLE t ALTER g SET NOT NULL; INSERT INTO t (a) VALUES (3)`,
    change: `DROP VIEW v; ALTER TABLE t DROP g CASCADE; ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 2) STORED`,
    cosmetic: last,
    probe: 'SELECT a, g, z FROM t',
  },
  {
    name: 'expression changed and the type',
    base: `${T} CREATE VIEW v AS SELECT g FROM t`,
    change: `DROP VIEW v; ALTER TABLE t DROP g; ALTER TABLE t ADD g text GENERATED ALWAYS AS (a::text) STORED; CREATE VIEW v AS SELECT g FROM t`,
    cosmetic: last,
  },
  {
    name: 'type changed only',
    base: `${T} CREATE INDEX gi ON t (g)`,
    change: 'ALTER TABLE t ALTER g TYPE bigint',
  },
  {
    name: 'type of the column it is made of',
    base: "CREATE TABLE t (a varchar(10), g text GENERATED ALWAYS AS (a || 'x') STORED, z int); CREATE INDEX gi ON t (g); INSERT INTO t (a) VALUES ('q')",
    change:
      "DROP INDEX gi; ALTER TABLE t DROP g; ALTER TABLE t ALTER a TYPE text; ALTER TABLE t ADD g text GENERATED ALWAYS AS (a || 'x') STORED; CREATE INDEX gi ON t (g)",
    cosmetic: last,
    probe: 'SELECT a, g, z FROM t',
  },
  {
    name: 'column it is made of renamed',
    base: T,
    change: 'ALTER TABLE t RENAME a TO b',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'column it is made of dropped',
    base: `${T} INSERT INTO t (a) VALUES (3)`,
    change: 'ALTER TABLE t DROP a CASCADE',
    cosmetic: last,
  },
  {
    name: 'plain column of the name before',
    base: 'CREATE TABLE t (a int, g int); INSERT INTO t VALUES (1, 2)',
    change: 'ALTER TABLE t DROP g; ALTER TABLE t ADD g int GENERATED ALWAYS AS (a * 2) STORED',
  },
  {
    name: 'expression dropped, back with dependents',
    base: `${T} CREATE VIEW v AS SELECT g FROM t; CREATE INDEX gi ON t (g); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE POLICY po ON t USING (g > 0)`,
    change: 'ALTER TABLE t ALTER g DROP EXPRESSION',
    cosmetic: last,
  },
  {
    name: 'not null',
    base: T,
    change: 'ALTER TABLE t ALTER g SET NOT NULL',
  },
  {
    name: 'by a function that goes',
    base: 'CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT 1 $$; CREATE TABLE t (a int, g int GENERATED ALWAYS AS (f(a)) STORED)',
    change: 'DROP FUNCTION f(int) CASCADE',
  },
  {
    name: 'by a function whose body changes',
    base: 'CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT 1 $$; CREATE TABLE t (a int, g int GENERATED ALWAYS AS (f(a)) STORED); INSERT INTO t VALUES (1)',
    change: 'CREATE OR REPLACE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT 2 $$',
  },
  {
    name: 'two, of one another column, dropped and added',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a * 2) STORED, h text GENERATED ALWAYS AS (a::text) STORED)',
    change:
      'ALTER TABLE t DROP g, DROP h, DROP a; ALTER TABLE t ADD a bigint, ADD g bigint GENERATED ALWAYS AS (a) STORED',
  },
  {
    name: 'virtual expression changed',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) VIRTUAL, z int); CREATE VIEW v AS SELECT g FROM t',
    change: 'ALTER TABLE t ALTER g SET EXPRESSION AS (a + 5)',
    minMajor: 18,
    back: { lacks: [/DROP COLUMN/] },
  },
  {
    name: 'virtual column of a column whose type changes',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) VIRTUAL, z int)',
    change:
      'ALTER TABLE t ALTER g SET EXPRESSION AS (1); ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE t ALTER g SET EXPRESSION AS (a + 1)',
    minMajor: 18,
  },
  {
    name: 'virtual column with NOT NULL and a check',
    base: 'CREATE TABLE t (a int)',
    change: 'ALTER TABLE t ADD g int GENERATED ALWAYS AS (a + 1) VIRTUAL NOT NULL CHECK (g > 0)',
    minMajor: 18,
  },
  {
    name: 'virtual and stored to plain',
    base: 'CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) VIRTUAL)',
    change: 'ALTER TABLE t DROP g; ALTER TABLE t ADD g int',
    minMajor: 18,
  },
  {
    name: 'generated column with a collation',
    base: '',
    change: `CREATE TABLE t (a text, g text COLLATE "C" GENERATED ALWAYS AS (lower(a)) STORED)`,
  },
  {
    name: 'generated column published with a row filter',
    base: 'CREATE TABLE t (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a + 1) STORED); CREATE PUBLICATION pub FOR TABLE t (id, a)',
    change: 'ALTER TABLE t ADD h int GENERATED ALWAYS AS (a + 2) STORED',
    minMajor: 15,
  },
];
