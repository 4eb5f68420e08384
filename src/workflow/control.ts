/** What another terminal asks of the run at work: through the ledger, which its monitors read once an interval. */
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { readWanted, type Wanted, writeWanted } from '../ledger/control.ts';
import { leaseHolder } from '../ledger/lease.ts';
import { openLedger } from '../ledger/ledger.ts';
import type { RunRecord } from '../ledger/model.ts';
import { ownerName } from './owner.ts';
import { withSession } from './session.ts';

export interface ControlRequest {
  readonly action: 'pause' | 'resume' | 'abort' | 'throttle';
  /** Of `throttle`: above 0, at most 1. */
  readonly factor?: number;
  readonly reason: string | null;
}

export interface ControlOutcome {
  readonly run: string;
  readonly migration: string;
  /** Who runs it. */
  readonly owner: string;
  readonly wanted: Wanted;
}

/**
 * Asks. What it leads to is seen within an interval of the monitors (`policy.monitor.intervalMs`); `status --watch`
 * shows it. Throws `run-absent` where nobody is at work.
 */
export async function controlRun(
  settings: Settings,
  request: ControlRequest,
  reporter: Reporter,
): Promise<ControlOutcome> {
  return withSession(settings, reporter, async ({ connection }) => {
    const ledger = await openLedger(connection, { create: true });
    const run = await ledger.unfinished();
    const holder = await leaseHolder(connection);
    if (run === null || holder === null || holder.expired) throw absent(request.action, run);
    const by = ownerName();
    const { reason } = request;
    switch (request.action) {
      case 'pause':
        await writeWanted(connection, run.id, { wanted: 'pause', reason, by });
        break;
      case 'resume':
        await writeWanted(connection, run.id, { wanted: 'go', reason, by });
        break;
      case 'abort':
        await writeWanted(connection, run.id, { wanted: 'abort', reason, by });
        break;
      case 'throttle':
        await writeWanted(connection, run.id, { factor: request.factor ?? 1, reason, by });
        break;
      default: {
        const unknown: never = request.action;
        throw new Error(`no such action: ${String(unknown)}`);
      }
    }
    await ledger.audit(by, request.action, {
      run: run.id,
      reason,
      ...(request.factor !== undefined && { factor: request.factor }),
    });
    const wanted = await readWanted(connection, run.id);
    if (wanted === null) throw absent(request.action, run);
    return { run: run.id, migration: run.migration, owner: holder.owner, wanted };
  });
}

function absent(action: ControlRequest['action'], run: RunRecord | null): FerrataError {
  if (run === null) {
    return new FerrataError('run-absent', `There is no run to ${action}`, {
      why: 'No migration is being applied to this database.',
      hint: '`ferrata status` shows what is applied and pending.',
    });
  }
  return new FerrataError('run-absent', `Nobody is at work on run ${run.id} of ${run.migration}`, {
    why: `It is ${run.state}; the process that ran it has ended.`,
    hint: '`ferrata up` goes on with it, `ferrata down` takes it back.',
    data: { run: run.id },
  });
}
