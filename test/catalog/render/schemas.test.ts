/** Whole schemas of public projects, built from nothing and taken down again. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCatalog } from '../../../src/catalog/read.ts';
import { testServer } from '../../support/servers.ts';
import { turn, withConnection } from './round-trip.ts';

const folder = process.env.FERRATA_TEST_DATA ?? resolve('..', 'shared', 'data');

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
  for (const major of [18, 15]) {
    for (const file of ['pagila-schema.sql', 'chinook-postgresql.sql']) {
      const path = resolve(folder, file);
      test.skipIf(!existsSync(path))(`${file} on ${major} (looked for in FERRATA_TEST_DATA)`, async () => {
        const server = await testServer(major);
        const [full, empty] = await Promise.all([server.createDatabase(), server.createDatabase()]);
        const sql = usable(await readFile(path, 'utf8'), major);
        await withConnection(full, async (connection) => {
          await connection.script(sql);
        });
        await withConnection(full, async (connection) => {
          const wanted = await readCatalog(connection);
          await withConnection(empty, async (other) => {
            const nothing = await readCatalog(other);
            const built = await turn(other, wanted, { sameDatabase: false }, false);
            expect(built.problem).toBeNull();
            const gone = await turn(other, nothing, { sameDatabase: false }, false);
            expect(gone.problem).toBeNull();
          });
        });
      });
    }
  }
});
