import { describe, expect, test } from 'vitest';
import { testServer } from '../../support/servers.ts';
import { MATRIX } from './matrix/index.ts';
import { roundTrip } from './round-trip.ts';

for (const major of [18, 15]) {
  describe.concurrent(`PostgreSQL ${major}`, () => {
    for (const row of MATRIX) {
      if (major < (row.minMajor ?? 0) || major > (row.maxMajor ?? 99)) continue;
      test(`${row.file}: ${row.name}`, async () => {
        const server = await testServer(major);
        const trip = await roundTrip(row, () => server.createDatabase());
        expect(trip.problems.join('\n\n')).toBe('');
      });
    }
  });
}
