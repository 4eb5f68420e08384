/** Runs one statement on a scratch copy and says what it did: PostgreSQL itself is asked, not its manual. */
import { isFerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { quoteQualified } from '../../sql/quote.ts';
import type { StatementLock } from '../model.ts';
import { type Counters, counters } from './counters.ts';
import { differences, type ObservedDifferences } from './differences.ts';
import { type HeldLocks, ownLocks, strongestTaken } from './locks.ts';
import { borrow, giveBack, TALKATIVE } from './messages.ts';
import { ask, command, type Reading } from './reading.ts';
import { Roles } from './roles.ts';
import { sampled } from './samples.ts';
import { type Snapshot, snapshot, snapshotSince } from './snapshot.ts';
import { gateFor, type Subjects, subjectsOf } from './subjects.ts';

export interface Observation extends ObservedDifferences {
  /** On relations that were there before, the strongest mode of each. Without the system's own relations and TOAST. */
  readonly locks: readonly StatementLock[];
  /** In force while the statement ran; null: it would wait for ever. */
  readonly lockTimeoutMs: number | null;
  /** What the server said while it ran, DEBUG1 messages too. */
  readonly messages: readonly string[];
  /** A statement that failed changed nothing, unless it ran in transactions of its own. */
  readonly error: {
    readonly sqlstate: string;
    readonly message: string;
    /** The table that the server names with it. */
    readonly table: string | null;
  } | null;
  /** How long the server took, the way to it included. */
  readonly ms: number;
}

export interface ObserveOptions {
  /** Of the same database: watches what cannot run in a transaction. */
  readonly second: Connection;
  /** False: everything is rolled back. A statement that is not transactional stays done all the same. */
  readonly keep: boolean;
  readonly transactional: boolean;
  /** The caller has begun a transaction on `connection`, and ends it. What it holds already is not told again. */
  readonly inTransaction?: boolean;
  /** What was there before the transaction in hand: only of that is told. By default all that is there. */
  readonly existing?: Snapshot;
  /** The statement, where it has been parsed already. */
  readonly parsed?: readonly ParsedStatement[];
  /** How many rows tables hold, by name, as far as it is known: tells a whole index that is read from a look-up. */
  readonly rows?: Readonly<Record<string, number>>;
  /** Further settings while the statement runs. */
  readonly settings?: Readonly<Record<string, string>>;
}

const NONE: HeldLocks = new Map();

/**
 * Runs one statement on `connection` and says what it did. The session's settings are left as they were, but for what
 * the statement itself sets. An error of the statement is part of the answer; in a transaction of the caller's it has
 * aborted that, unless `keep` is false. Throws `server-connection-lost` and its like.
 */
export async function observe(
  connection: Connection,
  sql: string,
  options: ObserveOptions,
): Promise<Observation> {
  return (await observeFrom(connection, sql, null, options)).observation;
}

/**
 * As `observe`, for statements one after the other: `before` is what the one before left behind, null where that is not
 * known. Gives what this one leaves behind.
 */
export async function observeFrom(
  connection: Connection,
  sql: string,
  before: Snapshot | null,
  options: ObserveOptions,
): Promise<Observed> {
  const subjects = await subjectsOf(sql, options.parsed);
  const run = options.transactional
    ? await runInside(connection, sql, before, options)
    : await runOutside(connection, sql, before, subjects, options);
  const roles = new Roles(subjects, run.before, run.after);
  const existing = options.existing?.relations ?? run.before.relations;
  const locks = [...run.taken].flatMap(([oid, mode]) => {
    const relation = existing.has(oid) ? run.before.relations.get(oid) : undefined;
    return relation === undefined ? [] : [{ relation: relation.name, mode, role: roles.of(relation, mode) }];
  });
  const observation = {
    locks,
    ...differences(run, run.messages, existing, options.rows),
    lockTimeoutMs: run.lockTimeoutMs === 0 ? null : run.lockTimeoutMs,
    messages: run.messages,
    error: run.error,
    ms: run.ms,
  };
  return { observation, before: run.before, after: options.keep ? run.after : run.before };
}

/** What was observed, between which states. */
export interface Observed {
  readonly observation: Observation;
  readonly before: Snapshot;
  /** What is there now. */
  readonly after: Snapshot;
}

interface Run {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly counters: readonly [before: Counters, after: Counters];
  readonly taken: ReturnType<typeof strongestTaken>;
  readonly messages: readonly string[];
  readonly lockTimeoutMs: number;
  readonly error: Observation['error'];
  readonly ms: number;
}

async function runInside(
  connection: Connection,
  sql: string,
  before: Snapshot | null,
  options: ObserveOptions,
): Promise<Run> {
  const nested = options.inTransaction === true;
  try {
    const run = await watch(connection, sql, before, options);
    const failed = run.error !== null;
    if (nested) {
      if (!options.keep)
        await connection.script(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}; RELEASE SAVEPOINT ${SAVEPOINT}`);
      return run;
    }
    if (failed || !options.keep) {
      await connection.script('ROLLBACK');
      return run;
    }
    // What is deferred to the end of the transaction is checked now.
    const late = await attempt(connection, 'COMMIT');
    return late === null ? run : { ...run, after: run.before, error: late };
  } catch (error) {
    // No answer of the server: it matters more than what the server says to this.
    if (!nested) await connection.script('ROLLBACK').catch(() => {});
    throw error;
  }
}

const SAVEPOINT = 'ferrata_observed';

/** Runs the statement in a transaction, which stays open. */
async function watch(
  connection: Connection,
  sql: string,
  known: Snapshot | null,
  options: ObserveOptions,
): Promise<Run> {
  const nested = options.inTransaction === true;
  const begin = nested ? (options.keep ? 'SELECT' : `SAVEPOINT ${SAVEPOINT}`) : 'BEGIN';
  const [, lockTimeoutMs, readBefore, held, first, borrowed] = await ask(
    connection,
    command(begin),
    lockTimeout,
    known === null ? snapshot : given(known),
    ownLocks,
    counters,
    borrow({ ...options.settings, ...TALKATIVE }, true),
  );
  const heard = listen(connection);
  const start = performance.now();
  const error = await attempt(connection, sql);
  const ms = performance.now() - start;
  heard.stop();
  const run = { before: readBefore, messages: heard.messages, lockTimeoutMs, error, ms };
  if (error !== null) return { ...run, after: readBefore, counters: [first, first], taken: new Map() };
  const [, changed, now, last] = await ask(
    connection,
    giveBack(borrowed, true),
    snapshotSince(readBefore),
    ownLocks,
    counters,
  );
  const [after] = changed === null ? await ask(connection, snapshot) : [changed];
  return { ...run, after, counters: [first, last], taken: strongestTaken(held, now) };
}

async function runOutside(
  connection: Connection,
  sql: string,
  known: Snapshot | null,
  subjects: Subjects,
  { second, settings }: ObserveOptions,
): Promise<Run> {
  const [lockTimeoutMs, before, first, borrowed] = await ask(
    connection,
    lockTimeout,
    known === null ? snapshot : given(known),
    counters,
    // It has to wait for the one that watches it, which is not to be its undoing.
    borrow({ ...settings, ...TALKATIVE, lock_timeout: '0' }, false),
  );
  const heard = listen(connection);
  const start = performance.now();
  const { value: error, locks } = await sampled(second, connection.pid, gateFor(subjects, before), () =>
    attempt(connection, sql),
  );
  const ms = performance.now() - start;
  heard.stop();
  const [, after, last] = await ask(connection, giveBack(borrowed, false), snapshot, counters);
  const taken = strongestTaken(NONE, locks);
  return {
    before,
    after,
    counters: [first, last],
    taken,
    messages: heard.messages,
    lockTimeoutMs,
    error,
    ms,
  };
}

const lockTimeout: Reading<number> = {
  sql: [`SELECT setting FROM pg_catalog.pg_settings WHERE name = 'lock_timeout'`],
  parse: ([rows]) => Number(rows?.[0]?.[0] ?? 0),
};

function given<T>(value: T): Reading<T> {
  return { sql: [], parse: () => value };
}

function listen(connection: Connection): { readonly messages: readonly string[]; stop(): void } {
  const messages: string[] = [];
  const stop = connection.onNotice((notice) => messages.push(notice.message));
  return { messages, stop };
}

async function attempt(connection: Connection, sql: string): Promise<Observation['error']> {
  try {
    await connection.script(sql);
    return null;
  } catch (error) {
    const sqlstate = sqlStateOf(error);
    if (sqlstate === null) throw error;
    const own = isFerrataError(error);
    return {
      sqlstate,
      message: own ? error.message : String(error),
      table: own ? tableOf(error.details.data) : null,
    };
  }
}

function tableOf({ schema, table }: Readonly<Record<string, unknown>> = {}): string | null {
  return typeof schema === 'string' && typeof table === 'string' ? quoteQualified(schema, table) : null;
}
