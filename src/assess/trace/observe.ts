/** Runs one statement on a scratch copy and says what it did: PostgreSQL itself is asked, not its manual. */
import { isFerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import type { StatementLock } from '../model.ts';
import { differences, type ObservedDifferences } from './differences.ts';
import { type HeldLocks, ownLocks, strongestTaken } from './locks.ts';
import { listen } from './messages.ts';
import { Roles, subjectsOf } from './roles.ts';
import { sampled } from './samples.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';

export interface Observation extends ObservedDifferences {
  /** On relations that were there before, the strongest mode of each. Without the system's own relations and TOAST. */
  readonly locks: readonly StatementLock[];
  /** In force while the statement ran; null: it would wait for ever. */
  readonly lockTimeoutMs: number | null;
  /** What the server said while it ran, DEBUG1 messages too. */
  readonly messages: readonly string[];
  /** A statement that failed changed nothing, unless it ran in transactions of its own. */
  readonly error: { readonly sqlstate: string; readonly message: string } | null;
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
  const subjects = await subjectsOf(sql);
  const run = options.transactional
    ? await runInside(connection, sql, options)
    : await runOutside(connection, sql, options);
  const { before, after, taken, messages } = run;
  const roles = new Roles(subjects, before, after);
  const locks = [...taken].flatMap(([oid, mode]) => {
    const relation = before.relations.get(oid);
    return relation === undefined ? [] : [{ relation: relation.name, mode, role: roles.of(relation, mode) }];
  });
  return {
    locks,
    ...differences(before, after, messages),
    lockTimeoutMs: before.lockTimeoutMs === 0 ? null : before.lockTimeoutMs,
    messages,
    error: run.error,
    ms: run.ms,
  };
}

interface Run {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly taken: ReturnType<typeof strongestTaken>;
  readonly messages: readonly string[];
  readonly error: Observation['error'];
  readonly ms: number;
}

async function runInside(connection: Connection, sql: string, options: ObserveOptions): Promise<Run> {
  const nested = options.inTransaction === true;
  await connection.script(nested ? (options.keep ? 'SELECT' : 'SAVEPOINT ferrata_observed') : 'BEGIN');
  const back = nested
    ? 'ROLLBACK TO SAVEPOINT ferrata_observed; RELEASE SAVEPOINT ferrata_observed'
    : 'ROLLBACK';
  const before = await readSnapshot(connection);
  const held = nested ? await ownLocks(connection) : NONE;
  const heard = await listen(connection, true);
  const start = performance.now();
  const error = await attempt(connection, sql);
  const ms = performance.now() - start;
  if (error !== null) {
    heard.stop();
    if (!nested || !options.keep) await connection.script(back);
    return { before, after: before, taken: new Map(), messages: heard.messages, error, ms };
  }
  await heard.end();
  const after = await readSnapshot(connection);
  const taken = strongestTaken(held, await ownLocks(connection));
  if (!options.keep) {
    await connection.script(back);
    return { before, after, taken, messages: heard.messages, error: null, ms };
  }
  // What is deferred to the end of the transaction is checked now.
  const late = nested ? null : await attempt(connection, 'COMMIT');
  return { before, after: late === null ? after : before, taken, messages: heard.messages, error: late, ms };
}

async function runOutside(connection: Connection, sql: string, { second }: ObserveOptions): Promise<Run> {
  const before = await readSnapshot(connection);
  const heard = await listen(connection, false);
  const start = performance.now();
  const { value: error, locks } = await sampled(second, connection.pid, () => attempt(connection, sql));
  const ms = performance.now() - start;
  await heard.end();
  const after = await readSnapshot(connection);
  return { before, after, taken: strongestTaken(NONE, locks), messages: heard.messages, error, ms };
}

async function attempt(connection: Connection, sql: string): Promise<Observation['error']> {
  try {
    await connection.script(sql);
    return null;
  } catch (error) {
    const sqlstate = sqlStateOf(error);
    if (sqlstate === null) throw error;
    return { sqlstate, message: isFerrataError(error) ? error.message : String(error) };
  }
}
