/** Has somebody changed the schema beside Ferrata? The live one against the one last recorded. */
import { compareCatalogs } from '../catalog/compare.ts';
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import type { Comparison } from '../catalog/model.ts';
import { readCatalog } from '../catalog/read.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import { recordedSchema, recordSchema } from '../ledger/snapshot.ts';
import { type Session, withSession } from './session.ts';

export interface Drift {
  readonly database: string;
  readonly outcome: Comparison['outcome'];
  readonly differences: Comparison['differences'];
  /** What the comparison rests on. */
  readonly since: { readonly reason: string; readonly recordedAt: string };
  readonly fingerprint: string;
}

/** Throws `drift` (as usage of an empty ledger) where nothing was ever recorded. */
export async function findDrift(settings: Settings, reporter: Reporter): Promise<Drift> {
  return withSession(settings, reporter, async ({ connection }) => {
    const ledger = await openLedger(connection, { create: false });
    const recorded = ledger.exists ? await recordedSchema(connection) : null;
    if (recorded === null) {
      throw new FerrataError('usage', 'There is no recorded schema to compare with.', {
        why: 'Nothing was applied or baselined on this database with verification on.',
        hint: 'Run `ferrata baseline` to record the schema as it is.',
      });
    }
    const live = await readCatalog(connection, { dependencies: false });
    const { outcome, differences } = compareCatalogs(recorded.catalog, live);
    return {
      database: connection.server.label,
      outcome,
      differences,
      since: { reason: recorded.reason, recordedAt: recorded.recordedAt },
      fingerprint: fingerprintCatalog(live).hash,
    };
  });
}

/** Records the live schema as the one that counts. The ledger must exist. */
export async function recordLiveSchema(session: Session, reason: string): Promise<string> {
  const catalog = await readCatalog(session.connection, { dependencies: true });
  const { hash } = fingerprintCatalog(catalog);
  await recordSchema(session.connection, catalog, hash, reason);
  return hash;
}
