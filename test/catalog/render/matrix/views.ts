import type { MatrixRow } from './row.ts';

const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text);';

export const rows: readonly MatrixRow[] = [
  { name: 'view added', base: T, change: 'CREATE VIEW v AS SELECT a, b AS "B x" FROM t WHERE a > 0' },
  {
    name: 'view dropped',
    base: `${T} CREATE VIEW v AS SELECT a FROM t; COMMENT ON VIEW v IS 'c'; COMMENT ON COLUMN v.a IS 'ca'; ALTER VIEW v ALTER a SET DEFAULT 5`,
    change: 'DROP VIEW v',
  },
  {
    name: 'view extended',
    base: `${T} CREATE VIEW v AS SELECT a FROM t; COMMENT ON COLUMN v.a IS 'ca'`,
    change: 'CREATE OR REPLACE VIEW v AS SELECT a, b FROM t',
  },
  {
    name: 'view body',
    base: `${T} CREATE VIEW v AS SELECT a FROM t`,
    change: 'CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a > 1',
    back: { has: [/CREATE OR REPLACE VIEW/], lacks: [/DROP/] },
  },
  {
    name: 'view column type',
    base: `${T} CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v`,
    change: 'DROP VIEW w, v; CREATE VIEW v AS SELECT a::bigint FROM t; CREATE VIEW w AS SELECT a FROM v',
  },
  {
    name: 'view column renamed',
    base: `${T} CREATE VIEW v AS SELECT a, b FROM t; COMMENT ON COLUMN v.a IS 'ca'`,
    change: 'ALTER VIEW v RENAME COLUMN a TO z',
  },
  {
    name: 'view renamed',
    base: `${T} CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v`,
    change: 'ALTER VIEW v RENAME TO x',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'view moved',
    base: `${T} CREATE SCHEMA s; CREATE VIEW v AS SELECT a FROM t`,
    change: 'ALTER VIEW v SET SCHEMA s',
  },
  {
    name: 'view options',
    base: `${T} CREATE VIEW v WITH (security_barrier) AS SELECT a FROM t`,
    change: 'ALTER VIEW v RESET (security_barrier); ALTER VIEW v SET (check_option = local)',
  },
  {
    name: 'view security invoker',
    base: `${T} CREATE VIEW v AS SELECT a FROM t`,
    change: 'ALTER VIEW v SET (security_invoker = true)',
    minMajor: 15,
  },
  {
    name: 'view check option',
    base: T,
    change: 'CREATE VIEW v AS SELECT a FROM t WHERE a > 0 WITH CASCADED CHECK OPTION',
  },
  {
    name: 'view column default',
    base: `${T} CREATE VIEW v AS SELECT a, b FROM t`,
    change: `ALTER VIEW v ALTER a SET DEFAULT 5; COMMENT ON COLUMN v.b IS 'x'`,
  },
  {
    name: 'views on views',
    base: '',
    change: `${T} CREATE VIEW c AS SELECT a FROM t; CREATE VIEW b AS SELECT a FROM c; CREATE VIEW a AS SELECT b.a FROM b JOIN c USING (a)`,
  },
  {
    name: 'base of views on views changed',
    base: `${T} CREATE VIEW c AS SELECT a FROM t; CREATE VIEW b AS SELECT a FROM c; CREATE VIEW a AS SELECT a FROM b; COMMENT ON VIEW a IS 'deep'`,
    change:
      'DROP VIEW c CASCADE; CREATE VIEW c AS SELECT a::bigint FROM t; CREATE VIEW b AS SELECT a FROM c; CREATE VIEW a AS SELECT a FROM b',
  },
  {
    name: 'recursive view',
    base: T,
    change: 'CREATE RECURSIVE VIEW v (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v WHERE n < 10',
  },
  {
    name: 'view with a star of a growing table',
    base: `${T} CREATE VIEW v AS SELECT * FROM t`,
    change: 'ALTER TABLE t ADD d int; CREATE OR REPLACE VIEW v AS SELECT * FROM t',
  },
  {
    name: 'view of a renamed column',
    base: `${T} CREATE VIEW v AS SELECT a + 1 AS n FROM t`,
    change: 'ALTER TABLE t RENAME a TO z',
  },
  {
    name: 'view with trigger, rule',
    base: `${T} CREATE VIEW v AS SELECT a FROM t`,
    change:
      'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER x INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f(); CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING',
  },
  {
    name: 'view with trigger and rule rebuilt',
    base: `${T} CREATE VIEW v AS SELECT a, b FROM t; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER x INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f(); COMMENT ON TRIGGER x ON v IS 'c'; CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING`,
    change: 'DROP VIEW v; CREATE VIEW v AS SELECT a FROM t',
  },
  { name: 'materialized view added', base: T, change: 'CREATE MATERIALIZED VIEW m AS SELECT a FROM t' },
  {
    name: 'materialized view without data',
    base: T,
    change: 'CREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA',
  },
  {
    name: 'materialized view dropped',
    base: `${T} CREATE MATERIALIZED VIEW m WITH (fillfactor = 70) AS SELECT a FROM t; CREATE UNIQUE INDEX mi ON m (a); COMMENT ON MATERIALIZED VIEW m IS 'c'; COMMENT ON COLUMN m.a IS 'ca'`,
    change: 'DROP MATERIALIZED VIEW m',
  },
  {
    name: 'materialized view populated',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA`,
    change: 'REFRESH MATERIALIZED VIEW m',
  },
  {
    name: 'materialized view unpopulated',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t`,
    change: 'REFRESH MATERIALIZED VIEW m WITH NO DATA',
  },
  {
    name: 'materialized view renamed',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a)`,
    change: 'ALTER MATERIALIZED VIEW m RENAME TO n',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'materialized view options',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t`,
    change: 'ALTER MATERIALIZED VIEW m SET (fillfactor = 50)',
  },
  {
    name: 'materialized view column settings',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t`,
    change:
      'ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 100; ALTER MATERIALIZED VIEW m ALTER b SET STORAGE EXTERNAL; ALTER MATERIALIZED VIEW m RENAME COLUMN a TO z',
  },
  {
    name: 'materialized view clustered',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t`,
    change: 'CREATE INDEX mi ON m (a); ALTER TABLE t ADD x int',
  },
  {
    name: 'view on a materialized view',
    base: T,
    change: 'CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE VIEW v AS SELECT a FROM m',
  },
  {
    name: 'type change below a materialized view',
    base: `${T} CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a); CREATE VIEW v AS SELECT * FROM m`,
    change:
      'DROP MATERIALIZED VIEW m CASCADE; ALTER TABLE t ALTER a TYPE bigint; CREATE MATERIALIZED VIEW m AS SELECT a FROM t',
  },
  {
    name: 'rule added',
    base: `${T} CREATE TABLE l (a int)`,
    change: `CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO l VALUES (NEW.a); COMMENT ON RULE r ON t IS 'c'; ALTER TABLE t DISABLE RULE r`,
  },
  {
    name: 'rule renamed and changed',
    base: `${T} CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING; CREATE RULE q AS ON DELETE TO t DO INSTEAD NOTHING`,
    change:
      'ALTER RULE r ON t RENAME TO r2; CREATE OR REPLACE RULE q AS ON DELETE TO t WHERE OLD.a > 5 DO INSTEAD NOTHING',
  },
];
