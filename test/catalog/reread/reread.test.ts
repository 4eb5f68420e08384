/**
 * Reading again what changed gives what reading all gives, to the last fact: after the cases and matrix rows of the
 * catalog's tests, there and back, and along random walks (FERRATA_REREAD_WALKS, default 8, of FERRATA_REREAD_SEED).
 * Each row wants a database of its own, whose making costs more than the reading: one row in six is taken, all with
 * FERRATA_TEST_MAJORS=all.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { readAgainFor, readCatalogToRemember, rereadCatalog } from '../../../src/catalog/reread/index.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { testServer } from '../../support/servers.ts';
import { CASES } from '../read/cases.ts';
import { MATRIX } from '../render/matrix/index.ts';
import { Dice } from '../render/property/dice.ts';
import { EDIT } from '../render/property/edits.ts';
import { choose } from '../render/property/maker.ts';
import { CREATE } from '../render/property/schema.ts';
import { look } from '../render/property/world.ts';
import { unlike } from './unlike.ts';

const MAJORS = (
  process.env.FERRATA_REREAD_MAJORS ?? (process.env.FERRATA_TEST_MAJORS === 'all' ? '18,13' : '18')
)
  .split(',')
  .map(Number);
const WALKS = Number(process.env.FERRATA_REREAD_WALKS ?? 8);
const SEED = Number(process.env.FERRATA_REREAD_SEED ?? 1);
const STEPS = 12;
const ONE_IN = process.env.FERRATA_TEST_MAJORS === 'all' ? 1 : 6;

/** Things that the changes leave alone: without them nearly everything would be affected, and all be read. */
function crowd(tables: number): string {
  const table = (n: number) =>
    `CREATE TABLE crowd.t${n} (id serial PRIMARY KEY, a text, r int REFERENCES crowd.t${Math.max(0, n - 1)})`;
  return `CREATE SCHEMA crowd; ${Array.from({ length: tables }, (_, n) => table(n)).join(';')}`;
}

/** How often not all was read. */
class Share {
  parts = 0;
  all = 0;
  count(catalog: Catalog): void {
    if (readAgainFor(catalog) === null) this.all++;
    else this.parts++;
  }
}

async function again(
  connection: Connection,
  previous: Catalog,
  share: Share,
  what: string,
): Promise<Catalog> {
  const now = await rereadCatalog(connection, previous);
  expect(unlike(now, await readCatalog(connection)), what).toEqual([]);
  share.count(now);
  return now;
}

describe.each(MAJORS)('PostgreSQL %i', (wanted) => {
  const suffix = randomBytes(3).toString('hex');
  const named = (text: string) => text.replaceAll(/\b(reader|writer)\b/g, `$1_${suffix}`);
  const share = new Share();
  let connection: Connection;
  let major = wanted;

  beforeAll(async () => {
    const server = await testServer(wanted);
    major = server.major;
    connection = await (await server.createDatabase()).connect('test');
    await connection.script(
      `CREATE ROLE ${named('reader')}; CREATE ROLE ${named('writer')}; SET allow_system_table_mods = on; ${crowd(10)}`,
    );
  });

  afterAll(async () => {
    await connection.script(
      `DROP OWNED BY ${named('reader')}, ${named('writer')} CASCADE; DROP ROLE ${named('reader')}, ${named('writer')}`,
    );
    await connection.close();
    console.info(`PostgreSQL ${major}: ${share.parts} times a part was read, ${share.all} times all`);
    if (share.parts + share.all > 0) expect(share.parts).toBeGreaterThan(share.all);
  });

  test.each(CASES)('$name', async (one) => {
    if (one.from !== undefined && major < one.from) return;
    await connection.script(`CREATE SCHEMA s; SET search_path = s; ${named(one.setup)}`);
    try {
      const before = await readCatalogToRemember(connection);
      await connection.script(`SET search_path = s; ${named(one.change)}`);
      const after = await again(connection, before, share, 'after the change');
      await again(connection, after, share, 'after nothing');
    } finally {
      await connection.script(
        `SET client_min_messages = warning; ${named(one.after ?? '')}; DROP SCHEMA s CASCADE`,
      );
    }
  });

  // Each major takes other rows.
  const rows = MATRIX.filter((_, index) => (index + wanted) % ONE_IN === 0);
  test.concurrent.each(rows)('$file: $name', async (row) => {
    if (major < (row.minMajor ?? 0) || major > (row.maxMajor ?? 99)) return;
    const server = await testServer(wanted);
    const database = await server.createDatabase();
    const own = await database.connect('test');
    try {
      await own.script(crowd(10));
      const nothing = await readCatalogToRemember(own);
      await own.script(row.base);
      const before = await again(own, nothing, share, 'after the base');
      await own.script(row.change);
      await again(own, before, share, 'after the change');
      await again(own, nothing, share, 'after both');
    } finally {
      await own.close();
    }
  });

  test(`${WALKS} random walks`, { timeout: 60_000 + WALKS * 30_000 }, async () => {
    const walked = new Share();
    for (let walk = 0; walk < WALKS; walk++) {
      const dice = new Dice(SEED * 1000 + walk);
      const server = await testServer(wanted);
      const own = await (await server.createDatabase()).connect('test');
      try {
        await own.script(crowd(60));
        const done: string[] = [];
        const write = async (makers: typeof CREATE) => {
          const world = await look(own);
          try {
            const sql = choose(makers, dice, server.major).make(dice, world);
            await own.script(sql);
            done.push(sql);
            return true;
          } catch {
            return false; // nothing there to change, or the server refuses
          }
        };
        for (let made = 0, tries = 0; made < 15 && tries < 60; tries++) if (await write(CREATE)) made++;
        let catalog = await readCatalogToRemember(own);
        const base = done.length;
        for (let step = 0; step < STEPS; step++) {
          const from = done.length;
          for (let count = 1 + dice.int(3); count > 0; count--) await write(step % 4 === 3 ? CREATE : EDIT);
          const what = `walk ${walk}\n${done.slice(0, base).join(';\n')};\n-- ${done.slice(base, from).join(';\n')};\n-- step\n${done.slice(from).join(';\n')}`;
          catalog = await again(own, catalog, walked, what);
        }
      } finally {
        await own.close();
      }
    }
    console.info(
      `PostgreSQL ${major}: ${WALKS} walks; ${walked.parts} times a part was read, ${walked.all} times all`,
    );
    expect(walked.parts).toBeGreaterThan(walked.all * 2);
  });
});
