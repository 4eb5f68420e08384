/**
 * Whole schemas: those of `schemas/*.sql`, each odd in its own way, with the changes behind their line `-- change`; and
 * those of public projects. `-- from 14` names the first major that can have it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCatalog } from '../../../src/catalog/read.ts';
import { testMajors, testServer } from '../../support/servers.ts';
import { Referee } from './referee.ts';
import { EmptyDatabases, roundTrip, turn, withConnection } from './round-trip.ts';

const asked = process.env.FERRATA_TEST_MAJORS ?? '';
const MAJORS = (asked === '' ? [18, 15, 13] : testMajors()).filter((major) => testMajors().includes(major));
const folder = resolve(import.meta.dirname, 'schemas');

for (const major of MAJORS) {
  describe(`odd schemas on PostgreSQL ${major}`, () => {
    const databases = new EmptyDatabases(async () => (await testServer(major)).createDatabase());
    afterAll(() => databases.close());
    for (const file of readdirSync(folder).sort()) {
      const sql = readFileSync(join(folder, file), 'utf8');
      const [base, change] = sql.split(/^-- change$/m);
      if (base === undefined || change === undefined) throw new Error(`${file} has no line "-- change"`);
      const [, direction, reason] = /^-- refuses (back|forward|anew): (.*)$/m.exec(base) ?? [];
      const refuses =
        reason === undefined ? {} : { refuses: { direction: direction as 'forward', reason: reason.trim() } };
      const from = Number(/^-- from (\d+)$/m.exec(base)?.[1] ?? 0);
      test.skipIf(major < from)(`${file}${major < from ? ` (from ${from})` : ''}`, async () => {
        const found = await Referee.forMajor(major, asked !== '');
        const referee = typeof found === 'string' ? null : found;
        // The changes drop and add columns again: in an order of their own.
        const row = { name: file, base, change, cosmetic: 'several columns', ...refuses };
        const trip = await roundTrip(row, databases, referee);
        if (trip.problems.length > 0) throw new Error(trip.problems.join('\n\n'));
      });
    }
  });
}

const data = process.env.FERRATA_TEST_DATA ?? resolve('..', 'shared', 'data');

/** Without what psql alone understands, and what this server lacks. */
function usable(sql: string, major: number): string {
  return sql
    .replace(/^\\.*$|^(?:DROP|CREATE) DATABASE .*$|^(?:CREATE|COMMENT ON) EXTENSION .*\bvector\b.*$/gm, '')
    .replace(/^CREATE INDEX .* USING hnsw .*$/gm, '')
    .replaceAll('uuidv7()', major >= 18 ? 'uuidv7()' : 'gen_random_uuid()')
    .replaceAll('public.vector(20)', 'double precision[]')
    .replaceAll(' VIRTUAL', major >= 18 ? ' VIRTUAL' : ' STORED');
}

describe('schemas of public projects', () => {
  for (const major of MAJORS) {
    for (const file of ['pagila-schema.sql', 'chinook-postgresql.sql']) {
      const path = resolve(data, file);
      const here = existsSync(path);
      test.skipIf(!here)(
        `${file} on ${major}${here ? '' : ' (not in the folder of FERRATA_TEST_DATA)'}`,
        async () => {
          const server = await testServer(major);
          const [full, empty] = await Promise.all([server.createDatabase(), server.createDatabase()]);
          const sql = usable(readFileSync(path, 'utf8'), major);
          await withConnection(full, async (connection) => {
            await connection.script(sql);
          });
          const found = await Referee.forMajor(major, asked !== '');
          await withConnection(full, async (connection) => {
            const wanted = await readCatalog(connection);
            await withConnection(empty, async (other) => {
              const nothing = await readCatalog(other);
              const built = await turn(other, wanted, { sameDatabase: false }, false);
              expect(built.problem).toBeNull();
              if (typeof found !== 'string') {
                const dumps = [await found.dump(full), await found.dump(empty)] as const;
                expect(found.compare(dumps[0], dumps[1], false)).toBeNull();
              }
              const gone = await turn(other, nothing, { sameDatabase: false }, false);
              expect(gone.problem).toBeNull();
            });
          });
        },
      );
    }
  }
});
