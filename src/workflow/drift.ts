/** Has somebody changed the schema beside Ferrata, and who? The live one against the one last recorded. */
import { compareCatalogs } from '../catalog/compare.ts';
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import type { Catalog, Comparison, Difference } from '../catalog/model.ts';
import { readCatalog } from '../catalog/read.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { readDdlLog, readWatch, type Watch } from '../ledger/ddl-log.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import {
  type Moment,
  momentOf,
  type RecordedSchema,
  recordedSchema,
  recordSchema,
} from '../ledger/snapshot.ts';
import type { Proof } from '../prepare/model.ts';
import { type Session, withSession } from './session.ts';
import { findSuspects, type Suspect } from './suspects.ts';

/** Where the schema that counts came from. */
export interface RecordedBy {
  /** E.g. `up 20261120093000_add_order_status`. */
  readonly reason: string;
  readonly recordedAt: string;
  readonly fingerprint: string;
  /** The run that left it so; null for a baseline. */
  readonly run: string | null;
  /** The proof of the run whose result it is; null where there was none, and after a rollback. */
  readonly proof: Pick<Proof, 'provedAt' | 'level' | 'dataSource' | 'serverMajor'> | null;
}

export interface Drift {
  readonly database: string;
  readonly outcome: Comparison['outcome'];
  readonly differences: readonly (Difference & { readonly suspects: readonly Suspect[] })[];
  /** What the comparison rests on. */
  readonly since: RecordedBy;
  /** Null: nobody watches who changes the schema. */
  readonly watch: Watch | null;
  readonly fingerprint: string;
}

/** Throws `usage` where nothing was ever recorded. */
export async function findDrift(settings: Settings, reporter: Reporter): Promise<Drift> {
  return withSession(settings, reporter, async (session) => {
    const { connection } = session;
    const ledger = await openLedger(connection, { create: false });
    const { recorded, live, sameDatabase, comparison } = await compareWithRecorded(session, ledger, false);
    const watch = await readWatch(connection);
    const changed = comparison.differences.length > 0;
    const entries =
      changed && watch?.readable === true
        ? await readDdlLog(connection, { at: recorded.recordedAt, snapshot: recorded.snapshot })
        : [];
    const own = entries.some((entry) => entry.application === 'ferrata:run');
    const runs = own ? await ledger.runs({ limit: 200 }) : [];
    const input = { recorded: recorded.catalog, live, sameDatabase, entries, runs };
    return {
      database: connection.server.label,
      outcome: comparison.outcome,
      differences: comparison.differences.map((difference) => ({
        ...difference,
        suspects: findSuspects(difference, input),
      })),
      since: await recordedBy(ledger, recorded),
      watch,
      fingerprint: fingerprintCatalog(live).hash,
    };
  });
}

export interface DriftComparison {
  readonly recorded: RecordedSchema;
  readonly live: Catalog;
  /** From before the live schema was read. */
  readonly moment: Moment;
  /** Whether the live database is the one that was read when the schema was recorded: OIDs then tell renames. */
  readonly sameDatabase: boolean;
  /** From the recorded schema to the live one. */
  readonly comparison: Comparison;
}

/** Throws `usage` where nothing was ever recorded. */
export async function compareWithRecorded(
  { connection }: Session,
  ledger: Ledger,
  dependencies: boolean,
): Promise<DriftComparison> {
  const recorded = ledger.exists ? await recordedSchema(connection) : null;
  if (recorded === null) {
    throw new FerrataError('usage', 'There is no recorded schema to compare with.', {
      why: 'Nothing was applied or baselined on this database with verification on.',
      hint: 'Run `ferrata baseline` to record the schema as it is.',
    });
  }
  const moment = await momentOf(connection);
  const live = await readCatalog(connection, { dependencies });
  const sameDatabase = moment.database !== null && moment.database === recorded.database;
  return {
    recorded,
    live,
    moment,
    sameDatabase,
    comparison: compareCatalogs(recorded.catalog, live, { sameDatabase }),
  };
}

export async function recordedBy(ledger: Ledger, recorded: RecordedSchema): Promise<RecordedBy> {
  const { reason, recordedAt, fingerprint, run } = recorded;
  const proved = run === null || !reason.startsWith('up ') ? null : await ledger.run(run);
  const proof = proved?.proof ?? null;
  return {
    reason,
    recordedAt,
    fingerprint,
    run,
    proof:
      proof === null
        ? null
        : {
            provedAt: proof.provedAt,
            level: proof.level,
            dataSource: proof.dataSource,
            serverMajor: proof.serverMajor,
          },
  };
}

/**
 * Records the live schema as the one that counts. The ledger must exist.
 *
 * @param run the run that left it so, if any
 */
export async function recordLiveSchema(
  session: Session,
  reason: string,
  run: string | null = null,
): Promise<string> {
  const moment = await momentOf(session.connection);
  const catalog = await readCatalog(session.connection, { dependencies: true });
  const { hash } = fingerprintCatalog(catalog);
  await recordSchema(session.connection, catalog, hash, reason, moment, run);
  return hash;
}
