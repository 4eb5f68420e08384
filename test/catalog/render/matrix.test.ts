/**
 * Every row of the matrix on the oldest and the newest supported major, and on 15, for which Debian has a `pg_dump`;
 * `npm run test:all-majors` runs them on all.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { testMajors, testServer } from '../../support/servers.ts';
import { Coverage } from './matrix/coverage.ts';
import { EXCEPTIONS } from './matrix/exceptions.ts';
import { MATRIX } from './matrix/index.ts';
import { Referee } from './referee.ts';
import { EmptyDatabases, roundTrip } from './round-trip.ts';

const asked = process.env.FERRATA_TEST_MAJORS ?? '';
const WANTED = asked === '' ? [18, 15, 13] : testMajors();
/** What is covered is told by the newest major, so that the table is the same whatever others run. */
const NEWEST = 18;
const coverage = new Coverage();

for (const major of WANTED) {
  describe.concurrent(`PostgreSQL ${major}`, () => {
    if (!testMajors().includes(major)) {
      test.skip(`the matrix: PostgreSQL ${major} is not on this machine`);
      return;
    }
    const databases = new EmptyDatabases(async () => (await testServer(major)).createDatabase());
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
    for (const row of MATRIX) {
      if (major < (row.minMajor ?? 0) || major > (row.maxMajor ?? 99)) continue;
      test(`${row.file}: ${row.name}`, async () => {
        const trip = await roundTrip(row, databases, await referee());
        if (major === NEWEST) coverage.add(row, trip);
        if (trip.problems.length > 0) throw new Error(trip.problems.join('\n\n'));
      });
    }
  });
}

describe('what the matrix covers', () => {
  const expected = MATRIX.filter(
    ({ minMajor = 0, maxMajor = 99 }) => minMajor <= NEWEST && NEWEST <= maxMajor,
  );
  const complete = (): void => expect(coverage.missing(expected), 'rows that did not run').toEqual([]);

  test('every kind and every property is made, altered and dropped, or is a named exception', () => {
    complete();
    expect(coverage.gaps(EXCEPTIONS)).toEqual([]);
  });

  // `npx vitest run test/catalog/render/matrix.test.ts -u` writes it.
  test('docs/catalog.md has the table', async () => {
    complete();
    const page = resolve(import.meta.dirname, '../../../docs/catalog.md');
    const [start, end] = ['<!-- the matrix -->\n', '<!-- end of the matrix -->'];
    const text = await readFile(page, 'utf8');
    const [head, rest] = text.split(start);
    const tail = rest?.split(end)[1];
    if (head === undefined || tail === undefined) throw new Error(`docs/catalog.md lacks ${start}`);
    await expect(`${head}${start}${coverage.page(EXCEPTIONS)}\n${end}${tail}`).toMatchFileSnapshot(page);
  });
});
