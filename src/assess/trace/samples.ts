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
  let held = await hold(second, gate.tables, gate.modes[0], "SET LOCAL lock_timeout = '200ms'");
  let running = true;
  const watch = async () => {
    while (running) {
      if (!(await look(second, pid, seen)) || !held) continue;
      await second.script('ROLLBACK');
      held = await hold(second, gate.tables, gate.modes[1], '', ' NOWAIT');
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

/** Takes in what is held or waited for; whether the backend waits for anything. */
async function look(second: Connection, pid: number, seen: Map<number, Set<LockMode>>): Promise<boolean> {
  let waits = false;
  for (const [kind, relation, mode, granted] of await second.rows<[string, string, string, boolean]>(LOOK, [
    pid,
  ])) {
    waits ||= !granted;
    const known = asMode(mode);
    if (kind !== 'relation' || known === null) continue;
    const modes = seen.get(Number(relation)) ?? new Set();
    seen.set(Number(relation), modes.add(known));
  }
  return waits;
}

/** Begins a transaction that holds the tables; false where others hold them, and nothing is begun. */
async function hold(
  second: Connection,
  tables: readonly string[],
  mode: string,
  first: string,
  last = '',
): Promise<boolean> {
  if (tables.length === 0) return false;
  const names = tables.map((table) => `ONLY ${table}`).join(', ');
  try {
    await second.script(`BEGIN; ${first}; LOCK TABLE ${names} IN ${mode} MODE${last}`);
    return true;
  } catch (error) {
    if (!isFerrataError(error) || error.details.sqlState === undefined) throw error;
    await second.script('ROLLBACK');
    return false;
  }
}
