/**
 * The locks of a statement that runs in transactions of its own (CONCURRENTLY, VACUUM …): nobody can look into them
 * before they end, so that a second connection looks while they run, as fast as the server answers.
 */
import type { Connection } from '../../postgres/connection.ts';
import type { LockMode } from '../model.ts';
import { asMode, type HeldLocks, LOCKS_OF } from './locks.ts';

/** Runs `work` on one connection while `second` looks at what the backend `pid` holds, or waits for. */
export async function sampled<T>(
  second: Connection,
  pid: number,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly locks: HeldLocks }> {
  const seen = new Map<number, Set<LockMode>>();
  let running = true;
  const look = async () => {
    while (running) {
      for (const [relation, mode] of await second.rows<[string, string]>(LOCKS_OF, [pid])) {
        const oid = Number(relation);
        const known = asMode(mode);
        if (known === null) continue;
        const modes = seen.get(oid) ?? new Set();
        seen.set(oid, modes.add(known));
      }
    }
  };
  // The first query of a session fills its caches: it would sleep through the whole of a small table's index.
  await second.rows(LOCKS_OF, [pid]);
  const looking = look();
  try {
    const value = await work();
    return { value, locks: seen };
  } finally {
    running = false;
    await looking;
  }
}
