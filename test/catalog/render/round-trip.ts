import { compareCatalogs } from '../../../src/catalog/compare.ts';
import type { Catalog, Refusal, Rendering } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { type RenderOptions, renderDifference } from '../../../src/catalog/render/index.ts';
import type { Connection, Connector } from '../../../src/postgres/connection.ts';
import type { MatrixRow } from './matrix/row.ts';
import type { Referee } from './referee.ts';

/** What a round trip saw. */
export interface Trip {
  /** What went wrong on the way; empty: nothing. */
  readonly problems: readonly string[];
  /** The two states; null where the row's own SQL failed. */
  readonly states: { readonly before: Catalog; readonly after: Catalog } | null;
  /** Those that the row asks for. */
  readonly refusals: readonly Refusal[];
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

/** What came of one rendering. */
export interface Turn {
  /** What went wrong: refusals (the text then begins with `refused`), the server's message, or what is left to do. */
  readonly problem: string | null;
  readonly rendering: Rendering;
  /** The database as it is now. */
  readonly now: Catalog;
}

/**
 * Renders `actual → wanted` on the connection's database, applies, and compares. `from` spares a read where the caller
 * has just made it.
 */
export async function turn(
  connection: Connection,
  wanted: Catalog,
  options: Partial<RenderOptions>,
  allowCosmetic: boolean,
  from?: Catalog,
): Promise<Turn> {
  const actual = from ?? (await readCatalog(connection));
  const rendering = renderDifference(actual, wanted, {
    sameDatabase: true,
    currentUser: connection.server.user,
    ...options,
  });
  if (rendering.refusals.length > 0) {
    return { problem: `refused:\n${listing(rendering)}`, rendering, now: actual };
  }
  const failure = await apply(connection, rendering);
  if (failure !== null) return { problem: `${failure}\n${listing(rendering)}`, rendering, now: actual };
  const now = await readCatalog(connection);
  const left = differences(now, wanted, allowCosmetic);
  const problem = left.length === 0 ? null : `${left.join('\n')}\n${listing(rendering)}`;
  return { problem, rendering, now };
}

/** A database, and a connection to it that stays open as long as the database is of use. */
export interface Room {
  readonly connector: Connector;
  readonly connection: Connection;
}

/**
 * Empty databases of one server, each with a connection whose caches are warm; what was brought back to nothing serves
 * again.
 */
export class EmptyDatabases {
  readonly #create: () => Promise<Connector>;
  readonly #free: Room[] = [];
  #nothing: Promise<Catalog> | undefined;

  constructor(create: () => Promise<Connector>) {
    this.#create = create;
  }

  async take(): Promise<Room> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const connector = await this.#create();
    return { connector, connection: await connector.connect('test') };
  }

  /** `empty`: whether it is as it was when it was taken; otherwise nobody gets it again. */
  async giveBack(room: Room, empty: boolean): Promise<void> {
    if (!empty) return await room.connection.close();
    await room.connection.script('DISCARD ALL');
    this.#free.push(room);
  }

  /** The catalog of an empty database. */
  nothing(): Promise<Catalog> {
    this.#nothing ??= (async () => {
      const room = await this.take();
      const catalog = await readCatalog(room.connection);
      await this.giveBack(room, true);
      return catalog;
    })();
    return this.#nothing;
  }

  async close(): Promise<void> {
    await Promise.all(this.#free.splice(0).map(({ connection }) => connection.close()));
  }
}

/**
 * Base → change → back → forward on one database, and the changed one built from nothing in another, and both dropped.
 * The referee, where there is one, looks at the same states with the server's own tool.
 */
export async function roundTrip(
  row: MatrixRow,
  databases: EmptyDatabases,
  referee: Referee | null,
): Promise<Trip> {
  const trip = new RoundTrip(row, databases, referee);
  await trip.run();
  return trip;
}

class RoundTrip implements Trip {
  readonly problems: string[] = [];
  states: { readonly before: Catalog; readonly after: Catalog } | null = null;
  refusals: readonly Refusal[] = [];
  readonly #row: MatrixRow;
  readonly #databases: EmptyDatabases;
  readonly #referee: Referee | null;
  readonly #cosmetic: boolean;

  constructor(row: MatrixRow, databases: EmptyDatabases, referee: Referee | null) {
    this.#row = row;
    this.#databases = databases;
    this.#referee = referee;
    this.#cosmetic = row.cosmetic !== undefined;
  }

  async run(): Promise<void> {
    const room = await this.#databases.take();
    const changed = await this.#thereAndBack(room).catch(async (error: unknown) => {
      await this.#databases.giveBack(room, false);
      throw error;
    });
    await this.#clear(room, changed.now, 'changed');
    await this.#elsewhere(changed);
  }

  /** On one database; returns what it ends with, and the dump of the changed state. */
  async #thereAndBack(room: Room): Promise<{ readonly now: Catalog; readonly dump: string | null }> {
    const { connection } = room;
    const row = this.#row;
    await connection.script(row.base);
    const before = await readCatalog(connection);
    const dump = await this.#dump(room);
    const content = row.probe === undefined ? null : await connection.script(row.probe);
    await connection.script(row.change);
    const after = await readCatalog(connection);
    const changedDump = await this.#dump(room);
    this.states = { before, after };
    if (compareCatalogs(before, after).outcome === 'equal') {
      this.problems.push('the change changes nothing that the catalog knows');
    }
    const still = renderDifference(after, after, { sameDatabase: true, currentUser: connection.server.user });
    if (still.statements.length > 0) {
      this.problems.push(`nothing to do, but renders\n${listing(still)}`);
    }
    const back = await turn(connection, before, {}, this.#cosmetic, after);
    if (this.#refused('back', back)) return { now: back.now, dump: changedDump };
    if (back.problem !== null) this.problems.push(`back: ${back.problem}`);
    this.problems.push(...unexpected(row, back.rendering));
    if (back.problem !== null) return { now: back.now, dump: changedDump };
    if (content !== null) {
      const now = await connection.script(row.probe ?? '');
      if (JSON.stringify(now) !== JSON.stringify(content)) {
        this.problems.push(
          `content ${JSON.stringify(now)}, was ${JSON.stringify(content)}\n${listing(back.rendering)}`,
        );
      }
    }
    this.#verdict('back', dump, await this.#dump(room), back.rendering);
    // Without physical identity a renamed column is dropped and added: last.
    const forward = await turn(connection, after, { sameDatabase: false }, true, back.now);
    if (!this.#refused('forward', forward) && forward.problem !== null) {
      this.problems.push(`forward: ${forward.problem}`);
    }
    return { now: forward.now, dump: changedDump };
  }

  /** The changed state built from nothing in another database, and the way back there. */
  async #elsewhere(changed: { readonly dump: string | null }): Promise<void> {
    if (this.states === null) return;
    const { before, after } = this.states;
    const room = await this.#databases.take();
    const nothing = await this.#databases.nothing();
    const built = await turn(room.connection, after, { sameDatabase: false }, this.#cosmetic, nothing);
    const unmade = this.#row.refuses;
    if (unmade?.direction === 'forward' && built.problem?.includes(unmade.reason)) {
      return await this.#databases.giveBack(room, false);
    }
    if (this.#refused('anew', built)) return await this.#databases.giveBack(room, false);
    if (built.problem !== null) {
      this.problems.push(`from nothing: ${built.problem}`);
      await this.#databases.giveBack(room, false);
      return;
    }
    this.#verdict('from nothing', changed.dump, await this.#dump(room), built.rendering);
    // What was built elsewhere has nobody's physical identity.
    const turned = await turn(room.connection, before, { sameDatabase: false }, true, built.now);
    const { refuses } = this.#row;
    const justified = refuses !== undefined && turned.problem?.includes(refuses.reason);
    if (turned.problem !== null && justified !== true) this.problems.push(`elsewhere: ${turned.problem}`);
    await this.#clear(room, turned.now, 'built');
  }

  /** `what` says which of the two databases it is. */
  async #clear(room: Room, from: Catalog, what: string): Promise<void> {
    const nothing = await this.#databases.nothing();
    const gone = await turn(room.connection, nothing, { sameDatabase: false }, false, from);
    if (gone.problem !== null) this.problems.push(`to nothing (${what}): ${gone.problem}`);
    await this.#databases.giveBack(room, gone.problem === null);
  }

  #refused(direction: 'back' | 'forward' | 'anew', { problem, rendering }: Turn): boolean {
    const { refuses } = this.#row;
    if (refuses?.direction !== direction) return false;
    this.refusals = rendering.refusals.filter(({ reason }) => reason.includes(refuses.reason));
    if (problem === null || !problem.startsWith('refused')) this.problems.push(`${direction}: not refused`);
    else if (!problem.includes(refuses.reason)) {
      this.problems.push(`${direction}: refused otherwise: ${problem}`);
    }
    return true;
  }

  async #dump(room: Room): Promise<string | null> {
    return this.#referee === null ? null : await this.#referee.dump(room.connector);
  }

  #verdict(what: string, wanted: string | null, actual: string | null, rendering: Rendering): void {
    if (this.#referee === null || wanted === null || actual === null) return;
    const found = this.#referee.compare(wanted, actual, this.#cosmetic);
    if (found !== null) this.problems.push(`pg_dump (${what}): ${found}\n${listing(rendering)}`);
  }
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
