import { describe, expect, it } from 'vitest';
import { assess } from './support.ts';

const M = 1_000_000;

/** sql, rows of t, type, risk, reversible */
const CASES: readonly (readonly [string, number | null, string, string, boolean])[] = [
  ['CREATE TABLE n (id int)', null, 'ddl', 'low', true],
  ['CREATE TABLE n (id int); INSERT INTO n VALUES (1)', null, 'combined', 'low', true],
  ['ALTER TABLE t ADD COLUMN a int', 99_999, 'ddl', 'low', true],
  ['ALTER TABLE t ADD COLUMN a int', 100_000, 'ddl', 'medium', true],
  ['ALTER TABLE t ADD COLUMN a int', 10 * M, 'ddl', 'medium', true],
  ['ALTER TABLE t ADD COLUMN a int', 10 * M + 1, 'ddl', 'high', true],
  ['ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0', 10, 'ddl', 'medium', true],
  ['ALTER TABLE t ALTER COLUMN a SET NOT NULL', 10, 'ddl', 'medium', true],
  ['ALTER TABLE t DROP COLUMN a', 10, 'destructive', 'medium', true],
  ['ALTER TABLE t DROP COLUMN a', 20 * M, 'destructive', 'high', true],
  ['DROP TABLE t', 10, 'destructive', 'medium', true],
  ['DROP TABLE t CASCADE', 10, 'destructive', 'critical', false],
  ['TRUNCATE t', 10, 'destructive', 'critical', true],
  ['DROP SCHEMA s CASCADE', null, 'destructive', 'critical', false],
  ['DROP DATABASE d', null, 'destructive', 'critical', false],
  ['DROP INDEX i', null, 'ddl', 'medium', true],
  ['DROP VIEW v', null, 'ddl', 'medium', true],
  ['INSERT INTO t VALUES (1)', 10, 'dml', 'low', true],
  ['UPDATE t SET a = 1', 10, 'dml', 'medium', true],
  ['UPDATE t SET a = 1', 20 * M, 'dml', 'high', true],
  ['DELETE FROM t WHERE a = 1', 10, 'dml', 'medium', true],
  ['ALTER TABLE t ADD COLUMN a int; UPDATE t SET a = 1', 10, 'combined', 'high', true],
  ['ALTER TABLE t RENAME TO u', 10, 'ddl', 'high', true],
  ['ALTER TABLE t RENAME COLUMN a TO b', 10, 'ddl', 'high', true],
  ['ALTER INDEX i RENAME TO j', null, 'ddl', 'medium', true],
  ['ALTER TABLE t ALTER COLUMN a TYPE bigint', 10, 'ddl', 'high', true],
  ['ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r', 10, 'ddl', 'medium', true],
  ['ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r', 20 * M, 'ddl', 'critical', true],
  ['CREATE TABLE p PARTITION OF t FOR VALUES IN (1)', 10, 'ddl', 'critical', true],
  ['ALTER TABLE t DETACH PARTITION p', 10, 'ddl', 'critical', true],
  ["ALTER TYPE e ADD VALUE 'x'", null, 'ddl', 'low', true],
  ['CREATE ROLE r', null, 'ddl', 'high', false],
  ['ALTER SYSTEM SET work_mem = 1', null, 'ddl', 'high', false],
  ['DO $$ BEGIN UPDATE t SET a = 1; END $$', null, 'dml', 'medium', true],
  ["DO $$ BEGIN EXECUTE 'CREATE INDEX i ON t (a)'; END $$", null, 'ddl', 'medium', true],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ DELETE FROM t $$', null, 'ddl', 'low', true],
];

describe('type, risk and reversibility', () => {
  it.each(CASES)('%s, %s rows', async (sql, rows, type, risk, reversible) => {
    const assessment = await assess(sql, { rows: { t: rows } });
    expect(assessment).toMatchObject({ type, risk, reversible });
    expect(assessment.reasons.length).toBeGreaterThan(0);
  });

  it('takes the rollback window from the policy, by risk', async () => {
    expect((await assess('CREATE TABLE n ()')).rollbackWindowHours).toBe(24);
    expect((await assess('DROP TABLE t CASCADE')).rollbackWindowHours).toBe(336);
  });

  it('says which row counts it does not know', async () => {
    const { reasons, relations } = await assess('ALTER TABLE t ADD COLUMN a int');
    expect(relations).toEqual([{ relation: 'public.t', rows: null, bytes: null, indexes: 0 }]);
    expect(reasons.join()).toContain('not known: public.t');
  });

  it('estimates work from sizes, and knows nothing without', async () => {
    const sized = await assess('CREATE INDEX i ON t (a)', { rows: { t: 10 * M } });
    const [low = 0, middle = 0, high = 0] = sized.statements[0]?.estimate?.lockMs ?? [];
    expect(low).toBeGreaterThan(100);
    expect(middle).toBeGreaterThan(low);
    expect(high).toBeGreaterThan(middle);
    expect((await assess('CREATE INDEX i ON t (a)')).statements[0]?.estimate).toBeNull();
  });
});
