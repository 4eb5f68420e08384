import type { MatrixRow } from './row.ts';

const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text);';

export const rows: readonly MatrixRow[] = [
  { name: 'table created', base: '', change: T },
  { name: 'table dropped', base: T, change: 'DROP TABLE t' },
  { name: 'table renamed', base: T, change: 'ALTER TABLE t RENAME TO u', back: { lacks: [/DROP|CREATE/] } },
  {
    name: 'table renamed with its index and sequence',
    base: 'CREATE TABLE t (id serial PRIMARY KEY, a int); CREATE INDEX t_a ON t (a)',
    change:
      'ALTER TABLE t RENAME TO u; ALTER INDEX t_a RENAME TO u_a; ALTER INDEX t_pkey RENAME TO u_pkey; ALTER SEQUENCE t_id_seq RENAME TO u_id_seq',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'two tables swapped',
    base: `${T} CREATE TABLE u (x int, y int);`,
    change: 'ALTER TABLE t RENAME TO z; ALTER TABLE u RENAME TO t; ALTER TABLE z RENAME TO u',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'three tables in a circle',
    base: 'CREATE TABLE a (a int); CREATE TABLE b (b int); CREATE TABLE c (c int)',
    change:
      'ALTER TABLE a RENAME TO z; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b; ALTER TABLE z RENAME TO c',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'table renamed and another made under its name',
    base: T,
    change: 'ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id bigint)',
  },
  {
    name: 'table moved to another schema',
    base: `${T} CREATE SCHEMA s; CREATE INDEX t_a ON t (a)`,
    change: 'ALTER TABLE t SET SCHEMA s',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'table moved and renamed',
    base: `CREATE TABLE t (id serial PRIMARY KEY); CREATE SCHEMA s;`,
    change: 'ALTER TABLE t SET SCHEMA s; ALTER TABLE s.t RENAME TO u',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'schema renamed',
    base: 'CREATE SCHEMA s; CREATE TABLE s.t (id serial PRIMARY KEY, a int CHECK (a > 0)); CREATE INDEX i ON s.t (a); CREATE VIEW s.v AS SELECT * FROM s.t',
    change: 'ALTER SCHEMA s RENAME TO r',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'schema renamed and a table dropped in it',
    base: 'CREATE SCHEMA s; CREATE TABLE s.t (a int)',
    change: 'ALTER SCHEMA s RENAME TO r; CREATE TABLE r.n (a int); CREATE VIEW r.v AS SELECT * FROM r.n',
  },
  { name: 'unlogged', base: T, change: 'ALTER TABLE t SET UNLOGGED', back: { has: [/SET LOGGED/] } },
  {
    name: 'unlogged table made',
    base: '',
    change: 'CREATE UNLOGGED TABLE u (id int GENERATED ALWAYS AS IDENTITY, s serial)',
  },
  {
    name: 'storage parameters set',
    base: T,
    change:
      'ALTER TABLE t SET (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false)',
  },
  {
    name: 'storage parameters changed and reset',
    base: 'CREATE TABLE t (a text) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.2, toast.vacuum_truncate = false)',
    change:
      'ALTER TABLE t SET (fillfactor = 70); ALTER TABLE t RESET (autovacuum_vacuum_scale_factor, toast.vacuum_truncate)',
  },
  {
    name: 'row security',
    base: T,
    change: 'ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY',
  },
  {
    name: 'row security off',
    base: `${T} ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY`,
    change: 'ALTER TABLE t DISABLE ROW LEVEL SECURITY; ALTER TABLE t NO FORCE ROW LEVEL SECURITY',
  },
  { name: 'replica identity full', base: T, change: 'ALTER TABLE t REPLICA IDENTITY FULL' },
  { name: 'replica identity nothing', base: T, change: 'ALTER TABLE t REPLICA IDENTITY NOTHING' },
  {
    name: 'replica identity by index',
    base: 'CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX t_a ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX t_a',
    change: 'ALTER TABLE t REPLICA IDENTITY DEFAULT',
  },
  {
    name: 'replica identity by constraint',
    base: 'CREATE TABLE t (a int NOT NULL CONSTRAINT u UNIQUE)',
    change: 'ALTER TABLE t REPLICA IDENTITY USING INDEX u',
  },
  {
    name: 'replica identity index dropped with it',
    base: 'CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX t_a ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX t_a',
    change: 'ALTER TABLE t REPLICA IDENTITY DEFAULT; DROP INDEX t_a',
  },
  { name: 'clustered', base: T, change: 'ALTER TABLE t CLUSTER ON t_pkey' },
  {
    name: 'not clustered any more',
    base: `${T} ALTER TABLE t CLUSTER ON t_pkey`,
    change: 'ALTER TABLE t SET WITHOUT CLUSTER',
  },
  {
    name: 'table comment',
    base: `${T} COMMENT ON TABLE t IS 'one'`,
    change: `COMMENT ON TABLE t IS 'it''s \\ two'`,
  },
  {
    name: 'table with everything dropped',
    base: `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id serial PRIMARY KEY, p int REFERENCES p, n text UNIQUE, CHECK (id > 0)); CREATE INDEX ON t (p); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER tr; COMMENT ON COLUMN t.n IS 'n'; CREATE VIEW v AS SELECT * FROM t; COMMENT ON VIEW v IS 'v'`,
    change: 'DROP TABLE t CASCADE',
  },
  {
    name: 'mutual foreign keys',
    base: '',
    change:
      'CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b',
  },
  {
    name: 'mutual foreign keys dropped',
    base: 'CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b',
    change: 'DROP TABLE a, b',
  },
  { name: 'self reference', base: '', change: 'CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t)' },
  {
    name: 'names that need quotes',
    base: 'CREATE SCHEMA "S p"',
    change:
      'CREATE TABLE "S p"."T.x" ("select" int PRIMARY KEY, "A b" text DEFAULT \'x"y\', "c""d" int CHECK ("c""d" > 0)); CREATE INDEX "I 1" ON "S p"."T.x" ("A b"); COMMENT ON COLUMN "S p"."T.x"."c""d" IS \'q\'',
  },
  {
    name: 'quoted names renamed',
    base: 'CREATE TABLE "T x" ("a b" int PRIMARY KEY)',
    change: 'ALTER TABLE "T x" RENAME TO "U y"; ALTER TABLE "U y" RENAME COLUMN "a b" TO "c.d"',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'a table becomes a view',
    base: 'CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE VIEW w AS SELECT a FROM u',
    change: 'DROP TABLE t; CREATE VIEW t AS SELECT a FROM u',
  },
  {
    name: 'a table replaced by another',
    base: T,
    change: 'DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, c text)',
  },
  {
    name: 'split into two',
    base: 'CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE VIEW v AS SELECT a, b FROM t',
    change:
      'CREATE TABLE u (id int PRIMARY KEY REFERENCES t, b text); CREATE OR REPLACE VIEW v AS SELECT t.a, u.b FROM t JOIN u USING (id); ALTER TABLE t DROP COLUMN b',
    cosmetic: 'the column comes back last',
  },
  { name: 'access method', base: 'CREATE TABLE t (a int) USING heap', change: 'ALTER TABLE t ADD b int' },
  {
    name: 'typed table',
    base: 'CREATE TYPE ct AS (a int, b text)',
    change: "CREATE TABLE t OF ct (PRIMARY KEY (a), b WITH OPTIONS DEFAULT 'x' NOT NULL)",
  },
  {
    name: 'of a type',
    base: 'CREATE TYPE ct AS (a int, b text); CREATE TABLE t (a int, b text)',
    change: 'ALTER TABLE t OF ct',
  },
  {
    name: 'not of a type any more',
    base: 'CREATE TYPE ct AS (a int, b text); CREATE TABLE t OF ct',
    change: 'ALTER TABLE t NOT OF',
  },
  {
    name: 'many tables with a chain of foreign keys',
    base: '',
    change: Array.from(
      { length: 12 },
      (_, n) => `CREATE TABLE t${n} (id int PRIMARY KEY, up int${n === 0 ? '' : ` REFERENCES t${n - 1}`});`,
    ).join('\n'),
  },
  {
    name: 'child that leaves its parent, and what it has from it',
    base: 'CREATE TABLE t (id int PRIMARY KEY)',
    change:
      'DROP TABLE t; CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE t (id int PRIMARY KEY) INHERITS (p)',
    cosmetic: 'a column that is handed down anew comes last',
  },
  {
    name: 'child that leaves its parent, and columns that both had',
    base: 'CREATE TABLE p (a int, b int); CREATE TABLE t (id int PRIMARY KEY)',
    change: 'ALTER TABLE t ADD a int, ADD b int; ALTER TABLE t INHERIT p',
    cosmetic: 'what a child has from its parent stands first',
  },
  {
    name: 'partition that was a table of another shape',
    base: 'CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE t (id int, x int)',
    change:
      'DROP TABLE t; CREATE TABLE p (id int, y int REFERENCES u, CHECK (y > 0)) PARTITION BY LIST (id); CREATE TABLE t PARTITION OF p FOR VALUES IN (1)',
  },
];
