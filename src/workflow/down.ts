/** Takes migrations back, newest first, from wherever they stand. */
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import { readCatalog } from '../catalog/read.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Conflict } from '../execute/model.ts';
import { executeDown } from '../execute/rollback.ts';
import { RunSession } from '../execute/session.ts';
import { acquireLease } from '../ledger/lease.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import type { AppliedMigration, RunRecord } from '../ledger/model.ts';
import type { Migration } from '../source/model.ts';
import { readMigrations } from '../source/native.ts';
import { recordLiveSchema } from './drift.ts';
import { ownerName } from './owner.ts';
import { writeRunReport } from './report.ts';
import { readFingerprint, requireRun, type Signals, sourceOfDown } from './run.ts';
import { findMigration } from './select.ts';
import { requireWritable, type Session, withSession } from './session.ts';

export interface DownRequest {
  /** How many migrations; null with `to`. */
  readonly steps: number | null;
  /** Everything after this migration is taken back; `0` takes back everything. */
  readonly to: string | null;
  readonly dryRun: boolean;
  /** The reason of `--force`: goes on past the rollback window. */
  readonly force: string | null;
  readonly wait: boolean;
}

export interface TakenBack {
  readonly migration: string;
  readonly run: string;
  readonly ms: number;
  /** Whether the schema is what it was before the run, where that is known. */
  readonly schema: 'equal' | 'different' | 'unknown';
  /** Rows that the application has changed since, left as they are. */
  readonly conflicts: readonly Conflict[];
  readonly report: string | null;
}

export interface DownOutcome {
  readonly dryRun: boolean;
  /** What would be taken back, newest first. */
  readonly planned: readonly {
    readonly migration: string;
    readonly run: string;
    readonly windowUntil: string | null;
  }[];
  readonly takenBack: readonly TakenBack[];
}

/**
 * Takes migrations back. An unfinished run counts as the newest. Throws `rollback-unavailable`, `rollback-window-over`,
 * `lease-held`, `force-refused`, and what the server says; what was taken back until then stays so.
 */
export async function takeBack(
  settings: Settings,
  request: DownRequest,
  reporter: Reporter,
  signals: Signals,
): Promise<DownOutcome> {
  const migrations = await readMigrations(settings);
  return withSession(settings, reporter, async (session) => {
    requireWritable(session);
    const ledger = await openLedger(session.connection, { create: false });
    const planned = await chooseRuns(ledger, migrations, request);
    const shown = planned.map(({ run }) => ({
      migration: run.migration,
      run: run.id,
      windowUntil: run.windowUntil,
    }));
    if (request.dryRun || planned.length === 0)
      return { dryRun: request.dryRun, planned: shown, takenBack: [] };
    await checkWindows(session, ledger, planned, request.force);
    const lease = await acquireLease({
      connector: session.connector,
      connection: session.connection,
      owner: ownerName(),
      purpose: 'down',
      wait: request.wait,
      reporter,
      signal: signals.pause,
    });
    const runSession = await RunSession.open(session.connector);
    const takenBack: TakenBack[] = [];
    try {
      for (const { run, applied } of planned) {
        const migration = migrations.find((m) => m.id === run.migration) ?? null;
        const outcome = await executeDown({
          connector: session.connector,
          session: runSession,
          lease,
          policy: settings.environment.policy,
          reporter,
          source: migration === null ? null : { file: migration.up.path, text: migration.up.text },
          readFingerprint,
          signal: signals.pause,
          cancel: signals.cancel,
          run: await requireRun(ledger, run.id),
          applied,
          downSource: sourceOfDown(migration),
        });
        takenBack.push({
          migration: outcome.migration,
          run: outcome.run,
          ms: outcome.ms,
          schema: await compareWithStart(session, run),
          conflicts: outcome.conflicts,
          report: await writeRunReport(session, ledger, run.id),
        });
      }
      return { dryRun: false, planned: shown, takenBack };
    } finally {
      const last = takenBack.at(-1);
      if (last !== undefined) {
        const reason = `down ${takenBack.map((t) => t.migration).join(', ')}`;
        await recordLiveSchema(session, reason, last.run);
      }
      await runSession.close();
      await lease.release(session.connection);
    }
  });
}

interface Chosen {
  readonly run: RunRecord;
  readonly applied: AppliedMigration | null;
}

async function chooseRuns(
  ledger: Ledger,
  migrations: readonly Migration[],
  request: DownRequest,
): Promise<readonly Chosen[]> {
  const applied = [...(await ledger.applied())].reverse();
  const unfinished = await ledger.unfinished();
  const wanted = await wholeGroups(
    ledger,
    applied,
    chooseApplied(applied, migrations, request, unfinished !== null),
  );
  const chosen: Chosen[] = [];
  if (unfinished !== null) {
    chosen.push({ run: unfinished, applied: applied.find((a) => a.id === unfinished.migration) ?? null });
  }
  for (const record of wanted) {
    if (unfinished?.migration === record.id) continue;
    const run = await ledger.runOf(record.id);
    if (run === null) {
      throw new FerrataError(
        'rollback-unavailable',
        `${record.id} was recorded by \`baseline\`: it was not run by Ferrata.`,
        {
          why: 'There is no plan that leads back over it.',
          hint: 'Write a migration that goes forward instead.',
        },
      );
    }
    chosen.push({ run, applied: record });
  }
  return chosen;
}

/** What was proved as one is undone as one: the members of a group that reach further back come along. */
async function wholeGroups(
  ledger: Ledger,
  newestFirst: readonly AppliedMigration[],
  wanted: readonly AppliedMigration[],
): Promise<readonly AppliedMigration[]> {
  let reach = wanted.length;
  for (let index = 0; index < reach; index++) {
    const record = newestFirst[index];
    const group = record === undefined ? [] : ((await ledger.runOf(record.id))?.proof?.migrations ?? []);
    reach = Math.max(reach, newestFirst.findLastIndex(({ id }) => group.includes(id)) + 1);
  }
  return reach === wanted.length ? wanted : newestFirst.slice(0, reach);
}

function chooseApplied(
  newestFirst: readonly AppliedMigration[],
  migrations: readonly Migration[],
  request: DownRequest,
  unfinished: boolean,
): readonly AppliedMigration[] {
  if (request.to === null) {
    // An unfinished run is the first thing to take back, and counts.
    return newestFirst.slice(0, Math.max(0, (request.steps ?? 1) - (unfinished ? 1 : 0)));
  }
  if (request.to === '0') return newestFirst.filter((record) => !record.baseline);
  const id =
    newestFirst.find((record) => record.id === request.to)?.id ?? findMigration(migrations, request.to).id;
  const index = newestFirst.findIndex((record) => record.id === id);
  if (index === -1) {
    throw new FerrataError('migration-unknown', `${id} is not applied: there is no way back to it.`, {
      hint: '`ferrata status` shows what is applied.',
    });
  }
  return newestFirst.slice(0, index);
}

async function checkWindows(
  session: Session,
  ledger: Ledger,
  chosen: readonly Chosen[],
  force: string | null,
): Promise<void> {
  const [row] = await session.connection.query<{ now: string }>(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`,
  );
  const late = chosen.filter(
    ({ run }) => run.windowUntil !== null && row !== undefined && run.windowUntil < row.now,
  );
  const [first] = late;
  if (first === undefined) return;
  if (force === null) {
    throw new FerrataError(
      'rollback-window-over',
      `The rollback window of ${first.run.migration} ended ${first.run.windowUntil}.`,
      {
        why: 'What was parked for the way back may be purged at any time.',
        hint: 'If nothing was purged yet: ferrata rollback --to … --force --reason "…"',
      },
    );
  }
  const { environment } = session.settings;
  if (!environment.policy.allowForce) {
    throw new FerrataError('force-refused', `--force is not allowed on ${environment.name}.`, {
      why: 'The policy of this environment says so.',
    });
  }
  await ledger.audit(ownerName(), 'force', {
    environment: environment.name,
    reason: force,
    rollback: first.run.migration,
  });
}

async function compareWithStart(session: Session, run: RunRecord): Promise<TakenBack['schema']> {
  const wanted = run.startFingerprint ?? run.proof?.startFingerprint ?? null;
  if (wanted === null) return 'unknown';
  const catalog = await readCatalog(session.connection, { dependencies: false });
  if (fingerprintCatalog(catalog).hash === wanted) return 'equal';
  // The proof allows the order of columns to differ; the fingerprint does not.
  return run.proof?.rollbackPoints.some((point) => point.schema === 'cosmetic') === true
    ? 'unknown'
    : 'different';
}
