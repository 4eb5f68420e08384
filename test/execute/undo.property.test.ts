import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';
import { contents, step, traces, undo } from './undo-support.ts';

const TABLES = {
  keyed: `CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE, v text, j json);`,
  composite: `CREATE TABLE t (id int, u int NOT NULL, v text, j json, UNIQUE (id), PRIMARY KEY (u, id));`,
  keyless: `CREATE TABLE t (id int, u int, v text, j json);`,
  partitioned: `CREATE TABLE t (id int PRIMARY KEY, u int, v text, j json) PARTITION BY RANGE (id);
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (MINVALUE) TO (8);
    CREATE TABLE t2 (j json, v text, id int NOT NULL, u int); ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (8) TO (MAXVALUE);`,
  deferrable: `CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, u int UNIQUE DEFERRABLE, v text, j json);`,
} as const;

const id = fc.integer({ min: 1, max: 16 });
const value = fc.constantFrom('NULL', `'a'`, `'b'`, `''`);
const json = fc.constantFrom('NULL', `'null'`, `'{"a": 1}'`, `'{"a":1}'`);
const where = fc.oneof(
  id.map((n) => `id = ${n}`),
  id.map((n) => `id % 3 = ${n % 3}`),
  id.map((n) => `id < ${n}`),
  fc.constantFrom('v IS NULL', `v = 'a'`, 'j IS NULL', 'true', 'u IS NULL'),
);
const row = fc
  .tuple(id, fc.oneof(id.map(String), fc.constant('id')), value, json)
  .map(([n, u, v, j]) => `(${n}, ${u === 'id' ? n : u}, ${v}, ${j}::json)`);
const change = fc.oneof(
  value.map((v) => `v = ${v}`),
  json.map((j) => `j = ${j}`),
  fc.constantFrom(
    `v = v || '+'`,
    'id = id + 1',
    'id = -id',
    'id = 17 - id',
    'u = u + 1',
    'u = NULL',
    'id = id',
    'u = id, id = u',
  ),
);
const statement = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(row, { minLength: 1, maxLength: 4 })
      .map((rows) => `INSERT INTO t (id, u, v, j) VALUES ${rows.join(', ')}`),
  },
  { weight: 4, arbitrary: fc.tuple(change, where).map(([set, on]) => `UPDATE t SET ${set} WHERE ${on}`) },
  { weight: 2, arbitrary: where.map((on) => `DELETE FROM t WHERE ${on}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'TRUNCATE t',
      'ALTER TABLE t ADD COLUMN extra int DEFAULT 7',
      'UPDATE t SET extra = id',
      'ALTER TABLE t ALTER u TYPE bigint',
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(row, change)
      .map(
        ([one, set]) =>
          `INSERT INTO t (id, u, v, j) VALUES ${one} ON CONFLICT (id) DO UPDATE SET ${set.replaceAll('v ||', 't.v ||').replace('= id', '= t.id').replace('= u', '= t.u').replace('= -id', '= -t.id').replace('- id', '- t.id')}`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(where, row, change)
      .map(
        ([on, one, set]) =>
          `WITH gone AS (DELETE FROM t WHERE ${on} RETURNING id), n AS (INSERT INTO t (id, u, v, j) VALUES ${one}) UPDATE t SET ${set} WHERE NOT (${on})`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(change, where).map(
      ([
        set,
        on,
      ]) => `MERGE INTO t USING (SELECT generate_series(1, 10) AS k) s ON t.id = s.k WHEN MATCHED AND ${on} THEN UPDATE SET ${set}
        WHEN MATCHED AND id % 2 = 0 THEN DELETE WHEN NOT MATCHED AND k % 4 = 0 THEN INSERT (id, u, v) VALUES (k, k + 20, 'm')`,
    ),
  },
);

describe.each([18, 15])('any script is undone exactly, on PostgreSQL %i', (major) => {
  let connection: Connection;
  beforeEach(async () => {
    connection = await (await (await testServer(major)).createDatabase()).connect('test');
  });
  afterEach(async () => {
    await connection.close();
  });

  it.each(Object.entries(TABLES))(
    '%s',
    async (_, table) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { maxLength: 12 }),
          fc.array(statement, { minLength: 1, maxLength: 8 }),
          async (rows, statements) => {
            await connection.script(`DROP TABLE IF EXISTS t CASCADE; ${table}`);
            for (const one of rows)
              await connection.script(`INSERT INTO t VALUES ${one} ON CONFLICT DO NOTHING`).catch(() => {});
            const before = await contents(connection);
            // A statement that fails leaves nothing behind, neither in the table nor in the capture.
            const guarded = statements.map(
              (sql) =>
                `DO $do$ BEGIN ${sql}; SET CONSTRAINTS ALL IMMEDIATE; EXCEPTION WHEN OTHERS THEN NULL; END $do$`,
            );
            await step(connection, guarded, ['t']);
            await connection.script('ALTER TABLE t DROP COLUMN IF EXISTS extra');
            const back = await undo(connection);
            expect(back.conflicts).toEqual([]);
            expect(await contents(connection)).toEqual(before);
            expect(await traces(connection)).toEqual([]);
          },
        ),
        { numRuns: 60 },
      );
    },
    240_000,
  );
});
