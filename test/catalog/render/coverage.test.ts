/**
 * What the rows of the matrix cover, told by the newest major, so that the table in docs/catalog.md is the same whatever
 * other majors run. That the rows go there and back is `matrix.test.ts`'s to prove.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { renderDifference } from '../../../src/catalog/render/index.ts';
import type { Connection, Connector } from '../../../src/postgres/connection.ts';
import { testServer } from '../../support/servers.ts';
import { Coverage, type Step } from './matrix/coverage.ts';
import { EXCEPTIONS } from './matrix/exceptions.ts';
import { MATRIX } from './matrix/index.ts';
import type { MatrixRow } from './matrix/row.ts';
import { withConnection } from './round-trip.ts';

const NEWEST = 18;
/** Connections side by side. */
const LANES = 4;
let coverage: Coverage;
/** Rows whose own SQL the server refuses. */
const broken: string[] = [];

describe('what the matrix covers', () => {
  beforeAll(async () => {
    const server = await testServer(NEWEST);
    if (server.major !== NEWEST) throw new Error(`The table is made with PostgreSQL ${NEWEST}.`);
    coverage = new Coverage(await withConnection(await server.createDatabase(), (one) => readCatalog(one)));
    const rows = MATRIX.filter((row) => NEWEST >= (row.minMajor ?? 0) && NEWEST <= (row.maxMajor ?? 99));
    const lane = async (): Promise<void> => {
      await withConnection(await server.createDatabase(), async (connection) => {
        const nothing = await readCatalog(connection);
        for (let row = rows.pop(); row !== undefined; row = rows.pop()) {
          const states = await undone(connection, row)
            .catch(() => kept(server.createDatabase(), row as MatrixRow))
            .catch((error: unknown) => String(error));
          if (typeof states === 'string') broken.push(`${row.file}: ${row.name}: ${states}`);
          else coverage.add(row, { ...states, refusals: refusals(row, nothing, states) });
        }
      });
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }, 900_000);

  test('every kind and every property is made, dropped and altered, or is a named exception', () => {
    expect(broken).toEqual([]);
    expect(coverage.gaps(EXCEPTIONS)).toEqual([]);
  });

  // `npx vitest run test/catalog/render/coverage.test.ts -u` writes it.
  test('docs/catalog.md has the table', async () => {
    const page = resolve(import.meta.dirname, '../../../docs/catalog.md');
    const [start, end] = ['<!-- the matrix -->\n', '<!-- end of the matrix -->'];
    const text = await readFile(page, 'utf8');
    const [head, rest] = text.split(start);
    const tail = rest?.split(end)[1];
    if (head === undefined || tail === undefined) throw new Error(`docs/catalog.md lacks ${start}`);
    await expect(`${head}${start}${coverage.page(EXCEPTIONS)}\n${end}${tail}`).toMatchFileSnapshot(page);
  });
});

type States = Pick<Step, 'before' | 'after'>;

/** Inside a transaction that is rolled back: the next row finds the same empty database. */
async function undone(connection: Connection, row: MatrixRow): Promise<States> {
  await connection.script('BEGIN');
  try {
    return await states(connection, row, true);
  } finally {
    await connection.script('ROLLBACK; DISCARD ALL');
  }
}

/** In a database of its own: for what does not go into one transaction (a new enum label and its first use …). */
async function kept(database: Promise<Connector>, row: MatrixRow): Promise<States> {
  return await withConnection(await database, (connection) => states(connection, row, false));
}

async function states(connection: Connection, row: MatrixRow, inTransaction: boolean): Promise<States> {
  await connection.script(row.base);
  const before = await readCatalog(connection, { inTransaction });
  await connection.script(row.change);
  return { before, after: await readCatalog(connection, { inTransaction }) };
}

function refusals({ refuses }: MatrixRow, nothing: Catalog, { before, after }: States): Step['refusals'] {
  if (refuses === undefined) return [];
  const [from, to] = {
    back: [after, before] as const,
    forward: [before, after] as const,
    anew: [nothing, after] as const,
  }[refuses.direction];
  const rendering = renderDifference(from, to, {
    sameDatabase: refuses.direction === 'back',
    currentUser: 'postgres',
  });
  return rendering.refusals.filter(({ reason }) => reason.includes(refuses.reason));
}
