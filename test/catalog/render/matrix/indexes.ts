import type { MatrixRow } from './row.ts';

const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text, j jsonb);';

export const rows: readonly MatrixRow[] = [
  { name: 'index added', base: T, change: 'CREATE INDEX i ON t (a, b DESC NULLS LAST)' },
  {
    name: 'index dropped',
    base: `${T} CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'c'`,
    change: 'DROP INDEX i',
  },
  {
    name: 'index renamed',
    base: `${T} CREATE INDEX i ON t (a)`,
    change: 'ALTER INDEX i RENAME TO k',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'two indexes swap names',
    base: `${T} CREATE INDEX i ON t (a); CREATE INDEX k ON t (b)`,
    change: 'ALTER INDEX i RENAME TO z; ALTER INDEX k RENAME TO i; ALTER INDEX z RENAME TO k',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'index changed',
    base: `${T} CREATE INDEX i ON t (a)`,
    change: 'DROP INDEX i; CREATE UNIQUE INDEX i ON t (a, b)',
  },
  {
    name: 'partial expression gin include opclass collate',
    base: T,
    change: `CREATE INDEX i1 ON t (lower(b)) WHERE a > 5; CREATE INDEX i2 ON t USING gin (j jsonb_path_ops); CREATE UNIQUE INDEX i3 ON t (a) INCLUDE (b); CREATE INDEX i4 ON t (b text_pattern_ops); CREATE INDEX i5 ON t (b COLLATE "C"); CREATE INDEX i6 ON t USING hash (a); CREATE INDEX i7 ON t USING brin (a) WITH (pages_per_range = 8)`,
  },
  {
    name: 'nulls not distinct',
    base: T,
    change: 'CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT',
    minMajor: 15,
  },
  {
    name: 'index fillfactor',
    base: `${T} CREATE INDEX i ON t (a)`,
    change: 'ALTER INDEX i SET (fillfactor = 60)',
  },
  {
    name: 'index statistics',
    base: `${T} CREATE INDEX i ON t ((a + 1), (a + 2))`,
    change: 'ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 300',
  },
  { name: 'index comment', base: `${T} CREATE INDEX i ON t (a)`, change: `COMMENT ON INDEX i IS 'why'` },
  {
    name: 'index by a function',
    base: T,
    change:
      'CREATE FUNCTION n(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT lower($1) $$; CREATE INDEX i ON t (n(b))',
  },
  {
    name: 'index by a function that calls another',
    base: '',
    change: `CREATE FUNCTION zz(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT lower($1) $$; CREATE FUNCTION n(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN public.zz($1); END $$; ${T} INSERT INTO t VALUES (1, 1, 'x'); CREATE INDEX i ON t (n(b))`,
  },
  {
    name: 'function of an index rebuilt',
    base: `${T} CREATE FUNCTION n(x text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT lower($1) $$; CREATE INDEX i ON t (n(b)); COMMENT ON INDEX i IS 'c'`,
    change:
      'DROP INDEX i; DROP FUNCTION n(text); CREATE FUNCTION n(y text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT lower($1) $$; CREATE INDEX i ON t (n(b))',
  },
  {
    name: 'index on a materialized view',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t`,
    change: 'CREATE UNIQUE INDEX i ON m (a)',
  },
  {
    name: 'materialized view changed keeps its index',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX i ON m (a); COMMENT ON INDEX i IS 'c'`,
    change:
      'DROP MATERIALIZED VIEW m; CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t; CREATE INDEX i ON m (a)',
  },
  {
    name: 'index replaced by a table of its name',
    base: `${T} CREATE INDEX x ON t (a)`,
    change: 'DROP INDEX x; CREATE TABLE x (a int)',
  },
  { name: 'extended statistics', base: T, change: 'ALTER TABLE t ADD z int' },
  {
    name: 'storage parameters of an index in the order in which they were set',
    base: "CREATE TABLE t (a int[]); CREATE INDEX i ON t USING gin (a) WITH (fastupdate = on, gin_pending_list_limit = 128) WHERE a <> '{1}'",
    change: 'ALTER INDEX i RESET (fastupdate)',
  },
];
