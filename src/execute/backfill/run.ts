/**
 * A backfill from its first batch to its last, or from where an earlier process left it. What the ledger's checkpoints
 * say is what has happened: they are moved on by the batches themselves (DESIGN §4.2, 4.3).
 */
import { FerrataError } from '../../errors.ts';
import { DURABLE } from '../../ledger/durable.ts';
import { checkLease, putStep } from '../../ledger/rows.ts';
import type { Connection } from '../../postgres/connection.ts';
import type { RunContext } from '../context.ts';
import type { SourceText } from '../failure.ts';
import type { StepOutcome } from '../model.ts';
import { stepIsDone } from '../outside.ts';
import { transactionLimits } from '../session.ts';
import type { StepResult } from '../transaction.ts';
import { attempt, steadily } from './attempt.ts';
import { endOf, estimateRows, sampleKeys } from './bounds.ts';
import { type BackfillPlace, type Begun, insertCheckpoint, readBegun } from './checkpoint.ts';
import { pagesOf } from './ctid.ts';
import { beginRecording, endRecording, findRecording } from './images.ts';
import { type BackfillSpec, type BatchSettings, batchSettings, type Checkpoint } from './model.ts';
import { Progress } from './progress.ts';
import { loadTransform } from './transform.ts';
import { RangeWorker, type Shared } from './worker.ts';

export interface BackfillWork {
  /** The step's id, and its place in the plan. */
  readonly step: string;
  readonly ordinal: number;
  readonly spec: BackfillSpec;
  readonly capture: string;
  /** Tables whose rows are kept for the way back; none: nothing is kept. */
  readonly captures: readonly string[];
  readonly source: SourceText | null;
  /** Throws where a batch must not be committed for what it wrote. */
  readonly accept: ((outcome: StepOutcome) => void) | null;
  /** Further ledger rows for the last transaction. */
  readonly finish: () => string;
}

/** A range is worth splitting for workers when each gets so many batches of it. */
const BATCHES_PER_RANGE = 4;

/**
 * Runs it to its end. Throws `run-paused`, `run-aborted` (exit 5), `lease-lost`, `backfill-table`, `lock-timeout` after
 * the last retry, and what the server says of a row, with the statement's place in the file. What was committed until
 * then stays, and calling it again goes on from there.
 */
export async function runBackfill(context: RunContext, work: BackfillWork): Promise<StepResult> {
  const started = performance.now();
  const at: BackfillPlace = { run: context.run, direction: 'up', ordinal: work.ordinal };
  const settings = batchSettings(context.policy, work.spec);
  const found = await steadily(context, context.session, (connection) => readBegun(connection, at));
  if (found !== null) reportResumed(context, work, found);
  let begun = found ?? (await begin(context, work, at, settings));
  for (;;) {
    const checkpoints = await walk(context, work, at, settings, begun);
    const rows = checkpoints.reduce((sum, checkpoint) => sum + checkpoint.rows, 0);
    const left = await finish(context, work, at, begun, rows, started);
    if (left === null) return { ms: Math.round(performance.now() - started), rows };
    begun = left;
    reportResumed(context, work, begun);
  }
}

function reportResumed(context: RunContext, work: BackfillWork, { checkpoints }: Begun): void {
  const sum = (of: (checkpoint: Checkpoint) => number) =>
    checkpoints.reduce((total, one) => total + of(one), 0);
  const estimate = Math.max(
    sum(({ estimate }) => estimate),
    sum(({ seen }) => seen),
  );
  context.report({
    type: 'step-resumed',
    run: context.run,
    step: work.step,
    found: `${sum(({ seen }) => seen)} of about ${estimate} rows done, ${sum(({ rows }) => rows)} changed`,
  });
}

/** Fixes the ranges, makes what keeps the before-images, and writes the first checkpoints: in one transaction. */
async function begin(
  context: RunContext,
  work: BackfillWork,
  at: BackfillPlace,
  settings: BatchSettings,
): Promise<Begun> {
  const { spec } = work;
  const { session, policy } = context;
  return await attempt(context, {
    step: work.step,
    session,
    landed: () => readBegun(session.connection, at),
    work: async (token) => {
      const { connection } = session;
      await checkTables(connection, spec);
      const checkpoints = await rangesOf(connection, spec, settings);
      await connection.script(`BEGIN; ${transactionLimits(policy)}; ${checkLease(token)}`);
      const recording = await beginRecording(connection, spec, work.capture, work.captures);
      const capture = recording.by === 'nobody' ? null : work.capture;
      const rows = checkpoints.map((checkpoint) => insertCheckpoint(at, checkpoint, capture));
      const intended = putStep({ ...at, step: work.step, state: 'intended', ms: 0 });
      await connection.script(`${[intended, ...rows].join('; ')}; ${DURABLE}; COMMIT`);
      const begun = await readBegun(connection, at);
      if (begun === null)
        throw new FerrataError('internal', `The checkpoints of ${work.step} are not in the ledger`);
      return begun;
    },
  });
}

/** Throws `backfill-table` where a table or its key is not what the plan was made for. */
async function checkTables(connection: Connection, spec: BackfillSpec): Promise<void> {
  const rows = await connection.query<{ table: string; index: string | null; why: string }>(
    `SELECT given.t AS "table", given.i AS index,
            CASE WHEN pg_catalog.to_regclass(given.t) IS NULL THEN 'the table is not there'
                 ELSE 'the index is not there, or not valid' END AS why
     FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) AS given (t, i)
     WHERE pg_catalog.to_regclass(given.t) IS NULL
        OR given.i IS NOT NULL AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_index x
          WHERE x.indexrelid = pg_catalog.to_regclass(given.i) AND x.indrelid = pg_catalog.to_regclass(given.t)
            AND x.indisunique AND x.indisvalid)`,
    [spec.parts.map(({ table }) => table), spec.parts.map(({ key }) => key?.index ?? null)],
  );
  const [first] = rows;
  if (first === undefined) return;
  throw new FerrataError(
    'backfill-table',
    `${first.table} can not be walked along ${first.index ?? 'ctid'}`,
    {
      why: `It was changed since the plan was made: ${first.why}.`,
      hint: 'Put it back and run `ferrata up` again, or rehearse the migration as the database is now.',
    },
  );
}

/** The ranges to be done: one per table, or several disjoint ones for several workers. */
async function rangesOf(
  connection: Connection,
  spec: BackfillSpec,
  settings: BatchSettings,
): Promise<readonly Checkpoint[]> {
  const estimates = await estimateRows(
    connection,
    spec.parts.map(({ table }) => table),
  );
  const checkpoints: Checkpoint[] = [];
  for (const [place, { table, key }] of spec.parts.entries()) {
    const estimate = estimates[place] ?? 0;
    const upper = key === null ? await pagesOf(connection, table) : await endOf(connection, table, key);
    const wanted = Math.min(settings.workers * 4, Math.floor(estimate / (settings.size * BATCHES_PER_RANGE)));
    const cuts =
      settings.workers === 1 || key === null || upper === null || wanted < 2
        ? []
        : await sampleKeys(connection, table, key, wanted, estimate);
    for (const [index, end] of [...cuts, upper].entries()) {
      checkpoints.push({
        part: checkpoints.length,
        place,
        phase: 'rows',
        last: index === 0 ? null : (cuts[index - 1] ?? null),
        upper: end,
        seen: 0,
        rows: 0,
        batches: 0,
        estimate: Math.round(estimate / (cuts.length + 1)),
      });
    }
  }
  return checkpoints;
}

/** Workers take range after range until all are done; the checkpoints as they stand in the end. */
async function walk(
  context: RunContext,
  work: BackfillWork,
  at: BackfillPlace,
  settings: BatchSettings,
  begun: Begun,
): Promise<readonly Checkpoint[]> {
  const { spec } = work;
  const sum = (of: (checkpoint: Checkpoint) => number) =>
    begun.checkpoints.reduce((total, one) => total + of(one), 0);
  const progress = new Progress(
    { run: context.run, step: work.step, direction: 'up' },
    {
      done: sum(({ seen }) => seen),
      changed: sum(({ rows }) => rows),
      estimate: sum(({ estimate }) => estimate),
    },
    context.report,
  );
  const shared: Shared = {
    context,
    at,
    settings,
    spec,
    step: work.step,
    source: work.source,
    accept: work.accept,
    moment: begun.moment,
    capture: begun.capture,
    recording: await steadily(context, context.session, (connection) =>
      findRecording(connection, spec, begun.capture),
    ),
    transform: spec.action.type === 'transform' ? await loadTransform(context.folder, spec.action) : null,
    progress,
    stopped: false,
  };
  const queue = begun.checkpoints.filter(({ phase }) => phase !== 'done');
  const after = new Map(begun.checkpoints.map((checkpoint) => [checkpoint.part, checkpoint]));
  /** The last range of its table: rows that came meanwhile are behind it. */
  const isTail = ({ place, part }: Checkpoint) =>
    !begun.checkpoints.some((other) => other.place === place && other.part > part);
  // Capture triggers make the stores that they need as they go: two at once would make the same one.
  const most = shared.recording.by === 'triggers' ? 1 : settings.workers;
  const many = Math.max(1, Math.min(most, queue.length));
  const results = await Promise.allSettled(
    Array.from({ length: many }, async (_, n) => {
      const worker = await RangeWorker.open(shared, n === 0 ? context.session : null);
      try {
        for (let next = queue.shift(); next !== undefined && !shared.stopped; next = queue.shift()) {
          after.set(next.part, await worker.walk(next, isTail(next)));
        }
      } catch (error) {
        shared.stopped = true;
        throw error;
      } finally {
        await worker.close();
      }
    }),
  );
  const failed = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  // A worker that was told to stop says less than the one that had a reason.
  const reason =
    failed.find((error) => !(error instanceof FerrataError && error.code === 'run-paused')) ?? failed[0];
  if (reason !== undefined) throw reason;
  progress.finish();
  return [...after.values()];
}

/**
 * The step's last transaction. Batches don't wait for the disk, so that a crash of the server may have taken back the last
 * ones while nobody looked: what the checkpoints say is asked once more where it can not change any more. Gives where to go
 * on from when something is left, else null.
 */
async function finish(
  context: RunContext,
  work: BackfillWork,
  place: BackfillPlace,
  begun: Begun,
  rows: number,
  started: number,
): Promise<Begun | null> {
  const { session, policy, journal } = context;
  const at = { run: context.run, direction: 'up', ordinal: work.ordinal, step: work.step } as const;
  const end = await attempt<{ readonly left: Begun | null }>(context, {
    step: work.step,
    session,
    landed: async () => ((await stepIsDone(context, 'up', work.ordinal)) ? { left: null } : null),
    work: async (token) => {
      const { connection } = session;
      // Committed as the server does by default: with it, every batch before it is safe on disk.
      await connection.script(`BEGIN; ${transactionLimits(policy)}; ${checkLease(token)}`);
      const now = await readBegun(connection, place);
      if (now?.checkpoints.some(({ phase }) => phase !== 'done')) {
        await connection.script('ROLLBACK');
        return { left: now };
      }
      await endRecording(connection, begun.capture);
      const done = putStep({ ...at, state: 'done', rows, ms: performance.now() - started });
      const further = work.finish();
      await connection.script(
        `${journal.sql()}${done}; ${further === '' ? '' : `${further}; `}${DURABLE}; COMMIT`,
      );
      journal.written();
      return { left: null };
    },
  });
  return end.left;
}
