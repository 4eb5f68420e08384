/**
 * Checks the reader against `pg_catalog` itself: every column of every system catalog of every major is either seen
 * (a change of that column alone makes `compareCatalogs` say that something differs) or left out on purpose, with a
 * reason. So a property that a new major brings fails here until somebody decides about it.
 */
import { expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import type { Catalog } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { outerMajors, testMajors, testServer } from '../../support/servers.ts';
import type { CatalogCoverage, Shown } from './columns/column.ts';
import { COVERAGE, IGNORED_CATALOGS } from './columns/index.ts';

/** Majors between which every column that was ever there since 13 is there. */
const ALL_COLUMNS = [13, 15, 17, 18];

async function connect(wanted: number): Promise<Connection> {
  const server = await testServer(wanted);
  const connection = await (await server.createDatabase()).connect('test');
  await connection.script('SET allow_system_table_mods = on; SET client_min_messages = warning');
  return connection;
}

/** Catalog → its columns, as that server has them. */
async function systemColumns(connection: Connection): Promise<ReadonlyMap<string, readonly string[]>> {
  const [rows = []] = await connection.script(
    `SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`,
  );
  const found = new Map<string, string[]>();
  for (const [catalog, column] of rows) {
    const columns = found.get(String(catalog)) ?? [];
    columns.push(String(column));
    found.set(String(catalog), columns);
  }
  return found;
}

const BY_NAME = new Map(COVERAGE.map((one) => [one.catalog, one]));

test.each([...testMajors()])('PostgreSQL %i: every column is seen or left out on purpose', async (major) => {
  const connection = await connect(major);
  const unknown: string[] = [];
  for (const [catalog, columns] of await systemColumns(connection)) {
    if (catalog in IGNORED_CATALOGS) continue;
    const known = BY_NAME.get(catalog)?.columns ?? {};
    unknown.push(...columns.filter((column) => !(column in known)).map((column) => `${catalog}.${column}`));
  }
  expect(unknown, 'decide about these in test/catalog/read/columns').toEqual([]);
  await connection.close();
});

test('no entry is about a catalog or column that no major has', async () => {
  const majors = testMajors();
  if (!ALL_COLUMNS.every((major) => majors.includes(major))) {
    console.warn(
      `Not checked: it takes PostgreSQL ${ALL_COLUMNS.join(', ')}; here are ${majors.join(', ')}.`,
    );
    return;
  }
  const present = new Set<string>();
  for (const major of majors) {
    const connection = await connect(major);
    for (const [catalog, columns] of await systemColumns(connection)) {
      present.add(catalog);
      for (const column of columns) present.add(`${catalog}.${column}`);
    }
    await connection.close();
  }
  const listed = [
    ...Object.keys(IGNORED_CATALOGS),
    ...COVERAGE.flatMap(({ catalog, columns }) =>
      Object.keys(columns).map((column) => `${catalog}.${column}`),
    ),
  ];
  expect(listed.filter((name) => !present.has(name))).toEqual([]);
  expect(listed.length).toBe(new Set(listed).size);
});

test.each(outerMajors().flatMap((major) => COVERAGE.map((one) => [major, one.catalog, one] as const)))(
  'PostgreSQL %i: %s',
  async (major, catalog, coverage) => {
    const connection = await connect(major);
    const columns = (await systemColumns(connection)).get(catalog) ?? [];
    const problems: string[] = [];
    for (const column of columns) {
      const way = coverage.columns[column];
      if (way === undefined || 'ignored' in way || major < (way.since ?? 0)) continue;
      const problem = await trial(connection, coverage, column, way, columns);
      if (problem !== null) problems.push(`${catalog}.${column}: ${problem}`);
    }
    expect(problems).toEqual([]);
    await connection.close();
  },
);

/** What is wrong, or null where a change of that column alone is seen. All is rolled back. */
async function trial(
  connection: Connection,
  coverage: CatalogCoverage,
  column: string,
  way: Shown,
  columns: readonly string[],
): Promise<string | null> {
  const { catalog } = coverage;
  await connection.script('BEGIN; CREATE SCHEMA s; SET LOCAL search_path = s, pg_catalog');
  try {
    const setup = way.setup ?? coverage.setup;
    if (setup !== undefined) await connection.script(setup);
    const before = await read(connection);
    const values = await contents(connection, catalog, columns);
    if (way.to === undefined) await connection.script(way.by ?? '');
    else {
      const row = way.row ?? coverage.row ?? 'true';
      const [changed = []] = await connection.script(
        `UPDATE pg_catalog.${catalog} SET ${column} = ${way.to} WHERE ${row} RETURNING 1`,
      );
      if (changed.length !== 1) return `${changed.length} rows changed, not one`;
    }
    const now = await contents(connection, catalog, columns);
    if (now.get(column) === values.get(column)) return 'its values are what they were';
    const others = columns.filter((other) => {
      if (other === column || way.also === 'row' || way.also?.includes(other)) return false;
      const known = coverage.columns[other];
      return known !== undefined && !('ignored' in known) && now.get(other) !== values.get(other);
    });
    if (others.length > 0) return `not alone: ${others.join(', ')} changed too`;
    const after = await read(connection);
    return compareCatalogs(before, after).outcome === 'equal' ? 'not seen' : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await connection.script('ROLLBACK');
  }
}

function read(connection: Connection): Promise<Catalog> {
  return readCatalog(connection, { inTransaction: true, dependencies: false });
}

/** One hash per column, over all rows, whatever their order. */
async function contents(
  connection: Connection,
  catalog: string,
  columns: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const hashes = columns.map((column) => `sum(hashtextextended(coalesce(${column}::text, 'null'), 0))`);
  const [rows = []] = await connection.script(`SELECT ${hashes.join(', ')} FROM pg_catalog.${catalog}`);
  return new Map(columns.map((column, index) => [column, rows[0]?.[index] ?? null]));
}
