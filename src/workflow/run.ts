/** One migration: run, verified, recorded, reported; or gone on with after an interruption. */
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import type { Catalog } from '../catalog/model.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import { executeDown } from '../execute/rollback.ts';
import type { Executed } from '../execute/run.ts';
import { executeUp, type UpOptions } from '../execute/runner.ts';
import type { RunSession } from '../execute/session.ts';
import type { Lease } from '../ledger/lease.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RunRecord, RunState } from '../ledger/model.ts';
import type { Plan } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import type { ProvedPlan } from '../prepare/model.ts';
import type { Migration } from '../source/model.ts';
import type { Baseline, Verification } from '../verify/model.ts';
import { readLiveSchema } from './live-schema.ts';
import { ownerName } from './owner.ts';
import type { Session } from './session.ts';

/** What a person asks for while it runs. */
export interface Signals {
  /** The step in hand is finished, then the run pauses. */
  readonly pause: AbortSignal;
  /** The statement in hand is cancelled on the server; its step is rolled back. */
  readonly cancel?: AbortSignal;
}

/** What a series of runs shares. */
export interface RunTools {
  readonly session: Session;
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly runSession: RunSession;
  readonly signals: Signals;
}

export interface RunSummary {
  readonly migration: string;
  readonly run: string;
  readonly state: RunState;
  readonly ms: number;
  readonly verification: Verification | null;
  /** Path of the Markdown report; null where none is written. */
  readonly report: string | null;
}

export interface RunInput {
  readonly migration: Migration;
  readonly plan: Plan;
  readonly proved: ProvedPlan | null;
  /** Of the target before the run; null where the policy asks for neither proof nor verification. */
  readonly catalog: Catalog | null;
  readonly backup: string | null;
  /** How long it should take, milliseconds; null where nobody knows. */
  readonly estimateMs: number | null;
}

/**
 * Runs a migration. Throws what `executeUp` throws, and `verification-failed` after the run was moved to `failed` (and
 * taken back, where the policy says so).
 */
export async function runMigration(tools: RunTools, input: RunInput): Promise<RunSummary> {
  const { session, lease, runSession, signals } = tools;
  const { policy, name: environment } = session.settings.environment;
  const { migration, plan, proved, catalog } = input;
  const verifies = policy.verify === 'on';
  const baseline = verifies ? await baselineFor(session.connection, input) : null;
  const executed = await executeOrTakeBack(tools, input.migration, {
    connector: session.connector,
    session: runSession,
    lease,
    policy,
    reporter: session.reporter,
    source: { file: migration.up.path, text: migration.up.text },
    folder: migration.folder,
    readFingerprint,
    signal: signals.pause,
    cancel: signals.cancel,
    plan,
    proof: proved?.proof ?? null,
    environment,
    backup: input.backup,
    estimateMs: input.estimateMs,
    startFingerprint: catalog === null ? null : fingerprintCatalog(catalog).hash,
    validate: verifies,
  });
  if (!verifies) return summary(executed, executed.state, null, null);
  return finish(tools, executed, { migration, plan, proved, catalog, baseline });
}

/** Goes on with the run that an earlier process left, whatever it died of. Null where there is none. */
export async function resumeUnfinished(
  tools: RunTools,
  migrations: readonly Migration[],
): Promise<RunSummary | null> {
  const { session, ledger, lease, runSession, signals } = tools;
  const left = await ledger.unfinished();
  if (left === null) return null;
  const { policy, name: environment } = session.settings.environment;
  const migration = migrations.find((m) => m.id === left.migration) ?? null;
  if (migration !== null && migration.checksum !== left.plan.checksum) {
    throw new FerrataError(
      'migration-edited',
      `${left.migration} was edited while run ${left.id} is unfinished.`,
      {
        why: 'The run goes on with the plan that it began with, not with the new text.',
        hint: 'Put the old text back and run `ferrata up`, or take the run back with `ferrata down`.',
      },
    );
  }
  session.reporter({
    type: 'warning',
    message: `run ${left.id} of ${left.migration} is ${left.state}: going on with it`,
    hint: null,
  });
  const verifies = policy.verify === 'on';
  const executed = await executeOrTakeBack(tools, migration, {
    connector: session.connector,
    session: runSession,
    lease,
    policy,
    reporter: session.reporter,
    source: migration === null ? null : { file: migration.up.path, text: migration.up.text },
    folder: migration?.folder ?? null,
    readFingerprint,
    signal: signals.pause,
    cancel: signals.cancel,
    plan: left.plan,
    proof: left.proof,
    environment,
    validate: verifies,
    resume: left,
  });
  if (!verifies) return summary(executed, executed.state, null, null);
  const proved = left.proof === null ? null : { proof: left.proof, plan: left.plan };
  // What was there before the run began is gone: content is compared with the proof's schema alone.
  return finish(tools, executed, { migration, plan: left.plan, proved, catalog: null, baseline: null });
}

/** What `monitor.onAbort` asks for follows a run that was aborted. Throws `run-aborted` all the same. */
async function executeOrTakeBack(
  tools: RunTools,
  migration: Migration | null,
  options: UpOptions,
): Promise<Executed> {
  try {
    return await executeUp(options);
  } catch (error) {
    const run = isFerrataError(error) && error.code === 'run-aborted' ? error.details.data?.run : undefined;
    if (!isFerrataError(error) || typeof run !== 'string') throw error;
    const { session, ledger } = tools;
    await ledger.audit(ownerName(), 'aborted', { run, reason: error.message });
    if (options.policy.monitor.onAbort !== 'rollback') throw error;
    session.reporter({ type: 'warning', message: error.message, hint: 'taking it back, as the policy says' });
    try {
      await takeBack(tools, await requireRun(ledger, run), migration);
    } catch (failure) {
      // An unproved run may have no way back: then what stands is told, and why it stays.
      if (!isFerrataError(failure) || failure.code !== 'rollback-unavailable') throw failure;
      throw new FerrataError('run-aborted', error.message, {
        ...error.details,
        why: `What was done until then stands: ${failure.message}.`,
        cause: error,
      });
    }
    const { writeRunReport } = await import('./report.ts');
    const report = await writeRunReport(session, ledger, run);
    throw new FerrataError('run-aborted', error.message, {
      ...error.details,
      why: 'A threshold was passed, or somebody asked for it. What it had done was taken back.',
      hint: `The schema and the data are as they were. ${report === null ? '' : `The report: ${report}`}`.trim(),
      data: { ...error.details.data, rolledBack: true },
      cause: error,
    });
  }
}

async function takeBack(tools: RunTools, run: RunRecord, migration: Migration | null): Promise<void> {
  const { session, lease, runSession } = tools;
  await executeDown({
    connector: session.connector,
    session: runSession,
    lease,
    policy: session.settings.environment.policy,
    reporter: session.reporter,
    source: null,
    readFingerprint,
    run,
    downSource: sourceOfDown(migration),
  });
  const { recordLiveSchema } = await import('./drift.ts');
  await recordLiveSchema(session, `rollback of ${run.migration}`, run.id);
}

interface Finish {
  readonly migration: Migration | null;
  readonly plan: Plan;
  readonly proved: ProvedPlan | null;
  readonly catalog: Catalog | null;
  readonly baseline: Baseline | null;
}

async function finish(tools: RunTools, executed: Executed, input: Finish): Promise<RunSummary> {
  const { session, ledger } = tools;
  const { verify } = await import('../verify/index.ts');
  const verification = await verify({
    connection: session.connection,
    reporter: session.reporter,
    migration: input.migration,
    plan: input.plan,
    proof: input.proved?.proof ?? null,
    baseline: input.baseline,
    catalogBefore: input.catalog,
  });
  if (!verification.ok) return refuse(tools, executed, input, verification);
  const { recordLiveSchema } = await import('./drift.ts');
  const endFingerprint = await recordLiveSchema(session, `up ${executed.migration}`, executed.run);
  await ledger.setState(executed.run, 'completed', {
    endFingerprint,
    verification,
    windowHours: input.plan.rollbackWindowHours,
  });
  const { writeRunReport } = await import('./report.ts');
  const report = await writeRunReport(session, ledger, executed.run);
  return summary(executed, 'completed', verification, report);
}

/** The run is marked failed, taken back where the policy says so, and told. */
async function refuse(
  tools: RunTools,
  executed: Executed,
  input: Finish,
  verification: Verification,
): Promise<never> {
  const { session, ledger } = tools;
  const { policy } = session.settings.environment;
  const failures = verification.results.filter((result) => !result.ok && result.severity === 'error');
  const [first] = failures;
  const what = `${first?.check}: ${first?.subject}: ${first?.message}${failures.length > 1 ? ` (and ${failures.length - 1} more)` : ''}`;
  await ledger.setState(executed.run, 'failed', { error: `verification failed: ${what}`, verification });
  const rollsBack = policy.onVerifyFailure === 'rollback';
  if (rollsBack) {
    await takeBack(tools, await requireRun(ledger, executed.run), input.migration);
  }
  const { writeRunReport } = await import('./report.ts');
  const report = await writeRunReport(session, ledger, executed.run);
  throw new FerrataError('verification-failed', `${executed.migration} ran, but its verification failed.`, {
    why: what,
    hint: rollsBack
      ? `It was taken back, as the policy says. The report: ${report ?? 'none'}`
      : `\`ferrata down\` takes it back; \`ferrata up\` verifies it once more after you have mended the cause. The report: ${report ?? 'none'}`,
    data: { run: executed.run },
  });
}

export async function requireRun(ledger: Ledger, id: string): Promise<RunRecord> {
  const run = await ledger.run(id);
  if (run === null) throw new FerrataError('internal', `run ${id} is not in the ledger`);
  return run;
}

export function sourceOfDown(migration: Migration | null) {
  return migration?.down == null ? null : { file: migration.down.path, text: migration.down.text };
}

export async function readFingerprint(connection: Connection): Promise<string> {
  return fingerprintCatalog(await readLiveSchema(connection, false)).hash;
}

async function baselineFor(connection: Connection, input: RunInput): Promise<Baseline> {
  const { takeBaseline, touchedTables } = await import('../verify/index.ts');
  const tables = touchedTables(
    {
      migration: input.migration,
      plan: input.plan,
      proof: input.proved?.proof ?? null,
      catalogBefore: input.catalog,
    },
    null,
  );
  return takeBaseline(connection, tables ?? []);
}

function summary(
  executed: Executed,
  state: RunState,
  verification: Verification | null,
  report: string | null,
): RunSummary {
  const { migration, run, ms } = executed;
  return { migration, run, state, ms, verification, report };
}
