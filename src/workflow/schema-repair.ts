/**
 * The way out of drift. Back: a migration that leads the live schema to the recorded one, to be rehearsed and run like
 * any other. Or, with `accept`, forward: the live schema counts from now on, and a migration that is recorded as
 * applied here describes what was done by hand, so that the other environments get it too.
 */
import { mkdir, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { compareCatalogs } from '../catalog/compare.ts';
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import type { Catalog, Comparison, Refusal, RenderedStatement } from '../catalog/model.ts';
import { readCatalog } from '../catalog/read.ts';
import { renderDifference } from '../catalog/render/index.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { acquireLease } from '../ledger/lease.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import { recordSchema } from '../ledger/snapshot.ts';
import type { Connection } from '../postgres/connection.ts';
import { redact } from '../postgres/redact.ts';
import { openScratchPlace } from '../prepare/scratch.ts';
import { copySchema } from '../prepare/scratch-schema.ts';
import type { Migration } from '../source/model.ts';
import { createMigration, readMigrations } from '../source/native.ts';
import { compareWithRecorded, type DriftComparison, type RecordedBy, recordedBy } from './drift.ts';
import { ownerName } from './owner.ts';
import { mendingScript } from './schema-repair-script.ts';
import { pendingOf } from './select.ts';
import { requireWritable, type Session, withSession } from './session.ts';

export interface SchemaRepairRequest {
  /** True: the live schema is right, and recorded. False: the recorded one is, and a migration leads back to it. */
  readonly accept: boolean;
  /** Nothing is written, neither to the folder nor to the ledger. */
  readonly dryRun: boolean;
  /** Whether a migration may be written that takes away tables, columns or values. With `accept` they are gone already. */
  readonly allowDataLoss: boolean;
  /** With `accept`: whether a migration is written. False records the schema alone. */
  readonly write: boolean;
  /** Name of the migration, behind its number; null: `repair_drift` or `accept_drift`, numbered where it is taken. */
  readonly name: string | null;
}

export interface SchemaRepair {
  readonly database: string;
  readonly accept: boolean;
  readonly dryRun: boolean;
  /** Of the drift. `equal`: there is nothing to repair. */
  readonly outcome: Comparison['outcome'];
  /** From the recorded schema to the live one. */
  readonly differences: Comparison['differences'];
  readonly since: RecordedBy;
  /** The migration's statements: to the recorded schema, with `accept` to the live one. */
  readonly statements: readonly RenderedStatement[];
  /** What cannot be written as DDL; only with `dryRun`, otherwise it is an error. */
  readonly refusals: readonly Refusal[];
  /** What the statements made of a scratch copy, against where they shall lead; null where no copy could be made. */
  readonly check: Comparison['outcome'] | null;
  /** The migration that was written, and its up.sql; null where none was. */
  readonly migration: string | null;
  readonly file: string | null;
  /** Whether the live schema is now the recorded one. */
  readonly recorded: boolean;
  /** Pending migrations, which run before the one that was written. */
  readonly pending: readonly string[];
}

/**
 * Throws `usage` where nothing was ever recorded, `catalog-not-renderable` naming what cannot be written or does not
 * lead to the goal on a copy, `data-loss` without `allowDataLoss`, `run-unfinished`, `migration-late` where `accept`
 * would overtake pending migrations, `lease-held`, `server-read-only`.
 */
export async function repairSchema(
  settings: Settings,
  request: SchemaRepairRequest,
  reporter: Reporter,
): Promise<SchemaRepair> {
  return withSession(settings, reporter, async (session) => {
    const ledger = await openLedger(session.connection, { create: false });
    await requireNoRun(ledger);
    if (!request.accept) return work(session, ledger, request);
    if (request.dryRun) return work(session, ledger, request);
    requireWritable(session);
    // Under the lease: no run may change the schema between its reading and its recording.
    const lease = await acquireLease({
      connector: session.connector,
      connection: session.connection,
      owner: ownerName(),
      purpose: 'schema repair',
      wait: false,
      reporter,
    });
    try {
      return await work(session, ledger, request);
    } finally {
      await lease.release(session.connection);
    }
  });
}

async function requireNoRun(ledger: Ledger): Promise<void> {
  const run = await ledger.unfinished();
  if (run === null) return;
  throw new FerrataError('run-unfinished', `Run ${run.id} of ${run.migration} is ${run.state}.`, {
    why: 'Half of a migration is no drift.',
    hint: '`ferrata up` goes on with it, `ferrata down` takes it back; then look again.',
  });
}

async function work(session: Session, ledger: Ledger, request: SchemaRepairRequest): Promise<SchemaRepair> {
  const { settings, connection } = session;
  const drift = await compareWithRecorded(session, ledger, true);
  const { outcome, differences } = drift.comparison;
  await mkdir(settings.migrations, { recursive: true });
  const migrations = await readMigrations(settings);
  const applied = new Set((await ledger.applied()).map(({ id }) => id));
  const pending = pendingOf(migrations, applied).map(({ id }) => id);
  const found: SchemaRepair = {
    database: connection.server.label,
    accept: request.accept,
    dryRun: request.dryRun,
    outcome,
    differences,
    since: await recordedBy(ledger, drift.recorded),
    statements: [],
    refusals: [],
    check: null,
    migration: null,
    file: null,
    recorded: false,
    pending,
  };
  if (outcome === 'equal') return found;
  const writes = !request.accept || request.write;
  if (!writes)
    return request.dryRun ? found : { ...found, recorded: await accept(session, ledger, drift, null) };
  if (request.accept) requireNonePending(pending);
  const rendered = render(drift, request.accept, connection.server.user);
  const proposal = { ...found, ...rendered };
  if (rendered.refusals.length > 0) {
    if (request.dryRun) return proposal;
    throw notRenderable(rendered.refusals, request.accept);
  }
  if (!request.accept && !request.dryRun) requireNoLoss(rendered.statements, request.allowDataLoss);
  const check = await tryOnCopy(session, drift, request.accept, rendered.statements);
  const checked = { ...proposal, check };
  if (request.dryRun) return checked;
  // What differs in column order alone has no statements.
  const migration =
    rendered.statements.length === 0 ? null : await write(settings, migrations, checked, request);
  const file = migration === null ? null : relative(settings.root, `${migration.folder}/up.sql`);
  const written = { ...checked, migration: migration?.id ?? null, file };
  if (!request.accept) return written;
  try {
    return { ...written, recorded: await accept(session, ledger, drift, migration) };
  } catch (error) {
    // Otherwise it would be pending here, where what it says is done already.
    if (migration?.folder != null) await rm(migration.folder, { recursive: true, force: true });
    throw error;
  }
}

function requireNonePending(pending: readonly string[]): void {
  if (pending.length === 0) return;
  throw new FerrataError('migration-late', `${pending.join(', ')} would be overtaken.`, {
    why: 'The migration that describes the drift is recorded as applied and comes last; what is pending before it could then not be applied any more.',
    hint: 'Apply it first (`ferrata up`), or record the schema without a migration: `ferrata schema repair --accept --no-write`.',
  });
}

function render(
  { recorded, live, sameDatabase }: DriftComparison,
  forward: boolean,
  currentUser: string,
): Pick<SchemaRepair, 'statements' | 'refusals'> {
  // What lies parked is this database's own; the migration shall run in others too.
  const plain: Catalog = { ...live, parked: [] };
  const [from, to] = forward ? [recorded.catalog, plain] : [plain, recorded.catalog];
  const { statements, refusals } = renderDifference(from, to, { sameDatabase, currentUser });
  const secrets = statements
    .filter(({ sql, object }) => SECRET_KINDS.test(object) && redact(sql) !== sql)
    .map(({ object }) => ({ object, reason: 'its definition holds a secret, which belongs into no file' }));
  return { statements, refusals: [...refusals, ...secrets] };
}

const SECRET_KINDS = /^(user mapping|server|subscription|foreign data wrapper) /;

function notRenderable(refusals: readonly Refusal[], accepting: boolean): FerrataError {
  return new FerrataError('catalog-not-renderable', 'The difference cannot be written as a migration.', {
    why: refusals.map(({ object, reason }) => `${object}: ${reason}`).join('; '),
    hint: accepting
      ? '`ferrata schema repair --accept --no-write` records the schema without a migration.'
      : '`ferrata schema repair --dry-run` shows what can be written: put that, and what is named here by hand, into a migration of your own.',
    data: { refusals },
  });
}

function requireNoLoss(statements: readonly RenderedStatement[], allowed: boolean): void {
  const losing = statements.filter(({ destroysData }) => destroysData);
  if (allowed || losing.length === 0) return;
  throw new FerrataError('data-loss', 'The way back takes data away.', {
    why: losing.map(({ sql }) => sql.replace(/\s+/g, ' ')).join('; '),
    hint: 'Look at it with --dry-run. `--allow-data-loss` writes the migration (when it runs, what it drops is parked until the rollback window is over); `--accept` keeps what was added by hand.',
    data: { statements: losing.map(({ sql }) => sql) },
  });
}

/**
 * Runs the statements on a scratch copy of where they start and compares with where they shall lead. Null where no copy
 * can be made: the rehearsal, which needs one too, then says why. Throws `catalog-not-renderable` where they lead
 * elsewhere.
 */
async function tryOnCopy(
  session: Session,
  { recorded, live }: DriftComparison,
  forward: boolean,
  statements: readonly RenderedStatement[],
): Promise<Comparison['outcome'] | null> {
  const { settings, connection, connector, reporter } = session;
  const [from, to] = forward ? [recorded.catalog, live] : [live, recorded.catalog];
  try {
    const place = await openScratchPlace({
      settings,
      target: connector,
      role: connection.server.user,
      targetMajor: connection.server.major,
      extensions: [...from.objects.values()].filter((o) => o.kind === 'extension').map((o) => o.identity),
      reporter,
    });
    try {
      const copy = await copySchema(place, { ...from, parked: [] }, connector, reporter);
      const scratch = await copy.database.connector.connect('repair');
      try {
        await runAll(scratch, statements);
        return requireGoal(compareCatalogs(to, await readCatalog(scratch)));
      } finally {
        await scratch.close();
      }
    } finally {
      await place.close();
    }
  } catch (error) {
    if (!(error instanceof FerrataError)) throw error;
    if (error.code !== 'scratch-unavailable' && error.code !== 'scratch-differs') throw error;
    reporter({
      type: 'warning',
      message: `The statements could not be tried on a copy: ${error.message}`,
      hint: error.details.hint ?? null,
    });
    return null;
  }
}

async function runAll(connection: Connection, statements: readonly RenderedStatement[]): Promise<void> {
  let together: string[] = [];
  const flush = async () => {
    if (together.length > 0) await connection.script(`BEGIN;\n${together.join(';\n')};\nCOMMIT`);
    together = [];
  };
  for (const { sql, transactional } of statements) {
    if (transactional) together.push(sql);
    else {
      await flush();
      await connection.script(sql);
    }
  }
  await flush();
}

function requireGoal({ outcome, differences }: Comparison): Comparison['outcome'] {
  if (outcome !== 'different') return outcome;
  const shown = differences
    .filter(({ cosmetic }) => !cosmetic)
    .slice(0, 5)
    .map(({ kind, object, property }) => `${kind} ${object}: ${property}`);
  throw new FerrataError(
    'catalog-not-renderable',
    'The statements do not lead to the schema that is wanted.',
    {
      why: `Tried on a copy, this stayed different: ${shown.join('; ')}.`,
      hint: '`ferrata drift` shows what differs: write the migration by hand, and please report this as a defect.',
      data: { differences },
    },
  );
}

async function write(
  settings: Settings,
  migrations: readonly Migration[],
  proposal: SchemaRepair,
  { accept, name }: SchemaRepairRequest,
): Promise<Migration> {
  return createMigration(
    settings,
    name ?? freeName(accept ? 'accept_drift' : 'repair_drift', migrations),
    mendingScript(proposal),
  );
}

function freeName(base: string, migrations: readonly Migration[]): string {
  const taken = new Set(migrations.map(({ name }) => name));
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
  return name;
}

/** Records what was read and described, not what may be there by now. */
async function accept(
  { connection }: Session,
  ledger: Ledger,
  { live, moment, comparison }: DriftComparison,
  migration: Migration | null,
): Promise<true> {
  const { hash } = fingerprintCatalog(live);
  const reason = migration === null ? 'accepted drift' : `accepted drift ${migration.id}`;
  await connection.transaction(async () => {
    if (migration !== null) await ledger.recordBaseline([migration]);
    await recordSchema(connection, live, hash, reason, moment, null);
  });
  await ledger.audit(ownerName(), 'accept-drift', {
    migration: migration?.id ?? null,
    fingerprint: hash,
    differences: comparison.differences.map(({ kind, object, property }) => `${kind} ${object}: ${property}`),
  });
  return true;
}
