/**
 * Every row of the matrix on the newest supported major, and a third of them on the oldest and on 15, for which Debian
 * has a `pg_dump`; `npm run test:all-majors` runs all rows on all majors. What the rows cover is told by the newest major, so that the table in
 * docs/catalog.md is the same whatever other majors run.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { testMajors, testServer } from '../../support/servers.ts';
import { Coverage } from './matrix/coverage.ts';
import { EXCEPTIONS } from './matrix/exceptions.ts';
import { MATRIX } from './matrix/index.ts';
import { Referee } from './referee.ts';
import { EmptyDatabases, roundTrip, type Trip } from './round-trip.ts';

const NEWEST = 18;
const asked = process.env.FERRATA_TEST_MAJORS ?? '';
const WANTED =
  asked === '' ? [NEWEST, 15, 13] : asked === 'all' ? testMajors() : asked.split(',').map(Number);

type Row = (typeof MATRIX)[number];

/** What happened on the newest major. */
const trips = new Map<Row, Trip>();
const newest = new EmptyDatabases(async () => (await testServer(NEWEST)).createDatabase());
afterAll(() => newest.close());

function rowsOf(major: number): readonly Row[] {
  const rows = MATRIX.filter((row) => major >= (row.minMajor ?? 0) && major <= (row.maxMajor ?? 99));
  if (asked !== '' || major === NEWEST) return rows;
  // Another third for each major; all of what the newest does not know.
  return rows.filter((row, index) => index % 3 === major % 3 || (row.maxMajor ?? NEWEST) < NEWEST);
}

for (const major of WANTED) {
  describe.concurrent(`PostgreSQL ${major}`, () => {
    if (!testMajors().includes(major)) {
      test.skip(`the matrix: PostgreSQL ${major} is not on this machine`);
      return;
    }
    const databases =
      major === NEWEST ? newest : new EmptyDatabases(async () => (await testServer(major)).createDatabase());
    afterAll(() => databases.close());
    let found: Promise<Referee | null> | undefined;
    const referee = (): Promise<Referee | null> => {
      found ??= Referee.forMajor(major, asked !== '').then((one) => {
        if (typeof one !== 'string') return one;
        console.warn(`PostgreSQL ${major}: ${one}`);
        return null;
      });
      return found;
    };
    for (const row of rowsOf(major)) {
      test(`${row.file}: ${row.name}`, async () => {
        const trip = await roundTrip(row, databases, await referee());
        if (major === NEWEST) trips.set(row, trip);
        if (trip.problems.length > 0) throw new Error(trip.problems.join('\n\n'));
      });
    }
  });
}

// Behind all the rows, which it sums up.
describe('what the matrix covers', () => {
  async function coverage(): Promise<Coverage | null> {
    const rows = rowsOf(NEWEST);
    const states = rows.map((row) => trips.get(row)?.states ?? null);
    const missing = states.filter((one) => one === null).length;
    if (missing > 0) {
      console.warn(
        `Not judged: ${missing} of ${rows.length} rows did not run on PostgreSQL ${NEWEST} (-t, FERRATA_TEST_MAJORS, or their own SQL failed).`,
      );
      return null;
    }
    const all = new Coverage(await newest.nothing());
    for (const [index, row] of rows.entries()) {
      const pair = states[index];
      if (pair != null) all.add(row, { ...pair, refusals: trips.get(row)?.refusals ?? [] });
    }
    return all;
  }

  test('every kind and every property is made, dropped and altered, or is a named exception', async () => {
    const found = await coverage();
    if (found !== null) expect(found.gaps(EXCEPTIONS)).toEqual([]);
  });

  // `npx vitest run test/catalog/render/matrix.test.ts -u` writes it.
  test('docs/catalog.md has the table', async () => {
    const found = await coverage();
    if (found === null) return;
    const page = resolve(import.meta.dirname, '../../../docs/catalog.md');
    const [start, end] = ['<!-- the matrix -->\n', '<!-- end of the matrix -->'];
    const text = await readFile(page, 'utf8');
    const [head, rest] = text.split(start);
    const tail = rest?.split(end)[1];
    if (head === undefined || tail === undefined) throw new Error(`docs/catalog.md lacks ${start}`);
    await expect(`${head}${start}${found.page(EXCEPTIONS)}\n${end}${tail}`).toMatchFileSnapshot(page);
  });
});
