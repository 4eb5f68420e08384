/** Parse and Describe: nothing runs, a held statement keeps its name, an error leaves the connection usable. */
import { describe, expect, test } from 'vitest';
import { outerMajors, testServer } from '../support/servers.ts';

describe.each(outerMajors())('describe on PostgreSQL %i', (major) => {
  test('tells parameters and columns, and runs nothing', async () => {
    const server = await testServer(major);
    const connection = await (await server.createDatabase()).connect('test');
    try {
      await connection.script('CREATE TABLE t (a int, b varchar(20))');
      const select = await connection.describe({ sql: 'SELECT b, a FROM t WHERE a = $1 AND b = $2' });
      expect(select.parameters).toEqual([23, 25]);
      expect(select.columns).toEqual([
        { name: 'b', type: 1043, modifier: 24 },
        { name: 'a', type: 23, modifier: -1 },
      ]);
      const insert = await connection.describe({ sql: 'INSERT INTO t (a) VALUES ($1)' });
      expect(insert).toEqual({ parameters: [23], columns: null });
      expect(await connection.rows('SELECT count(*)::int FROM t')).toEqual([[0]]);
    } finally {
      await connection.close();
    }
  });

  test('a refused one names its SQLSTATE, and the connection goes on', async () => {
    const server = await testServer(major);
    const connection = await server.connector.connect('test');
    try {
      await expect(connection.describe({ sql: 'SELECT nothing_here FROM pg_class' })).rejects.toMatchObject({
        details: { sqlState: '42703' },
      });
      await expect(connection.describe({ sql: 'SELECT $1 IS NULL' })).rejects.toMatchObject({
        details: { sqlState: '42P18' },
      });
      const known = await connection.describe({ sql: 'SELECT $1 IS NULL', parameters: [25] });
      expect(known.parameters).toEqual([25]);
      expect(await connection.rows('SELECT 1')).toEqual([[1]]);
    } finally {
      await connection.close();
    }
  });

  test('what is held under a name is described again, and tells that its result would change', async () => {
    const server = await testServer(major);
    const database = await server.createDatabase();
    const [held, other] = [await database.connect('test'), await database.connect('test')];
    try {
      await held.script('CREATE TABLE t (a int)');
      await held.describe({ sql: 'SELECT * FROM t', name: 'h1' });
      expect((await held.describe({ name: 'h1' })).columns).toHaveLength(1);
      await other.script('ALTER TABLE t ADD COLUMN b int');
      await expect(held.describe({ name: 'h1' })).rejects.toMatchObject({
        message: expect.stringContaining('cached plan must not change result type'),
        details: { sqlState: '0A000' },
      });
    } finally {
      await held.close();
      await other.close();
    }
  });
});
