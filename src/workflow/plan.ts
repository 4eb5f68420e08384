/** Phase 2 as a whole: compile migrations and derive their way back on a scratch copy without rows. */
import type { Settings } from '../config/settings.ts';
import { FerrataError, isErrorCode } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Plan } from '../plan/model.ts';
import { readMigrations } from '../source/native.ts';
import { writePlanFile } from './plan-file.ts';
import { rehearseMigrations } from './rehearse.ts';

/**
 * The plans of the selection (the pending migrations where it is empty), with the derived way back. A rehearsal
 * without rows is how it is derived; what it finds about data is left to `rehearse`. Throws what stops a migration.
 */
export async function planMigrations(
  settings: Settings,
  selection: { readonly ids: readonly string[]; readonly write: boolean },
  reporter: Reporter,
): Promise<readonly Plan[]> {
  const proved = await rehearseMigrations(
    settings,
    { ids: selection.ids, all: false, together: false, data: 'none', write: false, keep: false },
    // The rehearsal behind it is a means here.
    (event) =>
      reporter(
        event.type === 'phase' && event.phase === 'rehearse'
          ? { ...event, phase: 'plan', message: 'deriving the way back' }
          : event,
      ),
  );
  const failed = proved.find(({ proof }) => proof.outcome === 'failed');
  if (failed?.proof.error != null) {
    const { code, message, at } = failed.proof.error;
    throw new FerrataError(
      isErrorCode(code) ? code : 'sql-failed',
      `${failed.plan.migration} does not run: ${message}`,
      {
        location: at ?? undefined,
        hint: 'Mend up.sql; `ferrata validate` checks what needs no database.',
      },
    );
  }
  const plans = proved.map(({ plan }) => plan);
  if (selection.write) {
    const migrations = await readMigrations(settings);
    for (const plan of plans) {
      const migration = migrations.find((m) => m.id === plan.migration);
      if (migration !== undefined) await writePlanFile(migration, plan);
    }
  }
  return plans;
}
