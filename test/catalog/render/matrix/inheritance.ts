/** INHERITS trees: what is a child's own, what it merely has from its parents, and both at once (manual, 5.11). */
import type { MatrixRow } from './row.ts';

const P = "CREATE TABLE p (a int NOT NULL, b text DEFAULT 'x', CONSTRAINT k CHECK (a > 0));";
const PC = `${P} CREATE TABLE c (z int) INHERITS (p);`;
const last = 'a column that is made again comes last';

export const rows: readonly MatrixRow[] = [
  {
    name: 'ended: what the child merely had from its parent',
    base: `${PC} CREATE INDEX ci ON c (a); CREATE VIEW v AS SELECT a, z FROM c; INSERT INTO c VALUES (1, 'one', 5), (2, NULL, 6)`,
    change: 'ALTER TABLE c NO INHERIT p',
    cosmetic: last,
    probe: 'SELECT a, b, z FROM c ORDER BY a',
  },
  {
    name: 'begun: what the child had becomes merely inherited',
    base: `${P} CREATE TABLE c (z int, a int NOT NULL, b text DEFAULT 'x', CONSTRAINT k CHECK (a > 0)); INSERT INTO c VALUES (5, 1, 'one')`,
    change: 'DROP TABLE c; CREATE TABLE c (z int) INHERITS (p)',
    cosmetic: last,
  },
  {
    name: 'parents in another order',
    base: 'CREATE TABLE p (a int, x int); CREATE TABLE q (a int, y int, CONSTRAINT qc CHECK (y > 0)); CREATE TABLE c (z int) INHERITS (p, q); INSERT INTO c VALUES (1, 2, 3, 4)',
    change: 'ALTER TABLE c NO INHERIT p; ALTER TABLE c INHERIT p',
    cosmetic: last,
    probe: 'SELECT a, x, y, z FROM c',
  },
  {
    name: 'parents in another order, all columns its own',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (a int); CREATE TABLE c (a int) INHERITS (p, q)',
    change: 'ALTER TABLE c NO INHERIT p; ALTER TABLE c INHERIT p',
  },
  {
    name: 'third parent between',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (a int); CREATE TABLE r (a int); CREATE TABLE c (a int) INHERITS (p, q, r)',
    change: 'ALTER TABLE c NO INHERIT q',
  },
  {
    name: 'parent exchanged for another',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (a int, b int); CREATE TABLE c (a int, b int, z int) INHERITS (p)',
    change: 'ALTER TABLE c NO INHERIT p; ALTER TABLE c INHERIT q',
  },
  {
    name: 'parent exchanged for another, merely inherited',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (a int); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE c INHERIT q; ALTER TABLE c NO INHERIT p',
  },
  {
    name: 'own column becomes merely inherited',
    base: 'CREATE TABLE p (a int); CREATE TABLE c (a int, z int) INHERITS (p); INSERT INTO c VALUES (1, 2)',
    change: 'DROP TABLE c; CREATE TABLE c (z int) INHERITS (p)',
  },
  {
    name: 'merely inherited column becomes its own as well, by DROP COLUMN of ONLY the parent',
    base: 'CREATE TABLE p (a int, b int); CREATE TABLE c (z int) INHERITS (p); INSERT INTO c VALUES (1, 2, 3)',
    change: 'ALTER TABLE ONLY p DROP COLUMN b',
    cosmetic: last,
    probe: 'SELECT a, b, z FROM c',
  },
  {
    name: 'own column of a child whose parent gets it',
    base: 'CREATE TABLE p (a int); CREATE TABLE c (b int) INHERITS (p); INSERT INTO c VALUES (1, 2)',
    change: 'ALTER TABLE p ADD COLUMN b int',
    probe: 'SELECT a, b FROM c',
  },
  {
    name: 'own column of a child whose parent gets it with a default and NOT NULL',
    base: 'CREATE TABLE p (a int); CREATE TABLE c (b int NOT NULL DEFAULT 3) INHERITS (p); INSERT INTO c VALUES (1, 2)',
    change: 'ALTER TABLE p ADD COLUMN b int NOT NULL DEFAULT 7',
    probe: 'SELECT a, b FROM c',
  },
  {
    name: 'column of two parents',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (a int, b int)',
    change: 'CREATE TABLE c (z int) INHERITS (p, q)',
  },
  {
    name: 'column of two parents, of different defaults',
    base: 'CREATE TABLE p (a int DEFAULT 1); CREATE TABLE q (a int DEFAULT 2, b int)',
    change: 'CREATE TABLE c (a int DEFAULT 3) INHERITS (p, q)',
  },
  {
    name: 'column of two parents dropped in one',
    base: 'CREATE TABLE p (a int, x int); CREATE TABLE q (a int, b int); CREATE TABLE c (z int) INHERITS (p, q); INSERT INTO c VALUES (1, 2, 3, 4)',
    change: 'ALTER TABLE p DROP COLUMN a',
    cosmetic: last,
    probe: 'SELECT a, b, z FROM c',
  },
  {
    name: 'column of two parents of one grandparent: type',
    base: 'CREATE TABLE g (a int); CREATE TABLE p () INHERITS (g); CREATE TABLE q () INHERITS (g); CREATE TABLE c (z int) INHERITS (p, q)',
    change: 'ALTER TABLE g ALTER a TYPE bigint',
  },
  {
    name: 'column of two parents of one grandparent: name',
    base: 'CREATE TABLE g (a int); CREATE TABLE p () INHERITS (g); CREATE TABLE q () INHERITS (g); CREATE TABLE c (z int) INHERITS (p, q)',
    change: 'ALTER TABLE g RENAME a TO b',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'column of two parents of one grandparent: added and dropped',
    base: 'CREATE TABLE g (a int, x int); CREATE TABLE p () INHERITS (g); CREATE TABLE q () INHERITS (g); CREATE TABLE c (z int) INHERITS (p, q)',
    change: 'ALTER TABLE g ADD b int DEFAULT 4, DROP x',
    cosmetic: last,
  },
  {
    name: 'column of two unrelated parents: type',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (a int); CREATE TABLE c (a int) INHERITS (p, q); INSERT INTO c VALUES (1)',
    change:
      'ALTER TABLE c NO INHERIT p, NO INHERIT q; ALTER TABLE p ALTER a TYPE bigint; ALTER TABLE q ALTER a TYPE bigint; ALTER TABLE c ALTER a TYPE bigint; ALTER TABLE c INHERIT p; ALTER TABLE c INHERIT q',
    probe: 'SELECT a FROM c',
  },
  {
    name: 'column of two unrelated parents, merely inherited: type',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (a int); CREATE TABLE c (z int) INHERITS (p, q); INSERT INTO c VALUES (1)',
    change:
      'DROP TABLE c; ALTER TABLE p ALTER a TYPE bigint; ALTER TABLE q ALTER a TYPE bigint; CREATE TABLE c (z int) INHERITS (p, q)',
    cosmetic: last,
  },
  {
    name: 'column of two unrelated parents: name',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (a int); CREATE TABLE c (a int) INHERITS (p, q); INSERT INTO c VALUES (1)',
    change:
      'ALTER TABLE c NO INHERIT p, NO INHERIT q; ALTER TABLE p RENAME a TO b; ALTER TABLE q RENAME a TO b; ALTER TABLE c RENAME a TO b; ALTER TABLE c INHERIT p; ALTER TABLE c INHERIT q',
    probe: 'SELECT c::text FROM c',
  },
  {
    name: 'check: merely inherited becomes its own as well',
    base: `${PC}`,
    change: 'ALTER TABLE c ADD CONSTRAINT k CHECK (a > 0)',
  },
  {
    name: 'check: its own, then merely inherited',
    base: `${P} CREATE TABLE c (z int, CONSTRAINT k CHECK (a > 0)) INHERITS (p)`,
    change: 'DROP TABLE c; CREATE TABLE c (z int) INHERITS (p)',
  },
  {
    name: 'check dropped from ONLY the parent',
    base: PC,
    change: 'ALTER TABLE ONLY p DROP CONSTRAINT k',
  },
  {
    name: 'check of a parent changed, with children three levels deep',
    base: `${PC} CREATE TABLE d () INHERITS (c)`,
    change: 'ALTER TABLE p DROP CONSTRAINT k, ADD CONSTRAINT k CHECK (a > 5)',
  },
  {
    name: 'check of two parents',
    base: 'CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE q (a int, CONSTRAINT k CHECK (a > 0))',
    change: 'CREATE TABLE c () INHERITS (p, q)',
  },
  {
    name: 'check of two parents leaves one',
    base: 'CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE q (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE c () INHERITS (p, q)',
    change: 'ALTER TABLE q DROP CONSTRAINT k',
  },
  {
    name: 'check not valid of the parent',
    base: PC,
    change: 'ALTER TABLE p ADD CONSTRAINT kk CHECK (a > 7) NOT VALID',
  },
  {
    name: 'check of the parent validated',
    base: `${PC} ALTER TABLE p ADD CONSTRAINT kk CHECK (a > 7) NOT VALID`,
    change: 'ALTER TABLE p VALIDATE CONSTRAINT kk',
  },
  {
    name: 'check of the parent validated in the child alone',
    base: `${PC} ALTER TABLE p ADD CONSTRAINT kk CHECK (a > 7) NOT VALID`,
    change: 'ALTER TABLE c VALIDATE CONSTRAINT kk',
  },
  {
    name: 'check of the parent renamed',
    base: PC,
    change: 'ALTER TABLE p RENAME CONSTRAINT k TO kk',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'check of the parent no inherit',
    base: PC,
    change:
      'ALTER TABLE p DROP CONSTRAINT k; ALTER TABLE p ADD CONSTRAINT k CHECK (a > 0) NO INHERIT; ALTER TABLE c ADD CONSTRAINT k CHECK (a > 3)',
    // 17 itself takes the child's own CHECK for the parent's in NO INHERIT.
    minMajor: 18,
  },
  {
    name: 'default overridden in the child',
    base: PC,
    change: "ALTER TABLE c ALTER b SET DEFAULT 'y'",
  },
  {
    name: 'default dropped in the child',
    base: PC,
    change: 'ALTER TABLE c ALTER b DROP DEFAULT',
  },
  {
    name: 'default of ONLY the parent',
    base: PC,
    change: "ALTER TABLE ONLY p ALTER b SET DEFAULT 'z'",
  },
  {
    name: 'default of the parent and the child',
    base: PC,
    change: "ALTER TABLE p ALTER b SET DEFAULT 'z'",
  },
  {
    name: 'NOT NULL of ONLY the parent dropped',
    base: PC,
    change: 'ALTER TABLE ONLY p ALTER a DROP NOT NULL',
  },
  {
    name: 'NOT NULL of the parent dropped',
    base: PC,
    change: 'ALTER TABLE p ALTER a DROP NOT NULL',
  },
  {
    name: 'NOT NULL of the parent set',
    base: PC,
    change: 'ALTER TABLE p ALTER b SET NOT NULL',
  },
  {
    name: 'NOT NULL of the child alone',
    base: PC,
    change: 'ALTER TABLE c ALTER b SET NOT NULL',
  },
  {
    name: 'NOT NULL of the child alone, then of the parent',
    base: `${PC} ALTER TABLE c ALTER b SET NOT NULL`,
    change: 'ALTER TABLE p ALTER b SET NOT NULL',
  },
  {
    name: 'NOT NULL of the child alone, named',
    base: PC,
    change: 'ALTER TABLE c ADD CONSTRAINT own_name NOT NULL b',
    minMajor: 18,
  },
  {
    name: 'NOT NULL NO INHERIT of a parent',
    base: 'CREATE TABLE p (a int CONSTRAINT pn NOT NULL NO INHERIT); CREATE TABLE c () INHERITS (p)',
    change: 'ALTER TABLE p ALTER CONSTRAINT pn INHERIT',
    minMajor: 18,
  },
  {
    name: 'NOT NULL of a child before it inherits',
    base: 'CREATE TABLE p (a int NOT NULL); CREATE TABLE c (a int)',
    change: 'ALTER TABLE c ALTER a SET NOT NULL; ALTER TABLE c INHERIT p',
  },
  {
    name: 'NOT NULL of a parent whose child leaves',
    base: 'CREATE TABLE p (a int NOT NULL); CREATE TABLE c (a int) INHERITS (p)',
    change: 'ALTER TABLE c NO INHERIT p; ALTER TABLE c ALTER a DROP NOT NULL',
  },
  {
    name: 'three levels deep made',
    base: '',
    change: `${PC} CREATE TABLE d (y int) INHERITS (c); CREATE TABLE e (b text, x int) INHERITS (d, p)`,
  },
  {
    name: 'three levels deep: type and default',
    base: `${PC} CREATE TABLE d (y int) INHERITS (c)`,
    change: 'ALTER TABLE p ALTER a TYPE bigint, ALTER a SET DEFAULT 9',
  },
  {
    name: 'three levels deep: the one between goes',
    base: `${PC} CREATE TABLE d (y int) INHERITS (c); INSERT INTO d VALUES (1, 'x', 2, 3)`,
    change: 'ALTER TABLE d NO INHERIT c; DROP TABLE c',
    cosmetic: last,
    probe: 'SELECT a, b, z, y FROM d',
  },
  {
    name: 'parent dropped, child stays',
    base: `${PC} INSERT INTO c VALUES (1, 'x', 2)`,
    change: 'ALTER TABLE c NO INHERIT p; DROP TABLE p',
    cosmetic: last,
    probe: 'SELECT a, b, z FROM c',
  },
  {
    name: 'parent put over two tables',
    base: 'CREATE TABLE c (a int, x int); CREATE TABLE d (a int, y int)',
    change: 'CREATE TABLE p (a int); ALTER TABLE c INHERIT p; ALTER TABLE d INHERIT p',
  },
  {
    name: 'generated column inherited',
    base: 'CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a * 2) STORED)',
    change: 'CREATE TABLE c (z int) INHERITS (p)',
  },
  {
    name: 'generated column of a child made apart',
    base: '',
    change:
      'CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a * 2) STORED); CREATE TABLE c (a int, g int GENERATED ALWAYS AS (a * 2) STORED); ALTER TABLE c INHERIT p',
  },
  {
    name: 'generated column overridden in the child',
    base: 'CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a * 2) STORED)',
    change: 'CREATE TABLE c (z int, g int GENERATED ALWAYS AS (a * 3) STORED) INHERITS (p)',
    minMajor: 16,
  },
  {
    name: 'generated column of parent and child: expression of the child',
    base: 'CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a * 2) STORED); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE c ALTER g SET EXPRESSION AS (a * 5)',
    minMajor: 17,
  },
  {
    name: 'generated column of parent and child: expression of the parent',
    base: 'CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a * 2) STORED); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE p ALTER g SET EXPRESSION AS (a * 5)',
    minMajor: 17,
  },
  {
    name: 'generated column of parent and child: expression dropped',
    base: 'CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a * 2) STORED); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE p ALTER g DROP EXPRESSION',
    cosmetic: last,
  },
  {
    name: 'generated column of parent and child added',
    base: 'CREATE TABLE p (a int); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE p ADD g int GENERATED ALWAYS AS (a * 2) STORED',
    cosmetic: last,
  },
  {
    name: 'generated column of parent and child: by drop and add',
    base: 'CREATE TABLE p (a int, g int GENERATED ALWAYS AS (a * 2) STORED); CREATE TABLE c (z int) INHERITS (p); CREATE INDEX ci ON c (g)',
    change:
      'ALTER TABLE p DROP g; ALTER TABLE p ADD g int GENERATED ALWAYS AS (a * 3) STORED; CREATE INDEX ci ON c (g)',
    cosmetic: last,
  },
  {
    name: 'storage, statistics and options of parent and child',
    base: PC,
    change:
      'ALTER TABLE p ALTER b SET STORAGE EXTERNAL; ALTER TABLE c ALTER b SET STATISTICS 99; ALTER TABLE ONLY p ALTER b SET (n_distinct = 5)',
  },
  {
    name: 'storage of ONLY the parent',
    base: PC,
    change: 'ALTER TABLE ONLY p ALTER b SET STORAGE EXTERNAL',
  },
  {
    name: 'compression of parent and child',
    base: 'CREATE TABLE p (b text COMPRESSION pglz); CREATE TABLE c () INHERITS (p)',
    change: 'ALTER TABLE p ALTER b SET COMPRESSION default',
    minMajor: 14,
  },
  {
    name: 'comment and privileges of inherited columns',
    base: PC,
    change: "COMMENT ON COLUMN c.a IS 'child''s'; GRANT SELECT (a) ON c TO PUBLIC",
  },
  {
    name: 'columns of the parent in another order than the child',
    base: 'CREATE TABLE p (a int, b int, c int)',
    change: 'CREATE TABLE k (c int, z int, a int) INHERITS (p)',
  },
  {
    name: 'partitions and a parent at once',
    base: 'CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE t (a int CONSTRAINT k CHECK (a > 0))',
    change:
      'ALTER TABLE t INHERIT p; CREATE TABLE r (a int CONSTRAINT k CHECK (a > 0)) PARTITION BY LIST (a)',
  },
  {
    name: "renamed column with a default of the parent's alone, and a NOT NULL that a child's own column has from above",
    base: `CREATE DOMAIN w AS int; CREATE TABLE p (a int, k w, n text NOT NULL); CREATE TABLE c (n text) INHERITS (p);
      CREATE TABLE d () INHERITS (c); CREATE TABLE e (a int, k w, n text NOT NULL); ALTER TABLE e INHERIT p;
      ALTER TABLE ONLY p ALTER a SET DEFAULT 3, ALTER k SET DEFAULT 4; ALTER TABLE ONLY c ALTER n SET DEFAULT 'c'`,
    change: 'ALTER TABLE p RENAME a TO b; ALTER TABLE p RENAME k TO l',
    cosmetic: last,
  },
  {
    name: 'renamed parent and child, and a column of both',
    base: PC,
    change: 'ALTER TABLE p RENAME a TO n; ALTER TABLE p RENAME TO pp; ALTER TABLE c RENAME TO cc',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'child moved to another schema, parent stays',
    base: `CREATE SCHEMA s; ${PC}`,
    change: 'ALTER TABLE c SET SCHEMA s',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'foreign child',
    base: `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; ${P}`,
    change: "CREATE FOREIGN TABLE f (z int) INHERITS (p) SERVER s OPTIONS (x 'y')",
  },
  {
    name: 'typed table gets an attribute',
    base: 'CREATE TYPE ct AS (a int, b text); CREATE TABLE t OF ct (PRIMARY KEY (a)); INSERT INTO t VALUES (1)',
    change: 'ALTER TYPE ct ADD ATTRIBUTE c int CASCADE; ALTER TYPE ct DROP ATTRIBUTE b CASCADE',
    cosmetic: last,
  },
  {
    name: 'typed table of another type',
    base: 'CREATE TYPE ct AS (a int, b text); CREATE TYPE du AS (a int, b text); CREATE TABLE t OF ct; INSERT INTO t VALUES (1)',
    change: 'ALTER TABLE t OF du',
    probe: 'SELECT * FROM t',
  },
  {
    name: 'typed table, attribute type and name',
    base: 'CREATE TYPE ct AS (a int, b text); CREATE TABLE t OF ct; INSERT INTO t VALUES (1)',
    change:
      'ALTER TYPE ct ALTER ATTRIBUTE a TYPE bigint CASCADE; ALTER TYPE ct RENAME ATTRIBUTE b TO c CASCADE',
    probe: 'SELECT a FROM t',
  },
  {
    name: 'typed table over an enum and its array, a label of which goes',
    base: "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE co AS (x interval, z e, zs e[]); CREATE TABLE t OF co (x NOT NULL, z DEFAULT 'a'); CREATE INDEX ON t (z); CREATE VIEW v AS SELECT * FROM t; CREATE TABLE n (c co); INSERT INTO t VALUES ('1 s', 'a', '{b}')",
    change: "ALTER TYPE e ADD VALUE 'new'",
    probe: 'SELECT x::text, z::text, zs::text FROM t',
  },
  {
    name: 'typed table over an enum, a label of which goes; attributes dropped, and back in between',
    base: "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE co AS (x interval, z e); CREATE TABLE t OF co",
    change: "ALTER TYPE e ADD VALUE 'new'; ALTER TYPE co DROP ATTRIBUTE x CASCADE",
    refuses: { direction: 'back', reason: 'in another order than the attributes' },
  },
  {
    name: "types of columns that are the children's own as well",
    base: 'CREATE TABLE p (a int, b int, c int); CREATE TABLE c1 (a int, b int, c int); CREATE TABLE c2 (a int, b int, c int); ALTER TABLE c1 INHERIT p; ALTER TABLE c2 INHERIT p; CREATE TABLE c3 (a int) INHERITS (p); CREATE TABLE g (b int) INHERITS (c1)',
    change: 'ALTER TABLE p ALTER a TYPE bigint, ALTER c TYPE text',
  },
  {
    name: 'type of a column of a table that becomes a child',
    base: 'CREATE TABLE p (a int, b int); CREATE TABLE c (a text, b int); CREATE TABLE d (a int, b int); ALTER TABLE d INHERIT p',
    change:
      'ALTER TABLE p ALTER a TYPE bigint; ALTER TABLE c ALTER a TYPE bigint USING a::bigint; ALTER TABLE c INHERIT p',
  },
];
