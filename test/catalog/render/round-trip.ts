import { compareCatalogs } from '../../../src/catalog/compare.ts';
import type { Catalog, Rendering } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { type RenderOptions, renderDifference } from '../../../src/catalog/render/index.ts';
import type { Connection, Connector } from '../../../src/postgres/connection.ts';
import type { MatrixRow } from './matrix/row.ts';

/** What went wrong on the way; empty: nothing. */
export interface Trip {
  readonly problems: readonly string[];
}

export async function withConnection<T>(
  connector: Connector,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connector.connect('test');
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

function listing(rendering: Rendering): string {
  const lines = rendering.statements.map((one) => `  [${one.stage}] ${one.sql}`);
  const refusals = rendering.refusals.map((one) => `  REFUSED ${one.object}: ${one.reason}`);
  return [...lines, ...refusals].join('\n');
}

/** Runs a rendering in one transaction; the server's message where it fails. */
async function apply(connection: Connection, rendering: Rendering): Promise<string | null> {
  let current = '';
  try {
    await connection.script('BEGIN');
    for (const statement of rendering.statements) {
      current = statement.sql;
      await connection.script(statement.sql);
    }
    await connection.script('COMMIT');
    return null;
  } catch (error) {
    await connection.script('ROLLBACK').catch(() => undefined);
    return `${(error as Error).message}\n  at: ${current}`;
  }
}

export function differences(actual: Catalog, wanted: Catalog, allowCosmetic: boolean): string[] {
  const { differences: found } = compareCatalogs(actual, wanted);
  return found
    .filter((one) => !(allowCosmetic && one.cosmetic))
    .map(
      (one) =>
        `${one.kind} ${one.object} · ${one.property}: is ${JSON.stringify(one.before)}, wanted ${JSON.stringify(one.after)}`,
    );
}

/** Renders `actual → wanted` on the connection's database, applies, and compares. */
export async function turn(
  connection: Connection,
  wanted: Catalog,
  options: Partial<RenderOptions>,
  allowCosmetic: boolean,
): Promise<{ readonly problem: string | null; readonly rendering: Rendering }> {
  const from = await readCatalog(connection);
  const rendering = renderDifference(from, wanted, {
    sameDatabase: true,
    currentUser: connection.server.user,
    ...options,
  });
  if (rendering.refusals.length > 0) return { problem: `refused:\n${listing(rendering)}`, rendering };
  const failure = await apply(connection, rendering);
  if (failure !== null) return { problem: `${failure}\n${listing(rendering)}`, rendering };
  const left = differences(await readCatalog(connection), wanted, allowCosmetic);
  const problem = left.length === 0 ? null : `${left.join('\n')}\n${listing(rendering)}`;
  return { problem, rendering };
}

/** Base → change → back → forward on one database, and the changed one built from nothing in another. */
export async function roundTrip(row: MatrixRow, createDatabase: () => Promise<Connector>): Promise<Trip> {
  const problems: string[] = [];
  const allowed = row.cosmetic !== undefined;
  const [database, empty, copy] = await Promise.all([createDatabase(), createDatabase(), createDatabase()]);
  await withConnection(database, async (connection) => {
    await connection.script(row.base);
    const before = await readCatalog(connection);
    const content = row.probe === undefined ? null : await connection.script(row.probe);
    await connection.script(row.change);
    const after = await readCatalog(connection);
    if (!row.name.startsWith('no change') && compareCatalogs(before, after).outcome === 'equal') {
      problems.push('the change changes nothing that the catalog knows');
    }
    const expectRefusal = async (direction: 'back' | 'forward', problem: string | null): Promise<boolean> => {
      if (row.refuses?.direction !== direction) return false;
      if (problem === null || !problem.startsWith('refused')) problems.push(`${direction}: not refused`);
      else if (!problem.includes(row.refuses.reason))
        problems.push(`${direction}: refused otherwise: ${problem}`);
      return true;
    };
    const same = await turn(connection, after, {}, false);
    if (same.rendering.statements.length > 0) {
      problems.push(`nothing to do, but renders\n${listing(same.rendering)}`);
    }
    const back = await turn(connection, before, {}, allowed);
    if (await expectRefusal('back', back.problem)) return;
    if (back.problem !== null) problems.push(`back: ${back.problem}`);
    for (const pattern of row.back?.has ?? []) {
      if (!back.rendering.statements.some((one) => pattern.test(one.sql))) {
        problems.push(`back lacks ${pattern}\n${listing(back.rendering)}`);
      }
    }
    for (const pattern of row.back?.lacks ?? []) {
      if (back.rendering.statements.some((one) => pattern.test(one.sql))) {
        problems.push(`back has ${pattern}\n${listing(back.rendering)}`);
      }
    }
    if (row.probe !== undefined && back.problem === null) {
      const now = await connection.script(row.probe);
      if (JSON.stringify(now) !== JSON.stringify(content)) {
        problems.push(
          `content ${JSON.stringify(now)}, was ${JSON.stringify(content)}\n${listing(back.rendering)}`,
        );
      }
    }
    if (back.problem !== null) return;
    const forward = await turn(connection, after, { sameDatabase: false }, allowed);
    if (await expectRefusal('forward', forward.problem)) return;
    if (forward.problem !== null) problems.push(`forward: ${forward.problem}`);
    const built = await withConnection(empty, (other) => turn(other, after, { sameDatabase: false }, false));
    if (built.problem !== null) problems.push(`from nothing: ${built.problem}`);
    // And down to nothing again: every kind can be dropped.
    if (built.problem === null) {
      const nothing = await withConnection(copy, (other) => readCatalog(other));
      const gone = await withConnection(empty, (other) =>
        turn(other, nothing, { sameDatabase: false }, false),
      );
      if (gone.problem !== null) problems.push(`to nothing: ${gone.problem}`);
    }
  });
  return { problems };
}
