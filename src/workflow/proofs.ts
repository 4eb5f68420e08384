/** Finds the proof that counts for each pending migration, in the ledger or among the files. */
import type { Ledger } from '../ledger/ledger.ts';
import type { ProvedPlan } from '../prepare/model.ts';
import { loadProofs } from '../prepare/proof-store.ts';
import type { Migration } from '../source/model.ts';
import type { Session } from './session.ts';

export interface Candidate {
  readonly migration: Migration;
  /** Bound to exactly this migration and the schema that it will start from; refuted ones are found too. */
  readonly proved: ProvedPlan | null;
  /** The schema it will start from; null where an earlier migration without a proof leaves it open. */
  readonly startFingerprint: string | null;
}

/**
 * Walks the pending migrations from the live fingerprint on: each proof says which schema it leaves, and the next one
 * must start there.
 */
export async function findProofs(
  session: Session,
  ledger: Ledger,
  pending: readonly Migration[],
  liveFingerprint: string,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  let start: string | null = liveFingerprint;
  for (const migration of pending) {
    const proved: ProvedPlan | null =
      start === null ? null : await findProof(session, ledger, migration, start);
    candidates.push({ migration, proved, startFingerprint: start });
    start = proved?.proof.endFingerprint ?? null;
  }
  return candidates;
}

async function findProof(
  session: Session,
  ledger: Ledger,
  migration: Migration,
  startFingerprint: string,
): Promise<ProvedPlan | null> {
  const serverMajor = session.connection.server.major;
  const files = (await loadProofs(session.settings, migration.id)).filter(
    ({ proof }) => proof.checksum === migration.checksum && proof.startFingerprint === startFingerprint,
  );
  const sameMajor = files.find(({ proof }) => proof.serverMajor === serverMajor);
  const recorded = await ledger.findProof({ checksum: migration.checksum, startFingerprint, serverMajor });
  const found = [sameMajor, recorded ?? undefined].filter((proved) => proved !== undefined);
  const [newest] = found.sort((a, b) => b.proof.provedAt.localeCompare(a.proof.provedAt));
  return newest ?? files[0] ?? null;
}
