/** Mismatches between ledger and database: explained, and mended once somebody has agreed. */
import type { Settings } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import { applyFix, type Finding, findMismatches } from '../execute/repair.ts';
import { acquireLease } from '../ledger/lease.ts';
import { openLedger } from '../ledger/ledger.ts';
import { readMigrations } from '../source/native.ts';
import { ownerName } from './owner.ts';
import { readFingerprint } from './run.ts';
import { requireWritable, withSession } from './session.ts';

export interface Repair {
  readonly findings: readonly Finding[];
  readonly mended: readonly Finding[];
}

/** Looks; for each finding that has a fix `confirm` decides. A stale lease is mended before the lease is taken. */
export async function repair(
  settings: Settings,
  confirm: (finding: Finding) => Promise<boolean>,
  reporter: Reporter,
): Promise<Repair> {
  const migrations = await readMigrations(settings);
  return withSession(settings, reporter, async (session) => {
    const { connection, connector } = session;
    const ledger = await openLedger(connection, { create: false });
    const input = { connection, ledger, migrations, readFingerprint };
    const findings = await findMismatches(input);
    const wanted: Finding[] = [];
    for (const finding of findings)
      if (finding.fix !== null && (await confirm(finding))) wanted.push(finding);
    if (wanted.length === 0) return { findings, mended: [] };
    requireWritable(session);
    const fixing = { ...input, policy: settings.environment.policy, actor: ownerName() };
    const first = wanted.filter((finding) => finding.kind === 'stale-lease');
    for (const finding of first) await applyFix(finding, fixing);
    const rest = wanted.filter((finding) => finding.kind !== 'stale-lease');
    if (rest.length > 0 && ledger.exists) {
      const lease = await acquireLease({
        connector,
        connection,
        owner: ownerName(),
        purpose: 'repair',
        wait: true,
        reporter,
      });
      try {
        for (const finding of rest) await applyFix(finding, fixing);
      } finally {
        await lease.release(connection);
      }
    } else {
      for (const finding of rest) await applyFix(finding, fixing);
    }
    return { findings, mended: wanted };
  });
}
