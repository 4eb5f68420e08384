import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { testServer } from '../support/servers.ts';

describe.each([18, 15])('a connection to PostgreSQL %i', (major) => {
  it('knows its server', async () => {
    const server = await testServer(major);
    const connection = await server.connector.connect('test');
    const [row] = await connection.query<{ name: string; pid: number }>(
      "SELECT current_setting('application_name') AS name, pg_backend_pid() AS pid",
    );
    expect(row).toEqual({ name: 'ferrata:test', pid: connection.pid });
    expect(connection.server).toMatchObject({
      major: server.major,
      superuser: true,
      inRecovery: false,
      pooled: false,
      user: 'postgres',
      database: 'postgres',
      label: `127.0.0.1:${server.port}/postgres`,
    });
    await connection.close();
  });

  it('gives numbers, booleans, arrays and JSON their types and leaves the rest as text', async () => {
    const connection = await (await testServer(major)).connector.connect();
    const [row] = await connection.query(`
      SELECT 9007199254740993::int8 AS big, 1.10::numeric AS exact, 7::int4 AS small, true AS yes, 1.5::float8 AS real,
             date '2024-02-29' AS day, '{"a":[1,null]}'::jsonb AS json, '\\x00ff'::bytea AS bytes, NULL::int4 AS nothing,
             ARRAY['a,b', 'c"d\\', NULL, 'NULL', '']::text[] AS texts, ARRAY[[1,2],[3,4]] AS nested, '{}'::name[] AS empty`);
    expect(row).toEqual({
      big: '9007199254740993',
      exact: '1.10',
      small: 7,
      yes: true,
      real: 1.5,
      day: '2024-02-29',
      json: { a: [1, null] },
      bytes: Buffer.from([0, 255]),
      nothing: null,
      texts: ['a,b', 'c"d\\', null, 'NULL', ''],
      nested: [
        [1, 2],
        [3, 4],
      ],
      empty: [],
    });
    expect(await connection.rows('SELECT $1::int4, $2::text', [1, 'x'])).toEqual([[1, 'x']]);
    await connection.close();
  });

  it('runs a script of several statements, all values as text', async () => {
    const connection = await (await (await testServer(major)).createDatabase()).connect();
    const results = await connection.script(
      "CREATE TABLE t (a int, b bool); INSERT INTO t VALUES (1, true), (2, NULL); SELECT * FROM t; SELECT 'x'",
    );
    expect(results).toEqual([
      [],
      [],
      [
        ['1', 't'],
        ['2', null],
      ],
      [['x']],
    ]);
    await connection.close();
  });

  it('commits, rolls back and rethrows, and does not take a rolled back COMMIT for success', async () => {
    const connection = await (await (await testServer(major)).createDatabase()).connect();
    await connection.script('CREATE TABLE t (a int)');
    await connection.transaction(async () => {
      await connection.query('INSERT INTO t VALUES (1)');
    });
    await expect(
      connection.transaction(async () => {
        await connection.query('INSERT INTO t VALUES (2)');
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    await expect(
      connection.transaction(async () => {
        await connection.query('INSERT INTO t VALUES (3)');
        await connection.query('SELECT 1/0').catch(() => {});
      }),
    ).rejects.toMatchObject({ code: 'sql-failed', details: { sqlState: '25P02' } });
    await expect(
      connection.transaction(() => connection.query('INSERT INTO t VALUES (4)'), { readOnly: true }),
    ).rejects.toMatchObject({ code: 'server-read-only' });
    const isolation = await connection.transaction(() => connection.query('SHOW transaction_isolation'), {
      isolation: 'repeatable read',
    });
    expect(isolation).toEqual([{ transaction_isolation: 'repeatable read' }]);
    expect(await connection.rows('SELECT a FROM t')).toEqual([[1]]);
    await connection.close();
  });

  it('copies in and out, and stays usable after a failed copy', async () => {
    const connection = await (await (await testServer(major)).createDatabase()).connect();
    await connection.script('CREATE TABLE t (a int)');
    const rows = Array.from({ length: 5000 }, (_, n) => `${n}\n`);
    await pipeline(rows, await connection.copyFrom('COPY t FROM STDIN'));
    const chunks: Buffer[] = [];
    for await (const chunk of await connection.copyTo('COPY (SELECT a FROM t ORDER BY a) TO STDOUT')) {
      chunks.push(chunk as Buffer);
    }
    expect(Buffer.concat(chunks).toString()).toBe(rows.join(''));
    await expect(pipeline(['x\n'], await connection.copyFrom('COPY t FROM STDIN'))).rejects.toMatchObject({
      code: 'sql-failed',
      details: { sqlState: '22P02' },
    });
    await expect(
      (async () => {
        for await (const _ of await connection.copyTo('COPY nowhere TO STDOUT'));
      })(),
    ).rejects.toMatchObject({ code: 'sql-failed', details: { sqlState: '42P01' } });
    expect(await connection.rows('SELECT count(*)::int4 FROM t')).toEqual([[5000]]);
    await connection.close();
  });

  it('hears notices until told not to', async () => {
    const connection = await (await testServer(major)).connector.connect();
    const heard: string[] = [];
    const stop = connection.onNotice((notice) =>
      heard.push(`${notice.severity} ${notice.code} ${notice.message}`),
    );
    await connection.script("DO $$ BEGIN RAISE NOTICE 'hello'; END $$");
    stop();
    await connection.script("DO $$ BEGIN RAISE NOTICE 'again'; END $$");
    expect(heard).toEqual(['NOTICE 00000 hello']);
    await connection.close();
  });

  it('takes queries that are sent at once in their order', async () => {
    const connection = await (await testServer(major)).connector.connect();
    const results = await Promise.all([1, 2, 3].map((n) => connection.rows('SELECT $1::int4', [n])));
    expect(results).toEqual([[[1]], [[2]], [[3]]]);
    await connection.close();
  });
});
