/** Columns that change under all that hangs on them (manual, ALTER TABLE). */
import type { MatrixRow } from './row.ts';

const last = 'a column that is made again comes last';
const TF = 'CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;';
/** One of everything that can name a column. */
const ALL = `${TF} CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 3, b text, g int GENERATED ALWAYS AS (a + 1) STORED, CONSTRAINT ck CHECK (a > 0), CONSTRAINT un UNIQUE (a, id) INCLUDE (b), CONSTRAINT ex EXCLUDE USING btree (a WITH =) WHERE (a > 5));
CREATE TABLE r (a int PRIMARY KEY, ta int, tid int, FOREIGN KEY (ta, tid) REFERENCES t (a, id));
CREATE INDEX i1 ON t (a DESC) WITH (fillfactor = 70); CREATE INDEX i2 ON t ((a * 2), b) WHERE a > 2; ALTER INDEX i2 ALTER COLUMN 1 SET STATISTICS 300; COMMENT ON INDEX i2 IS 'two';
CREATE VIEW v AS SELECT a, b FROM t WHERE a > 1; ALTER VIEW v ALTER COLUMN a SET DEFAULT 7; GRANT SELECT ON v TO PUBLIC; GRANT UPDATE (b) ON v TO PUBLIC; COMMENT ON COLUMN v.a IS 'va'; CREATE RULE vr AS ON INSERT TO v DO INSTEAD INSERT INTO t (id, a) VALUES (NEW.a, NEW.a); CREATE TRIGGER vt INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION tf();
CREATE MATERIALIZED VIEW m AS SELECT a, count(*) AS n FROM v GROUP BY a; CREATE UNIQUE INDEX mi ON m (a); GRANT SELECT ON m TO PUBLIC;
CREATE VIEW w AS SELECT n FROM m;
CREATE RULE ru AS ON UPDATE TO t WHERE NEW.a > 9 DO ALSO NOTHING; COMMENT ON RULE ru ON t IS 'ru';
CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION tf(); ALTER TABLE t DISABLE TRIGGER tr; COMMENT ON TRIGGER tr ON t IS 'tr';
CREATE POLICY po ON t FOR UPDATE USING (a > 1) WITH CHECK (a > 2); COMMENT ON POLICY po ON t IS 'po';
CREATE STATISTICS st (dependencies) ON a, b FROM t; ALTER STATISTICS st SET STATISTICS 50; COMMENT ON STATISTICS st IS 'st';
ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey; ALTER TABLE t CLUSTER ON i1; GRANT SELECT (a) ON t TO PUBLIC; COMMENT ON COLUMN t.a IS 'ta'; ALTER TABLE t ALTER a SET STATISTICS 88; ALTER TABLE t ALTER a SET (n_distinct = 7);
INSERT INTO t (id, a, b) VALUES (1, 10, 'x'); REFRESH MATERIALIZED VIEW m;`;

export const rows: readonly MatrixRow[] = [
  { name: 'one of everything that names a column made', base: '', change: ALL },
  {
    name: 'renamed under everything',
    base: ALL,
    change: 'ALTER TABLE t RENAME a TO z; ALTER TABLE t RENAME TO tt',
    back: { lacks: [/DROP|CREATE (?!OR REPLACE VIEW)/] },
    probe: 'SELECT * FROM w',
  },
  {
    name: 'retyped under everything',
    base: `${ALL} CREATE TABLE plain (a int); INSERT INTO plain VALUES (1)`,
    change:
      'DROP VIEW v CASCADE; DROP RULE ru ON t; DROP TRIGGER tr ON t; DROP POLICY po ON t; ALTER TABLE t DROP g; ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE plain ALTER a TYPE bigint',
    cosmetic: last,
    probe: 'SELECT id, a, b, g FROM t',
  },
  {
    name: 'retyped to another family under keys and indexes',
    base: 'CREATE TABLE t (a int PRIMARY KEY CHECK (a > 0) DEFAULT 5, b int); CREATE INDEX i ON t (a, b); CREATE INDEX j ON t ((a + b)); CREATE TABLE u (a int REFERENCES t DEFAULT 7); INSERT INTO t VALUES (1, 2); INSERT INTO u VALUES (1)',
    change:
      "DROP INDEX j; ALTER TABLE u DROP CONSTRAINT u_a_fkey; ALTER TABLE t DROP CONSTRAINT t_a_check, ALTER a DROP DEFAULT; ALTER TABLE t ALTER a TYPE text USING a::text, ALTER a SET DEFAULT 'x'; ALTER TABLE u ALTER a DROP DEFAULT, ALTER a TYPE text USING a::text; ALTER TABLE u ADD CONSTRAINT u_a_fkey FOREIGN KEY (a) REFERENCES t",
    probe: 'SELECT * FROM t, u',
  },
  {
    name: 'dropped under everything',
    base: ALL,
    change: 'ALTER TABLE t DROP a CASCADE',
    cosmetic: last,
  },
  {
    name: 'collation under an index, a check and a view',
    base: `CREATE TABLE t (a text CHECK (a < 'm'), b int); CREATE INDEX i ON t (a); CREATE INDEX j ON t (lower(a)); CREATE VIEW v AS SELECT a FROM t`,
    change: 'DROP VIEW v; ALTER TABLE t ALTER a TYPE text COLLATE "C"; CREATE VIEW v AS SELECT a FROM t',
  },
  {
    name: 'published column and row filter retyped',
    base: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE PUBLICATION pub FOR TABLE t (id, a) WHERE (a > 5)',
    change:
      'DROP PUBLICATION pub; ALTER TABLE t ALTER a TYPE bigint; CREATE PUBLICATION pub FOR TABLE t (id, a) WHERE (a > 5)',
    minMajor: 15,
  },
  {
    name: 'function of the row, a column added',
    base: 'CREATE TABLE t (a int); CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE VIEW v AS SELECT f(t) FROM t; CREATE TABLE u (x t, y t[])',
    change: 'ALTER TABLE t ADD b int; ALTER TABLE t RENAME a TO z',
  },
  {
    name: 'SQL-standard body over a retyped column',
    base: 'CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS bigint RETURN (SELECT max(a)::bigint FROM t)',
    change:
      'DROP FUNCTION f(); ALTER TABLE t ALTER a TYPE bigint; CREATE FUNCTION f() RETURNS bigint RETURN (SELECT max(a)::bigint FROM t)',
    minMajor: 14,
  },
  {
    name: 'serial to identity, rows kept',
    base: 'CREATE TABLE t (id serial PRIMARY KEY, a int); INSERT INTO t (a) VALUES (1), (2)',
    change:
      "ALTER TABLE t ALTER id DROP DEFAULT; DROP SEQUENCE t_id_seq; ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY; SELECT setval('t_id_seq', 2)",
    probe: 'SELECT * FROM t ORDER BY id',
  },
  {
    name: 'identity to serial',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int); INSERT INTO t (a) VALUES (1), (2)',
    change:
      "ALTER TABLE t ALTER id DROP IDENTITY; CREATE SEQUENCE t_id_seq OWNED BY t.id; ALTER TABLE t ALTER id SET DEFAULT nextval('t_id_seq')",
    probe: 'SELECT * FROM t ORDER BY id',
  },
  {
    name: 'identity of every option, altered',
    base: 'CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY)',
    change:
      'ALTER TABLE t ALTER id SET INCREMENT BY -2 SET MINVALUE -500 SET MAXVALUE 70 SET START 60 SET CACHE 9 SET CYCLE SET GENERATED BY DEFAULT',
  },
  {
    name: 'identity of smallint to bigint with options',
    base: 'CREATE TABLE t (id smallint GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 100 CYCLE))',
    change: 'ALTER TABLE t ALTER id TYPE bigint, ALTER id SET MAXVALUE 5000 SET NO CYCLE',
  },
  {
    name: 'identity with an unlogged table',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)',
    change: 'ALTER TABLE t SET UNLOGGED',
  },
  {
    name: 'identity sequence logged, its table not',
    base: '',
    change: 'CREATE UNLOGGED TABLE u (a int GENERATED ALWAYS AS IDENTITY); ALTER SEQUENCE u_a_seq SET LOGGED',
    minMajor: 15,
  },
  {
    name: 'identity sequence with privileges, comment and another schema',
    base: 'CREATE SCHEMA s',
    change:
      "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME numbers)); GRANT USAGE ON SEQUENCE numbers TO PUBLIC; COMMENT ON SEQUENCE numbers IS 'n'",
  },
  {
    name: 'identity column replaced by another',
    base: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, n int); INSERT INTO t (n) VALUES (5)',
    change:
      'ALTER TABLE t ALTER id DROP IDENTITY; ALTER TABLE t ALTER n SET NOT NULL, ALTER n ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME t_id_seq)',
    probe: 'SELECT * FROM t',
  },
  {
    name: 'sequence owned by a column through changes',
    base: 'CREATE TABLE t (a int, b int); CREATE SEQUENCE q OWNED BY t.a',
    change: 'ALTER SEQUENCE q OWNED BY t.b; ALTER TABLE t DROP a; ALTER SEQUENCE q RENAME TO qq',
    cosmetic: last,
  },
  {
    name: 'sequence in two defaults, owned, type changed',
    base: "CREATE TABLE t (a serial); CREATE TABLE u (a int DEFAULT nextval('t_a_seq'))",
    change:
      'ALTER TABLE t ALTER a TYPE smallint; ALTER SEQUENCE t_a_seq AS smallint MAXVALUE 300 OWNED BY NONE',
  },
  {
    name: 'serial of a renamed table and column',
    base: 'CREATE TABLE t (a serial, b int); INSERT INTO t (b) VALUES (1)',
    change: 'ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO c',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'array, domain and composite columns',
    base: 'CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TYPE ct AS (x int, y text); CREATE TABLE t (a int[], b int, c text); INSERT INTO t VALUES (ARRAY[1,2], 3, NULL)',
    change:
      'ALTER TABLE t ALTER a TYPE bigint[], ALTER b TYPE d; ALTER TABLE t ADD k ct, ADD l ct[], ADD m d DEFAULT 7',
    probe: 'SELECT a, b, c FROM t',
  },
  {
    name: 'enum to text and back',
    base: "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (m mood DEFAULT 'ok', n mood[]); INSERT INTO t VALUES ('sad', '{ok,sad}')",
    change:
      "ALTER TABLE t ALTER m DROP DEFAULT; ALTER TABLE t ALTER m TYPE text, ALTER n TYPE text[]; ALTER TABLE t ALTER m SET DEFAULT 'ok'; DROP TYPE mood",
    probe: 'SELECT * FROM t',
  },
  {
    name: 'storage, compression, statistics, options through a retype',
    base: 'CREATE TABLE t (a varchar(10) COMPRESSION pglz); ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER a SET STATISTICS 44, ALTER a SET (n_distinct = -0.3, n_distinct_inherited = 5)',
    change: 'ALTER TABLE t ALTER a TYPE text',
    minMajor: 14,
  },
  {
    name: 'storage and compression with a change of the type and back',
    base: 'CREATE TABLE t (a int, b text)',
    change:
      'ALTER TABLE t ALTER a TYPE text, ALTER b TYPE int USING b::int; ALTER TABLE t ALTER a SET STORAGE MAIN, ALTER a SET COMPRESSION pglz',
    minMajor: 14,
  },
  {
    name: 'NOT NULL by a primary key that goes',
    base: 'CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))',
    change: 'ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ALTER b DROP NOT NULL',
  },
  {
    name: 'NOT NULL of a domain',
    base: 'CREATE DOMAIN d AS int NOT NULL; CREATE TABLE t (a d)',
    change: 'ALTER TABLE t ALTER a SET NOT NULL',
  },
  {
    name: "NOT NULL named like another column's",
    base: 'CREATE TABLE t (a int CONSTRAINT t_b_not_null NOT NULL, b int NOT NULL)',
    change: 'ALTER TABLE t ALTER b DROP NOT NULL',
    minMajor: 18,
  },
  {
    name: 'NOT NULL renamed together with its column and commented',
    base: 'CREATE TABLE t (a int CONSTRAINT nn NOT NULL)',
    change:
      "ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME CONSTRAINT nn TO nnn; COMMENT ON CONSTRAINT nnn ON t IS 'c'",
    minMajor: 18,
  },
  {
    name: 'NOT NULL names swapped',
    base: 'CREATE TABLE t (a int CONSTRAINT x NOT NULL, b int CONSTRAINT y NOT NULL)',
    change:
      'ALTER TABLE t RENAME CONSTRAINT x TO z; ALTER TABLE t RENAME CONSTRAINT y TO x; ALTER TABLE t RENAME CONSTRAINT z TO y',
    minMajor: 18,
  },
  {
    name: 'missing value: a column added with a default, default dropped',
    base: 'CREATE TABLE t (a int); INSERT INTO t VALUES (1)',
    change: "ALTER TABLE t ADD b text DEFAULT 'old'; ALTER TABLE t ALTER b DROP DEFAULT",
  },
  {
    name: 'default by a volatile function and by now()',
    base: 'CREATE TABLE t (a int); INSERT INTO t VALUES (1)',
    change:
      'ALTER TABLE t ADD b uuid DEFAULT gen_random_uuid() NOT NULL, ADD c timestamptz DEFAULT now() NOT NULL, ADD d int DEFAULT (random() * 10)::int',
  },
  {
    name: '100 columns',
    base: `CREATE TABLE t (id int, ${Array.from({ length: 99 }, (_, n) => `c${n} text DEFAULT '${n}'`).join(', ')})`,
    change: `ALTER TABLE t ${Array.from({ length: 30 }, (_, n) => `DROP c${n * 3}`).join(', ')}`,
    cosmetic: last,
  },
];
