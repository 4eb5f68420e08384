import { expect, test } from 'vitest';
import { compareData, fingerprintData } from '../../../src/catalog/data/fingerprint.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import {
  findLateRows,
  heldByOldShape,
  type WrittenLateRow,
  writeLateRows,
} from '../../../src/prepare/late-rows/index.ts';
import { fillSynthetic } from '../../../src/prepare/synthetic/index.ts';
import { testMajors, testServer } from '../../support/servers.ts';

const SCHEMA = `
  CREATE TYPE state AS ENUM ('new', 'paid');
  CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
  CREATE TABLE customers (id serial PRIMARY KEY, email varchar(30) UNIQUE NOT NULL, name text NOT NULL, note text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers (id), state state NOT NULL DEFAULT 'new',
    amount numeric(6,2) NOT NULL CHECK (amount > 0), placed date NOT NULL, discount percent, tag varchar(5), legacy text);
  CREATE TABLE loose (k text, v int);
  CREATE TABLE parted (id int, k text) PARTITION BY LIST (k);
  CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');`;

interface Outcome {
  readonly row: WrittenLateRow;
  readonly held: boolean;
  readonly found: 'kept' | 'lost' | 'refused';
}

/** Start, change, late rows, way back: what became of each late row. */
async function story(
  major: number,
  up: string,
  down: string,
  written: readonly string[] = [],
): Promise<Outcome[]> {
  const server = await testServer(major);
  const startDatabase = await server.createDatabase();
  const seed = await startDatabase.connect('test');
  await seed.script(SCHEMA);
  await fillSynthetic(seed, await readCatalog(seed));
  const [name] = await seed.rows<[string]>('SELECT current_database()');
  await seed.close();
  const admin = await server.connector.connect('test');
  await admin.script(`CREATE DATABASE ${name?.[0]}_late TEMPLATE ${name?.[0]}`);
  await admin.close();
  const start = await startDatabase.connect('test');
  const fork = await server.connector.forDatabase(`${name?.[0]}_late`).connect('test');
  try {
    const before = await readCatalog(start);
    await fork.script(up);
    const rows = await writeLateRows(fork, before, await readCatalog(fork), { written });
    const data = await fingerprintData(start);
    const held = await heldByOldShape(start, before, rows);
    const again = await fingerprintData(start);
    expect(compareData(data, again)).toEqual([]);
    expect([...again.sequences]).toEqual([...data.sequences]);
    const found = await back(fork, down, rows);
    return rows.map((row, index) => ({ row, held: held[index] === true, found: found[index] ?? 'lost' }));
  } finally {
    await start.close();
    await fork.close();
  }
}

async function back(
  fork: Connection,
  down: string,
  rows: readonly WrittenLateRow[],
): Promise<readonly Outcome['found'][]> {
  try {
    await fork.script(down);
  } catch {
    return rows.map(() => 'refused');
  }
  return await findLateRows(fork, await readCatalog(fork), rows);
}

function special(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.filter(({ row }) => !row.what.startsWith('ordinary'));
}

for (const major of testMajors()) {
  const specials: readonly [string, string, RegExp, string?][] = [
    ['a wider integer', 'ALTER TABLE orders ALTER id TYPE bigint', /3000000000 in id, which was integer/],
    ['a longer text', 'ALTER TABLE orders ALTER tag TYPE varchar(20)', /xxxxxx in tag/],
    ['text without limit', 'ALTER TABLE orders ALTER tag TYPE text', /xxxxxx in tag/],
    [
      'more digits',
      'ALTER TABLE orders ALTER amount TYPE numeric(12,4)',
      /in amount, which was numeric\(6,2\)/,
    ],
    ['a time in a day', 'ALTER TABLE orders ALTER placed TYPE timestamptz', /in placed, which was date/],
    ['NULL', 'ALTER TABLE customers ALTER name DROP NOT NULL', /NULL in name/],
    ['a new label', "ALTER TYPE state ADD VALUE 'refunded'", /new label refunded in state/],
    [
      'a dropped CHECK',
      'ALTER TABLE orders DROP CONSTRAINT orders_amount_check',
      /orders_amount_check forbade/,
    ],
    [
      'a relaxed CHECK under a new name',
      'ALTER TABLE orders DROP CONSTRAINT orders_amount_check; ALTER TABLE orders RENAME amount TO total; ALTER TABLE orders ADD CHECK (total > -10)',
      /orders_amount_check forbade/,
      'ALTER TABLE orders RENAME total TO amount',
    ],
    [
      'a relaxed domain',
      'ALTER DOMAIN percent DROP CONSTRAINT percent_check',
      /in discount, which public.percent forbade/,
    ],
    [
      'a dropped key',
      'ALTER TABLE customers DROP CONSTRAINT customers_email_key',
      /a second row with the same email/,
    ],
    [
      'a dropped reference',
      'ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey',
      /customer_id without a row in public.customers/,
    ],
    [
      'a new partition',
      "CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b')",
      /the new partition public.parted_b/,
    ],
  ];
  test.each(specials)(
    `${major}: %s: the old shape can't hold it, the ordinary rows it can`,
    async (_, up, what, down) => {
      const outcomes = await story(major, up, down ?? 'SELECT 1');
      const found = special(outcomes).filter(({ row }) => what.test(row.what));
      expect(found.length).toBeGreaterThan(0);
      expect(special(outcomes).filter(({ held }) => held)).toEqual([]);
      const ordinary = outcomes.filter(({ row }) => row.what.startsWith('ordinary'));
      expect(ordinary.length).toBeGreaterThan(2);
      expect(ordinary.filter(({ held }) => !held).map(({ row }) => row)).toEqual([]);
      // Nothing was undone but names: every row is found where it was written.
      expect(outcomes.filter(({ found: f }) => f !== 'kept')).toEqual([]);
    },
  );

  test(`${major}: rows that both shapes hold and that a way back takes are lost`, async () => {
    const outcomes = await story(
      major,
      'ALTER TABLE loose ADD x int',
      'ALTER TABLE loose DROP x; DELETE FROM loose WHERE v > 500',
    );
    const lost = outcomes.filter(({ held, found }) => held && found === 'lost');
    expect(lost.length).toBeGreaterThan(0);
  });

  test(`${major}: a late UPDATE that is overwritten is lost`, async () => {
    const outcomes = await story(
      major,
      'UPDATE customers SET note = upper(note)',
      "UPDATE customers SET name = 'reset'",
      ['public.customers'],
    );
    const update = outcomes.find(({ row }) => row.kind === 'update');
    expect(update).toMatchObject({ held: true, found: 'lost' });
  });

  test(`${major}: an equal value of the old type is kept`, async () => {
    const outcomes = await story(
      major,
      'ALTER TABLE orders ALTER amount TYPE numeric, ALTER placed TYPE timestamp',
      'DELETE FROM orders WHERE id BETWEEN 905 AND 940; ALTER TABLE orders ALTER amount TYPE numeric(6,2), ALTER placed TYPE date',
    );
    const ordinary = outcomes.filter(({ row }) => row.what.startsWith('ordinary'));
    expect(ordinary.map(({ held, found }) => [held, found])).toEqual(ordinary.map(() => [true, 'kept']));
  });

  test(`${major}: the same ids again, and only those that are asked for`, async () => {
    const server = await testServer(major);
    const connection = await (await server.createDatabase()).connect('test');
    try {
      await connection.script(SCHEMA);
      const before = await readCatalog(connection);
      await fillSynthetic(connection, before);
      await connection.script('ALTER TABLE orders ALTER id TYPE bigint');
      const after = await readCatalog(connection);
      const all = await writeLateRows(connection, before, after);
      await connection.script('DELETE FROM orders WHERE id > 900');
      const wanted = new Set(all.filter(({ what }) => !what.startsWith('ordinary')).map(({ id }) => id));
      expect(wanted.size).toBeGreaterThan(0);
      const some = await writeLateRows(connection, before, after, { only: ({ id }) => wanted.has(id) });
      expect(new Set(some.map(({ id }) => id))).toEqual(wanted);
    } finally {
      await connection.close();
    }
  });

  test(`${major}: a change that touches no table writes nothing`, async () => {
    expect(await story(major, 'CREATE TABLE brand_new (id int)', 'SELECT 1')).toEqual([]);
  });
}
