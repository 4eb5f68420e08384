/**
 * The way back over a backfill, in batches too: what was recorded last is put back first, some thousand rows at a time.
 * What does not go at once is left for the `undo` action behind it, which tries once more and tells what stays.
 */
import { ATTIC_SCHEMA } from '../../catalog/model.ts';
import { DURABLE } from '../../ledger/durable.ts';
import { checkLease } from '../../ledger/rows.ts';
import type { BackfillSpec } from '../../plan/backfill.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteQualified } from '../../sql/quote.ts';
import type { RunContext } from '../context.ts';
import { pause } from '../retry.ts';
import { mayGoOn, pausedError, stillOurs } from '../run.ts';
import { transactionLimits } from '../session.ts';
import { REGISTRY } from '../undo/function.ts';
import { type Moments, replayRange } from '../undo/replay.ts';
import type { Place } from '../undo/statements.ts';
import { filledStores, loadStores, type Store } from '../undo/store.ts';
import { attempt, steadily } from './attempt.ts';
import { type BackfillPlace, insertCheckpoint, moveCheckpoint, readBegun } from './checkpoint.ts';
import { endRecording } from './images.ts';
import { batchSettings, type Checkpoint, type KeyValue } from './model.ts';
import { Progress } from './progress.ts';
import { BatchSize } from './size.ts';

export interface UndoWork {
  readonly step: string;
  readonly ordinal: number;
  readonly migration: string;
  readonly spec: BackfillSpec;
  readonly capture: string;
}

/**
 * Puts back what the capture recorded, as far as it goes in batches; how many changes of rows those were, an earlier
 * process' among them. Afterwards its stores hold what did not go. Throws
 * `run-paused`, `lease-lost`, `rollback-unavailable`, and what the server says; calling it again goes on from there.
 */
export async function undoBackfill(context: RunContext, work: UndoWork): Promise<number> {
  const at: BackfillPlace = { run: context.run, direction: 'down', ordinal: work.ordinal };
  const read = <T>(query: (connection: Connection) => Promise<T>) =>
    steadily(context, context.session, query);
  const groups = await read((connection) => storeGroups(connection, work.capture));
  if (groups === null) return 0;
  const forward = await read((connection) => readBegun(connection, { ...at, direction: 'up' }));
  const recorded = forward?.checkpoints.reduce((sum, { rows }) => sum + rows, 0) ?? 0;
  const found = await read((connection) => readBegun(connection, at));
  const begun = found ?? (await begin(context, work, at, groups));
  const done = begun.checkpoints.reduce((sum, { rows }) => sum + rows, 0);
  const progress = new Progress(
    { run: context.run, step: work.step, direction: 'down' },
    { done, changed: done, estimate: recorded },
    context.report,
  );
  const { size: most, targetMs } = batchSettings(context.policy, work.spec);
  const size = new BatchSize(most, targetMs);
  for (const checkpoint of begun.checkpoints) {
    const names = groups[checkpoint.place];
    if (checkpoint.phase === 'done' || names === undefined) continue;
    const { stores } = await read((connection) => loadStores(connection, work.capture, names));
    if (stores.length > 0) await walkBack({ context, work, at, stores, size, progress }, checkpoint);
  }
  progress.finish();
  return progress.changed;
}

/**
 * Stores that belong together, by name without schema; those made last come first. What triggers recorded is in the
 * order of what happened over all tables; what a backfill's own statements recorded is a table's own affair. Null where
 * nothing was recorded.
 */
async function storeGroups(connection: Connection, capture: string): Promise<readonly string[][] | null> {
  const [there] = await connection.rows<[boolean]>(
    `SELECT pg_catalog.to_regclass('${REGISTRY}') IS NOT NULL`,
  );
  if (there?.[0] !== true) return null;
  const rows = await connection.query<{ store: string; by_statement: boolean }>(
    `SELECT store, by_statement FROM ${REGISTRY} WHERE capture = $1 AND state = 'active'
     ORDER BY created_at, pg_catalog.length(store), store`,
    [capture],
  );
  if (rows.length === 0) return null;
  const byTriggers = rows.filter((row) => !row.by_statement).map(({ store }) => store);
  const groups = rows.filter((row) => row.by_statement).map(({ store }) => [store]);
  return [...(byTriggers.length === 0 ? [] : [byTriggers]), ...groups].reverse();
}

async function begin(context: RunContext, work: UndoWork, at: BackfillPlace, groups: readonly string[][]) {
  const { session, policy } = context;
  return await attempt(context, {
    step: work.step,
    session,
    landed: () => readBegun(session.connection, at),
    work: async (token) => {
      const { connection } = session;
      const filled = new Set(await filledStores(connection, work.capture));
      await connection.script(`BEGIN; ${transactionLimits(policy)}; ${checkLease(token)}`);
      // Of a backfill that was broken off they are still there.
      await endRecording(connection, work.capture);
      // Only we look into the stores; an index takes the time that it takes.
      await connection.script('SET LOCAL statement_timeout = 0');
      for (const name of filled) {
        const store = quoteQualified(ATTIC_SCHEMA, name);
        await connection.script(
          `ALTER TABLE ${store} ADD COLUMN IF NOT EXISTS why text; CREATE INDEX ON ${store} (seq, pos); ANALYZE ${store}`,
        );
      }
      const rows = groups.map((names, place) =>
        insertCheckpoint(
          at,
          {
            ...{ part: place, place, last: null, upper: null, seen: 0, rows: 0, batches: 0, estimate: 0 },
            phase: names.some((name) => filled.has(name)) ? 'rows' : 'done',
          },
          work.capture,
        ),
      );
      await connection.script(`${rows.join('; ')}; ${DURABLE}; COMMIT`);
      const begun = await readBegun(connection, at);
      return begun ?? { checkpoints: [], moment: '', capture: null };
    },
  });
}

interface WayBack {
  readonly context: RunContext;
  readonly work: UndoWork;
  readonly at: BackfillPlace;
  readonly stores: readonly Store[];
  readonly size: BatchSize;
  readonly progress: Progress;
}

async function walkBack(way: WayBack, start: Checkpoint): Promise<void> {
  const { context, work, at, stores, size, progress } = way;
  const { session, policy, signal } = context;
  const relations = stores.map(({ relation }) => relation);
  const whole = stores.some(({ byStatement }) => !byStatement);
  const quiet = await steadily(context, session, (connection) => hasTriggers(connection, relations));
  let checkpoint = start;
  while (checkpoint.phase !== 'done') {
    stillOurs(context);
    await mayGoOn(context, `The way back of ${work.step}`);
    if (signal?.aborted) throw pausedError(context.run, work.migration, 0, 1);
    const from = checkpoint;
    progress.next(size.rows());
    let ms = 0;
    checkpoint = await attempt(context, {
      step: work.step,
      session,
      trouble: () => size.trouble(),
      landed: async () => {
        const now = (await readBegun(session.connection, at))?.checkpoints.find(
          ({ part }) => part === from.part,
        );
        return now === undefined || now.batches === from.batches ? null : now;
      },
      work: async (token) => {
        const { connection } = session;
        const started = performance.now();
        const window = await windowBefore(connection, stores, from.last, size.rows(), whole);
        await connection.script(
          `BEGIN; ${transactionLimits(policy)}; SET LOCAL synchronous_commit = off; SET LOCAL jit = off; ${checkLease(token)}`,
        );
        const rows = window === null ? 0 : await replayRange(connection, stores, window, quiet);
        const to = {
          phase: window === null ? ('done' as const) : from.phase,
          last: window === null ? from.last : [String(window.from.seq), String(window.from.pos)],
          upper: null,
        };
        await connection.script(
          `${moveCheckpoint(at, from, { ...to, rows: String(rows), seen: rows })}; COMMIT`,
        );
        ms = performance.now() - started;
        return { ...from, ...to, rows: from.rows + rows, seen: from.seen + rows, batches: from.batches + 1 };
      },
    });
    const rows = checkpoint.rows - from.rows;
    size.committed(rows, ms);
    progress.add(rows, rows);
    const { pauseMs } = batchSettings(policy, work.spec);
    if (rows > 0 && pauseMs > 0) await pause(pauseMs, signal);
  }
}

/**
 * The newest records before `last` (null: of all), about so many rows; null where there are none. What triggers recorded
 * is taken back by whole statements, which may have written several tables; of a backfill's own each row is for itself.
 */
async function windowBefore(
  connection: Connection,
  stores: readonly Store[],
  last: KeyValue | null,
  rows: number,
  whole: boolean,
): Promise<Moments | null> {
  const [seq, pos] = (last ?? []).map((text) => BigInt(text));
  const before =
    seq === undefined ? '' : whole ? ` WHERE seq < ${seq}` : ` WHERE (seq, pos) < (${seq}, ${pos ?? 0n})`;
  const each = stores.map(
    ({ store }) => `(SELECT seq, pos FROM ${store}${before} ORDER BY seq DESC, pos DESC LIMIT ${rows})`,
  );
  const [row] = await connection.rows<[string | null, string | null]>(
    `SELECT min(ARRAY[seq, pos])::text, max(ARRAY[seq, pos])::text
     FROM (SELECT seq, pos FROM (${each.join(' UNION ALL ')}) every ORDER BY seq DESC, pos DESC LIMIT ${rows}) newest`,
  );
  const [from, to] = (row ?? [null, null]).map(placeOf);
  return from == null || to == null ? null : { from, to, whole };
}

function placeOf(text: string | null): Place | null {
  const [seq, pos] = /^\{(\d+),(\d+)\}$/.exec(text ?? '')?.slice(1) ?? [];
  return seq === undefined || pos === undefined ? null : { seq: BigInt(seq), pos: BigInt(pos) };
}

/** Whether somebody else would see rows that are put back: a trigger or a rule of theirs. */
async function hasTriggers(connection: Connection, relations: readonly number[]): Promise<boolean> {
  const [row] = await connection.rows<[boolean]>(
    `WITH RECURSIVE tree AS (
       SELECT oid FROM unnest($1::pg_catalog.oid[]) oid
       UNION SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
     )
     SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger g JOIN tree ON tree.oid = g.tgrelid
              WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgname NOT LIKE 'ferrata\\_capture\\_%')
         OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r JOIN tree ON tree.oid = r.ev_class WHERE r.ev_enabled <> 'D')`,
    [relations],
  );
  return row?.[0] === true;
}
