/** What the attic holds for rollbacks whose window is over: shown first, then removed for good (DESIGN §4.6). */
import type { Policy } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import type { Lease } from '../ledger/lease.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RunRecord } from '../ledger/model.ts';
import { checkLease } from '../ledger/rows.ts';
import type { Plan } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import { listParked, type ParkedEntry, purge } from './attic/attic.ts';
import { captureName } from './context.ts';
import { ledgerFailure, transient } from './failure.ts';
import { backoff, pause } from './retry.ts';
import { transactionLimits } from './session.ts';
import { dropCapture } from './undo/capture.ts';

export interface Purgeable {
  readonly run: string;
  readonly migration: string;
  /** ISO 8601; it is over. */
  readonly windowUntil: string | null;
  /** Tables and columns that lie parked. */
  readonly parked: readonly ParkedEntry[];
  /** Names of the captures with before-images. */
  readonly captures: readonly string[];
}

/** Runs past their rollback window, the oldest first; what they hold may be nothing but the promise to go back. */
export async function listPurgeable(ledger: Ledger): Promise<readonly Purgeable[]> {
  const runs = await ledger.pastWindow();
  if (runs.length === 0) return [];
  const parked = await listParked(ledger.connection);
  return runs.map((run) => purgeableOf(run, parked));
}

function purgeableOf(run: RunRecord, parked: readonly ParkedEntry[]): Purgeable {
  const ids = new Set(parkIdsOf(run.plan));
  return {
    run: run.id,
    migration: run.migration,
    windowUntil: run.windowUntil,
    parked: parked.filter(({ memo }) => ids.has(memo.parkId)),
    captures: run.plan.steps
      .filter(
        (step) =>
          step.captures.length > 0 ||
          step.forward.some(({ type }) => type === 'keep-column' || type === 'keep-sequences'),
      )
      .map((step) => captureName(run.plan, step)),
  };
}

function parkIdsOf(plan: Plan): readonly string[] {
  return plan.steps.flatMap((step) =>
    step.forward.flatMap((action) => ('parkId' in action ? [action.parkId] : [])),
  );
}

export interface PurgeOptions {
  readonly connection: Connection;
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly policy: Policy;
  readonly reporter: Reporter;
  /** Who asked for it, for the audit chain. */
  readonly actor: string;
}

/**
 * Removes what a run left in the attic, in one transaction with its stage `purged`: it can't be taken back any more.
 * Only what `listPurgeable` still lists is touched. Throws `lease-lost`, `lock-timeout` after the last retry.
 */
export async function purgeRuns(
  items: readonly Purgeable[],
  options: PurgeOptions,
): Promise<readonly Purgeable[]> {
  const chosen = new Set(items.map(({ run }) => run));
  const due = (await listPurgeable(options.ledger)).filter(({ run }) => chosen.has(run));
  for (const item of due) {
    await purgeOne(item, options);
    await options.ledger.audit(options.actor, 'purge', {
      run: item.run,
      migration: item.migration,
      parked: item.parked.map(({ memo }) => memo),
      captures: item.captures,
    });
  }
  return due;
}

async function purgeOne(item: Purgeable, options: PurgeOptions): Promise<void> {
  const { connection, lease, policy, reporter } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.transaction(async () => {
        await connection.script(`${transactionLimits(policy)}; ${checkLease(lease.token)}`);
        await purge(connection, { parkIds: item.parked.map(({ memo }) => memo.parkId) });
        for (const capture of item.captures) await dropCapture(connection, capture);
        await connection.query(`UPDATE ferrata.migration SET stage = 'purged' WHERE run = $1`, [item.run]);
      });
      return;
    } catch (error) {
      const reason = transient(error);
      if (reason === null || attempt > policy.retries) throw ledgerFailure(error);
      const waitMs = backoff(attempt);
      reporter({ type: 'step-retried', run: item.run, step: 'purge', attempt, waitMs, reason });
      await pause(waitMs);
    }
  }
}
