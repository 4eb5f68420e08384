/** What a transaction has changed is all that differs: reading that alone gives what reading everything gives. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../../src/assess/trace/reading.ts';
import { snapshot, snapshotSince } from '../../../src/assess/trace/snapshot.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { outerMajors, testServer } from '../../support/servers.ts';

const SCHEMA = `
CREATE SCHEMA app; CREATE SCHEMA other;
CREATE TYPE app.mood AS ENUM ('ok'); CREATE DOMAIN app.small AS int CHECK (VALUE < 10); CREATE TYPE app.pair AS (a int, b int);
CREATE TABLE app.r (id serial PRIMARY KEY, code text UNIQUE);
CREATE TABLE app.t (id serial PRIMARY KEY, a int CHECK (a > 0), r_id int REFERENCES app.r, m app.mood, s app.small);
CREATE INDEX t_a ON app.t (a);
CREATE TABLE app.kid () INHERITS (app.t);
CREATE TABLE app.par (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE app.par1 PARTITION OF app.par FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE app.par2 PARTITION OF app.par DEFAULT;
CREATE INDEX par_id ON app.par (id);
CREATE VIEW app.v AS SELECT id, a FROM app.t;
CREATE MATERIALIZED VIEW app.mv AS SELECT id FROM app.r;
CREATE SEQUENCE app.free;
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE UPDATE ON app.r FOR EACH ROW EXECUTE FUNCTION app.g();
INSERT INTO app.r (code) VALUES ('a'), ('b'); INSERT INTO app.t (a, r_id) VALUES (1, 1), (2, 2);
`;

const STATEMENTS = `
ALTER TABLE app.t ADD COLUMN x int DEFAULT 1
ALTER TABLE app.t DROP COLUMN a CASCADE
ALTER TABLE app.t ALTER COLUMN r_id TYPE bigint
ALTER TABLE app.t RENAME COLUMN r_id TO other_id
ALTER TABLE app.t RENAME TO renamed
ALTER TABLE app.t SET SCHEMA other
ALTER TABLE app.t RENAME CONSTRAINT t_a_check TO positive
ALTER TABLE app.t DROP CONSTRAINT t_r_id_fkey
ALTER TABLE app.t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES app.r NOT VALID
ALTER TABLE app.t ADD CONSTRAINT u UNIQUE (a)
ALTER TABLE app.t ALTER COLUMN a SET NOT NULL
ALTER INDEX app.t_a RENAME TO t_b
DROP INDEX app.t_a
CREATE INDEX ON app.t (r_id)
REINDEX TABLE app.t
CLUSTER app.t USING t_pkey
TRUNCATE app.t
DROP TABLE app.t CASCADE
DROP TABLE app.r CASCADE
CREATE TABLE app.new (id serial PRIMARY KEY, t_id int REFERENCES app.t)
CREATE TABLE app.copied (LIKE app.t INCLUDING ALL)
CREATE TABLE app.made AS SELECT * FROM app.t
CREATE TABLE app.par3 PARTITION OF app.par FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
ALTER TABLE app.par DETACH PARTITION app.par1
ALTER TABLE app.par ADD COLUMN x int
CREATE INDEX ON app.par (at)
ALTER TABLE app.kid NO INHERIT app.t
ALTER TYPE app.mood ADD VALUE 'fine'
ALTER TYPE app.mood RENAME TO feeling
ALTER TYPE app.pair ADD ATTRIBUTE c int
ALTER TYPE app.pair RENAME TO twin
DROP TYPE app.pair
ALTER DOMAIN app.small DROP CONSTRAINT small_check
DROP DOMAIN app.small CASCADE
CREATE DOMAIN app.large AS bigint
CREATE OR REPLACE VIEW app.v AS SELECT id, a, r_id FROM app.t
DROP VIEW app.v
CREATE VIEW app.w AS SELECT * FROM app.v
REFRESH MATERIALIZED VIEW app.mv
ALTER SEQUENCE app.free OWNED BY app.r.code
ALTER SEQUENCE app.free RENAME TO used
CREATE SEQUENCE app.more
DROP FUNCTION app.f(int)
CREATE FUNCTION app.h() RETURNS int LANGUAGE sql AS 'SELECT 1'
DROP TRIGGER tr ON app.r
ALTER TRIGGER tr ON app.r RENAME TO tr2
CREATE POLICY p ON app.t
ALTER SCHEMA app RENAME TO application
DROP SCHEMA app CASCADE
CREATE SCHEMA more CREATE TABLE inside (id int)
CREATE EXTENSION citext SCHEMA other
DO $$ BEGIN ALTER TABLE app.t ADD COLUMN y int; DROP TABLE app.kid; EXECUTE 'ALTER TABLE app.r RENAME TO q'; END $$
DO $$ BEGIN BEGIN ALTER TABLE app.t DROP COLUMN a CASCADE; RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN NULL; END; END $$
UPDATE app.t SET a = a + 1
`
  .trim()
  .split('\n');

describe.each(outerMajors())('PostgreSQL %i', (major) => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await (await (await testServer(major)).createDatabase()).connect();
    await connection.script(SCHEMA);
  });
  afterAll(() => connection?.close());

  it.each(STATEMENTS)('%s', async (sql) => {
    await connection.script('BEGIN');
    try {
      const [before] = await ask(connection, snapshot);
      await connection.script(sql);
      const [since, whole] = await ask(connection, snapshotSince(before), snapshot);
      // Null: it says itself that it cannot tell.
      if (since === null) expect(sql).toMatch(/RENAME TO application|SET SCHEMA/);
      else {
        const sorted = (map: ReadonlyMap<unknown, unknown>) => new Map([...map].sort());
        // How a column's type is called is told of changed tables alone; sizes move with rows.
        expect(sorted(without(since.relations))).toEqual(sorted(without(whole.relations)));
        expect(sorted(since.constraints)).toEqual(sorted(whole.constraints));
        if (!/ALTER TYPE/.test(sql)) expect(sorted(since.columns)).toEqual(sorted(whole.columns));
        expect(since.objects).toEqual(whole.objects);
        expect(since.parents).toEqual(whole.parents);
      }
    } finally {
      await connection.script('ROLLBACK');
    }
  });
});

function without<T extends { readonly size: number }>(relations: ReadonlyMap<number, T>) {
  return new Map([...relations].map(([oid, { size: _, ...rest }]) => [oid, rest]));
}
