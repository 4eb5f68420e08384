/** Phase 3 as a whole: choose migrations and their start, rehearse them, keep the proofs. */
import { estimateMatches } from '../assess/matches.ts';
import { readSizes } from '../assess/sizes.ts';
import { readCatalog } from '../catalog/read.ts';
import type { DataSource, Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import type { Connector } from '../postgres/connection.ts';
import { KEY_VARIABLE, newestVerified, restoreBackup } from '../prepare/backup/index.ts';
import type { ProvedPlan } from '../prepare/model.ts';
import { saveProof } from '../prepare/proof-store.ts';
import { rehearse } from '../prepare/rehearse/index.ts';
import { copySample } from '../prepare/sample.ts';
import type { Migration } from '../source/model.ts';
import { readMigrations } from '../source/native.ts';
import { hasPlanFile, readPlanFile, writePlanFile } from './plan-file.ts';
import { pendingOf, selectMigrations } from './select.ts';
import { type Session, withSession } from './session.ts';

export interface RehearseSelection {
  readonly ids: readonly string[];
  /** Every migration, each from the schema that the ones before it leave, from an empty database on. */
  readonly all: boolean;
  /** The ids are proved as one unit. */
  readonly together: boolean;
  /** Null: what the policy asks for, at least synthetic rows. */
  readonly data: DataSource | null;
  /** Whether plan.json is written beside up.sql; `refresh`: only where it is there already. */
  readonly write: boolean | 'refresh';
  /** Whether the proofs are kept; true unless said otherwise. */
  readonly keep?: boolean;
}

/** Rehearses the selection (the pending migrations where it is empty) and keeps the proofs. */
export async function rehearseMigrations(
  settings: Settings,
  selection: RehearseSelection,
  reporter: Reporter,
): Promise<readonly ProvedPlan[]> {
  const migrations = await readMigrations(settings);
  if (selection.all && settings.environment.url === null) {
    return rehearseHistory(settings, migrations, migrations, selection, reporter);
  }
  return withSession(settings, reporter, (session) => rehearseIn(session, migrations, selection));
}

/** As `rehearseMigrations`, in a session that is already open. */
export async function rehearseIn(
  session: Session,
  migrations: readonly Migration[],
  selection: RehearseSelection,
): Promise<readonly ProvedPlan[]> {
  const { settings, reporter } = session;
  const ledger = await openLedger(session.connection, { create: false });
  const applied = new Set((await ledger.applied()).map((migration) => migration.id));
  const pending = pendingOf(migrations, applied);
  const chosen = selection.all
    ? migrations
    : selection.ids.length > 0
      ? selectMigrations(migrations, selection.ids)
      : pending;
  if (chosen.length === 0) return [];
  if (selection.all || chosen.some((migration) => applied.has(migration.id))) {
    return rehearseHistory(settings, migrations, chosen, selection, reporter, session);
  }
  const last = chosen.at(-1);
  const sequence = pending
    .slice(0, pending.findIndex((m) => m.id === last?.id) + 1)
    .map((migration) => ({ migration, rehearse: chosen.includes(migration) }));
  const catalog = await readCatalog(session.connection, { dependencies: true });
  const { server } = session.connection;
  const dataSource = dataSourceOf(settings, selection);
  const loadRows = rowLoader(session, dataSource);
  return rehearse({
    settings,
    sequence,
    together: selection.together,
    target: { connector: session.connector, catalog, role: server.user, major: server.major },
    dataSource,
    ...(loadRows === undefined ? {} : { loadRows }),
    readSizes: (relations) => readSizes(session.connection, relations),
    readMatches: (sql) => estimateMatches(session.connection, sql),
    readPinned: readPlanFile,
    reporter,
    onProof: (proved) => keep(settings, proved, chosen, selection),
  });
}

/** From an empty database on: the start of each migration is what the ones before it leave. */
async function rehearseHistory(
  settings: Settings,
  migrations: readonly Migration[],
  chosen: readonly Migration[],
  selection: RehearseSelection,
  reporter: Reporter,
  session?: Session,
): Promise<readonly ProvedPlan[]> {
  const last = chosen.at(-1);
  const dataSource = dataSourceOf(settings, selection);
  if (dataSource === 'sample' || dataSource === 'backup') {
    throw new FerrataError(
      'usage',
      `A history starts from an empty database: there are no rows of \`${dataSource}\`.`,
      {
        hint: 'Use --data synthetic for migrations that are applied already.',
      },
    );
  }
  const upTo = migrations.slice(0, migrations.findIndex((m) => m.id === last?.id) + 1);
  return rehearse({
    settings,
    sequence: upTo.map((migration) => ({ migration, rehearse: chosen.includes(migration) })),
    together: selection.together,
    target: null,
    ...(session === undefined
      ? {}
      : { role: session.connection.server.user, major: session.connection.server.major }),
    dataSource,
    readSizes: null,
    readPinned: readPlanFile,
    reporter,
    onProof: (proved) => keep(settings, proved, chosen, { ...selection, write: false }),
  });
}

function dataSourceOf(settings: Settings, selection: RehearseSelection): DataSource {
  const { proofData } = settings.environment.policy;
  // The policy names the weakest source that will do; without rows nothing is proved about them.
  return selection.data ?? (proofData === 'none' ? 'synthetic' : proofData);
}

/** How the copy gets real rows; undefined where they are made, or not wanted. */
function rowLoader(session: Session, source: DataSource): ((copy: Connector) => Promise<void>) | undefined {
  switch (source) {
    case 'sample':
      return async (connector) => {
        const copy = await connector.connect('sample');
        await copySample(session.connection, copy).finally(() => copy.close());
      };
    case 'backup':
      return async (connector) => {
        const newest = await newestVerified(session.settings, {});
        if (newest === null) {
          throw new FerrataError('backup-missing', 'There is no verified backup to rehearse on.', {
            hint: 'Run `ferrata backup create` and `ferrata backup verify`, or use --data sample.',
          });
        }
        await restoreBackup({
          settings: session.settings,
          name: newest.name,
          target: connector,
          yes: false,
          encryptionKey: process.env[KEY_VARIABLE] ?? null,
          reporter: session.reporter,
        });
      };
    case 'synthetic':
    case 'none':
      return undefined;
    default: {
      const unknown: never = source;
      return unknown;
    }
  }
}

async function keep(
  settings: Settings,
  proved: ProvedPlan,
  chosen: readonly Migration[],
  { write, keep: wanted = true }: RehearseSelection,
): Promise<void> {
  if (!wanted) return;
  await saveProof(settings, proved);
  const migration = chosen.find((m) => m.id === proved.plan.migration);
  if (migration === undefined || proved.proof.outcome !== 'proved' || write === false) return;
  if (write === true || hasPlanFile(migration)) await writePlanFile(migration, proved.plan);
}
