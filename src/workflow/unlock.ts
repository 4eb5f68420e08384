/** The lease of a runner that is gone, or hangs: shown first, then taken. */
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { breakLease, leaseHolder } from '../ledger/lease.ts';
import { openLedger } from '../ledger/ledger.ts';
import type { LeaseHolder } from '../ledger/model.ts';
import { ownerName } from './owner.ts';
import { withSession } from './session.ts';

/**
 * Shows the holder to `confirm`, and takes the lease where that agrees. Null: nobody holds it. Throws `lease-held`
 * where it changed hands in the meantime.
 */
export async function unlock(
  settings: Settings,
  confirm: (holder: LeaseHolder) => Promise<boolean>,
  reporter: Reporter,
): Promise<{ readonly holder: LeaseHolder | null; readonly taken: boolean }> {
  return withSession(settings, reporter, async ({ connection }) => {
    const ledger = await openLedger(connection, { create: false });
    const holder = ledger.exists ? await leaseHolder(connection) : null;
    if (holder === null || !(await confirm(holder))) return { holder, taken: false };
    if (!(await breakLease(connection, holder))) {
      throw new FerrataError('lease-held', 'The lease has changed hands since it was shown.', {
        hint: 'Run `ferrata unlock` again.',
      });
    }
    await ledger.audit(ownerName(), 'unlock', { holder });
    return { holder, taken: true };
  });
}
