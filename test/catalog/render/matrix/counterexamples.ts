/** What the property test found, made small. */
import type { MatrixRow } from './row.ts';

const elsewhere = 'without identity a renamed column is dropped and added';

export const rows: readonly MatrixRow[] = [
  {
    name: 'names of two columns swapped, one of which is the partition key',
    base: 'CREATE TABLE p (k int, e xml, PRIMARY KEY (k)) PARTITION BY RANGE (k)',
    change: 'ALTER TABLE p RENAME k TO s; ALTER TABLE p RENAME e TO k; ALTER TABLE p RENAME s TO e',
    cosmetic: elsewhere,
  },
  {
    name: 'partition key renamed above a partition',
    base: 'CREATE TABLE p (id int, a date, PRIMARY KEY (id)) PARTITION BY HASH (id); CREATE TABLE c PARTITION OF p FOR VALUES WITH (MODULUS 4, REMAINDER 1)',
    change: 'ALTER TABLE p RENAME id TO c',
    cosmetic: elsewhere,
  },
  {
    name: 'typed table whose type gets an attribute and another name',
    base: 'CREATE TYPE co AS (y text, z numeric(8,2)); CREATE TABLE t OF co',
    change: 'ALTER TYPE co ADD ATTRIBUTE w1 bigint CASCADE; ALTER TYPE co RENAME TO cp',
  },
  {
    name: 'function of the rows of tables whose names are swapped',
    base: 'CREATE TABLE t0 (a int); CREATE TABLE t10 (b int); CREATE TABLE t1 (b int)',
    change: `CREATE FUNCTION g(r t10, s t0[], x t1) RETURNS text LANGUAGE sql IMMUTABLE AS $b$ SELECT 'x' $b$; ALTER TABLE t10 RENAME TO spare; ALTER TABLE t0 RENAME TO t10; ALTER TABLE spare RENAME TO t0; ALTER TABLE t1 RENAME TO "t 1"`,
  },
  {
    name: 'attribute of a typed table gets a type that has no way back by assignment',
    base: 'CREATE TYPE co AS (y inet, z bigint); CREATE TABLE t OF co; INSERT INTO t VALUES (NULL, 7)',
    change: 'ALTER TYPE co ALTER ATTRIBUTE z TYPE text CASCADE; CREATE TABLE u OF co',
    probe: 'SELECT z::text FROM t',
  },
  {
    name: 'comment on the NOT NULL that a partition has from above',
    base: "CREATE TABLE p (id int NOT NULL, d int NOT NULL) PARTITION BY RANGE (id); CREATE TABLE c PARTITION OF p FOR VALUES FROM (30) TO (MAXVALUE); COMMENT ON CONSTRAINT p_id_not_null ON c IS 'it''s %I'; CREATE TABLE i (a int NOT NULL); CREATE TABLE k () INHERITS (i)",
    change:
      "COMMENT ON CONSTRAINT p_id_not_null ON c IS NULL; COMMENT ON CONSTRAINT p_d_not_null ON c IS 'd'; COMMENT ON CONSTRAINT i_a_not_null ON k IS 'k'",
    minMajor: 18,
  },
  {
    name: 'partition detached from a table with an exclusion constraint',
    base: 'CREATE TABLE p (id int, b int) PARTITION BY HASH (id); ALTER TABLE p ADD CONSTRAINT k84 EXCLUDE (id WITH =); CREATE TABLE c PARTITION OF p FOR VALUES WITH (MODULUS 4, REMAINDER 3)',
    change: 'ALTER TABLE p DETACH PARTITION c',
    minMajor: 17,
  },
  {
    name: 'schema renamed that holds a multirange',
    base: 'CREATE SCHEMA s; CREATE TYPE s.ra AS RANGE (subtype = double precision)',
    change: 'ALTER SCHEMA s RENAME TO "S 3"',
  },
  {
    name: 'type moved to another schema while one gets its name',
    base: 'CREATE TYPE ra AS ENUM (); CREATE DOMAIN d AS inet; CREATE SCHEMA s1; CREATE TABLE t (a ra, b d); CREATE TABLE u (a int)',
    change:
      'ALTER DOMAIN d SET SCHEMA s1; ALTER TYPE ra RENAME TO d; ALTER TABLE t SET SCHEMA s1; ALTER TABLE u RENAME TO t',
  },
  {
    name: 'schema public renamed, with privileges',
    base: 'GRANT CREATE ON SCHEMA public TO pg_monitor; CREATE TABLE t (a int)',
    change: 'ALTER SCHEMA public RENAME TO s1',
    // The pg_dump of 15 tells this schema's privileges from those of initdb, by its OID.
    minMajor: 16,
  },
  {
    name: 'identity under default privileges on sequences',
    base: 'CREATE SCHEMA s; CREATE TABLE s.t (e bigint GENERATED ALWAYS AS IDENTITY); ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO pg_monitor',
    change: 'ALTER SCHEMA s RENAME TO s4',
  },
  {
    name: 'comment on the NOT NULL of a table that is renamed',
    base: "CREATE TABLE p (k int NOT NULL, a int); COMMENT ON CONSTRAINT p_k_not_null ON p IS 'x'",
    change: 'ALTER TABLE p RENAME TO q',
    minMajor: 18,
  },
  {
    name: 'NOT NULL of a partitioned table renamed',
    base: 'CREATE TABLE p (k int, a int, PRIMARY KEY (k)) PARTITION BY HASH (k); CREATE TABLE c PARTITION OF p FOR VALUES WITH (MODULUS 4, REMAINDER 2) PARTITION BY HASH (k); CREATE TABLE g PARTITION OF c FOR VALUES WITH (MODULUS 2, REMAINDER 1)',
    change: 'ALTER TABLE p RENAME CONSTRAINT p_k_not_null TO k89',
    minMajor: 18,
  },
  {
    name: 'CHECK renamed of a domain that columns hold inside arrays',
    base: "CREATE DOMAIN d AS int CONSTRAINT a CHECK (VALUE > 0) CONSTRAINT b CHECK (VALUE > 1); COMMENT ON CONSTRAINT a ON DOMAIN d IS 'x'; CREATE TABLE t (e d[], f d)",
    change: 'ALTER DOMAIN d RENAME CONSTRAINT a TO c',
    back: { has: [/RENAME CONSTRAINT/] },
  },
  {
    name: 'CHECK dropped of a domain that columns hold inside arrays and composites',
    base: "CREATE DOMAIN d AS int CONSTRAINT a CHECK (VALUE > 0) CONSTRAINT z CHECK (VALUE <> 77); CREATE DOMAIN dd AS d; CREATE TYPE co AS (x d, y dd[]); CREATE TABLE t (e d[], f d, g co DEFAULT '(3,{4})', h dd); INSERT INTO t VALUES ('{1}', 2, DEFAULT, 3); CREATE VIEW v AS SELECT * FROM t",
    change: 'ALTER DOMAIN d DROP CONSTRAINT a',
    probe: 'SELECT t::text FROM t',
  },
  {
    name: 'NOT NULL dropped of a domain that columns hold inside arrays',
    base: 'CREATE DOMAIN d AS int NOT NULL; CREATE TABLE t (e d[], f d)',
    change: 'ALTER DOMAIN d DROP NOT NULL',
  },
  {
    name: 'CHECK of a domain dropped, and another one gets its name',
    base: 'CREATE DOMAIN d AS int CONSTRAINT a CHECK (VALUE > 0) CONSTRAINT b CHECK (VALUE > 1); CREATE TABLE t (e d[], f d)',
    change: 'ALTER DOMAIN d DROP CONSTRAINT a; ALTER DOMAIN d RENAME CONSTRAINT b TO a',
  },
  {
    name: 'CHECK dropped of a domain that columns hold plainly',
    base: 'CREATE DOMAIN d AS int CONSTRAINT a CHECK (VALUE > 0); CREATE DOMAIN dd AS d; CREATE TABLE t (e dd, f d)',
    change: 'ALTER DOMAIN d DROP CONSTRAINT a',
    back: { has: [/ADD CONSTRAINT/], lacks: [/CREATE DOMAIN/] },
  },
];
