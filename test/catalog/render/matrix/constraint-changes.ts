/** Constraints and indexes that are altered rather than made again (manual, ALTER TABLE, CREATE INDEX, ALTER INDEX). */
import type { MatrixRow } from './row.ts';

const P = 'CREATE TABLE p (id int PRIMARY KEY, k int, UNIQUE (id, k));';
const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text);';

export const rows: readonly MatrixRow[] = [
  {
    name: 'foreign key deferrable, initially deferred, and back',
    base: `${P} ${T} ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES p DEFERRABLE INITIALLY DEFERRED`,
    change: 'ALTER TABLE t ALTER CONSTRAINT fk NOT DEFERRABLE',
    back: { has: [/ALTER CONSTRAINT/], lacks: [/DROP|ADD/] },
  },
  {
    name: 'foreign key on delete changed',
    base: `${P} ${T} ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES p ON DELETE CASCADE; COMMENT ON CONSTRAINT fk ON t IS 'c'`,
    change:
      'ALTER TABLE t DROP CONSTRAINT fk; ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES p ON DELETE SET DEFAULT ON UPDATE RESTRICT',
  },
  {
    name: 'foreign key match full, many columns, set null of some',
    base: `${P} ${T}`,
    change:
      'ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES p (id, k) MATCH FULL; ALTER TABLE t ADD CONSTRAINT gk FOREIGN KEY (a, b) REFERENCES p (id, k) ON DELETE SET NULL (b) ON UPDATE CASCADE',
    minMajor: 15,
  },
  {
    name: 'foreign key not enforced to enforced',
    base: `${P} ${T} ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES p NOT ENFORCED`,
    change: 'ALTER TABLE t ALTER CONSTRAINT fk ENFORCED',
    minMajor: 18,
  },
  {
    name: 'check not enforced to enforced',
    base: `${T} ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0) NOT ENFORCED`,
    change: 'ALTER TABLE t DROP CONSTRAINT ck; ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0)',
    minMajor: 18,
  },
  {
    name: 'circular foreign keys of three tables, and one to itself',
    base: '',
    change:
      'CREATE TABLE a (id int PRIMARY KEY, n int, up int REFERENCES a); CREATE TABLE b (id int PRIMARY KEY, n int REFERENCES a); CREATE TABLE c (id int PRIMARY KEY, n int REFERENCES b DEFERRABLE); ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES c ON DELETE CASCADE',
  },
  {
    name: 'circular foreign keys: key of one rebuilt',
    base: 'CREATE TABLE a (id int PRIMARY KEY, n int); CREATE TABLE b (id int PRIMARY KEY, n int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES b; INSERT INTO a VALUES (1, NULL)',
    change:
      'ALTER TABLE b DROP CONSTRAINT b_n_fkey; ALTER TABLE a DROP CONSTRAINT a_pkey; ALTER TABLE a ADD CONSTRAINT a_key PRIMARY KEY (id); ALTER TABLE b ADD CONSTRAINT b_n_fkey FOREIGN KEY (n) REFERENCES a',
    probe: 'SELECT * FROM a',
  },
  {
    name: 'foreign key to a unique constraint and to a unique index',
    base: 'CREATE TABLE p (a int, b int, CONSTRAINT u UNIQUE (a)); CREATE UNIQUE INDEX ui ON p (b)',
    change: 'CREATE TABLE t (x int REFERENCES p (a), y int REFERENCES p (b))',
  },
  {
    name: 'unique index under a foreign key changed',
    base: 'CREATE TABLE p (b int); CREATE UNIQUE INDEX ui ON p (b); CREATE TABLE t (y int); ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (y) REFERENCES p (b) NOT VALID',
    change:
      'ALTER TABLE t DROP CONSTRAINT f; DROP INDEX ui; CREATE UNIQUE INDEX ui ON p (b DESC) WITH (fillfactor = 50); ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (y) REFERENCES p (b) NOT VALID',
  },
  {
    name: 'unique, nulls not distinct, include, deferrable',
    base: T,
    change:
      'ALTER TABLE t ADD CONSTRAINT u1 UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b), ADD CONSTRAINT u2 UNIQUE (b) DEFERRABLE INITIALLY DEFERRED, ADD CONSTRAINT u3 UNIQUE (c) WITH (fillfactor = 60, deduplicate_items = off)',
    minMajor: 15,
  },
  {
    name: 'unique becomes nulls not distinct',
    base: `${T} ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)`,
    change: 'ALTER TABLE t DROP CONSTRAINT u; ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a)',
    minMajor: 15,
  },
  {
    name: 'primary key using an index',
    base: 'CREATE TABLE t (a int NOT NULL, b int); CREATE UNIQUE INDEX ti ON t (a) WITH (fillfactor = 80)',
    change: 'ALTER TABLE t ADD CONSTRAINT tk PRIMARY KEY USING INDEX ti',
  },
  {
    name: 'primary key over other columns with foreign keys',
    base: 'CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE NOT NULL); CREATE TABLE u (t int REFERENCES t)',
    change:
      'ALTER TABLE u DROP CONSTRAINT u_t_fkey; ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (b); ALTER TABLE u ADD CONSTRAINT u_t_fkey FOREIGN KEY (t) REFERENCES t (b)',
  },
  {
    name: 'exclusion with operators, opclasses, predicate, and deferrable',
    base: 'CREATE TABLE t (a int4range, b box, c text)',
    change:
      'ALTER TABLE t ADD CONSTRAINT x1 EXCLUDE USING gist (a WITH &&, b WITH ~=) WHERE (c IS NOT NULL) DEFERRABLE; ALTER TABLE t ADD CONSTRAINT x2 EXCLUDE USING spgist (a WITH &&) WITH (fillfactor = 70); ALTER TABLE t ADD CONSTRAINT x3 EXCLUDE USING hash (c COLLATE "C" WITH =)',
  },
  {
    name: 'exclusion renamed and changed',
    base: 'CREATE TABLE t (a int4range, b int4range); ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (a WITH &&), ADD CONSTRAINT y EXCLUDE USING gist (b WITH &&)',
    change:
      'ALTER TABLE t RENAME CONSTRAINT x TO xx; ALTER TABLE t DROP CONSTRAINT y, ADD CONSTRAINT y EXCLUDE USING gist (b WITH =)',
  },
  {
    name: 'temporal keys and foreign keys',
    base: '',
    change:
      'CREATE TABLE t (id int4range, at daterange, CONSTRAINT tk PRIMARY KEY (id, at WITHOUT OVERLAPS)); CREATE TABLE u (id int4range, at daterange, CONSTRAINT uf FOREIGN KEY (id, PERIOD at) REFERENCES t (id, PERIOD at)); ALTER TABLE u ADD CONSTRAINT uu UNIQUE (id, at WITHOUT OVERLAPS)',
    minMajor: 18,
  },
  {
    name: 'temporal key changed',
    base: 'CREATE TABLE t (id int4range, at daterange, CONSTRAINT tk PRIMARY KEY (id, at WITHOUT OVERLAPS))',
    change:
      'ALTER TABLE t DROP CONSTRAINT tk; ALTER TABLE t ADD CONSTRAINT tk UNIQUE (id, at WITHOUT OVERLAPS)',
    minMajor: 18,
  },
  {
    name: 'index options set, changed, reset',
    base: `${T} CREATE INDEX i ON t (a) WITH (fillfactor = 50); CREATE INDEX g ON t USING gin (to_tsvector('english', c)) WITH (fastupdate = off, gin_pending_list_limit = 128); CREATE INDEX b ON t USING brin (a) WITH (pages_per_range = 8)`,
    change:
      'ALTER INDEX i RESET (fillfactor); ALTER INDEX g SET (fastupdate = on); ALTER INDEX g RESET (gin_pending_list_limit); ALTER INDEX b SET (autosummarize = on)',
    back: { lacks: [/DROP INDEX|CREATE INDEX/] },
  },
  {
    name: 'index options of a key',
    base: 'CREATE TABLE t (a int, CONSTRAINT k PRIMARY KEY (a) WITH (fillfactor = 50))',
    change: 'ALTER INDEX k RESET (fillfactor)',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'index with everything',
    base: T,
    change: `CREATE UNIQUE INDEX i ON t USING btree (lower(c) COLLATE "C" text_pattern_ops DESC NULLS LAST, a ASC NULLS FIRST, (b + 1)) INCLUDE (b, id) WITH (fillfactor = 66) WHERE a > 0 AND c IS NOT NULL; ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 100; ALTER INDEX i ALTER COLUMN 3 SET STATISTICS 0; COMMENT ON INDEX i IS 'all'`,
  },
  {
    name: 'index opclass parameters',
    base: 'CREATE TABLE t (a tsvector, b text)',
    change:
      'CREATE INDEX i ON t USING gist (a tsvector_ops (siglen = 100)); CREATE INDEX h ON t USING hash (b)',
  },
  {
    name: 'index statistics changed',
    base: `${T} CREATE INDEX i ON t ((a + 1), (b + 1)); ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 5; ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 6`,
    change: 'ALTER INDEX i ALTER COLUMN 1 SET STATISTICS -1; ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 7',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'replica identity and cluster mark through a rebuilt index',
    base: 'CREATE TABLE t (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX i ON t (a); CREATE INDEX j ON t (b); ALTER TABLE t REPLICA IDENTITY USING INDEX i; ALTER TABLE t CLUSTER ON j',
    change:
      'DROP INDEX i; DROP INDEX j; CREATE UNIQUE INDEX i ON t (a DESC); CREATE INDEX j ON t (b DESC); ALTER TABLE t REPLICA IDENTITY USING INDEX i; ALTER TABLE t CLUSTER ON j',
  },
  {
    name: 'replica identity and cluster mark on renamed and moved',
    base: 'CREATE SCHEMA s; CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX i; ALTER TABLE t CLUSTER ON i',
    change: 'ALTER INDEX i RENAME TO j; ALTER TABLE t SET SCHEMA s',
    back: { lacks: [/DROP|CREATE|REPLICA|CLUSTER/] },
  },
  {
    name: 'replica identity from full to an index of a key and nothing',
    base: 'CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE u REPLICA IDENTITY USING INDEX u_pkey',
    change: 'ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey; ALTER TABLE u REPLICA IDENTITY NOTHING',
  },
  {
    name: 'check not valid to valid and back, with a comment',
    base: `${T} ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0); COMMENT ON CONSTRAINT ck ON t IS 'c'`,
    change: 'ALTER TABLE t DROP CONSTRAINT ck; ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0) NOT VALID',
  },
  {
    name: 'constraint and index change names',
    base: 'CREATE TABLE t (a int, b int, CONSTRAINT x UNIQUE (a)); CREATE INDEX y ON t (b)',
    change:
      'ALTER TABLE t RENAME CONSTRAINT x TO z; ALTER INDEX y RENAME TO x; ALTER TABLE t RENAME CONSTRAINT z TO y',
    back: { lacks: [/DROP|CREATE|ADD/] },
  },
  {
    name: 'key dropped and an index of its name made',
    base: 'CREATE TABLE t (a int, b int, CONSTRAINT x UNIQUE (a))',
    change: 'ALTER TABLE t DROP CONSTRAINT x; CREATE INDEX x ON t (b)',
  },
  {
    name: 'check and index and column of a dropped function',
    base: 'CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT 1 $$; CREATE TABLE t (a int DEFAULT f(1), CONSTRAINT c CHECK (f(a) > 0)); CREATE INDEX i ON t (f(a)); CREATE STATISTICS st ON (f(a)), a FROM t',
    change: 'DROP FUNCTION f(int) CASCADE',
    minMajor: 14,
  },
  {
    name: 'statistics objects of every kind',
    base: T,
    change:
      "CREATE STATISTICS s1 (ndistinct, mcv) ON a, b FROM t; CREATE STATISTICS s2 ON (a + b), lower(c) FROM t; CREATE STATISTICS s3 ON (a * 2) FROM t; ALTER STATISTICS s1 SET STATISTICS 42; COMMENT ON STATISTICS s2 IS 's'",
    minMajor: 14,
  },
  {
    name: 'statistics objects changed, renamed, moved',
    base: `CREATE SCHEMA s; ${T} CREATE STATISTICS s1 (ndistinct) ON a, b FROM t; CREATE STATISTICS s2 ON a, c FROM t`,
    change:
      'DROP STATISTICS s1; CREATE STATISTICS s1 (ndistinct, dependencies) ON a, b FROM t; ALTER STATISTICS s2 RENAME TO s3; ALTER STATISTICS s3 SET SCHEMA s; ALTER STATISTICS s.s3 SET STATISTICS 9',
  },
  {
    name: 'key of a column that is renamed, which a table of a renamed schema refers to',
    base: `CREATE SCHEMA s; CREATE TABLE t (a int CONSTRAINT "the key" PRIMARY KEY); CREATE TABLE s.f (a int REFERENCES t);
      CREATE TABLE s.g (a int PRIMARY KEY REFERENCES t, b int REFERENCES s.g)`,
    change: 'ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME TO u; ALTER SCHEMA s RENAME TO r',
  },
  {
    name: 'key of a column that goes where a table that refers to it must be made again',
    base: `CREATE SCHEMA s; CREATE TYPE s.e AS ENUM ('a'); CREATE TABLE t (a int PRIMARY KEY, x s.e);
      CREATE TABLE f (a int REFERENCES t) PARTITION BY RANGE (a); CREATE TABLE g (a int REFERENCES t, k int PRIMARY KEY)`,
    change: `ALTER TABLE g RENAME k TO l; ALTER TABLE t RENAME a TO b; DROP TABLE f; CREATE TABLE f (a int REFERENCES t) PARTITION BY LIST (a)`,
    cosmetic: 'a renamed column comes last',
  },
];
