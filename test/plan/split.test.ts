/** ALTER TABLE taken apart for parking does what the whole statement does. */
import { describe, expect, it } from 'vitest';
import { compareCatalogs } from '../../src/catalog/compare.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { testServer } from '../support/servers.ts';
import { compile } from './support.ts';

const SCHEMA = `CREATE TABLE r (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int, b int DEFAULT 5, c text, d int NOT NULL, CONSTRAINT k CHECK (a > 0),
  CONSTRAINT f FOREIGN KEY (b) REFERENCES r); CREATE INDEX t_c ON t (c);`;

describe.each([
  'ALTER TABLE t ADD COLUMN n numeric(3, 2) DEFAULT 1, DROP COLUMN c, ALTER COLUMN d DROP NOT NULL',
  "ALTER TABLE t DROP COLUMN a, ADD COLUMN a text, ADD CONSTRAINT a_check CHECK (a <> 'x,y')",
  'ALTER TABLE t ADD COLUMN c bigint, DROP COLUMN c',
  'ALTER TABLE t DROP CONSTRAINT k, DROP COLUMN a, ALTER b DROP DEFAULT, ALTER b TYPE bigint, DROP CONSTRAINT f',
  'ALTER TABLE public.t DROP a, DROP b, DROP IF EXISTS nothing, DROP c CASCADE, ADD UNIQUE (d)',
])('%s', (sql) => {
  it('leads to the same schema', async () => {
    const server = await testServer(18);
    const catalogs = await Promise.all(
      [[sql], await pieces(sql)].map(async (statements) => {
        const connection = await (await server.createDatabase()).connect();
        try {
          await connection.script(SCHEMA);
          for (const statement of statements) await connection.script(statement);
          return await readCatalog(connection);
        } finally {
          await connection.close();
        }
      }),
    );
    const [whole, apart] = catalogs;
    if (whole === undefined || apart === undefined) throw new Error('not read');
    expect(compareCatalogs(whole, apart).outcome).toBe('equal');
  });
});

async function pieces(sql: string): Promise<readonly string[]> {
  const { steps } = await compile(sql);
  const actions = steps.flatMap((step) => step.forward);
  expect(actions.length).toBeGreaterThan(1);
  return actions.map((action) => ('sql' in action ? action.sql : ''));
}
