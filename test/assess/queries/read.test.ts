/** Queries from files, and from pg_stat_statements of servers that collect it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readQueryFiles } from '../../../src/assess/queries/read-files.ts';
import { readStatementStatistics } from '../../../src/assess/queries/read-statements.ts';
import { isAboutTheServer, readQueries, readQuery } from '../../../src/assess/queries/read-text.ts';
import { findServers } from '../../../src/postgres/programs.ts';
import { startScratchServer } from '../../../src/postgres/server.ts';
import { testServer } from '../../support/servers.ts';

test('statements are split, named and placed; what carries a query is judged by it', async () => {
  const read = await readQueries(`
-- name: GetOne :one
-- by its key
SELECT a FROM t WHERE id = :id;

/* name: two */ UPDATE t SET a = 'x;y' WHERE id = ?;
SELECT $$;$$ AS "a;b"; -- name: nobody
DECLARE c CURSOR FOR SELECT b FROM t;
EXPLAIN SELECT c FROM t;
PREPARE p AS SELECT d FROM t WHERE e = $1;
COPY t (a, "B") FROM STDIN;
COPY (SELECT f FROM t) TO STDOUT;
CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
SET x = 1;
SELEC nothing;
`);
  expect(read.queries.map(({ name, line, sql, kind }) => [name, line, sql, kind])).toEqual([
    ['GetOne', 4, 'SELECT a FROM t WHERE id = $1', 'SelectStmt'],
    ['two', 6, "UPDATE t SET a = 'x;y' WHERE id = $1", 'UpdateStmt'],
    [null, 7, 'SELECT $$;$$ AS "a;b"', 'SelectStmt'],
    [null, 8, 'SELECT b FROM t', 'SelectStmt'],
    [null, 9, 'SELECT c FROM t', 'SelectStmt'],
    [null, 10, 'SELECT d FROM t WHERE e = $1', 'SelectStmt'],
    [null, 11, 'SELECT a, "B" FROM t', 'SelectStmt'],
    [null, 12, 'SELECT f FROM t', 'SelectStmt'],
  ]);
  expect(read.utility).toBe(2);
  expect(read.unread).toEqual([{ sql: 'SELEC nothing', line: 15, why: expect.stringContaining('SELEC') }]);
});

test('what normalising a text took away is put back where the grammar needs it', async () => {
  const mended = async (sql: string) => {
    const read = await readQuery(sql);
    return typeof read === 'object' && read !== null ? read.sql : read;
  };
  expect(await mended('SELECT now() - interval $1, extract($2 from now()), a FROM t WHERE d > date $3')).toBe(
    'SELECT now() - CAST($1 AS interval), extract(epoch from now()), a FROM t WHERE d > CAST($3 AS date)',
  );
  expect(await mended('SELECT a FROM t WHERE b IN ($1 /*, ... */)')).toBe(
    'SELECT a FROM t WHERE b IN ($1 /*, ... */)',
  );
  expect(await isAboutTheServer('SELECT * FROM pg_catalog.pg_class c JOIN pg_stat_activity a ON true')).toBe(
    true,
  );
  expect(await isAboutTheServer('SELECT * FROM pg_class JOIN orders ON true')).toBe(false);
  expect(await isAboutTheServer('SELECT f()')).toBe(false);
});

test('a folder is read by name, its subfolders too; a file of one query lends it its name', async () => {
  const root = await mkdtemp(join(tmpdir(), 'ferrata-queries-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, 'q/sub/node_modules'), { recursive: true });
  await writeFile(join(root, 'q/b_find.sql'), 'SELECT b FROM t');
  await writeFile(join(root, 'q/a.sql'), 'SELECT a FROM t; SELECT aa FROM t');
  await writeFile(join(root, 'q/sub/c.SQL'), 'SELECT c FROM t');
  await writeFile(join(root, 'q/sub/node_modules/d.sql'), 'SELECT d FROM t');
  await writeFile(join(root, 'q/e.txt'), 'SELECT e FROM t');
  const { queries } = await readQueryFiles(join(root, 'q'), root);
  expect(queries.map(({ id, name, file, sql }) => [id, name, file, sql])).toEqual([
    ['q1', null, 'q/a.sql', 'SELECT a FROM t'],
    ['q2', null, 'q/a.sql', 'SELECT aa FROM t'],
    ['q3', 'b_find', 'q/b_find.sql', 'SELECT b FROM t'],
    ['q4', 'c', 'q/sub/c.SQL', 'SELECT c FROM t'],
  ]);
});

describe.each([18, 15])('pg_stat_statements of PostgreSQL %i', (major) => {
  test('texts of this database, with calls; the rest is counted', { timeout: 60_000 }, async () => {
    const root = await mkdtemp(join(tmpdir(), 'ferrata-pgss-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const programs = (await findServers(root)).find((one) => one.major === major);
    if (programs === undefined) {
      // Told by the set-up as well: CI has both.
      console.warn(`PostgreSQL ${major} is not on this machine: pg_stat_statements is not tested on it.`);
      return;
    }
    const server = await startScratchServer(programs, root, {
      shared_preload_libraries: 'pg_stat_statements',
    });
    onTestFinished(() => server.stop());
    const [connection, other] = [
      await server.connector('postgres').connect('test'),
      await server.connector('template1').connect('test'),
    ];
    onTestFinished(() => Promise.all([connection.close(), other.close()]).then(() => undefined));
    await connection.script(`CREATE SCHEMA tools; CREATE EXTENSION pg_stat_statements SCHEMA tools;
      CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, note text);
      CREATE ROLE app LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA shop TO app; GRANT SELECT ON shop.orders TO app;
      ALTER ROLE app SET search_path = shop, public`);
    await connection.script(`SELECT tools.pg_stat_statements_reset()`);
    for (let n = 0; n < 3; n++)
      await connection.query('SELECT id FROM shop.orders WHERE note = $1', [`x${n}`]);
    await connection.script("INSERT INTO shop.orders VALUES (1, 'a'), (2, 'b')");
    await connection.script("SELECT id FROM shop.orders WHERE now() > timestamptz '2020-01-01'");
    await connection.script('SELECT relname FROM pg_class LIMIT 1');
    await other.script('SELECT 42');
    const appUrl = new URL(server.url('postgres'));
    appUrl.username = 'app';
    appUrl.password = 'x';
    const { createConnector } = await import('../../../src/postgres/connect.ts');
    const application = await createConnector(appUrl.href).connect('test');
    onTestFinished(() => application.close());
    await application.query('SELECT note FROM orders WHERE id = $1', [1]);

    const { queries, skipped, unread } = await readStatementStatistics(connection);
    const told = queries.map(({ sql, calls, role, searchPath }) => [sql, calls, role, searchPath]);
    expect(told[0]).toEqual(['SELECT id FROM shop.orders WHERE note = $1', 3, 'postgres', null]);
    expect(told).toContainEqual(['SELECT note FROM orders WHERE id = $1', 1, 'app', 'shop, public']);
    expect(told).toContainEqual([
      'SELECT id FROM shop.orders WHERE now() > CAST($1 AS timestamptz)',
      1,
      'postgres',
      null,
    ]);
    expect(told).toContainEqual(['INSERT INTO shop.orders VALUES ($1, $2), ($3, $4)', 1, 'postgres', null]);
    expect(unread).toEqual([]);
    expect(skipped).toMatchObject({
      'queries about the server itself': expect.any(Number),
      'statements of other databases': expect.any(Number),
    });
    expect(queries.map(({ id }) => id)).toEqual(queries.map((_, index) => `q${index + 1}`));

    const mine = await readStatementStatistics(connection, ['app']);
    expect(mine.queries.map(({ sql }) => sql)).toContain('SELECT note FROM orders WHERE id = $1');
    expect(mine.queries.every(({ role }) => role === 'app')).toBe(true);
    expect(mine.skipped['statements of other roles']).toBeGreaterThan(0);
  });
});

test('without the extension, or without its library, the way to it is told', async () => {
  const server = await testServer(18);
  const connection = await (await server.createDatabase()).connect('test');
  onTestFinished(() => connection.close());
  await expect(readStatementStatistics(connection)).rejects.toMatchObject({
    code: 'queries-unreadable',
    details: { hint: expect.stringContaining('CREATE EXTENSION') },
  });
  await connection.script('CREATE EXTENSION pg_stat_statements');
  await expect(readStatementStatistics(connection)).rejects.toMatchObject({
    code: 'queries-unreadable',
    details: { hint: expect.stringContaining('shared_preload_libraries') },
  });
});
