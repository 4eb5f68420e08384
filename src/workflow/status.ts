/** What is applied, pending and running: a read that changes nothing, not even the ledger. */
import type { Settings } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import { leaseHolder } from '../ledger/lease.ts';
import { openLedger } from '../ledger/ledger.ts';
import type { LeaseHolder, RunRecord } from '../ledger/model.ts';
import { checkHistory, findBranches, type HistoryProblem } from '../source/history.ts';
import { readMigrations } from '../source/native.ts';
import { type Session, withSession } from './session.ts';
import { type AtWork, readAtWork } from './watch.ts';

export interface MigrationStatus {
  readonly id: string;
  readonly state: 'applied' | 'pending' | 'missing';
  readonly baseline: boolean;
  readonly appliedAt: string | null;
  readonly run: string | null;
}

export interface Status {
  readonly database: string;
  readonly environment: string;
  readonly migrations: readonly MigrationStatus[];
  readonly pending: number;
  /** The run that is at work, or waits to be resumed or taken back. */
  readonly unfinished: Pick<RunRecord, 'id' | 'migration' | 'state' | 'startedAt' | 'error' | 'steps'> | null;
  /** Where the unfinished run stands at this moment. */
  readonly atWork: AtWork | null;
  readonly lease: LeaseHolder | null;
  readonly problems: readonly HistoryProblem[];
}

export async function status(settings: Settings, reporter: Reporter): Promise<Status> {
  return withSession(settings, reporter, readStatus);
}

export async function readStatus(session: Session): Promise<Status> {
  const { settings, connection } = session;
  const migrations = await readMigrations(settings);
  const ledger = await openLedger(connection, { create: false });
  const applied = await ledger.applied();
  const unfinished = await ledger.unfinished();
  const records = new Map(applied.map((record) => [record.id, record]));
  const inFolder = new Set(migrations.map((migration) => migration.id));
  const listed: MigrationStatus[] = [
    ...migrations.map((migration): MigrationStatus => {
      const record = records.get(migration.id);
      return {
        id: migration.id,
        state: record === undefined ? 'pending' : 'applied',
        baseline: record?.baseline ?? false,
        appliedAt: record?.appliedAt ?? null,
        run: record?.run ?? null,
      };
    }),
    ...applied
      .filter((record) => !inFolder.has(record.id))
      .map(
        (record): MigrationStatus => ({
          id: record.id,
          state: 'missing',
          baseline: record.baseline,
          appliedAt: record.appliedAt,
          run: record.run,
        }),
      ),
  ];
  return {
    database: connection.server.label,
    environment: settings.environment.name,
    migrations: listed.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
    pending: listed.filter((migration) => migration.state === 'pending').length,
    unfinished:
      unfinished === null
        ? null
        : {
            id: unfinished.id,
            migration: unfinished.migration,
            state: unfinished.state,
            startedAt: unfinished.startedAt,
            error: unfinished.error,
            steps: unfinished.steps,
          },
    atWork: unfinished === null ? null : await readAtWork(connection),
    lease: ledger.exists ? await leaseHolder(connection) : null,
    problems: checkHistory(migrations, applied),
  };
}

/** Everything `check` looks at: the history's errors, and warnings about branches that touch the same table. */
export async function checkMigrations(
  settings: Settings,
  reporter: Reporter,
): Promise<readonly HistoryProblem[]> {
  return withSession(settings, reporter, async ({ connection }) => {
    const migrations = await readMigrations(settings);
    const applied = await (await openLedger(connection, { create: false })).applied();
    return [...checkHistory(migrations, applied), ...(await findBranches(migrations, applied))];
  });
}
