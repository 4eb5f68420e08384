/** Phase 5 by itself, at any time: the whole database, or one migration's tables. */
import type { Settings } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import { recordedSchema } from '../ledger/snapshot.ts';
import { readMigrations } from '../source/native.ts';
import { verify } from '../verify/index.ts';
import type { CheckName, Verification } from '../verify/model.ts';
import { findMigration } from './select.ts';
import { withSession } from './session.ts';

/**
 * Runs the checks (all where null) on the live database. The schema is compared with the one last recorded; the custom
 * queries are those of every applied migration, or of the one that is named.
 */
export async function verifyDatabase(
  settings: Settings,
  request: { readonly checks: readonly CheckName[] | null; readonly migration: string | null },
  reporter: Reporter,
): Promise<Verification> {
  const migrations = await readMigrations(settings);
  return withSession(settings, reporter, async ({ connection }) => {
    const ledger = await openLedger(connection, { create: false });
    const recorded = ledger.exists ? await recordedSchema(connection) : null;
    const common = {
      connection,
      reporter,
      ...(request.checks === null ? {} : { checks: request.checks }),
    };
    if (request.migration !== null) {
      const migration = findMigration(migrations, request.migration);
      const run = await ledger.runOf(migration.id);
      return verify({
        ...common,
        migration,
        plan: run?.plan ?? null,
        catalogExpected: recorded?.catalog ?? null,
      });
    }
    const whole = await verify({ ...common, catalogExpected: recorded?.catalog ?? null });
    if (request.checks !== null && !request.checks.includes('custom')) return whole;
    const applied = new Set((await ledger.applied()).map((record) => record.id));
    const written = migrations.filter((migration) => migration.verify !== null && applied.has(migration.id));
    const custom: Verification[] = [];
    for (const migration of written) {
      custom.push(await verify({ ...common, checks: ['custom'], migration, tables: [] }));
    }
    return {
      ok: whole.ok && custom.every((one) => one.ok),
      checks: whole.checks,
      results: [...whole.results, ...custom.flatMap((one) => one.results)],
      ms: whole.ms + custom.reduce((sum, one) => sum + one.ms, 0),
    };
  });
}
