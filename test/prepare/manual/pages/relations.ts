/** Other things that hold or show rows: views, sequences, indexes, statistics; and what takes tables away. */
import type { Page } from '../model.ts';

const FILMS = `
  CREATE TABLE films (code char(5) CONSTRAINT firstkey PRIMARY KEY, title varchar(40) NOT NULL, did integer NOT NULL,
    date_prod date, kind varchar(10), rating text, classification text);
  INSERT INTO films VALUES ('UA501', 'The Ridge', 101, '2020-01-05', 'Comedy', 'PG', 'U'), ('UA502', 'Via', 102, NULL, 'Drama', NULL, 'U');`;
const COMEDIES = `${FILMS} CREATE VIEW comedies AS SELECT * FROM films WHERE kind = 'Comedy';`;
const SERIAL = `
  CREATE SEQUENCE serial START 101; SELECT nextval('serial');
  CREATE TABLE item (id int PRIMARY KEY DEFAULT nextval('serial'), a text); INSERT INTO item (a) VALUES ('x'), ('y');`;
const CODES = `
  CREATE TABLE table_name (a int PRIMARY KEY, col1 text, col2 int); INSERT INTO table_name VALUES (1, 'x', 2), (2, NULL, 3);
  CREATE INDEX distributors ON table_name (a, (lower(col1)));
  COMMENT ON INDEX distributors IS 'by name';`;

export const relationPages: readonly Page[] = [
  {
    page: 'CREATE TABLE AS',
    examples: [
      {
        name: 'from a query',
        schema: FILMS,
        up: "CREATE TABLE films_recent AS SELECT * FROM films WHERE date_prod >= '2002-01-01'",
      },
      { name: 'from a table', schema: FILMS, up: 'CREATE TABLE films2 AS TABLE films' },
      {
        name: 'from a prepared statement, with options',
        schema: FILMS,
        up: `PREPARE recentfilms(date) AS SELECT * FROM films WHERE date_prod > $1;
          CREATE TABLE films_recent WITH (fillfactor = 80) AS EXECUTE recentfilms('2002-01-01')`,
      },
    ],
  },
  {
    page: 'SELECT INTO',
    examples: [
      {
        name: 'a new table',
        schema: FILMS,
        up: "SELECT * INTO films_recent FROM films WHERE date_prod >= '2002-01-01'",
      },
    ],
  },
  {
    page: 'DROP TABLE',
    examples: [
      {
        name: 'two tables',
        schema: `${FILMS} CREATE TABLE distributors (did int PRIMARY KEY, name text); INSERT INTO distributors VALUES (1, 'a')`,
        up: 'DROP TABLE films, distributors',
      },
      { name: 'CASCADE over a view', schema: COMEDIES, up: 'DROP TABLE IF EXISTS films CASCADE' },
    ],
  },
  {
    page: 'TRUNCATE',
    examples: [
      {
        name: 'two tables',
        schema: `CREATE TABLE bigtable (id int PRIMARY KEY); CREATE TABLE fattable (id serial PRIMARY KEY, a text); INSERT INTO bigtable VALUES (1); INSERT INTO fattable (a) VALUES ('x')`,
        up: 'TRUNCATE bigtable, fattable',
      },
      {
        name: 'RESTART IDENTITY',
        schema: `CREATE TABLE bigtable (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text); INSERT INTO bigtable (a) VALUES ('x'), ('y')`,
        up: 'TRUNCATE bigtable RESTART IDENTITY',
      },
      {
        name: 'CASCADE',
        schema: `CREATE TABLE othertable (id int PRIMARY KEY); CREATE TABLE part (id int REFERENCES othertable); INSERT INTO othertable VALUES (1), (2); INSERT INTO part VALUES (1)`,
        up: 'TRUNCATE othertable CASCADE',
      },
    ],
  },
  {
    page: 'CREATE INDEX',
    examples: [
      { name: 'UNIQUE', schema: FILMS, up: 'CREATE UNIQUE INDEX title_idx ON films (title)' },
      {
        name: 'UNIQUE with INCLUDE',
        schema: FILMS,
        up: 'CREATE UNIQUE INDEX title_idx ON films (title) INCLUDE (kind, rating)',
      },
      {
        name: 'without deduplication',
        schema: FILMS,
        up: 'CREATE INDEX title_idx ON films (title) WITH (deduplicate_items = off)',
      },
      { name: 'of an expression', schema: FILMS, up: 'CREATE INDEX ON films ((lower(title)))' },
      { name: 'COLLATE', schema: FILMS, up: 'CREATE INDEX title_idx_german ON films (title COLLATE "C")' },
      {
        name: 'NULLS FIRST',
        schema: FILMS,
        up: 'CREATE INDEX title_idx_nulls_low ON films (title NULLS FIRST)',
      },
      {
        name: 'fill factor',
        schema: FILMS,
        up: 'CREATE UNIQUE INDEX title_idx ON films (title) WITH (fillfactor = 70)',
      },
      {
        name: 'GIN without fast update',
        schema:
          "CREATE TABLE documents_table (id int PRIMARY KEY, locations int[]); INSERT INTO documents_table VALUES (1, '{1,2}')",
        up: 'CREATE INDEX gin_idx ON documents_table USING gin (locations) WITH (fastupdate = off)',
      },
      {
        name: 'TABLESPACE',
        schema: FILMS,
        up: 'CREATE INDEX code_idx ON films (code) TABLESPACE manual_fast',
      },
      {
        name: 'GiST over an expression',
        schema:
          "CREATE TABLE points (id int PRIMARY KEY, location point); INSERT INTO points VALUES (1, '(1,2)')",
        up: 'CREATE INDEX pointloc ON points USING gist (box(location, location))',
      },
      {
        name: 'CONCURRENTLY',
        schema:
          'CREATE TABLE sales_table (id int PRIMARY KEY, quantity int); INSERT INTO sales_table VALUES (1, 10), (2, NULL)',
        up: 'CREATE INDEX CONCURRENTLY sales_quantity_index ON sales_table (quantity)',
      },
      {
        name: 'partial, NULLS NOT DISTINCT',
        since: 15,
        schema: FILMS,
        up: "CREATE UNIQUE INDEX ON films (title, did) NULLS NOT DISTINCT WHERE kind <> 'Drama'",
      },
    ],
  },
  {
    page: 'ALTER INDEX',
    examples: [
      { name: 'RENAME TO', schema: CODES, up: 'ALTER INDEX distributors RENAME TO suppliers' },
      { name: 'SET TABLESPACE', schema: CODES, up: 'ALTER INDEX distributors SET TABLESPACE manual_fast' },
      {
        name: 'SET a storage parameter',
        schema: CODES,
        up: 'ALTER INDEX distributors SET (fillfactor = 75); REINDEX INDEX distributors',
      },
      {
        name: 'SET STATISTICS of an expression',
        schema:
          'CREATE TABLE measured (x int, y int, z int, t text); INSERT INTO measured VALUES (1, 2, 3); CREATE INDEX coord_idx ON measured (x, y, (z + 1))',
        up: 'ALTER INDEX coord_idx ALTER COLUMN 3 SET STATISTICS 1000',
      },
      {
        name: 'ATTACH PARTITION',
        schema: `CREATE TABLE m (d date NOT NULL, v int) PARTITION BY RANGE (d); CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
          INSERT INTO m VALUES ('2024-05-05', 1); CREATE INDEX m_v ON ONLY m (v); CREATE INDEX m_1_v ON m_1 (v)`,
        up: 'ALTER INDEX m_v ATTACH PARTITION m_1_v',
      },
    ],
  },
  {
    page: 'DROP INDEX',
    examples: [
      { name: 'one', schema: `${FILMS} CREATE INDEX title_idx ON films (title)`, up: 'DROP INDEX title_idx' },
      {
        name: 'CONCURRENTLY',
        schema: `${FILMS} CREATE UNIQUE INDEX title_idx ON films (title)`,
        up: 'DROP INDEX CONCURRENTLY title_idx',
      },
    ],
  },
  {
    page: 'CREATE SEQUENCE',
    examples: [
      { name: 'START', up: 'CREATE SEQUENCE serial START 101' },
      {
        name: 'all options, owned',
        schema: FILMS,
        up: 'CREATE SEQUENCE s AS smallint INCREMENT BY 2 MINVALUE 3 MAXVALUE 100 START 5 CACHE 4 CYCLE OWNED BY films.did',
      },
    ],
  },
  {
    page: 'ALTER SEQUENCE',
    examples: [
      {
        name: 'RESTART',
        harmless: true,
        why: 'A sequence may run on, as it does by itself; what a position is compared for is that it does not go back.',
        schema: SERIAL,
        up: 'ALTER SEQUENCE serial RESTART WITH 105',
      },
      {
        name: 'parameters',
        schema: SERIAL,
        up: 'ALTER SEQUENCE serial INCREMENT BY 5 MAXVALUE 100000 CYCLE CACHE 7',
      },
      { name: 'OWNED BY', schema: SERIAL, up: 'ALTER SEQUENCE serial OWNED BY item.id' },
      { name: 'RENAME TO', schema: SERIAL, up: 'ALTER SEQUENCE serial RENAME TO serial_numbers' },
      {
        name: 'SET SCHEMA and OWNER',
        schema: `${SERIAL} CREATE SCHEMA other`,
        up: 'ALTER SEQUENCE serial OWNER TO manual_joe; ALTER SEQUENCE serial SET SCHEMA other',
      },
      { name: 'AS another type', schema: SERIAL, up: 'ALTER SEQUENCE serial AS integer' },
    ],
  },
  {
    page: 'DROP SEQUENCE',
    examples: [
      {
        name: 'one',
        schema: "CREATE SEQUENCE serial START 101; SELECT nextval('serial'), nextval('serial')",
        up: 'DROP SEQUENCE serial',
      },
    ],
  },
  {
    page: 'CREATE VIEW',
    examples: [
      {
        name: 'plain',
        schema: FILMS,
        up: "CREATE VIEW comedies AS SELECT * FROM films WHERE kind = 'Comedy'",
      },
      {
        name: 'WITH LOCAL CHECK OPTION',
        schema: COMEDIES,
        up: "CREATE VIEW universal_comedies AS SELECT * FROM comedies WHERE classification = 'U' WITH LOCAL CHECK OPTION",
      },
      {
        name: 'WITH CASCADED CHECK OPTION',
        schema: COMEDIES,
        up: "CREATE VIEW pg_comedies AS SELECT * FROM comedies WHERE classification = 'PG' WITH CASCADED CHECK OPTION",
      },
      {
        name: 'with a computed column',
        schema: FILMS,
        up: 'CREATE VIEW rated AS SELECT f.*, (SELECT count(*) FROM films g WHERE g.kind = f.kind) AS same_kind FROM films f',
      },
      {
        name: 'RECURSIVE',
        up: 'CREATE RECURSIVE VIEW public.nums_1_100 (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM nums_1_100 WHERE n < 100',
      },
      {
        name: 'OR REPLACE',
        schema: COMEDIES,
        up: "CREATE OR REPLACE VIEW comedies WITH (security_barrier) AS SELECT *, did + 1 AS next FROM films WHERE kind IN ('Comedy', 'Farce')",
      },
    ],
  },
  {
    page: 'ALTER VIEW',
    examples: [
      { name: 'RENAME TO', schema: COMEDIES, up: 'ALTER VIEW comedies RENAME TO funny' },
      {
        name: 'SET DEFAULT of a column',
        schema:
          'CREATE TABLE base_table (id int PRIMARY KEY, ts timestamptz); INSERT INTO base_table VALUES (1, now()); CREATE VIEW a_view AS SELECT * FROM base_table',
        up: 'ALTER VIEW a_view ALTER COLUMN ts SET DEFAULT now()',
      },
      {
        name: 'RENAME COLUMN, options, schema, owner',
        schema: `${COMEDIES} CREATE SCHEMA other`,
        up: 'ALTER VIEW comedies RENAME COLUMN title TO name; ALTER VIEW comedies SET (security_barrier = true); ALTER VIEW comedies OWNER TO manual_joe; ALTER VIEW comedies SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP VIEW',
    examples: [
      {
        name: 'one',
        schema: `${COMEDIES} COMMENT ON VIEW comedies IS 'x'; GRANT SELECT ON comedies TO manual_joe`,
        up: 'DROP VIEW comedies',
      },
    ],
  },
  {
    page: 'CREATE MATERIALIZED VIEW',
    examples: [
      {
        name: 'WITH DATA',
        schema: FILMS,
        up: 'CREATE MATERIALIZED VIEW by_kind AS SELECT kind, count(*) FROM films GROUP BY kind',
      },
      {
        name: 'WITH NO DATA',
        schema: FILMS,
        up: 'CREATE MATERIALIZED VIEW by_kind WITH (fillfactor = 70) AS SELECT kind FROM films WITH NO DATA',
      },
    ],
  },
  {
    page: 'ALTER MATERIALIZED VIEW',
    examples: [
      {
        name: 'RENAME TO',
        schema: `${FILMS} CREATE MATERIALIZED VIEW foo AS SELECT kind FROM films`,
        up: 'ALTER MATERIALIZED VIEW foo RENAME TO bar',
      },
      {
        name: 'columns, storage, cluster',
        schema: `${FILMS} CREATE MATERIALIZED VIEW foo AS SELECT kind, title FROM films; CREATE INDEX foo_kind ON foo (kind)`,
        up: 'ALTER MATERIALIZED VIEW foo RENAME COLUMN kind TO genre; ALTER MATERIALIZED VIEW foo ALTER COLUMN title SET STATISTICS 7, ALTER COLUMN title SET STORAGE EXTERNAL, SET (fillfactor = 60), CLUSTER ON foo_kind',
      },
    ],
  },
  {
    page: 'DROP MATERIALIZED VIEW',
    examples: [
      {
        name: 'one',
        schema: `${FILMS} CREATE MATERIALIZED VIEW order_summary AS SELECT kind FROM films; CREATE INDEX ON order_summary (kind)`,
        up: 'DROP MATERIALIZED VIEW order_summary',
      },
    ],
  },
  {
    page: 'REFRESH MATERIALIZED VIEW',
    examples: [
      {
        name: 'WITH DATA',
        schema: `${FILMS} CREATE MATERIALIZED VIEW order_summary AS SELECT kind FROM films WITH NO DATA`,
        up: 'REFRESH MATERIALIZED VIEW order_summary',
      },
      {
        name: 'WITH NO DATA',
        schema: `${FILMS} CREATE MATERIALIZED VIEW order_summary AS SELECT kind FROM films`,
        up: 'REFRESH MATERIALIZED VIEW order_summary WITH NO DATA',
      },
    ],
  },
  {
    page: 'CREATE STATISTICS',
    examples: [
      {
        name: 'dependencies',
        schema:
          'CREATE TABLE t1 (a int, b int); INSERT INTO t1 SELECT i / 100, i / 500 FROM generate_series(1, 1000) s (i)',
        up: 'CREATE STATISTICS s1 (dependencies) ON a, b FROM t1; ANALYZE t1',
      },
      {
        name: 'mcv',
        schema:
          'CREATE TABLE t2 (a int, b int); INSERT INTO t2 SELECT mod(i, 100), mod(i, 100) FROM generate_series(1, 1000) s (i)',
        up: 'CREATE STATISTICS s2 (mcv) ON a, b FROM t2; ANALYZE t2',
      },
      {
        name: 'of expressions',
        since: 14,
        schema: "CREATE TABLE t3 (a timestamp); INSERT INTO t3 VALUES ('2020-01-01')",
        up: "CREATE STATISTICS s3 (ndistinct) ON date_trunc('month', a), date_trunc('day', a) FROM t3; ANALYZE t3",
      },
    ],
  },
  {
    page: 'ALTER STATISTICS',
    examples: [
      {
        name: 'target, name, schema, owner',
        schema:
          'CREATE TABLE t1 (a int, b int); INSERT INTO t1 VALUES (1, 2); CREATE STATISTICS s1 ON a, b FROM t1; CREATE SCHEMA other',
        up: 'ALTER STATISTICS s1 SET STATISTICS 500; ALTER STATISTICS s1 OWNER TO manual_joe; ALTER STATISTICS s1 RENAME TO s2; ALTER STATISTICS s2 SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP STATISTICS',
    examples: [
      {
        name: 'two, one that is not there',
        schema:
          "CREATE SCHEMA accounting; CREATE TABLE t1 (a int, b int); INSERT INTO t1 VALUES (1, 2); CREATE STATISTICS accounting.users_uid_creation ON a, b FROM t1; COMMENT ON STATISTICS accounting.users_uid_creation IS 'x'; CREATE STATISTICS other (mcv) ON a, b FROM t1; ALTER STATISTICS other SET STATISTICS 9",
        up: 'DROP STATISTICS IF EXISTS accounting.users_uid_creation, public.grants_user_role, other',
      },
    ],
  },
  {
    page: 'CLUSTER',
    examples: [
      {
        name: 'USING an index',
        schema: `${FILMS} CREATE INDEX films_did ON films (did)`,
        up: 'CLUSTER films USING films_did',
      },
      {
        name: 'again',
        schema: `${FILMS} CREATE INDEX films_did ON films (did); CLUSTER films USING films_did`,
        up: 'CLUSTER films',
        harmless: true,
      },
    ],
  },
  {
    page: 'REINDEX',
    examples: [
      { name: 'INDEX', schema: FILMS, up: 'REINDEX INDEX firstkey', harmless: true },
      { name: 'TABLE', schema: FILMS, up: 'REINDEX TABLE films', harmless: true },
      { name: 'CONCURRENTLY', schema: FILMS, up: 'REINDEX TABLE CONCURRENTLY films', harmless: true },
    ],
  },
];
