/** Views over views over materialized views, rules and triggers (manual, CREATE VIEW, ALTER VIEW, CREATE RULE). */
import type { MatrixRow } from './row.ts';

const TF = 'CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;';
const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text);';
const TOWER = `${T} INSERT INTO t VALUES (1, 2, 'x'); CREATE VIEW v1 AS SELECT id, a FROM t; CREATE MATERIALIZED VIEW m1 AS SELECT a, count(*) AS n FROM v1 GROUP BY a; CREATE UNIQUE INDEX m1i ON m1 (a); CREATE VIEW v2 AS SELECT m1.n, v1.id FROM m1 JOIN v1 USING (a); CREATE MATERIALIZED VIEW m2 AS SELECT n FROM v2 WITH NO DATA; CREATE VIEW v3 WITH (security_barrier) AS SELECT * FROM m2; GRANT SELECT ON v1, m1, v2, m2, v3 TO PUBLIC; GRANT SELECT (n) ON v2 TO PUBLIC; COMMENT ON MATERIALIZED VIEW m2 IS 'm'; COMMENT ON COLUMN m1.n IS 'n'; COMMENT ON VIEW v3 IS 'v'; ALTER MATERIALIZED VIEW m1 ALTER n SET STATISTICS 33;`;

export const rows: readonly MatrixRow[] = [
  { name: 'tower made', base: '', change: TOWER },
  { name: 'tower dropped', base: TOWER, change: 'DROP VIEW v1 CASCADE' },
  {
    name: 'tower on a retyped column',
    base: TOWER,
    change: 'DROP VIEW v1 CASCADE; ALTER TABLE t ALTER a TYPE bigint',
    probe: 'SELECT * FROM m1',
  },
  {
    name: 'tower: the lowest view gets a column',
    base: TOWER,
    change: 'CREATE OR REPLACE VIEW v1 AS SELECT id, a, b FROM t',
    probe: 'SELECT * FROM m1',
  },
  {
    name: 'tower: the lowest view changes its query alone',
    base: TOWER,
    change: 'CREATE OR REPLACE VIEW v1 AS SELECT id, a FROM t WHERE a > 0',
    back: { lacks: [/DROP/] },
    probe: 'SELECT * FROM m1',
  },
  {
    name: 'tower: everything renamed',
    base: TOWER,
    change:
      'ALTER TABLE t RENAME TO tt; ALTER VIEW v1 RENAME TO vv1; ALTER MATERIALIZED VIEW m1 RENAME TO mm1; ALTER TABLE tt RENAME a TO z; ALTER VIEW v3 RENAME TO vv3; ALTER VIEW v2 RENAME COLUMN n TO nn',
  },
  {
    name: 'tower: column of a materialized view renamed',
    base: TOWER,
    change: 'ALTER MATERIALIZED VIEW m1 RENAME COLUMN n TO nnn',
    probe: 'SELECT * FROM m1',
  },
  {
    name: 'tower: materialized view becomes a view',
    base: TOWER,
    change: 'DROP MATERIALIZED VIEW m1 CASCADE; CREATE VIEW m1 AS SELECT a, count(*) AS n FROM v1 GROUP BY a',
  },
  {
    name: 'column taken away, moved and retyped in a view',
    base: `${T} CREATE VIEW v AS SELECT id, a, b FROM t; CREATE VIEW w AS SELECT id FROM v; GRANT SELECT (a) ON v TO PUBLIC; COMMENT ON COLUMN v.a IS 'a'; ALTER VIEW v ALTER a SET DEFAULT 4`,
    change: 'DROP VIEW w, v; CREATE VIEW v AS SELECT a, id::bigint FROM t; CREATE VIEW w AS SELECT id FROM v',
  },
  {
    name: 'column names changed in a circle',
    base: `${T} CREATE VIEW v AS SELECT id AS x, a AS y FROM t`,
    change: 'ALTER VIEW v RENAME x TO z; ALTER VIEW v RENAME y TO x; ALTER VIEW v RENAME z TO y',
  },
  {
    name: 'options set, changed and reset',
    base: `${T} CREATE VIEW v WITH (security_barrier = true) AS SELECT id, a FROM t WHERE a > 0; CREATE VIEW w AS SELECT id FROM t WHERE id > 0`,
    change:
      'ALTER VIEW v RESET (security_barrier); ALTER VIEW v SET (check_option = cascaded); ALTER VIEW w SET (check_option = local, security_barrier = false)',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'WITH CHECK OPTION in the definition',
    base: T,
    change:
      'CREATE VIEW v AS SELECT id, a FROM t WHERE a > 0 WITH LOCAL CHECK OPTION; CREATE VIEW w WITH (security_barrier) AS SELECT id FROM v WHERE id > 0 WITH CASCADED CHECK OPTION',
  },
  {
    name: 'recursive view, values, union, window, lateral, ordinality, grouping sets',
    base: T,
    change:
      "CREATE RECURSIVE VIEW r (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 9; CREATE VIEW vv (x, y) AS VALUES (1, 'a'), (2, 'b'); CREATE VIEW u AS SELECT id FROM t UNION SELECT a FROM t ORDER BY 1 LIMIT 5; CREATE VIEW win AS SELECT id, row_number() OVER (PARTITION BY a ORDER BY id) FROM t; CREATE VIEW lat AS SELECT t.id, x.o FROM t, LATERAL unnest(ARRAY[t.a]) WITH ORDINALITY AS x(e, o); CREATE VIEW gs AS SELECT a, b, count(*) FROM t GROUP BY GROUPING SETS ((a), (a, b), ())",
  },
  {
    name: 'view of the whole row, of a function that returns a table',
    base: T,
    change:
      "CREATE FUNCTION f(int) RETURNS TABLE (x int, y text) LANGUAGE sql AS $$ SELECT 1, 'a'::text $$; CREATE VIEW v AS SELECT t FROM t; CREATE VIEW w AS SELECT * FROM f(1)",
  },
  {
    name: 'view grouped by a primary key that is rebuilt',
    base: `${T} CREATE VIEW v AS SELECT id, a, count(*) FROM t GROUP BY id; GRANT SELECT ON v TO PUBLIC`,
    change:
      'DROP VIEW v; ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (id); CREATE VIEW v AS SELECT id, a, count(*) FROM t GROUP BY id; GRANT SELECT ON v TO PUBLIC',
  },
  {
    name: 'rules on tables and views, in every event and state',
    base: `${T} CREATE TABLE l (x text); CREATE VIEW v AS SELECT id, a FROM t`,
    change:
      "CREATE RULE r1 AS ON INSERT TO t DO ALSO INSERT INTO l VALUES ('i'); CREATE RULE r2 AS ON UPDATE TO t WHERE OLD.a <> NEW.a DO ALSO (INSERT INTO l VALUES ('u'); DELETE FROM l WHERE x = 'z'); CREATE RULE r3 AS ON DELETE TO v DO INSTEAD DELETE FROM t WHERE id = OLD.id RETURNING id, a; CREATE RULE r4 AS ON INSERT TO v DO INSTEAD NOTHING; ALTER TABLE t DISABLE RULE r1; ALTER TABLE t ENABLE REPLICA RULE r2; COMMENT ON RULE r3 ON v IS 'r'",
  },
  {
    name: 'rule states changed',
    base: `${T} CREATE RULE r1 AS ON INSERT TO t DO ALSO NOTHING; CREATE RULE r2 AS ON UPDATE TO t DO ALSO NOTHING; ALTER TABLE t DISABLE RULE r1`,
    change:
      'ALTER TABLE t ENABLE RULE r1; ALTER TABLE t ENABLE ALWAYS RULE r2; ALTER RULE r2 ON t RENAME TO r22',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'triggers of every kind and state',
    base: `${T} ${TF} CREATE VIEW v AS SELECT id, a FROM t`,
    change:
      "CREATE TRIGGER t1 BEFORE INSERT OR UPDATE OF a, b OR DELETE ON t FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION tf('x', 'it''s'); CREATE TRIGGER t2 AFTER TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION tf(); CREATE TRIGGER t3 AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tf(); CREATE CONSTRAINT TRIGGER t4 AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tf(); CREATE TRIGGER t5 INSTEAD OF INSERT OR DELETE ON v FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE t ENABLE REPLICA TRIGGER t1; ALTER TABLE t ENABLE ALWAYS TRIGGER t2; ALTER TABLE t DISABLE TRIGGER t4; COMMENT ON TRIGGER t5 ON v IS 'c'",
  },
  {
    name: 'trigger changed, renamed and its state',
    base: `${T} ${TF} CREATE TRIGGER t1 BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE TRIGGER t2 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); COMMENT ON TRIGGER t1 ON t IS 'c'; ALTER TABLE t DISABLE TRIGGER t1`,
    change:
      'DROP TRIGGER t1 ON t; CREATE TRIGGER t1 BEFORE INSERT OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TRIGGER t2 ON t RENAME TO t22; ALTER TABLE t ENABLE ALWAYS TRIGGER t22',
  },
  {
    name: 'constraint trigger with a referenced table',
    base: `${T} ${TF} CREATE TABLE p (id int)`,
    change:
      'CREATE CONSTRAINT TRIGGER ct AFTER INSERT ON t FROM p NOT DEFERRABLE FOR EACH ROW EXECUTE FUNCTION tf()',
  },
  {
    name: 'policies of every command, role and clause',
    base: T,
    change:
      "CREATE POLICY p1 ON t AS RESTRICTIVE FOR SELECT TO CURRENT_USER, PUBLIC USING (a > 0); CREATE POLICY p2 ON t FOR INSERT WITH CHECK (a > 1); CREATE POLICY p3 ON t FOR UPDATE USING (id > 0) WITH CHECK (a IN (SELECT a FROM t)); CREATE POLICY p4 ON t FOR DELETE USING (false); CREATE POLICY p5 ON t; ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; COMMENT ON POLICY p1 ON t IS 'p'",
  },
  {
    name: 'policies altered and rebuilt',
    base: `${T} CREATE POLICY p1 ON t USING (a > 0) WITH CHECK (a > 1); CREATE POLICY p2 ON t FOR SELECT USING (a > 0)`,
    change:
      'ALTER POLICY p1 ON t USING (a > 5); ALTER POLICY p2 ON t RENAME TO p22; DROP POLICY p1 ON t; CREATE POLICY p1 ON t FOR UPDATE USING (a > 5)',
  },
  {
    name: 'policy loses its check',
    base: `${T} CREATE POLICY p1 ON t USING (a > 0) WITH CHECK (a > 1)`,
    change: 'DROP POLICY p1 ON t; CREATE POLICY p1 ON t USING (a > 0)',
  },
  {
    name: 'materialized view: options, populated, cluster, retyped under',
    base: `${T} CREATE MATERIALIZED VIEW m WITH (fillfactor = 70, autovacuum_enabled = off) AS SELECT id, a FROM t; CREATE INDEX mi ON m (a); ALTER MATERIALIZED VIEW m CLUSTER ON mi`,
    change:
      'DROP MATERIALIZED VIEW m; ALTER TABLE t ALTER a TYPE bigint; CREATE MATERIALIZED VIEW m WITH (fillfactor = 60) AS SELECT id, a FROM t WITH NO DATA; CREATE INDEX mi ON m (a)',
  },
  {
    name: 'materialized view in another schema and owner of its index comments',
    base: `CREATE SCHEMA s; ${T} CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t; CREATE INDEX mi ON m (a); COMMENT ON INDEX mi IS 'i'`,
    change: 'ALTER MATERIALIZED VIEW m SET SCHEMA s; ALTER INDEX s.mi RENAME TO mj',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'materialized view column storage',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT id, b FROM t; ALTER MATERIALIZED VIEW m ALTER b SET STORAGE EXTERNAL, ALTER b SET STATISTICS 6, ALTER b SET (n_distinct = 4)`,
    change:
      'ALTER MATERIALIZED VIEW m ALTER b SET STORAGE EXTENDED, ALTER b SET STATISTICS -1, ALTER b RESET (n_distinct)',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: "view of a sequence and of a foreign key's tables",
    base: 'CREATE SEQUENCE q; CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int REFERENCES p)',
    change:
      "CREATE VIEW v AS SELECT last_value FROM q; CREATE VIEW w AS SELECT nextval('q'), p.id FROM p JOIN t ON t.p = p.id",
  },
  {
    name: 'view and function in a circle of uses',
    base: `${T}`,
    change:
      'CREATE VIEW v AS SELECT id, a FROM t; CREATE FUNCTION f(v) RETURNS int LANGUAGE sql AS $$ SELECT $1.id $$; CREATE VIEW w AS SELECT f(v) FROM v; CREATE FUNCTION g() RETURNS SETOF w LANGUAGE sql AS $$ SELECT * FROM w $$',
  },
  {
    name: 'view becomes a table of its name',
    base: `${T} CREATE VIEW v AS SELECT id, a FROM t; CREATE VIEW w AS SELECT id FROM v`,
    change: 'DROP VIEW w, v; CREATE TABLE v (id int, a int); CREATE VIEW w AS SELECT id FROM v',
  },
  {
    name: 'sequence: every option',
    base: 'CREATE SEQUENCE q AS smallint INCREMENT 3 MINVALUE -7 MAXVALUE 90 START 5 CACHE 4 CYCLE',
    change:
      'ALTER SEQUENCE q AS bigint INCREMENT -1 NO MINVALUE NO MAXVALUE START -3 RESTART CACHE 1 NO CYCLE',
  },
  {
    name: 'view whose text names columns by position',
    base: 'CREATE TABLE e (a int, b int, c int); CREATE TABLE f (a int); CREATE VIEW v AS SELECT a, e.b FROM e JOIN f USING (a); ALTER TABLE e RENAME a TO z',
    change: 'DROP VIEW v',
    back: { has: [/e\(/] },
  },
  {
    name: 'view whose text names columns by position, one of which comes back last',
    base: 'CREATE TABLE e (a int, b int, c int); CREATE TABLE f (a int); CREATE VIEW v AS SELECT a, e.b FROM e JOIN f USING (a); ALTER TABLE e RENAME a TO z',
    change: 'ALTER TABLE e DROP b CASCADE',
    cosmetic: 'the column comes back last',
    refuses: { direction: 'back', reason: 'by position' },
  },
  {
    name: 'view whose text names columns by position, one of which gets another name',
    base: 'CREATE TABLE e (a int, b int, c int); CREATE TABLE f (a int); CREATE VIEW v AS SELECT a, e.b FROM e JOIN f USING (a); ALTER TABLE e RENAME a TO z',
    change: 'ALTER TABLE e RENAME c TO d; ALTER TABLE e ADD n int',
  },
  {
    name: 'view that reads itself',
    base: 'CREATE TABLE t (a varchar(5), "B b" text COLLATE "C"); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW "W w" AS SELECT a FROM t; CREATE OR REPLACE VIEW "W w" AS SELECT a FROM "W w"',
    change:
      'CREATE OR REPLACE VIEW v WITH (security_barrier) AS SELECT x.* FROM v x; GRANT SELECT ON v TO PUBLIC; DROP VIEW "W w"',
  },
  {
    name: 'views that read each other',
    base: 'CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT * FROM v',
    change: 'CREATE OR REPLACE VIEW v AS SELECT w.a FROM w',
    refuses: { direction: 'forward', reason: 'in a circle' },
  },
  {
    name: 'materialized view clustered on an index that is made anew, and on another',
    base: 'CREATE TABLE t (a int, b int); CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t; CREATE INDEX mi ON m (a); ALTER MATERIALIZED VIEW m CLUSTER ON mi; CREATE MATERIALIZED VIEW n AS SELECT a, b FROM t; CREATE INDEX ni ON n (a); CREATE INDEX nj ON n (b); ALTER MATERIALIZED VIEW n CLUSTER ON ni; CREATE MATERIALIZED VIEW o AS SELECT a FROM t; CREATE INDEX oi ON o (a)',
    change:
      'DROP INDEX mi; CREATE INDEX mi ON m (a, b); ALTER MATERIALIZED VIEW n CLUSTER ON nj; ALTER MATERIALIZED VIEW o CLUSTER ON oi',
  },
];
