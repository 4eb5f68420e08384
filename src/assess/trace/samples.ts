/**
 * The locks of a statement that runs in transactions of its own (CONCURRENTLY, VACUUM …): nobody can look into them
 * before they end, and on a small table that is too soon for a second connection that only looks. So it holds a lock of
 * its own for which the statement must wait, looks, and lets go; then again, for the transactions that follow.
 *
 * The second connection never waits for the statement, so that the two cannot come to a deadlock. Between its queries it
 * holds no snapshot (READ COMMITTED), which CONCURRENTLY would wait for as well.
 */
import { isFerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import type { LockMode } from '../model.ts';
import { asMode, type HeldLocks } from './locks.ts';

export interface Gate {
  /** Tables to hold, as SQL; views and materialised views cannot be held. */
  readonly tables: readonly string[];
  /**
   * Of the first hold and of those after it: what conflicts with the first lock that the statement takes, and what
   * conflicts with those that would disturb others.
   */
  readonly modes: readonly [first: string, later: string];
}

const LOOK = `
  SELECT locktype, relation::pg_catalog.text, mode, granted FROM pg_catalog.pg_locks
  WHERE pid = $1 AND (NOT granted OR locktype = 'relation' AND relation >= 16384
    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))`;

/** Runs `work` on one connection while `second` looks at what the backend `pid` holds, or waits for. */
export async function sampled<T>(
  second: Connection,
  pid: number,
  gate: Gate,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly locks: HeldLocks }> {
  const seen = new Map<number, Set<LockMode>>();
  // The first query of a session fills its caches.
  await second.rows(LOOK, [pid]);
  const first = new FirstHold(second, gate);
  let held = await first.take();
  let running = true;
  const watch = async () => {
    while (running) {
      const waited = await look(second, pid, seen);
      if (waited === null || !held || (await first.letGo(waited))) continue;
      await second.script('ROLLBACK');
      held = await hold(second, gate.tables, gate.modes[1]);
    }
    if (held) await second.script('ROLLBACK');
  };
  const watching = watch();
  try {
    return { value: await work(), locks: seen };
  } finally {
    running = false;
    await watching;
  }
}

/**
 * The first hold: each table behind a savepoint of its own, in the reverse of the order in which statements take them
 * (parents before their children). What the statement waits for is given back, and the rest is never free in between:
 * so it is seen at each table in turn.
 */
class FirstHold {
  readonly #second: Connection;
  readonly #gate: Gate;
  /** In the order of their locks. */
  #oids: number[] = [];

  constructor(second: Connection, gate: Gate) {
    this.#second = second;
    this.#gate = gate;
  }

  /** Begins a transaction that holds the tables; false where others hold them, and nothing is begun. */
  async take(): Promise<boolean> {
    const tables = [...this.#gate.tables].reverse();
    if (tables.length === 0) return false;
    const rows = await this.#second.rows<[string]>(
      'SELECT t::pg_catalog.regclass::pg_catalog.oid::pg_catalog.text FROM pg_catalog.unnest($1::text[]) t',
      [tables],
    );
    this.#oids = rows.map(([oid]) => Number(oid));
    const locks = tables.map(
      (table, n) => `SAVEPOINT ferrata_${n}; LOCK TABLE ONLY ${table} IN ${this.#gate.modes[0]} MODE`,
    );
    return attempt(this.#second, ['BEGIN', `SET LOCAL lock_timeout = '200ms'`, ...locks].join('; '));
  }

  /** Gives back the tables that are waited for, the others as far as they are in the way of it; false: there is none. */
  async letGo(waited: ReadonlySet<number>): Promise<boolean> {
    const from = this.#oids.findIndex((oid) => waited.has(oid));
    if (from <= 0) return false;
    this.#oids = this.#oids.slice(0, from);
    await this.#second.script(`ROLLBACK TO SAVEPOINT ferrata_${from}`);
    return true;
  }
}

/** Takes in what is held or waited for; the relations that the backend waits for; null: for nothing at all. */
async function look(
  second: Connection,
  pid: number,
  seen: Map<number, Set<LockMode>>,
): Promise<ReadonlySet<number> | null> {
  let waited: Set<number> | null = null;
  for (const [kind, relation, mode, granted] of await second.rows<[string, string, string, boolean]>(LOOK, [
    pid,
  ])) {
    if (!granted) {
      waited ??= new Set();
      if (kind === 'relation') waited.add(Number(relation));
    }
    const known = asMode(mode);
    if (kind !== 'relation' || known === null) continue;
    const modes = seen.get(Number(relation)) ?? new Set();
    seen.set(Number(relation), modes.add(known));
  }
  return waited;
}

/** Begins a transaction that holds the tables; false where others hold them just now, and nothing is begun. */
async function hold(second: Connection, tables: readonly string[], mode: string): Promise<boolean> {
  if (tables.length === 0) return false;
  const names = tables.map((table) => `ONLY ${table}`).join(', ');
  return attempt(second, `BEGIN; LOCK TABLE ${names} IN ${mode} MODE NOWAIT`);
}

async function attempt(second: Connection, sql: string): Promise<boolean> {
  try {
    await second.script(sql);
    return true;
  } catch (error) {
    if (!isFerrataError(error) || error.details.sqlState === undefined) throw error;
    await second.script('ROLLBACK');
    return false;
  }
}
