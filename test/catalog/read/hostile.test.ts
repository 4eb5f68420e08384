/**
 * A database may have casts, functions and operators of its own for the server's own types. What reads a schema or its
 * content must not run them, and must read the same with them as without.
 */
import { expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import { compareData, explainLosses, fingerprintData } from '../../../src/catalog/data/fingerprint.ts';
import type { Catalog } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { failingCasts, IMPLICIT_CASTS, LYING_CASTS } from '../../support/hostile.ts';
import { outerMajors, testServer } from '../../support/servers.ts';
import { CASES } from './cases.ts';

const TARGETS = ['text', 'text[]', 'json', 'jsonb', 'bigint', 'name', 'oid'];

/** Without what the casts themselves are. */
function withoutCasts(catalog: Catalog): Catalog {
  const kept = [...catalog.objects].filter(
    ([key, object]) => object.kind !== 'cast' && !/\bhostile\b/.test(key),
  );
  return { ...catalog, objects: new Map(kept) };
}

test.each([...outerMajors()])('PostgreSQL %i: every kind is read without a cast', async (major) => {
  const server = await testServer(major);
  const connector = await server.createDatabase();
  const connection = await connector.connect('test');
  const tag = connection.server.database.slice(2);
  const named = (text: string) => text.replaceAll(/\b(reader|writer)\b/g, (role) => `${role}_${tag}`);
  await connection.script(`CREATE ROLE reader_${tag}; CREATE ROLE writer_${tag};
    SET client_min_messages = warning; SET allow_system_table_mods = on; BEGIN`);
  let made = 0;
  for (const one of CASES) {
    if (one.from !== undefined && server.major < one.from) continue;
    // Some stand in each other's way, some can't run in a transaction: every kind is there without them.
    try {
      await connection.script(`SAVEPOINT one; CREATE SCHEMA s; SET search_path = s;
        ${named(one.setup)}; SET search_path = s; ${named(one.change)};
        SET search_path = public; ALTER SCHEMA s RENAME TO s_${made}`);
      made++;
    } catch {
      await connection.script('ROLLBACK TO one');
    }
  }
  expect(made).toBeGreaterThan(CASES.length / 2);
  const inTransaction = true;
  const before = await readCatalog(connection, { inTransaction });
  await connection.script('SAVEPOINT casts');
  for (const target of TARGETS) await connection.script(failingCasts(target));
  const after = await readCatalog(connection, { inTransaction });
  expect(compareCatalogs(withoutCasts(before), withoutCasts(after)).differences).toEqual([]);
  expect(after.objects.size).toBeGreaterThan(before.objects.size + 500);
  await connection.script(`ROLLBACK TO casts; ${IMPLICIT_CASTS}`);
  const ambiguous = await readCatalog(connection, { inTransaction });
  expect(compareCatalogs(withoutCasts(before), withoutCasts(ambiguous)).differences).toEqual([]);
  // The roles go with it.
  await connection.script('ROLLBACK');
  await connection.close();
});

test.each([...outerMajors()])('PostgreSQL %i: content is told apart by what it is', async (major) => {
  const server = await testServer(major);
  const connections = await Promise.all(
    [1, 2].map(async () => (await server.createDatabase()).connect('test')),
  );
  const [one, other] = connections;
  if (one === undefined || other === undefined) throw new Error('no connection');
  for (const connection of connections) await connection.script(`${LYING_CASTS}; ${IMPLICIT_CASTS}`);
  expect(compareData(await fingerprintData(one), await fingerprintData(other))).toEqual([]);
  const changes = {
    m: `'ok'`,
    ms: `'{ok}'`,
    ts: `'{b}'`,
    p: `'(1,b)'`,
    ps: `'{"(2,a)"}'`,
    w: `'b'`,
    e: 'NULL',
  };
  const start = await fingerprintData(one);
  for (const [column, value] of Object.entries(changes)) {
    await other.script(`BEGIN; UPDATE own.held SET ${column} = ${value} WHERE id = 1`);
    const now = await fingerprintData(other, { inTransaction: true });
    expect(compareData(start, now)).toEqual([{ table: 'own.held', column, rows: 3 }]);
    await other.script('ROLLBACK');
  }
  // A row of NULLs is no NULL.
  await other.script('UPDATE own.held SET p = NULL WHERE id = 3');
  const data = await fingerprintData(other);
  expect(await explainLosses({ connection: one, data: start }, { connection: other, data })).toEqual([
    { table: 'own.held', column: 'p', rows: 1 },
  ]);
  // With casts that fail, and where the server's own casts would be looked for.
  const wanted = (await fingerprintData(other)).tables.get('own.held');
  const free = await (await server.createDatabase()).connect('test');
  await free.script(`CREATE SCHEMA own; CREATE TABLE own.numbers AS SELECT i, i::numeric AS n, ARRAY[i] AS a, now() AS t
    FROM generate_series(1, 9) i; CREATE SEQUENCE own.s`);
  const without = await fingerprintData(free);
  for (const target of TARGETS) await free.script(failingCasts(target));
  expect(await fingerprintData(free)).toEqual(without);
  expect(wanted?.rows).toBe(3);
  for (const connection of [one, other, free]) await connection.close();
});
