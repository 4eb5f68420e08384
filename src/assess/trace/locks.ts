/** Relation locks of one backend, as pg_locks shows them. */
import { LOCK_MODES, type LockMode } from '../model.ts';
import type { Reading } from './reading.ts';

/** Modes by the oid of the relation. */
export type HeldLocks = ReadonlyMap<number, ReadonlySet<LockMode>>;

export function asMode(mode: string): LockMode | null {
  return LOCK_MODES.find((known) => known === mode) ?? null;
}

/** What the session's own transaction holds at the moment, on relations that are not the system's. */
export const ownLocks: Reading<HeldLocks> = {
  sql: [
    `SELECT relation, mode FROM pg_catalog.pg_locks
     WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'relation' AND relation >= 16384`,
  ],
  parse([rows = []]) {
    const held = new Map<number, Set<LockMode>>();
    for (const [relation, mode] of rows) {
      const known = asMode(mode ?? '');
      if (known === null) continue;
      const modes = held.get(Number(relation)) ?? new Set();
      held.set(Number(relation), modes.add(known));
    }
    return held;
  },
};

/** The strongest mode that is in `after` and not in `before`, by relation. */
export function strongestTaken(before: HeldLocks, after: HeldLocks): ReadonlyMap<number, LockMode> {
  const taken = new Map<number, LockMode>();
  for (const [oid, modes] of after) {
    const fresh = [...modes].filter((mode) => before.get(oid)?.has(mode) !== true);
    const strongest = fresh.sort((a, b) => LOCK_MODES.indexOf(b) - LOCK_MODES.indexOf(a))[0];
    if (strongest !== undefined) taken.set(oid, strongest);
  }
  return taken;
}
