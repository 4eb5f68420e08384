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

/** Empty databases of one server; what was brought back to nothing serves again. */
export class EmptyDatabases {
  readonly #create: () => Promise<Connector>;
  readonly #free: Connector[] = [];
  #nothing: Promise<Catalog> | undefined;

  constructor(create: () => Promise<Connector>) {
    this.#create = create;
  }

  async take(): Promise<Connector> {
    return this.#free.pop() ?? (await this.#create());
  }

  giveBack(database: Connector): void {
    this.#free.push(database);
  }

  /** The catalog of an empty database. */
  nothing(): Promise<Catalog> {
    this.#nothing ??= this.#create().then((database) => withConnection(database, (one) => readCatalog(one)));
    return this.#nothing;
  }
}

/** Base → change → back → forward on one database, and the changed one built from nothing in another, and both dropped. */
export async function roundTrip(row: MatrixRow, databases: EmptyDatabases): Promise<Trip> {
  const problems: string[] = [];
  const allowed = row.cosmetic !== undefined;
  const [database, empty, nothing] = await Promise.all([
    databases.take(),
    databases.take(),
    databases.nothing(),
  ]);
  const refused = (direction: 'back' | 'forward', problem: string | null): boolean => {
    if (row.refuses?.direction !== direction) return false;
    if (problem === null || !problem.startsWith('refused')) problems.push(`${direction}: not refused`);
    else if (!problem.includes(row.refuses.reason))
      problems.push(`${direction}: refused otherwise: ${problem}`);
    return true;
  };
  const clear = async (connection: Connection, connector: Connector, what: string): Promise<void> => {
    const gone = await turn(connection, nothing, { sameDatabase: false }, false);
    if (gone.problem !== null) problems.push(`to nothing (${what}): ${gone.problem}`);
    else databases.giveBack(connector);
  };
  await withConnection(database, async (connection) => {
    await connection.script(row.base);
    const before = await readCatalog(connection);
    const content = row.probe === undefined ? null : await connection.script(row.probe);
    await connection.script(row.change);
    const after = await readCatalog(connection);
    if (compareCatalogs(before, after).outcome === 'equal') {
      problems.push('the change changes nothing that the catalog knows');
    }
    const same = await turn(connection, after, {}, false);
    if (same.rendering.statements.length > 0) {
      problems.push(`nothing to do, but renders\n${listing(same.rendering)}`);
    }
    const back = await turn(connection, before, {}, allowed);
    if (!refused('back', back.problem)) {
      if (back.problem !== null) problems.push(`back: ${back.problem}`);
      problems.push(...unexpected(row, back.rendering));
      if (content !== null && back.problem === null) {
        const now = await connection.script(row.probe ?? '');
        if (JSON.stringify(now) !== JSON.stringify(content)) {
          problems.push(
            `content ${JSON.stringify(now)}, was ${JSON.stringify(content)}\n${listing(back.rendering)}`,
          );
        }
      }
      if (back.problem === null) {
        // Without physical identity a renamed column is dropped and added: last.
        const forward = await turn(connection, after, { sameDatabase: false }, true);
        if (!refused('forward', forward.problem) && forward.problem !== null) {
          problems.push(`forward: ${forward.problem}`);
        }
      }
    }
    await clear(connection, database, 'changed');
    await withConnection(empty, async (other) => {
      const built = await turn(other, after, { sameDatabase: false }, allowed);
      if (built.problem !== null) problems.push(`from nothing: ${built.problem}`);
      else {
        // What was built elsewhere has nobody's physical identity.
        const turned = await turn(other, before, { sameDatabase: false }, true);
        const justified = row.refuses?.direction === 'back' && turned.problem?.includes(row.refuses.reason);
        if (turned.problem !== null && justified !== true) problems.push(`elsewhere: ${turned.problem}`);
        await clear(other, empty, 'built');
      }
    });
  });
  return { problems };
}

function unexpected(row: MatrixRow, rendering: Rendering): string[] {
  const has = (pattern: RegExp): boolean => rendering.statements.some((one) => pattern.test(one.sql));
  return [
    ...(row.back?.has ?? [])
      .filter((one) => !has(one))
      .map((one) => `back lacks ${one}\n${listing(rendering)}`),
    ...(row.back?.lacks ?? []).filter(has).map((one) => `back has ${one}\n${listing(rendering)}`),
  ];
}
