/** Relation locks of one backend, as pg_locks shows them. */
import type { Connection } from '../../postgres/connection.ts';
import { LOCK_MODES, type LockMode } from '../model.ts';

/** Modes by the oid of the relation. */
export type HeldLocks = ReadonlyMap<number, ReadonlySet<LockMode>>;

/** Waited for counts as taken: on a server with users it would be. */
export const LOCKS_OF = `
  SELECT relation::pg_catalog.text, mode FROM pg_catalog.pg_locks
  WHERE pid = $1 AND locktype = 'relation' AND relation >= 16384
    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`;

export function asMode(mode: string): LockMode | null {
  return LOCK_MODES.find((known) => known === mode) ?? null;
}

/** What the connection's own transaction holds at the moment. */
export async function ownLocks(connection: Connection): Promise<HeldLocks> {
  const held = new Map<number, Set<LockMode>>();
  for (const [relation, mode] of await connection.rows<[string, string]>(LOCKS_OF, [connection.pid])) {
    const known = asMode(mode);
    if (known === null) continue;
    const modes = held.get(Number(relation)) ?? new Set();
    held.set(Number(relation), modes.add(known));
  }
  return held;
}

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
