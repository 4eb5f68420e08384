/** What users put on the tables of extensions goes there and back. */
import { expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import type { Catalog } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { renderDifference } from '../../../src/catalog/render/index.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { testMajors, testServer } from '../../support/servers.ts';

// No extension that every server has makes a table; ALTER EXTENSION … ADD does as well.
const BASE = `CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TABLE "E t" (id int PRIMARY KEY, a int); ALTER EXTENSION plpgsql ADD TABLE "E t"; CREATE INDEX ei ON "E t" (a);
  ALTER TABLE "E t" ENABLE ROW LEVEL SECURITY; CREATE POLICY y ON "E t" FOR SELECT TO pg_monitor, pg_signal_backend USING (a > 0);
  ALTER TABLE "E t" SET (autovacuum_enabled = false)`;
const CHANGE = `DROP INDEX ei; DROP POLICY y ON "E t"; ALTER TABLE "E t" DISABLE ROW LEVEL SECURITY;
  ALTER TABLE "E t" ADD note text COLLATE "C" NOT NULL DEFAULT 'it''s', ADD CONSTRAINT k CHECK (note <> 'b'), FORCE ROW LEVEL SECURITY;
  CREATE TRIGGER g BEFORE INSERT ON "E t" FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE "E t" DISABLE TRIGGER g;
  CREATE RULE r AS ON DELETE TO "E t" DO INSTEAD NOTHING; ALTER TABLE "E t" SET (fillfactor = 70); ALTER TABLE "E t" RESET (autovacuum_enabled)`;

async function move(connection: Connection, wanted: Catalog): Promise<void> {
  const rendering = renderDifference(await readCatalog(connection), wanted, { sameDatabase: true });
  expect(rendering.refusals).toEqual([]);
  await connection.script(rendering.statements.map(({ sql }) => sql).join(';\n'));
  expect(compareCatalogs(wanted, await readCatalog(connection)).differences).toEqual([]);
}

test.each([...testMajors()])('PostgreSQL %i', async (major) => {
  const connection = await (await (await testServer(major)).createDatabase()).connect('test');
  await connection.script(BASE);
  const before = await readCatalog(connection);
  await connection.script(CHANGE);
  const after = await readCatalog(connection);
  const differences = compareCatalogs(before, after).differences.map(
    ({ object, property }) => `${object} ${property}`,
  );
  expect(differences).toEqual(['plpgsql onTables']);
  await move(connection, before);
  await move(connection, after);
  await connection.close();
});
