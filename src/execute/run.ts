/** What going forward and going back have in common: the shape of a result, failure and pause. */

import type { Policy } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Lease } from '../ledger/lease.ts';
import type { RunState } from '../ledger/model.ts';
import { backfillOf } from '../plan/backfill.ts';
import type { Step } from '../plan/model.ts';
import type { Connector } from '../postgres/connection.ts';
import { Journal, type ReadFingerprint, type RunContext } from './context.ts';
import type { SourceText } from './failure.ts';
import { alwaysGo, type Throttle } from './monitor/throttle.ts';
import { RunSession } from './session.ts';

export interface ExecuteOptions {
  readonly connector: Connector;
  readonly lease: Lease;
  readonly policy: Policy;
  readonly reporter: Reporter;
  /** The file that the actions' positions refer to. */
  readonly source: SourceText | null;
  /** For steps outside a transaction that no index tells about. */
  readonly readFingerprint?: ReadFingerprint;
  /** First Ctrl-C: the step in hand is finished, or rolled back, and the run is paused. */
  readonly signal?: AbortSignal | undefined;
  /** Second Ctrl-C: the statement in hand is cancelled on the server. */
  readonly cancel?: AbortSignal | undefined;
  /** Between the batches of a backfill; without one nothing holds it up. */
  readonly throttle?: Throttle;
  /** The migration's folder, for what lies beside up.sql. */
  readonly folder?: string | null;
  /** Kept over several runs by the caller, who closes it; without one each run opens its own. */
  readonly session?: RunSession;
}

export interface ExecutedStep {
  readonly step: string;
  /** Milliseconds. */
  readonly ms: number;
  /** Rows written; null where nobody counted. */
  readonly rows: number | null;
}

export interface Executed {
  readonly run: string;
  readonly migration: string;
  readonly state: RunState;
  /** Of this process: steps that an earlier one did are not among them. */
  readonly steps: readonly ExecutedStep[];
  /** Milliseconds. */
  readonly ms: number;
}

/** Calls `work` with a session, and listens to the second Ctrl-C meanwhile. */
export async function withSession<T>(
  options: ExecuteOptions,
  work: (session: RunSession) => Promise<T>,
): Promise<T> {
  const session = options.session ?? (await RunSession.open(options.connector));
  const cancel = () => void session.cancel();
  options.cancel?.addEventListener('abort', cancel);
  try {
    return await work(session);
  } finally {
    options.cancel?.removeEventListener('abort', cancel);
    if (options.session === undefined) await session.close();
  }
}

/** What the parts of the runner share while the run of this id goes on; what they report passes its journal. */
export function runContext(run: string, options: ExecuteOptions, session: RunSession): RunContext {
  const journal = new Journal(run);
  return {
    run,
    session,
    lease: options.lease,
    policy: options.policy,
    report: journal.listen(options.reporter),
    signal: options.signal,
    throttle: options.throttle ?? alwaysGo,
    folder: options.folder ?? null,
    source: options.source,
    readFingerprint: options.readFingerprint ?? null,
    journal,
  };
}

/** Throws `lease-lost` as soon as a heartbeat has seen it. */
export function stillOurs(context: RunContext): void {
  if (context.lease.lost.aborted) throw context.lease.lost.reason;
}

/** Whether a step needs a session of its own on the server: outside a transaction, and not in many small ones. */
export function needsSession(step: Step): boolean {
  return !step.transactional && backfillOf(step) === null;
}

/** Steps outside a transaction need a session of their own on the server. Throws `server-pooled`. */
export function refusePooler(session: RunSession, steps: readonly string[]): void {
  const { server } = session.connection;
  if (!server.pooled || steps.length === 0) return;
  throw new FerrataError(
    'server-pooled',
    `${server.label} is a pooler, and step ${steps.join(', ')} runs outside a transaction`,
    {
      why: 'Behind a pooler in transaction mode neither its lock timeout nor its end after a crash could be controlled.',
      hint: 'Give the URL of the server itself for migrations (often another port, e.g. 5432 instead of 6432).',
    },
  );
}

export function pausedError(run: string, migration: string, done: number, total: number): FerrataError {
  return new FerrataError(
    'run-paused',
    `Run ${run} of ${migration} is paused after ${done} of ${total} steps`,
    {
      hint: '`ferrata up` goes on with it, `ferrata down` takes it back.',
      data: { run },
    },
  );
}
