/** The backup that a run stands on: found, or made and verified where the policy says `auto`. */
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import type { Catalog } from '../catalog/model.ts';
import type { Plan } from '../plan/model.ts';
import { newestVerified } from '../prepare/backup/index.ts';
import type { ProvedPlan } from '../prepare/model.ts';
import type { Migration } from '../source/model.ts';
import { touchedTables } from '../verify/index.ts';
import { makeBackupIn, proveBackupIn } from './backup.ts';
import type { Session } from './session.ts';

/**
 * The name of a verified backup of the schema as it stands now; null where the policy asks for none, or (`required`)
 * none is there: the gate tells. `auto` backs up what the migration touches, and restores it into a scratch copy.
 */
export async function ensureBackup(
  session: Session,
  migration: Migration,
  plan: Plan,
  proved: ProvedPlan | null,
  catalog: Catalog,
): Promise<string | null> {
  const { settings, reporter } = session;
  const wanted = settings.environment.policy.backup;
  const schemaFingerprint = fingerprintCatalog(catalog).hash;
  const found = await newestVerified(settings, { schemaFingerprint });
  // One that is there is named in the report, asked for or not.
  if (found !== null || wanted !== 'auto') return found?.name ?? null;
  const proof = proved?.proof ?? null;
  const touched = touchedTables({ migration, plan, proof, catalogBefore: catalog }, null) ?? [];
  const tables = touched.filter(
    (table) => catalog.objects.get(`table ${table}`)?.properties.partitionKey === null,
  );
  if (tables.length === 0) return null;
  reporter({
    type: 'phase',
    phase: 'backup',
    migration: migration.id,
    message: `backing up ${tables.join(', ')}`,
  });
  const manifest = await makeBackupIn(session, {
    kind: 'snapshot',
    tables,
    name: null,
    migration: migration.id,
  });
  return (await proveBackupIn(session, manifest.name)).name;
}
