import { describe, expect, test } from 'vitest';
import { PARK_COMMENT_PREFIX, PARKED_PREFIX, type ParkMemo } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { quoteLiteral } from '../../../src/sql/quote.ts';
import { testServer } from '../../support/servers.ts';
import { turn, withConnection } from './round-trip.ts';

const SHOP = `
  CREATE SCHEMA ferrata_attic;
  CREATE TABLE customer (id int PRIMARY KEY);
  CREATE TABLE t (id serial PRIMARY KEY, a int NOT NULL DEFAULT 5 CHECK (a > 0), b text, customer int REFERENCES customer);
  CREATE INDEX t_a ON t (a);
  CREATE VIEW v AS SELECT id, a FROM t;
  COMMENT ON TABLE t IS 'the table';
  COMMENT ON COLUMN t.a IS 'the column';
  INSERT INTO customer VALUES (1);
  INSERT INTO t (a, b, customer) VALUES (1, 'x', 1), (2, 'y', NULL);`;

function memo(parkId: string, rest: Partial<ParkMemo>): string {
  const full: ParkMemo = {
    v: 1,
    parkId,
    kind: 'table',
    schema: 'public',
    table: 't',
    column: null,
    comment: null,
    relations: [],
    ...rest,
  };
  return quoteLiteral(`${PARK_COMMENT_PREFIX}${JSON.stringify(full)}`);
}

async function parkTable(connection: Connection, parkId: string, comment: string): Promise<void> {
  const relations: ParkMemo['relations'] = [
    { kind: 'index', parked: `${parkId}_i1`, name: 't_a' },
    { kind: 'index', parked: `${parkId}_i2`, name: 't_pkey' },
    { kind: 'sequence', parked: `${parkId}_s1`, name: 't_id_seq' },
  ];
  await connection.script(`
    ALTER TABLE t SET SCHEMA ferrata_attic;
    ALTER TABLE ferrata_attic.t RENAME TO ${parkId};
    ALTER INDEX ferrata_attic.t_a RENAME TO ${parkId}_i1;
    ALTER INDEX ferrata_attic.t_pkey RENAME TO ${parkId}_i2;
    ALTER SEQUENCE ferrata_attic.t_id_seq RENAME TO ${parkId}_s1;
    COMMENT ON TABLE ferrata_attic.${parkId} IS ${memo(parkId, { relations, comment })}`);
}

async function parkColumn(connection: Connection, parkId: string): Promise<void> {
  const name = `${PARKED_PREFIX}${parkId}`;
  await connection.script(`
    ALTER TABLE t RENAME COLUMN a TO ${name};
    ALTER TABLE t ALTER COLUMN ${name} DROP NOT NULL, ALTER COLUMN ${name} DROP DEFAULT, DROP CONSTRAINT t_a_check;
    DROP INDEX t_a;
    COMMENT ON COLUMN t.${name} IS ${memo(parkId, { kind: 'column', column: 'a', comment: 'the column' })}`);
}

for (const major of [18, 15]) {
  describe(`what lies parked comes back, PostgreSQL ${major}`, () => {
    const scenario = async (work: (connection: Connection) => Promise<void>): Promise<void> => {
      const server = await testServer(major);
      await withConnection(await server.createDatabase(), async (connection) => {
        await connection.script(SHOP);
        await work(connection);
      });
    };

    test('a table, with rows, foreign key, index, sequence and comment', () =>
      scenario(async (connection) => {
        await connection.script('DROP VIEW v');
        const before = await readCatalog(connection);
        await parkTable(connection, 'p1', 'the table');
        const back = await turn(connection, before, {}, false);
        expect(back.problem).toBeNull();
        expect(back.rendering.statements.some((one) => one.destroysData)).toBe(false);
        expect(await connection.query('SELECT id, a, b FROM t ORDER BY id')).toEqual([
          { id: 1, a: 1, b: 'x' },
          { id: 2, a: 2, b: 'y' },
        ]);
      }));

    test('a table whose name was taken meanwhile', () =>
      scenario(async (connection) => {
        await connection.script('DROP VIEW v');
        const before = await readCatalog(connection);
        await parkTable(connection, 'p1', 'the table');
        await connection.script(
          'CREATE TABLE t (id serial PRIMARY KEY, x text); CREATE VIEW w AS SELECT * FROM t',
        );
        const back = await turn(connection, before, {}, false);
        expect(back.problem).toBeNull();
        expect(await connection.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 2 }]);
      }));

    test('the right one of two parked tables of one name', () =>
      scenario(async (connection) => {
        await connection.script('DROP VIEW v');
        const before = await readCatalog(connection);
        await parkTable(connection, 'p1', 'the table');
        await connection.script('CREATE TABLE t (id serial PRIMARY KEY, a int); CREATE INDEX t_a ON t (a)');
        const between = await readCatalog(connection);
        await parkTable(connection, 'p2', 'another');
        const first = await turn(connection, between, {}, false);
        expect(first.problem).toBeNull();
        await parkTable(connection, 'p3', 'another');
        const back = await turn(connection, before, {}, false);
        expect(back.problem).toBeNull();
        expect(await connection.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 2 }]);
      }));

    test('a table that others refer to', () =>
      scenario(async (connection) => {
        const before = await readCatalog(connection);
        await connection.script('DROP VIEW v; CREATE TABLE other (t int)');
        await parkTable(connection, 'p1', 'the table');
        const back = await turn(connection, before, {}, false);
        expect(back.problem).toBeNull();
      }));

    test('a column, with its values, NOT NULL, default, check and index', () =>
      scenario(async (connection) => {
        await connection.script('DROP VIEW v');
        const before = await readCatalog(connection);
        await parkColumn(connection, 'c1');
        await connection.script(`INSERT INTO t (b) VALUES ('late')`);
        const back = await turn(connection, before, {}, false);
        expect(back.problem).toBeNull();
        expect(await connection.query('SELECT a, b FROM t ORDER BY id')).toEqual([
          { a: 1, b: 'x' },
          { a: 2, b: 'y' },
          { a: 5, b: 'late' },
        ]);
      }));

    test('a table that was published is published again, and nothing else of the publication changes', () =>
      scenario(async (connection) => {
        await connection.script(
          'DROP VIEW v; CREATE PUBLICATION p FOR TABLE t (id, a) WHERE (id > 1), customer; CREATE PUBLICATION q FOR TABLE t',
        );
        const before = await readCatalog(connection);
        // As parking does it: a table in the attic is in no publication.
        await connection.script('ALTER PUBLICATION p DROP TABLE t; ALTER PUBLICATION q DROP TABLE t');
        await parkTable(connection, 'p1', 'the table');
        const back = await turn(connection, before, {}, false);
        expect(back.problem).toBeNull();
        const about = back.rendering.statements.filter(({ sql }) => sql.includes('PUBLICATION'));
        expect(about.map(({ sql }) => sql)).toEqual([
          'ALTER PUBLICATION p ADD TABLE ONLY public.t (id, a) WHERE ((id > 1))',
          'ALTER PUBLICATION q ADD TABLE ONLY public.t',
        ]);
      }));

    test('a column of a publication’s list is in it again', () =>
      scenario(async (connection) => {
        await connection.script('DROP VIEW v; CREATE PUBLICATION p FOR TABLE t (id, a), customer');
        const before = await readCatalog(connection);
        await connection.script('ALTER PUBLICATION p SET TABLE t (id), customer');
        await parkColumn(connection, 'c1');
        const back = await turn(connection, before, {}, false);
        expect(back.problem).toBeNull();
        expect(
          await connection.query('SELECT attnames FROM pg_publication_tables ORDER BY tablename'),
        ).toEqual([{ attnames: ['id'] }, { attnames: ['id', 'a'] }]);
      }));

    test('a column whose name was taken, and a table that was renamed', () =>
      scenario(async (connection) => {
        await connection.script('DROP VIEW v');
        const before = await readCatalog(connection);
        await parkColumn(connection, 'c1');
        await connection.script(
          'ALTER TABLE t ADD a text; ALTER TABLE t RENAME TO u; CREATE INDEX t_a ON u (a)',
        );
        const back = await turn(connection, before, {}, false);
        expect(back.problem).toBeNull();
        expect(await connection.query('SELECT a FROM t ORDER BY id')).toEqual([{ a: 1 }, { a: 2 }]);
      }));
  });
}
