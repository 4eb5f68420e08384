import { expect, it } from 'vitest';
import { relationsToMeasure } from '../../src/assess/assess.ts';
import { readSizes } from '../../src/assess/sizes.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { testServer } from '../support/servers.ts';

it.each([18, 15])('reads rows and bytes, analysed or not (PostgreSQL %i)', async (major) => {
  const connection = await (await (await testServer(major)).createDatabase()).connect();
  try {
    await connection.script(`
      CREATE TABLE fresh AS SELECT generate_series(1, 5000) AS id;
      CREATE TABLE analysed AS SELECT generate_series(1, 5000) AS id; ANALYZE analysed;
      CREATE TABLE grown AS SELECT generate_series(1, 5000) AS id; ANALYZE grown;
      INSERT INTO grown SELECT generate_series(1, 5000);
      CREATE TABLE empty (id int PRIMARY KEY);
      CREATE TABLE "Odd Name" (id int); INSERT INTO "Odd Name" VALUES (1);
      CREATE TABLE par (id int) PARTITION BY RANGE (id);
      CREATE TABLE par1 PARTITION OF par FOR VALUES FROM (0) TO (1000000);
      INSERT INTO par SELECT generate_series(1, 300);
      CREATE VIEW v AS SELECT * FROM fresh;`);
    const names = ['fresh', 'analysed', 'public.grown', 'empty', '"Odd Name"', 'par', 'v', 'nowhere'];
    const sizes = await readSizes(connection, names);
    const rows = Object.fromEntries([...sizes].map(([name, size]) => [name, size.rows]));
    expect(rows).toMatchObject({ fresh: 5000, analysed: 5000, empty: 0, '"Odd Name"': 1, par: 300, v: null });
    // As the planner does: the density of the last ANALYZE over today's pages.
    expect(rows['public.grown']).toBeGreaterThan(8000);
    expect(rows['public.grown']).toBeLessThan(12_000);
    expect(sizes.has('nowhere')).toBe(false);
    expect(sizes.get('fresh')?.bytes).toBeGreaterThan(100_000);
    expect(sizes.get('empty')?.indexes).toBe(1);
  } finally {
    await connection.close();
  }
});

it('asks for the relations that a script touches, under the names of the catalog', async () => {
  const connection = await (await (await testServer(18)).createDatabase()).connect();
  try {
    await connection.script(`CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int, r_id int REFERENCES r);
      CREATE INDEX t_i ON t (id);`);
    const catalog = await readCatalog(connection);
    const script = await parseScript(
      'CREATE TABLE n (id int); INSERT INTO n SELECT id FROM t; DROP INDEX t_i; UPDATE t SET r_id = 1',
      'x',
    );
    expect([...relationsToMeasure(script, catalog)].sort()).toEqual(['public.r', 'public.t']);
    expect(relationsToMeasure(script, null)).toEqual(['public.t']);
  } finally {
    await connection.close();
  }
});
