/** What is past its rollback window goes for good, after it was shown. */
import type { Settings } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import { listPurgeable, type Purgeable, purgeRuns } from '../execute/purge.ts';
import { acquireLease } from '../ledger/lease.ts';
import { openLedger } from '../ledger/ledger.ts';
import { ownerName } from './owner.ts';
import { requireWritable, withSession } from './session.ts';

/** Lists what is due to `confirm`, and removes it where that agrees. */
export async function purge(
  settings: Settings,
  confirm: (due: readonly Purgeable[]) => Promise<boolean>,
  reporter: Reporter,
): Promise<{ readonly due: readonly Purgeable[]; readonly purged: readonly Purgeable[] }> {
  return withSession(settings, reporter, async (session) => {
    const { connection, connector } = session;
    const ledger = await openLedger(connection, { create: false });
    const due = ledger.exists ? await listPurgeable(ledger) : [];
    if (due.length === 0 || !(await confirm(due))) return { due, purged: [] };
    requireWritable(session);
    const lease = await acquireLease({
      connector,
      connection,
      owner: ownerName(),
      purpose: 'purge',
      wait: true,
      reporter,
    });
    try {
      const { policy } = settings.environment;
      const purged = await purgeRuns(due, {
        connection,
        ledger,
        lease,
        policy,
        reporter,
        actor: ownerName(),
      });
      return { due, purged };
    } finally {
      await lease.release(connection);
    }
  });
}
