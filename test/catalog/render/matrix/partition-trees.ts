/** Partition trees: attached, detached and rebuilt, with what hangs on them (manual, 5.12). */
import type { MatrixRow } from './row.ts';

const P =
  'CREATE TABLE t (id int NOT NULL, r int, a int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20);';
const DEEP = `${P} CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (20) TO (30) PARTITION BY LIST (r); CREATE TABLE t3a PARTITION OF t3 FOR VALUES IN (1, 2); CREATE TABLE t3b PARTITION OF t3 DEFAULT PARTITION BY HASH (a); CREATE TABLE t3b0 PARTITION OF t3b FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE t3b1 PARTITION OF t3b FOR VALUES WITH (MODULUS 2, REMAINDER 1);`;
const last = 'a column that is made again comes last';
const TF = 'CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;';

export const rows: readonly MatrixRow[] = [
  { name: 'three levels deep made', base: '', change: DEEP },
  {
    name: 'three levels deep: keys, indexes, checks, triggers and foreign keys made',
    base: '',
    change: `${DEEP} ${TF} ALTER TABLE t ADD PRIMARY KEY (id, r, a); CREATE INDEX ti ON t (a DESC); ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); CREATE TABLE u (x int PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (r) REFERENCES u; CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); COMMENT ON INDEX ti IS 'i'`,
  },
  {
    name: 'three levels deep: keys, indexes, checks, triggers and foreign keys taken away',
    base: `${DEEP} ${TF} ALTER TABLE t ADD PRIMARY KEY (id, r, a); CREATE INDEX ti ON t (a DESC); ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); CREATE TABLE u (x int PRIMARY KEY); INSERT INTO u VALUES (1); ALTER TABLE t ADD FOREIGN KEY (r) REFERENCES u; CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); INSERT INTO t VALUES (1, 1, 1), (22, 1, 2)`,
    change:
      'ALTER TABLE t DROP CONSTRAINT t_pkey, DROP CONSTRAINT k, DROP CONSTRAINT t_r_fkey; DROP INDEX ti; DROP TRIGGER tr ON t',
    probe: 'SELECT * FROM t ORDER BY id',
  },
  {
    name: 'three levels deep: middle detached and back',
    base: `${DEEP} ALTER TABLE t ADD PRIMARY KEY (id, r, a); CREATE INDEX ti ON t (a); INSERT INTO t VALUES (1, 1, 1), (22, 1, 2), (23, 9, 3)`,
    change: 'ALTER TABLE t DETACH PARTITION t3',
    back: { lacks: [/DROP|CREATE/] },
    probe: 'SELECT * FROM t ORDER BY id',
  },
  {
    name: 'three levels deep: bound of the middle',
    base: `${DEEP} CREATE INDEX ti ON t (a); INSERT INTO t VALUES (22, 1, 2), (23, 9, 3)`,
    change:
      'ALTER TABLE t DETACH PARTITION t3; ALTER TABLE t ATTACH PARTITION t3 FOR VALUES FROM (20) TO (40)',
    back: { has: [/DETACH/, /ATTACH/], lacks: [/DROP/, /CREATE/] },
    probe: 'SELECT * FROM t ORDER BY id',
  },
  {
    name: 'a table becomes a partition and keeps its rows',
    base: `${P} CREATE TABLE x (id int NOT NULL, r int, a int); INSERT INTO x VALUES (33, 1, 2)`,
    change: 'ALTER TABLE t ATTACH PARTITION x FOR VALUES FROM (30) TO (40)',
    back: { lacks: [/DROP TABLE/] },
    probe: 'SELECT * FROM x',
  },
  {
    name: 'a table becomes a partition, with key, index, foreign key and trigger of its own',
    base: `${P} ${TF} CREATE TABLE u (x int PRIMARY KEY); INSERT INTO u VALUES (1); ALTER TABLE t ADD PRIMARY KEY (id), ADD CONSTRAINT fk FOREIGN KEY (r) REFERENCES u; CREATE INDEX ti ON t (a); CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE TABLE x (id int NOT NULL, r int, a int, CONSTRAINT x_pk PRIMARY KEY (id), CONSTRAINT fk FOREIGN KEY (r) REFERENCES u); CREATE INDEX xi ON x (a); INSERT INTO x VALUES (33, 1, 2)`,
    change: 'ALTER TABLE t ATTACH PARTITION x FOR VALUES FROM (30) TO (40)',
    back: { lacks: [/DROP TABLE/, /DROP INDEX/] },
    probe: 'SELECT * FROM x',
  },
  {
    name: 'a table becomes a partition, and gets what it lacks',
    base: `${P} CREATE TABLE u (x int PRIMARY KEY); INSERT INTO u VALUES (1); ALTER TABLE t ADD PRIMARY KEY (id), ADD CONSTRAINT fk FOREIGN KEY (r) REFERENCES u; CREATE INDEX ti ON t (a); CREATE TABLE x (id int NOT NULL, r int, a int); INSERT INTO x VALUES (33, 1, 2)`,
    change: 'ALTER TABLE t ATTACH PARTITION x FOR VALUES FROM (30) TO (40)',
    probe: 'SELECT * FROM x',
  },
  {
    name: 'a table with columns in another order becomes a partition',
    base: `${P} CREATE TABLE x (a int, r int, id int NOT NULL); INSERT INTO x VALUES (1, 2, 33)`,
    change: 'ALTER TABLE t ATTACH PARTITION x FOR VALUES FROM (30) TO (40)',
    probe: 'SELECT id, r, a FROM x',
  },
  {
    name: 'partition with columns in another order, and one dropped before',
    base: '',
    change: `${P} CREATE TABLE x (gone int, a int, r int, id int NOT NULL); ALTER TABLE x DROP gone; ALTER TABLE t ATTACH PARTITION x FOR VALUES FROM (30) TO (40)`,
  },
  {
    name: 'a table becomes the default partition',
    base: `${P} CREATE TABLE x (id int NOT NULL, r int, a int); INSERT INTO x VALUES (33, 1, 2)`,
    change: 'ALTER TABLE t ATTACH PARTITION x DEFAULT',
    probe: 'SELECT * FROM x',
  },
  {
    name: 'the default partition gets a bound',
    base: `${P} CREATE TABLE x PARTITION OF t DEFAULT; INSERT INTO x VALUES (33, 1, 2)`,
    change: 'ALTER TABLE t DETACH PARTITION x; ALTER TABLE t ATTACH PARTITION x FOR VALUES FROM (30) TO (40)',
    back: { lacks: [/DROP TABLE/] },
    probe: 'SELECT * FROM x',
  },
  {
    name: 'two partitions change bounds',
    base: P,
    change:
      'ALTER TABLE t DETACH PARTITION t1; ALTER TABLE t DETACH PARTITION t2; ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (10) TO (20); ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (0) TO (10)',
    back: { lacks: [/DROP TABLE/] },
  },
  {
    name: 'a partition is split',
    base: P,
    change:
      'ALTER TABLE t DETACH PARTITION t2; ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (10) TO (15); CREATE TABLE t25 PARTITION OF t FOR VALUES FROM (15) TO (20)',
    back: { lacks: [/DROP TABLE public.t2$/] },
  },
  {
    name: 'a partition moves to another partitioned table',
    base: `${P} CREATE TABLE s (id int NOT NULL, r int, a int) PARTITION BY RANGE (id); INSERT INTO t2 VALUES (11, 1, 1)`,
    change:
      'ALTER TABLE t DETACH PARTITION t2; ALTER TABLE s ATTACH PARTITION t2 FOR VALUES FROM (10) TO (20)',
    back: { lacks: [/DROP/] },
    probe: 'SELECT * FROM t2',
  },
  {
    name: 'partition key changed',
    base: P,
    change:
      'DROP TABLE t; CREATE TABLE t (id int NOT NULL, r int, a int) PARTITION BY LIST (r); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)',
  },
  {
    name: 'partition key changed, partitions detached before and attached again',
    base: `${P} INSERT INTO t VALUES (1, 1, 1), (11, 2, 1); CREATE VIEW v AS SELECT id FROM t; CREATE INDEX ti ON t (a)`,
    change:
      'DROP VIEW v; ALTER TABLE t DETACH PARTITION t1; ALTER TABLE t DETACH PARTITION t2; DROP TABLE t; CREATE TABLE t (id int NOT NULL, r int, a int) PARTITION BY LIST (r); ALTER TABLE t ATTACH PARTITION t1 FOR VALUES IN (1); ALTER TABLE t ATTACH PARTITION t2 FOR VALUES IN (2)',
    back: { lacks: [/DROP TABLE public\.t[12]/] },
    probe: 'SELECT * FROM t1 UNION ALL SELECT * FROM t2',
  },
  {
    name: 'plain table becomes partitioned, the old one its partition',
    base: 'CREATE TABLE t (id int NOT NULL, a int, CONSTRAINT pk PRIMARY KEY (id)); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1, 2)',
    change:
      'ALTER TABLE t RENAME TO t_old; ALTER TABLE t_old RENAME CONSTRAINT pk TO pk_old; ALTER INDEX i RENAME TO i_old; CREATE TABLE t (LIKE t_old INCLUDING DEFAULTS) PARTITION BY RANGE (id); ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (id); CREATE INDEX i ON t (a); ALTER TABLE t ATTACH PARTITION t_old FOR VALUES FROM (MINVALUE) TO (1000); CREATE TABLE t_new PARTITION OF t FOR VALUES FROM (1000) TO (MAXVALUE)',
  },
  {
    name: 'sub-partition detached',
    base: DEEP,
    change: 'ALTER TABLE t3 DETACH PARTITION t3a; ALTER TABLE t3b DETACH PARTITION t3b1',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'column added, dropped, renamed, retyped three levels deep',
    base: `${DEEP} ALTER TABLE t ADD x int, ADD y int, ADD z int; CREATE INDEX ON t (x)`,
    change:
      'ALTER TABLE t DROP y, ADD w text DEFAULT 1; ALTER TABLE t RENAME z TO zz; ALTER TABLE t ALTER x TYPE bigint',
    cosmetic: last,
  },
  {
    name: 'default, NOT NULL, statistics and storage of one partition',
    base: P,
    change:
      'ALTER TABLE t1 ALTER a SET DEFAULT 4, ALTER a SET NOT NULL, ALTER a SET STATISTICS 5; ALTER TABLE t2 ADD CONSTRAINT own CHECK (a > 5); ALTER TABLE t1 SET (fillfactor = 50)',
  },
  {
    name: 'NOT NULL of the parent, which the partition brings',
    base: 'CREATE TABLE t (id int, a int NOT NULL) PARTITION BY LIST (id); CREATE TABLE x (id int, a int)',
    change: 'ALTER TABLE x ALTER a SET NOT NULL; ALTER TABLE t ATTACH PARTITION x FOR VALUES IN (1)',
  },
  {
    name: 'NOT NULL named of parent and partition',
    base: 'CREATE TABLE t (id int, a int CONSTRAINT tn NOT NULL) PARTITION BY LIST (id)',
    change:
      'CREATE TABLE x (id int, a int CONSTRAINT xn NOT NULL); ALTER TABLE t ATTACH PARTITION x FOR VALUES IN (1)',
    minMajor: 18,
  },
  {
    name: 'NOT NULL not valid of parent and partitions',
    base: P,
    change: 'ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID',
    minMajor: 18,
  },
  {
    name: 'NOT NULL of partitions dropped',
    base: P,
    change: 'ALTER TABLE t ALTER id DROP NOT NULL',
  },
  {
    name: 'identity of a partitioned table',
    base: '',
    change:
      'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START 5), a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)',
    minMajor: 17,
  },
  {
    name: 'identity of a partitioned table added',
    base: P,
    change: 'ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY',
    minMajor: 17,
  },
  {
    name: 'identity of a partitioned table: partition detached',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START 5), a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)',
    change: 'ALTER TABLE t DETACH PARTITION t1',
    minMajor: 17,
  },
  {
    name: 'identity column added to a partitioned table',
    base: P,
    change: 'ALTER TABLE t ADD n int GENERATED ALWAYS AS IDENTITY',
    minMajor: 17,
  },
  {
    name: 'generated column of a partitioned table',
    base: P,
    change: 'ALTER TABLE t ADD g int GENERATED ALWAYS AS (a * 2) STORED; CREATE INDEX ON t (g)',
  },
  {
    name: 'generated column of one partition differs',
    base: 'CREATE TABLE t (id int, a int, g int GENERATED ALWAYS AS (a * 2) STORED) PARTITION BY LIST (id)',
    change:
      'CREATE TABLE x (id int, a int, g int GENERATED ALWAYS AS (a * 3) STORED); ALTER TABLE t ATTACH PARTITION x FOR VALUES IN (1)',
    minMajor: 16,
  },
  {
    name: 'invalid partitioned index, made ON ONLY, one partition attached',
    base: P,
    change: 'CREATE INDEX ti ON ONLY t (a); CREATE INDEX t1i ON t1 (a); ALTER INDEX ti ATTACH PARTITION t1i',
  },
  {
    name: 'invalid partitioned index goes valid',
    base: `${P} CREATE INDEX ti ON ONLY t (a); CREATE INDEX t1i ON t1 (a); ALTER INDEX ti ATTACH PARTITION t1i`,
    change: 'CREATE INDEX t2i ON t2 (a); ALTER INDEX ti ATTACH PARTITION t2i',
  },
  {
    name: 'invalid partitioned unique index and key',
    base: P,
    change: 'CREATE UNIQUE INDEX tu ON ONLY t (id); ALTER TABLE ONLY t ADD CONSTRAINT tk UNIQUE (id, a)',
  },
  {
    name: 'key ON ONLY, partitions attached by hand',
    base: P,
    change:
      'ALTER TABLE ONLY t ADD CONSTRAINT tk UNIQUE (id); ALTER TABLE t1 ADD CONSTRAINT t1k UNIQUE (id); ALTER INDEX tk ATTACH PARTITION t1k; ALTER TABLE t2 ADD CONSTRAINT t2k UNIQUE (id)',
  },
  {
    name: 'partitioned index renamed, partition index renamed',
    base: `${P} CREATE INDEX ti ON t (a)`,
    change: 'ALTER INDEX ti RENAME TO tj; ALTER INDEX t1_a_idx RENAME TO t1j',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'partitioned index changed',
    base: `${P} CREATE INDEX ti ON t (a)`,
    change: 'DROP INDEX ti; CREATE INDEX ti ON t (a, r)',
  },
  {
    name: 'partition index with storage options of its own',
    base: `${P} CREATE INDEX ti ON t (a)`,
    change: 'ALTER INDEX t1_a_idx SET (fillfactor = 40)',
  },
  {
    name: 'partitioned table with index, new partition',
    base: `${P} CREATE INDEX ti ON t (a); ALTER TABLE t ADD PRIMARY KEY (id)`,
    change: 'CREATE TABLE t9 PARTITION OF t FOR VALUES FROM (90) TO (100)',
  },
  {
    name: 'foreign key to a partitioned table, with a partition attached',
    base: `${P} ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE u (id int REFERENCES t)`,
    change: 'CREATE TABLE t9 PARTITION OF t FOR VALUES FROM (90) TO (100)',
  },
  {
    name: 'foreign key from and to partitioned tables',
    base: `${P} ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE u (id int, k int) PARTITION BY LIST (k); CREATE TABLE u1 PARTITION OF u FOR VALUES IN (1)`,
    change: 'ALTER TABLE u ADD CONSTRAINT uf FOREIGN KEY (id) REFERENCES t ON UPDATE CASCADE DEFERRABLE',
  },
  {
    name: 'foreign key of a partitioned table to itself',
    base: `${P} ALTER TABLE t ADD PRIMARY KEY (id)`,
    change: 'ALTER TABLE t ADD CONSTRAINT up FOREIGN KEY (r) REFERENCES t (id)',
  },
  {
    name: 'foreign key of one partition alone',
    base: `${P} CREATE TABLE u (x int PRIMARY KEY)`,
    change: 'ALTER TABLE t1 ADD CONSTRAINT own FOREIGN KEY (r) REFERENCES u',
  },
  {
    name: 'foreign key to one partition',
    base: `${P} ALTER TABLE t ADD PRIMARY KEY (id)`,
    change: 'CREATE TABLE u (id int REFERENCES t1)',
  },
  {
    name: 'foreign key of a partitioned table renamed and deferrable',
    base: `${P} CREATE TABLE u (x int PRIMARY KEY); ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (r) REFERENCES u`,
    change: 'ALTER TABLE t RENAME CONSTRAINT fk TO fkk; ALTER TABLE t ALTER CONSTRAINT fkk DEFERRABLE',
  },
  {
    name: 'foreign key that a partition had before its parent, under another name',
    base: `${P} CREATE TABLE u (x int PRIMARY KEY); ALTER TABLE t1 ADD CONSTRAINT own FOREIGN KEY (r) REFERENCES u`,
    change: 'ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (r) REFERENCES u',
  },
  {
    name: 'foreign key of a parent and a check of its name in the partition',
    base: `${P} CREATE TABLE u (x int PRIMARY KEY); ALTER TABLE t1 ADD CONSTRAINT fk CHECK (a > 0)`,
    change: 'ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (r) REFERENCES u',
  },
  {
    name: 'exclusion constraint of a partitioned table',
    base: '',
    change:
      'CREATE TABLE p (k int, b int4range, PRIMARY KEY (k)) PARTITION BY RANGE (k); ALTER TABLE p ADD CONSTRAINT k14 EXCLUDE (k WITH =) DEFERRABLE; CREATE TABLE c PARTITION OF p FOR VALUES FROM (30) TO (MAXVALUE)',
    minMajor: 17,
  },
  {
    name: 'exclusion constraint of a partitioned table with partitions added',
    base: P,
    change: 'ALTER TABLE t ADD CONSTRAINT x EXCLUDE (id WITH =)',
    minMajor: 17,
  },
  {
    name: 'key of a partition of its own before its parent gets it',
    base: `${P} ALTER TABLE t1 ADD CONSTRAINT own UNIQUE (id)`,
    change: 'ALTER TABLE t ADD CONSTRAINT k UNIQUE (id)',
  },
  {
    name: 'NOT NULL of a partition said in PARTITION OF',
    base: 'CREATE TABLE p (id int NOT NULL) PARTITION BY LIST (id)',
    change: 'CREATE TABLE c PARTITION OF p (id NOT NULL) FOR VALUES IN (2)',
  },
  {
    name: 'columns with defaults, checks and comments of their own in PARTITION OF',
    base: P,
    change:
      "CREATE TABLE t9 PARTITION OF t (a WITH OPTIONS DEFAULT 7 NOT NULL, CONSTRAINT own CHECK (r > 0)) FOR VALUES FROM (90) TO (99); COMMENT ON COLUMN t9.a IS 'c'",
  },
  {
    name: 'NOT NULL set on the parent, and a partition with partitions of its own detached',
    base: 'CREATE TABLE p (n int, k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (n); CREATE TABLE p11 PARTITION OF p1 FOR VALUES IN (1)',
    change: 'ALTER TABLE p ALTER n SET NOT NULL; ALTER TABLE p DETACH PARTITION p1',
  },
  {
    name: 'primary key of a partitioned table renamed',
    base: `${P} ALTER TABLE t ADD PRIMARY KEY (id)`,
    change: 'ALTER TABLE t RENAME CONSTRAINT t_pkey TO pk; ALTER TABLE t1 RENAME CONSTRAINT t1_pkey TO pk1',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'check of partitioned table renamed, dropped, made',
    base: `${DEEP} ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0), ADD CONSTRAINT l CHECK (r > 0)`,
    change:
      'ALTER TABLE t RENAME CONSTRAINT k TO kk; ALTER TABLE t DROP CONSTRAINT l, ADD CONSTRAINT m CHECK (id >= 0)',
  },
  {
    name: 'check of the parent, which the partition brings',
    base: `${P} ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); CREATE TABLE x (id int NOT NULL, r int, a int)`,
    change: 'ALTER TABLE x ADD CONSTRAINT k CHECK (a > 0); ALTER TABLE t ATTACH PARTITION x DEFAULT',
  },
  {
    name: 'trigger of partitions disabled in one and renamed',
    base: `${P} ${TF} CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()`,
    change: 'ALTER TABLE t1 DISABLE TRIGGER tr',
  },
  {
    name: 'trigger of partitions changed, with one of a partition of its own',
    base: `${P} ${TF} CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE TRIGGER own AFTER INSERT ON t1 FOR EACH ROW EXECUTE FUNCTION tf()`,
    change:
      'DROP TRIGGER tr ON t; CREATE TRIGGER tr AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE t DISABLE TRIGGER tr; DROP TRIGGER own ON t1',
  },
  {
    name: 'constraint trigger and transition table of a partitioned table',
    base: `${P} ${TF}`,
    change:
      'CREATE CONSTRAINT TRIGGER ct AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION tf(); CREATE TRIGGER st AFTER INSERT ON t REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tf()',
  },
  {
    name: 'row security, policies and privileges of partitions',
    base: P,
    change:
      'ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t1 ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t1 USING (a > 0); GRANT SELECT ON t1 TO PUBLIC',
  },
  {
    name: 'unlogged partition and tablespace of the default kind',
    base: 'CREATE TABLE t (id int) PARTITION BY LIST (id)',
    change: 'CREATE UNLOGGED TABLE t1 PARTITION OF t FOR VALUES IN (1)',
  },
  {
    name: 'foreign table as a partition',
    base: `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; ${P}`,
    change: 'CREATE FOREIGN TABLE f PARTITION OF t FOR VALUES FROM (40) TO (50) SERVER s',
  },
  {
    name: 'bounds of many kinds',
    base: '',
    change:
      "CREATE TABLE t (a text, b int, c date) PARTITION BY RANGE (a, b); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('a''x', MINVALUE) TO ('b', 7); CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (MINVALUE, MINVALUE) TO ('a', 1); CREATE TABLE l (a text, b bool) PARTITION BY LIST (lower(a)); CREATE TABLE l1 PARTITION OF l FOR VALUES IN ('it''s', NULL, 'Ü'); CREATE TABLE h (a text COLLATE \"C\") PARTITION BY HASH (a); CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 3, REMAINDER 2)",
  },
  {
    name: 'partition key by an opclass and a collation',
    base: '',
    change: 'CREATE TABLE t (a text, b int) PARTITION BY RANGE (a COLLATE "C" text_pattern_ops, (b + 1))',
  },
  {
    name: 'partitioned table renamed with partitions renamed and moved',
    base: `CREATE SCHEMA s; ${P} CREATE INDEX ti ON t (a)`,
    change: 'ALTER TABLE t RENAME TO tt; ALTER TABLE t1 SET SCHEMA s; ALTER TABLE s.t1 RENAME TO one',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'partition replaced by another of its bound',
    base: P,
    change:
      'ALTER TABLE t DETACH PARTITION t2; ALTER TABLE t2 RENAME TO t2_old; CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)',
  },
  {
    name: 'statistics and comments on partitions',
    base: P,
    change:
      "CREATE STATISTICS st ON r, a FROM t; CREATE STATISTICS st1 ON r, a FROM t1; COMMENT ON TABLE t1 IS 'p'; COMMENT ON COLUMN t1.a IS 'q'",
  },
  {
    name: 'access method of a partitioned table',
    base: 'CREATE TABLE t (a int) PARTITION BY LIST (a)',
    change: 'ALTER TABLE t SET ACCESS METHOD heap',
    minMajor: 17,
  },
  {
    name: "partition's own check, which its parent gets as well",
    base: 'CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p (CONSTRAINT k CHECK (b > 0)) FOR VALUES IN (1); CREATE TABLE d PARTITION OF p FOR VALUES IN (2)',
    change: 'ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0)',
  },
  {
    name: "partition's own check, which its parent gets as well, and the partition leaves",
    base: 'CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p (CONSTRAINT k CHECK (b > 0)) FOR VALUES IN (1)',
    change: 'ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0); ALTER TABLE p DETACH PARTITION c',
  },
  {
    name: "foreign key's copies under another name on the second level",
    base: 'CREATE TABLE q (a int PRIMARY KEY)',
    change:
      'CREATE TABLE p (a int REFERENCES q) PARTITION BY LIST (a); CREATE TABLE m (a int, CONSTRAINT mf FOREIGN KEY (a) REFERENCES q) PARTITION BY LIST (a); CREATE TABLE l PARTITION OF m FOR VALUES IN (2); CREATE TABLE n (a int); ALTER TABLE m ATTACH PARTITION n FOR VALUES IN (3); ALTER TABLE p ATTACH PARTITION m FOR VALUES IN (2, 3)',
  },
  {
    name: 'NOT NULL of partitions that the parent gets as well',
    base: 'CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE m PARTITION OF p FOR VALUES IN (1, 2) PARTITION BY LIST (a); CREATE TABLE l PARTITION OF m (b NOT NULL) FOR VALUES IN (1); CREATE TABLE c PARTITION OF p (b NOT NULL) FOR VALUES IN (3); CREATE TABLE d PARTITION OF p FOR VALUES IN (4)',
    change: 'ALTER TABLE p ALTER b SET NOT NULL',
  },
  {
    name: "primary key of a partition that the parent's takes in",
    base: 'CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p (CONSTRAINT ck PRIMARY KEY (a)) FOR VALUES IN (1); CREATE TABLE d PARTITION OF p FOR VALUES IN (2)',
    change: 'ALTER TABLE p ADD PRIMARY KEY (a)',
  },
  {
    name: "index of a partition that the parent's takes in",
    base: 'CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p FOR VALUES IN (1); CREATE INDEX ci ON c (b)',
    change: 'CREATE INDEX pi ON p (b)',
  },
  {
    name: 'storage of a column goes down from the parent to a new partition, not with the column',
    base: 'CREATE TABLE p (a int, b text) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p FOR VALUES IN (1); ALTER TABLE p ALTER b SET STORAGE EXTERNAL',
    change: 'ALTER TABLE p DROP b',
    cosmetic: 'the column comes back last',
  },
  {
    name: 'partial index that calls a function, on a partitioned table and its partition',
    base: "CREATE TABLE p (k int, s char(3)) PARTITION BY RANGE (k); CREATE TABLE c PARTITION OF p FOR VALUES FROM (MINVALUE) TO (10); CREATE FUNCTION f1(x int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'",
    change: 'CREATE INDEX ON p (s) WHERE f1(k)',
  },
  {
    name: 'partitioned table renamed, with a column of another type that its partitions have, too',
    base: 'CREATE TABLE p (k int, s date, n int) PARTITION BY RANGE (k); CREATE TABLE c PARTITION OF p FOR VALUES FROM (MINVALUE) TO (10) PARTITION BY RANGE (k); CREATE TABLE cc PARTITION OF c FOR VALUES FROM (1) TO (3); CREATE DOMAIN d AS char(3)',
    change: 'ALTER TABLE p ALTER s TYPE d USING NULL::d, ALTER n SET NOT NULL; ALTER TABLE p RENAME TO z2',
  },
  {
    name: 'names of a partition and of a table with a key change hands',
    base: 'CREATE TABLE p2 (id int NOT NULL) PARTITION BY RANGE (id); CREATE TABLE c20 PARTITION OF p2 FOR VALUES FROM (30) TO (MAXVALUE); CREATE TABLE t61 (id bigint PRIMARY KEY)',
    change: 'ALTER TABLE c20 RENAME TO t0; ALTER TABLE t61 RENAME TO c20; ALTER TABLE t0 RENAME TO t61',
  },
];
