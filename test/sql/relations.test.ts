import { describe, expect, it } from 'vitest';
import { parseScript } from '../../src/sql/parse.ts';
import { madeRelation, readRelations, touchedRelations, writtenRelations } from '../../src/sql/relations.ts';
import { outsideTransaction } from '../../src/sql/transactional.ts';
import { showName } from '../../src/sql/tree.ts';

async function one(sql: string) {
  const [statement] = (await parseScript(sql, 'x')).statements;
  if (statement === undefined) throw new Error('no statement');
  return statement;
}

describe('writtenRelations and readRelations', () => {
  it.each([
    ['INSERT INTO a SELECT * FROM b', ['a'], ['b']],
    ['UPDATE s.a SET x = (SELECT 1 FROM c) FROM b WHERE true', ['s.a'], ['b', 'c']],
    ['DELETE FROM "A b" USING c WHERE true', ['"A b"'], ['c']],
    ['MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE', ['a'], ['b']],
    ['TRUNCATE a, ONLY s.b', ['a', 's.b'], []],
    ["COPY a FROM '/x'", ['a'], []],
    ['COPY (SELECT 1 FROM b) TO stdout', [], ['b']],
    ['WITH d AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM d', ['a', 'b'], []],
    ['WITH d AS (UPDATE a SET x = 1 RETURNING *) SELECT * FROM d, e', ['a'], ['e']],
    ['EXPLAIN DELETE FROM a', [], ['a']],
    ['EXPLAIN ANALYZE DELETE FROM a', ['a'], []],
    ['CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM a; END', [], []],
    ['CREATE RULE r AS ON INSERT TO a DO ALSO DELETE FROM b', [], []],
    ['SELECT 1 FROM a JOIN b USING (x) WHERE EXISTS (SELECT 1 FROM c)', [], ['a', 'b', 'c']],
  ] as const)('%s', async (sql, written, read) => {
    const statement = await one(sql);
    expect(writtenRelations(statement).map(showName).sort()).toEqual([...written]);
    if (!/^(EXPLAIN DELETE|CREATE)/.test(sql)) {
      expect(readRelations(statement).map(showName).sort()).toEqual([...read]);
    }
  });
});

it.each([
  ['CREATE TABLE a (id int)', 'a', false, false],
  ['CREATE TABLE IF NOT EXISTS s.a (id int)', 's.a', false, true],
  ['CREATE TEMP TABLE a (id int)', 'a', true, false],
  ['CREATE TABLE pg_temp.a (id int)', 'pg_temp.a', true, false],
  ['CREATE TABLE a AS SELECT 1', 'a', false, false],
  ['SELECT 1 INTO a', 'a', false, false],
  ['CREATE OR REPLACE VIEW a AS SELECT 1', 'a', false, true],
  ['CREATE MATERIALIZED VIEW a AS SELECT 1', 'a', false, false],
  ['CREATE SEQUENCE a', 'a', false, false],
  ['CREATE FOREIGN TABLE a (id int) SERVER s', 'a', false, false],
] as const)('madeRelation: %s', async (sql, name, temporary, maybe) => {
  const made = madeRelation(await one(sql));
  expect(made === null ? null : { ...made, name: showName(made.name) }).toEqual({ name, temporary, maybe });
});

it.each([
  ['ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b', ['a', 'b']],
  ['DROP TABLE a, s.b', ['a', 's.b']],
  ['ALTER TABLE a RENAME TO b', ['a']],
  ['CREATE INDEX ON a (x)', ['a']],
  ['CREATE VIEW v AS SELECT 1 FROM a', ['a', 'v']],
] as const)('touchedRelations: %s', async (sql, names) => {
  expect(
    touchedRelations(await one(sql))
      .map(showName)
      .sort(),
  ).toEqual([...names]);
});

it.each([
  ['CREATE INDEX CONCURRENTLY i ON t (a)', true],
  ['CREATE INDEX i ON t (a)', false],
  ['DROP INDEX CONCURRENTLY i', true],
  ['REINDEX TABLE CONCURRENTLY t', true],
  ['REINDEX (CONCURRENTLY off) TABLE t', false],
  ['REINDEX SCHEMA s', true],
  ['REINDEX DATABASE', true],
  ['VACUUM t', true],
  ['ANALYZE t', false],
  ['CLUSTER', true],
  ['CLUSTER t', false],
  ['ALTER TABLE a DETACH PARTITION b CONCURRENTLY', true],
  ['ALTER TABLE a DETACH PARTITION b', false],
  ['CREATE DATABASE d', true],
  ['ALTER DATABASE d SET TABLESPACE t', true],
  ['ALTER DATABASE d SET x.y = 1', false],
  ["CREATE TABLESPACE t LOCATION '/x'", true],
  ['ALTER SYSTEM SET work_mem = 1', true],
  ['DISCARD ALL', true],
  ['DISCARD PLANS', false],
  ["CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", true],
  ["CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false)", false],
  ["CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = off)", false],
  ['ALTER SUBSCRIPTION s REFRESH PUBLICATION', true],
  ['ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)', false],
  ["ALTER TYPE e ADD VALUE 'x'", false],
  ['DO $$ BEGIN UPDATE t SET a = 1; COMMIT; END $$', true],
  ["DO $$ BEGIN RAISE NOTICE 'COMMIT;'; END $$", false],
  ['DO $$ BEGIN -- COMMIT;\n NULL; END $$', false],
] as const)('outsideTransaction: %s is %s', async (sql, outside) => {
  expect(outsideTransaction(await one(sql)) !== null).toBe(outside);
});
