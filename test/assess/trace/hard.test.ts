/**
 * Twenty statements whose cost is not what it looks like, on schemas in the shape of two well-known samples: what the
 * text and the catalog tell is what the server does. The table in docs/assess.md is written from here (`vitest -u`).
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../../src/assess/analyse.ts';
import { AssessContext } from '../../../src/assess/context.ts';
import type { StatementFacts } from '../../../src/assess/model.ts';
import { observe } from '../../../src/assess/trace/observe.ts';
import type { Trace } from '../../../src/assess/trace/run.ts';
import type { Catalog } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { fillSynthetic } from '../../../src/prepare/synthetic/index.ts';
import { parseScript } from '../../../src/sql/parse.ts';
import { outerMajors, testServer } from '../../support/servers.ts';

interface HardStatement {
  readonly schema: string;
  readonly sql: string;
  readonly why: string;
}

const folder = new URL('./hard/', import.meta.url);
const read = (name: string) => readFile(new URL(name, folder), 'utf8');
const STATEMENTS = JSON.parse(await read('statements.json')) as readonly HardStatement[];
const SCHEMAS = [...new Set(STATEMENTS.map(({ schema }) => schema))];
const NEWEST = Math.max(...outerMajors());

interface Place {
  readonly connection: Connection;
  readonly second: Connection;
  readonly catalog: Catalog;
}

/** Filled by the cases of the newest major. */
const rows: string[] = [];

describe.each(outerMajors())('PostgreSQL %i', (major) => {
  const places = new Map<string, Place>();

  beforeAll(async () => {
    const server = await testServer(major);
    for (const schema of SCHEMAS) {
      const database = await server.createDatabase();
      const connection = await database.connect();
      await connection.script(await read(`${schema}.sql`));
      const catalog = await readCatalog(connection, { dependencies: false });
      await fillSynthetic(connection, catalog, { variant: 'castable-text' });
      places.set(schema, { connection, second: await database.connect(), catalog });
    }
  });
  afterAll(async () => {
    for (const { connection, second } of places.values()) {
      await second.close();
      await connection.close();
    }
  });

  it.each(STATEMENTS)('$schema: $sql', async ({ schema, sql, why }) => {
    const place = places.get(schema);
    if (place === undefined) throw new Error(`there is no schema ${schema}`);
    const { connection, second, catalog } = place;
    const script = await parseScript(sql, 'up.sql');
    const told = analyse(script, new AssessContext(catalog, { isUtc: true }), new Map())[0]?.facts;
    const transactional = told?.transactional === true;
    const observation = await observe(connection, sql, {
      second,
      keep: false,
      transactional,
      settings: { TimeZone: 'UTC', enable_seqscan: 'off' },
    });
    expect(observation.error).toBeNull();
    const statements: Trace = new Map([[0, { state: 'observed', observation }]]);
    const trace = { statements, sameMajor: true, major };
    const merged = analyse(script, new AssessContext(catalog, { isUtc: true }), new Map(), undefined, {
      trace,
    })[0]?.facts;
    expect(merged?.source).toBe('traced');
    expect(merged?.disagreements ?? []).toEqual([]);
    if (major === NEWEST && merged !== undefined) rows.push(row(schema, sql, why, merged));
  });
});

it('docs/assess.md shows them', async () => {
  const path = fileURLToPath(new URL('../../../docs/assess.md', import.meta.url));
  if (rows.length !== STATEMENTS.length) throw new Error('the table needs every statement to have run');
  const page = await readFile(path, 'utf8');
  const table = [
    '| | statement | locks (those that others feel) | written anew | read whole | |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
  expect(page).toContain(BEGIN);
  const [before = '', rest = ''] = page.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  await expect(`${before}${BEGIN}\n\n${table}\n\n${after}`).toMatchFileSnapshot(path);
});

const BEGIN = '<!-- hard statements: written by test/assess/trace/hard.test.ts -->';
const END = '<!-- end -->';

function row(schema: string, sql: string, why: string, facts: StatementFacts): string {
  const bare = (name: string) => name.replace(/^public\./, '');
  const felt = facts.locks.filter(
    ({ mode, role }) => !/^(AccessShare|Row\w+)Lock$/.test(mode) && role !== 'index',
  );
  const byMode = new Map<string, string[]>();
  for (const { mode, relation } of felt) {
    const short = mode.replace(/Lock$/, '');
    byMode.set(short, [...(byMode.get(short) ?? []), bare(relation)]);
  }
  const locks = [...byMode].map(([mode, names]) => `${mode}: ${names.sort().join(', ')}`).join('; ');
  const list = (names: readonly string[]) => [...names].map(bare).sort().join(', ');
  const scans = facts.scans.filter((name) => !facts.rewrites.includes(name));
  return `| ${schema} | \`${sql}\` | ${locks} | ${list(facts.rewrites)} | ${list(scans)} | ${why} |`;
}
