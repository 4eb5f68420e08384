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
import { Guard } from './monitor/guard.ts';
import { alwaysGo, type Throttle } from './monitor/throttle.ts';
import { pause } from './retry.ts';
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
  /** Between steps and batches; the policy's monitors where it is not given. */
  readonly throttle?: Throttle;
  /** How long the run should take at most, in milliseconds; null, or absent: nobody knows. */
  readonly estimateMs?: number | null;
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
export function runContext(
  run: string,
  options: ExecuteOptions,
  session: RunSession,
  guard: Guard | null,
): RunContext {
  const journal = new Journal(run);
  return {
    run,
    session,
    lease: options.lease,
    policy: options.policy,
    report: journal.listen(options.reporter),
    signal: options.signal,
    throttle: options.throttle ?? guard ?? alwaysGo,
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

/** The monitors of a run; null where the caller brought a throttle of its own. */
export function guardFor(run: string, direction: 'up' | 'down', options: ExecuteOptions): Guard | null {
  if (options.throttle !== undefined) return null;
  return new Guard({
    run,
    direction,
    connector: options.connector,
    policy: options.policy.monitor,
    report: options.reporter,
    estimateMs: options.estimateMs ?? null,
  });
}

/** Waits until the run may go on with its next step. Throws `run-aborted`; a pause that is asked for ends the wait. */
export async function mayGoOn(context: RunContext, what: string): Promise<void> {
  let told = false;
  for (;;) {
    stillOurs(context);
    if (context.signal?.aborted) return;
    const decision = await context.throttle.wait(context.signal);
    if (decision.kind === 'go') return;
    if (decision.kind === 'abort') throw abortedError(context.run, what, decision.reason);
    if (!told) context.report({ type: 'waiting', message: `before ${what}: ${decision.reason}` });
    told = true;
    await pause(decision.retryMs, context.signal);
  }
}

export function abortedError(run: string, what: string, reason: string): FerrataError {
  return new FerrataError('run-aborted', `${what} was stopped: ${reason}`, {
    why: 'A threshold was passed, or somebody asked for it. What was done until then stands.',
    hint: '`ferrata up` goes on with it, `ferrata down` takes it back.',
    data: { run, reason },
  });
}
