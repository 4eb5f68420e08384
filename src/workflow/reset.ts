import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import type { RunRecord } from '../ledger/model.ts';
import { ownerName } from './owner.ts';
import { withSession } from './session.ts';

/** Forgets the failed run of a migration (by its id, or by the run's). Throws `migration-unknown`, `run-unfinished`. */
export async function resetRun(settings: Settings, id: string, reporter: Reporter): Promise<RunRecord> {
  return withSession(settings, reporter, async ({ connection }) => {
    const ledger = await openLedger(connection, { create: false });
    const run = (await ledger.run(id)) ?? (await ledger.runs({ migration: id, limit: 1 }))[0];
    if (run === undefined) {
      throw new FerrataError('migration-unknown', `There is no run of \`${id}\`.`, {
        hint: '`ferrata status` shows an unfinished run.',
      });
    }
    if (run.state === 'failed' && (await ledger.unfinished())?.id !== run.id) {
      throw new FerrataError('migration-unknown', `Run ${run.id} of ${run.migration} is forgotten already.`, {
        hint: '`ferrata status` shows an unfinished run, where there is one.',
      });
    }
    return ledger.reset(run.id, ownerName());
  });
}
