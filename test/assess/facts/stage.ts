/** A database with the fixtures of the table of facts, and what a server does there. */

import { tmpdir } from 'node:os';
import { strength } from '../../../src/assess/effect.ts';
import type { FactExample, FactFamily, FactRow } from '../../../src/assess/facts/model.ts';
import type { LockMode } from '../../../src/assess/model.ts';
import { type Observation, observeFrom } from '../../../src/assess/trace/observe.ts';
import type { Snapshot } from '../../../src/assess/trace/snapshot.ts';
import type { Catalog } from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { sqlStateOf } from '../../../src/postgres/errors.ts';
import { findServers } from '../../../src/postgres/programs.ts';
import { type RunningServer, startScratchServer } from '../../../src/postgres/server.ts';
import { testServer } from '../../support/servers.ts';

export interface Seen {
  readonly locks: ReadonlyMap<string, LockMode>;
  readonly scans: ReadonlySet<string>;
  readonly rewrites: ReadonlySet<string>;
  /** Index to its table. */
  readonly built: ReadonlyMap<string, string>;
  readonly validates: ReadonlySet<string>;
  readonly error: string | null;
}

/** The weakest mode that makes a lock of this mode wait (manual, table 13.2). */
const IN_THE_WAY: Readonly<Record<LockMode, string>> = {
  AccessShareLock: 'ACCESS EXCLUSIVE',
  RowShareLock: 'EXCLUSIVE',
  RowExclusiveLock: 'SHARE',
  ShareUpdateExclusiveLock: 'SHARE UPDATE EXCLUSIVE',
  ShareLock: 'ROW EXCLUSIVE',
  ShareRowExclusiveLock: 'ROW EXCLUSIVE',
  ExclusiveLock: 'ROW SHARE',
  AccessExclusiveLock: 'ACCESS SHARE',
};

/** What reads catalogs whose indexes are being built anew may get in the way of that, now and then. */
const DEADLOCK = '40P01';
const TRIES = 3;

export class Stage {
  readonly major: number;
  readonly catalog: Catalog;
  readonly #connection: Connection;
  readonly #second: Connection;
  readonly #third: Connection;
  readonly #words: Readonly<Record<string, string>>;
  /** Indexes and owned sequences to their tables. */
  readonly #owners: ReadonlyMap<string, string>;
  readonly #kinds: ReadonlyMap<string, string>;
  readonly #own: RunningServer | null;
  /** What is there, where nothing has changed since it was read. */
  #state: Snapshot | null = null;

  private constructor(parts: {
    readonly catalog: Catalog;
    readonly connections: readonly [Connection, Connection, Connection];
    readonly words: Readonly<Record<string, string>>;
    readonly relations: readonly (readonly [string, string, string | null])[];
    readonly own: RunningServer | null;
  }) {
    this.#own = parts.own;
    [this.#connection, this.#second, this.#third] = parts.connections;
    this.major = this.#connection.server.major;
    this.catalog = parts.catalog;
    this.#words = parts.words;
    this.#kinds = new Map(parts.relations.map(([name, kind]) => [name, kind]));
    this.#owners = new Map(
      parts.relations.flatMap(([name, , owner]) => (owner === null ? [] : [[name, owner] as const])),
    );
  }

  /** What concerns whole databases locks catalogs that all of a server share: it gets a server of its own. */
  static async set(major: number, families: readonly FactFamily[], alone: boolean): Promise<Stage> {
    const own = alone ? await ownServer(major) : null;
    const database =
      own === null ? await (await testServer(major)).createDatabase() : own.connector('postgres');
    const connections = [
      await database.connect(),
      await database.connect(),
      await database.connect(),
    ] as const;
    const [connection] = connections;
    const [[folder = ''] = []] = await connection.rows<[string]>(`SELECT current_setting('data_directory')`);
    const words = {
      ...database.clientEnvironment(),
      DATABASE: connection.server.database,
      SPACE: `${folder}_facts_n`,
    };
    if (!alone) await makeSpaces(connection, folder);
    for (const { since, sql } of families.flatMap(({ fixture }) => fixture)) {
      if (since <= major) await connection.script(filled(sql, words));
    }
    await connection.script('ANALYZE');
    const catalog = await readCatalog(connection);
    const relations = await connection.rows<[string, string, string | null]>(RELATIONS);
    return new Stage({ catalog, connections, words, relations, own });
  }

  async leave(): Promise<void> {
    await Promise.all([this.#connection, this.#second, this.#third].map((one) => one.close()));
    await this.#own?.stop();
  }

  fill(sql: string): string {
    return filled(sql, this.#words);
  }

  /** Whether it has rows, or is an index: of anything else nothing can be read or written anew. */
  hasStorage(relation: string): boolean {
    return ['r', 'm', 'i'].includes(this.#kinds.get(relation) ?? '');
  }

  isIndex(relation: string): boolean {
    return (this.#kinds.get(relation) ?? '').toLowerCase() === 'i';
  }

  indexesOf(table: string): readonly string[] {
    return [...this.#owners]
      .filter(([part, owner]) => owner === table && this.isIndex(part))
      .map(([part]) => part);
  }

  /** Locks on indexes and owned sequences that are no stronger than that of their table say nothing more than that. */
  withoutImplied(locks: ReadonlyMap<string, LockMode>): ReadonlyMap<string, LockMode> {
    return new Map(
      [...locks].filter(([relation, mode]) => {
        const owner = locks.get(this.#owners.get(relation) ?? '');
        return owner === undefined || strength(mode) > strength(owner);
      }),
    );
  }

  async run(row: FactRow, example: FactExample, expected: ReadonlyMap<string, LockMode>): Promise<Seen> {
    const connection = this.#connection;
    const sql = this.fill(example.sql);
    await this.#prepare(example);
    const outside = row.outside === true;
    const options = { second: this.#second, keep: outside, transactional: !outside };
    let observed = await observeFrom(connection, sql, this.#state, options);
    for (let n = 0; n < TRIES && observed.observation.error?.sqlstate === DEADLOCK; n++) {
      observed = await observeFrom(connection, sql, this.#state, options);
    }
    const first = seenIn(observed.observation);
    // What is rolled back leaves all as it was.
    const changed = outside || example.before !== undefined || example.after !== undefined;
    this.#state = changed ? null : observed.before;
    if (example.after !== undefined) await connection.script(example.after);
    if (!outside || first.error !== null) return first;
    // What is held for a moment alone is seen when something stands in its way.
    const locks = new Map(first.locks);
    for (const [relation, mode] of expected) {
      if (locks.get(relation) === mode) continue;
      const again = await this.#runAgainst(relation, mode, sql, example);
      for (const [other, taken] of again) {
        const known = locks.get(other);
        if (known === undefined || strength(taken) > strength(known)) locks.set(other, taken);
      }
    }
    return { ...first, locks };
  }

  /** Whether the server refuses the statement in a transaction block. */
  async isRefusedInside(sql: string): Promise<boolean> {
    await this.#connection.script('BEGIN');
    const refused = await this.#connection.script(this.fill(sql)).then(
      () => false,
      (error: unknown) =>
        sqlStateOf(error) === '25001' || /inside a transaction block|from a function/.test(String(error)),
    );
    await this.#connection.script('ROLLBACK');
    return refused;
  }

  async #prepare(example: FactExample): Promise<void> {
    const { before, session, interrupted } = example;
    if (before !== undefined || interrupted !== undefined) this.#state = null;
    await this.#connection.script(`SET TimeZone = 'UTC'; ${session ?? ''}`);
    if (before !== undefined) await this.#connection.script(before);
    if (interrupted === undefined) return;
    await this.#second.script(`BEGIN; ${interrupted.holding}`);
    await this.#connection.script('SET statement_timeout = 300');
    await this.#connection.script(interrupted.sql).catch(() => {});
    await this.#connection.script('RESET statement_timeout');
    await this.#second.script('ROLLBACK');
  }

  async #runAgainst(
    relation: string,
    mode: LockMode,
    sql: string,
    example: FactExample,
  ): Promise<ReadonlyMap<string, LockMode>> {
    const table = this.#owners.get(relation) ?? relation;
    // An index is in the way as soon as its table is read.
    const hold = this.isIndex(relation)
      ? `SELECT count(*) FROM ${table}`
      : `LOCK TABLE ONLY ${table} IN ${IN_THE_WAY[mode]} MODE`;
    let waited: ReadonlyMap<string, LockMode> = new Map();
    for (let n = 0; n <= TRIES; n++) {
      await this.#third.script(`BEGIN; ${hold}`);
      const running = this.#connection.script(sql).then(
        () => null,
        (error: unknown) => error,
      );
      waited = await this.#waitedFor();
      await this.#third.script('ROLLBACK');
      const error = await running;
      if (error === null) break;
      if (n === TRIES || sqlStateOf(error) !== DEADLOCK) throw error;
    }
    if (example.after !== undefined) await this.#connection.script(example.after);
    return waited;
  }

  /** The lock that the statement waits for; none where it does not come to that. */
  async #waitedFor(): Promise<ReadonlyMap<string, LockMode>> {
    for (let n = 0; n < 200; n++) {
      const waits = await this.#second.rows<[string, LockMode]>(
        `SELECT format('%I.%I', n.nspname, c.relname), l.mode FROM pg_locks l
         JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE l.pid = $1 AND NOT l.granted AND l.locktype = 'relation' AND l.relation >= 16384`,
        [this.#connection.pid],
      );
      if (waits.length > 0) return new Map(waits);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return new Map();
  }
}

const RELATIONS = `
  SELECT format('%I.%I', n.nspname, c.relname), c.relkind::text,
    (SELECT format('%I.%I', tn.nspname, tc.relname) FROM pg_class tc JOIN pg_namespace tn ON tn.oid = tc.relnamespace
      WHERE tc.oid = coalesce(i.indrelid, d.refobjid))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND c.relkind = 'S'
    AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass
  WHERE c.oid >= 16384`;

async function ownServer(major: number): Promise<RunningServer> {
  const programs = (await findServers('.ferrata')).find((server) => server.major === major);
  if (programs === undefined) throw new Error(`PostgreSQL ${major} is not here`);
  return startScratchServer(programs, tmpdir());
}

async function makeSpaces(connection: Connection, folder: string): Promise<void> {
  const make = (path: string) => `COPY (SELECT 1) TO PROGRAM 'mkdir -p ${path}; cat > /dev/null'`;
  await connection.script(`${make(`${folder}_facts`)}; ${make(`${folder}_facts_n`)}`);
  const [[known] = []] = await connection.rows<[boolean]>(
    `SELECT EXISTS (SELECT FROM pg_tablespace WHERE spcname = 'ferrata_space')`,
  );
  if (known !== true) await connection.script(`CREATE TABLESPACE ferrata_space LOCATION '${folder}_facts'`);
}

function filled(sql: string, words: Readonly<Record<string, string>>): string {
  return sql.replace(/%([A-Z]+)%/g, (_, word: string) => words[word] ?? '');
}

function seenIn(observation: Observation): Seen {
  return {
    locks: new Map(observation.locks.map(({ relation, mode }) => [relation, mode])),
    scans: new Set(observation.scans),
    rewrites: new Set(observation.rewrites),
    built: new Map(observation.built.map(({ index, table }) => [index, table])),
    validates: new Set(observation.validates),
    error: observation.error?.sqlstate ?? null,
  };
}
