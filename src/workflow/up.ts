/** Phases 3 to 6 for what is pending: proof, gates, backup, run, verification, report. */
import { setImmediate } from 'node:timers/promises';
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { RunSession } from '../execute/session.ts';
import { checkGates, forcedGates, type GateResult, requireGates } from '../gates/index.ts';
import { acquireLease, type Lease } from '../ledger/lease.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import { forgetSchema } from '../ledger/snapshot.ts';
import type { Plan } from '../plan/model.ts';
import type { ProvedPlan } from '../prepare/model.ts';
import { compileMember, type Member } from '../prepare/rehearse/member.ts';
import { checkHistory, historyError } from '../source/history.ts';
import type { Migration } from '../source/model.ts';
import { readMigrations } from '../source/native.ts';
import { compileLive, mayRunInBatches, requireSameSize } from './compile-live.ts';
import { expectedMs } from './expected-duration.ts';
import { readLiveSchema } from './live-schema.ts';
import { ownerName } from './owner.ts';
import { requirePinned } from './plan-file.ts';
import { findProofs } from './proofs.ts';
import { type RunSummary, type RunTools, resumeUnfinished, runMigration, type Signals } from './run.ts';
import { findMigration, pendingOf } from './select.ts';
import { requireWritable, type Session, withSession } from './session.ts';

export interface UpRequest {
  /** The last migration to apply; null: all that are pending. */
  readonly to: string | null;
  /** Nothing is run, nothing is written: what would run, and which gates would refuse. */
  readonly dryRun: boolean;
  /** The reason of `--force`; null: gates decide. */
  readonly force: string | null;
  /** False: `lease-held` at once where another runner is at work. */
  readonly wait: boolean;
}

export interface Planned {
  readonly migration: string;
  readonly plan: Plan;
  readonly outcome: ProvedPlan['proof']['outcome'] | null;
  readonly gates: readonly GateResult[];
}

export interface UpOutcome {
  readonly dryRun: boolean;
  readonly planned: readonly Planned[];
  readonly runs: readonly RunSummary[];
}

/**
 * Applies what is pending. Throws what stands in the way: `migration-edited` …, `proof-missing`, `proof-refuted`,
 * `backup-missing`, `lease-held`, `run-paused`, `verification-failed`, and what the server says.
 */
export async function applyPending(
  settings: Settings,
  request: UpRequest,
  reporter: Reporter,
  signals: Signals,
): Promise<UpOutcome> {
  const migrations = await readMigrations(settings);
  return withSession(settings, reporter, async (session) => {
    requireWritable(session);
    const ledger = await openLedger(session.connection, { create: !request.dryRun });
    const chosen = await choosePending(ledger, migrations, request.to);
    if (request.dryRun) {
      return { dryRun: true, planned: await preview(session, ledger, chosen, request.force), runs: [] };
    }
    if (settings.environment.policy.proof === 'auto' && request.force === null) {
      await rehearseMissing(session, ledger, chosen);
    }
    const lease = await acquireLease({
      connector: session.connector,
      connection: session.connection,
      owner: ownerName(),
      purpose: 'up',
      wait: request.wait,
      reporter,
      signal: signals.pause,
    });
    try {
      const runs = await runAll(session, ledger, lease, migrations, request, signals);
      return { dryRun: false, planned: [], runs };
    } finally {
      await lease.release(session.connection);
    }
  });
}

async function choosePending(
  ledger: Ledger,
  migrations: readonly Migration[],
  to: string | null,
): Promise<readonly Migration[]> {
  const applied = await ledger.applied();
  const problem = checkHistory(migrations, applied).find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw historyError(problem);
  const pending = pendingOf(migrations, new Set(applied.map((record) => record.id)));
  if (to === null) return pending;
  const last = findMigration(migrations, to);
  return pending.filter((migration) => migration.id <= last.id);
}

/** Policy `off`: straight through. While one migration runs on the server, the next is compiled here. */
async function runUnproved(tools: RunTools, chosen: readonly Migration[]): Promise<readonly RunSummary[]> {
  const { settings, connection } = tools.session;
  const start = { catalog: null, major: connection.server.major };
  const compile = async (migration: Migration) =>
    mayRunInBatches(migration)
      ? compileLive(tools.session, migration, await readLiveSchema(connection, false))
      : compileMember(migration, start, null, settings.environment.policy);
  const runs: RunSummary[] = [];
  let ahead: Promise<Member> | null = null;
  for (const [index, migration] of chosen.entries()) {
    const { plan } = await (ahead ?? compile(migration));
    const running = runMigration(tools, {
      migration,
      plan,
      proved: null,
      catalog: null,
      backup: null,
      estimateMs: null,
    });
    const next = chosen[index + 1];
    // The server has its message before this process begins to compute.
    // What depends on the tables waits for those before it.
    ahead = next === undefined || mayRunInBatches(next) ? null : setImmediate().then(() => compile(next));
    // One that does not compile is told when its turn comes.
    ahead?.catch(() => {});
    runs.push(await running);
  }
  return runs;
}

async function preview(
  session: Session,
  ledger: Ledger,
  chosen: readonly Migration[],
  force: string | null,
): Promise<readonly Planned[]> {
  const { settings, connection } = session;
  const catalog = await readLiveSchema(connection, false);
  const candidates = await findProofs(session, ledger, chosen, fingerprintCatalog(catalog).hash);
  const planned: Planned[] = [];
  for (const [index, { migration, proved, startFingerprint }] of candidates.entries()) {
    // The schema that a later one starts from is not there yet.
    const start = { catalog: null, major: connection.server.major };
    const plan =
      proved?.plan ??
      (index === 0
        ? await compileLive(session, migration, catalog)
        : await compileMember(migration, start, null, settings.environment.policy)
      ).plan;
    const gates = await checkGates({ session, ledger, migration, plan, proved, startFingerprint, force });
    planned.push({ migration: migration.id, plan, outcome: proved?.proof.outcome ?? null, gates });
  }
  return planned;
}

/** Policy `auto`: what has no proof yet is rehearsed first. A refuted or failed one is left to the gate. */
async function rehearseMissing(
  session: Session,
  ledger: Ledger,
  chosen: readonly Migration[],
): Promise<void> {
  if (chosen.length === 0) return;
  const catalog = await readLiveSchema(session.connection, false);
  const candidates = await findProofs(session, ledger, chosen, fingerprintCatalog(catalog).hash);
  const first = candidates.findIndex(({ proved }) => proved?.proof.outcome !== 'proved');
  if (first === -1) return;
  // Loaded where it is used: an `up` with its proofs at hand starts without the rehearsal's rooms.
  const { rehearseIn } = await import('./rehearse.ts');
  const missing = chosen.slice(first).map((migration) => migration.id);
  await rehearseIn(session, await readMigrations(session.settings), {
    ids: missing,
    all: false,
    together: false,
    data: null,
    write: 'refresh',
  });
}

async function runAll(
  session: Session,
  ledger: Ledger,
  lease: Lease,
  migrations: readonly Migration[],
  request: UpRequest,
  signals: Signals,
): Promise<readonly RunSummary[]> {
  const { policy } = session.settings.environment;
  const runs: RunSummary[] = [];
  const runSession = await RunSession.open(session.connector);
  const tools = { session, ledger, lease, runSession, signals };
  try {
    // Nobody reads the schema after an unverified run: what is recorded would be out of date.
    if (policy.verify === 'off') await forgetSchema(session.connection);
    const resumed = await resumeUnfinished(tools, migrations);
    if (resumed !== null) runs.push(resumed);
    // Chosen anew under the lease: another runner may have been at work while this one waited.
    const chosen = await choosePending(ledger, migrations, request.to);
    if (policy.proof === 'off') return [...runs, ...(await runUnproved(tools, chosen))];
    for (const migration of chosen) {
      const catalog = await readLiveSchema(session.connection, true);
      const fingerprint = fingerprintCatalog(catalog).hash;
      const [candidate] = await findProofs(session, ledger, [migration], fingerprint);
      const proved = candidate?.proved ?? null;
      const live = await compileLive(session, migration, catalog);
      const plan = proved?.plan ?? live.plan;
      const { ensureBackup } = await import('./backup-gate.ts');
      const backup = await ensureBackup(session, migration, plan, proved, catalog);
      const gates = await checkGates({
        session,
        ledger,
        migration,
        plan,
        proved,
        startFingerprint: fingerprint,
        force: request.force,
      });
      requireGates(gates, migration.id);
      if (proved !== null && request.force === null) requireSameSize(migration, plan, live.plan);
      // Without a proof there is no proved plan that a pinned one could differ from: the gate, or --force, has spoken.
      if (proved !== null) await requirePinned(migration, plan);
      requireGroup(migration, proved, chosen, await ledger.applied());
      const forced = forcedGates(gates);
      if (forced.length > 0) {
        await ledger.audit(ownerName(), 'force', {
          migration: migration.id,
          gates: forced,
          reason: request.force,
        });
      }
      if (proved !== null) await ledger.recordProof(proved);
      const accepted = gates.find(({ gate, ok }) => gate === 'backup_verified' && ok)?.by ?? null;
      const estimateMs =
        (await expectedMs(session, live.assessment, plan)) ?? policy.maxDurationMinutes[plan.risk] * 60_000;
      runs.push(
        await runMigration(tools, {
          migration,
          plan,
          proved,
          catalog,
          backup: backup ?? accepted,
          estimateMs,
        }),
      );
    }
    return runs;
  } finally {
    await runSession.close();
  }
}

/** A group that was proved together runs together: alone, no member's rollback was proved. Throws `proof-missing`. */
function requireGroup(
  migration: Migration,
  proved: ProvedPlan | null,
  chosen: readonly Migration[],
  applied: readonly { readonly id: string }[],
): void {
  const group = proved?.proof.migrations ?? [];
  const present = new Set([...chosen, ...applied].map(({ id }) => id));
  const absent = group.filter((id) => !present.has(id));
  if (absent.length === 0) return;
  throw new FerrataError(
    'proof-missing',
    `${migration.id} was proved only together with ${absent.join(', ')}.`,
    {
      why: 'What is proved as one is released, and undone, as one.',
      hint: `Apply them in one go (without --to), or prove it alone: ferrata rehearse ${migration.id}`,
    },
  );
}
