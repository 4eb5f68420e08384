/**
 * Every row of the matrix on the oldest and the newest supported major, and on 15, for which Debian has a `pg_dump`;
 * `npm run test:all-majors` runs them on all.
 */
import { afterAll, describe, test } from 'vitest';
import { testMajors, testServer } from '../../support/servers.ts';
import { MATRIX } from './matrix/index.ts';
import { Referee } from './referee.ts';
import { EmptyDatabases, roundTrip } from './round-trip.ts';

const asked = process.env.FERRATA_TEST_MAJORS ?? '';
const WANTED = asked === '' ? [18, 15, 13] : asked === 'all' ? testMajors() : asked.split(',').map(Number);
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
        if (trip.problems.length > 0) throw new Error(trip.problems.join('\n\n'));
      });
    }
  });
}
