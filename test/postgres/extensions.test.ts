import { expect, test } from 'vitest';
import { extensionHint } from '../../src/postgres/extensions.ts';
import { testServer } from '../support/servers.ts';

/** What the server itself says on a database without extensions. */
test.each([
  ['CREATE TABLE t (id uuid DEFAULT uuid_generate_v4())', 'uuid-ossp'],
  ["SELECT public.crypt('a', 'b')", 'pgcrypto'],
  ['CREATE TABLE t (a text); CREATE INDEX ON t USING gin (a gin_trgm_ops)', 'pg_trgm'],
  ['CREATE TABLE t (a public.citext)', 'citext'],
  ['CREATE TABLE t (a hstore[])', 'hstore'],
  ['CREATE TABLE t (a geometry(Point, 4326))', 'postgis'],
  ['CREATE TABLE t (a vector(3))', 'vector'],
  ['CREATE EXTENSION postgis_of_nobody', 'postgis_of_nobody'],
  ['CREATE TABLE t (a int, EXCLUDE USING gist (a WITH =))', 'btree_gist'],
  ["SELECT cron.schedule('a', 'b', 'c')", 'pg_cron'],
])('%s', async (sql, extension) => {
  const server = await testServer(18);
  const connection = await (await server.createDatabase()).connect();
  const failure = connection.script(sql).then(
    () => null,
    (error: unknown) => error,
  );
  await expect(failure).resolves.toMatchObject({
    details: { hint: expect.stringContaining(`"${extension}"`) },
  });
  await connection.close();
});

test('other messages tell of none', () => {
  expect(extensionHint('relation "vector" does not exist')).toBeUndefined();
  expect(extensionHint('function my_crypt(text) does not exist')).toBeUndefined();
  expect(extensionHint('type "colour" does not exist')).toBeUndefined();
});
