import { describe, test } from 'vitest';
import { testServer } from '../../support/servers.ts';
import { MATRIX } from './matrix/index.ts';
import { EmptyDatabases, roundTrip } from './round-trip.ts';

for (const major of [18, 15]) {
  describe.concurrent(`PostgreSQL ${major}`, () => {
    let databases: Promise<EmptyDatabases> | undefined;
    const pool = (): Promise<EmptyDatabases> => {
      databases ??= testServer(major).then((server) => new EmptyDatabases(() => server.createDatabase()));
      return databases;
    };
    for (const row of MATRIX) {
      if (major < (row.minMajor ?? 0) || major > (row.maxMajor ?? 99)) continue;
      test(`${row.file}: ${row.name}`, async () => {
        const trip = await roundTrip(row, await pool());
        if (trip.problems.length > 0) throw new Error(trip.problems.join('\n\n'));
      });
    }
  });
}
