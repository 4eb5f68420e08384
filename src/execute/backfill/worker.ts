/**
 * Walks one range of a key: batch after batch, each one transaction with its checkpoint, sent as one message. While a
 * batch runs, a second connection looks where the next one ends.
 */
import { FerrataError } from '../../errors.ts';
import { checkLease } from '../../ledger/rows.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { RunContext } from '../context.ts';
import type { SourceText } from '../failure.ts';
import type { StepOutcome } from '../model.ts';
import { pause } from '../retry.ts';
import { stillOurs } from '../run.ts';
import { CLEAN_SESSION, OWN_ROLE, type RunSession, transactionLimits } from '../session.ts';
import { withPlace } from '../sql-group.ts';
import { readWrites, writesBetween } from '../undo/writes.ts';
import { attempt, steadily } from './attempt.ts';
import { endOf } from './bounds.ts';
import { type BackfillPlace, moveCheckpoint, readBegun } from './checkpoint.ts';
import { CTID_KEY } from './ctid.ts';
import { type Recording, sessionMark } from './images.ts';
import { between, isKey } from './key.ts';
import { LookAhead } from './look-ahead.ts';
import type { BackfillKey, BackfillSpec, BatchSettings, Checkpoint, KeyValue } from './model.ts';
import type { Progress } from './progress.ts';
import { BatchSize } from './size.ts';
import { forgetSkipped, readSkipped } from './skipped.ts';
import { batchStatement, plannerSettings, ROWS_SETTING, type Scene } from './statements.ts';
import { type Transform, transformBatch } from './transform.ts';

/** What the workers of one backfill share. */
export interface Shared {
  readonly context: RunContext;
  readonly at: BackfillPlace;
  readonly settings: BatchSettings;
  readonly spec: BackfillSpec;
  readonly step: string;
  readonly source: SourceText | null;
  readonly accept: ((outcome: StepOutcome) => void) | null;
  readonly moment: string;
  readonly capture: string | null;
  readonly recording: Recording;
  readonly transform: Transform | null;
  readonly progress: Progress;
  /** Set by the first worker that fails: the others stop after their batch. */
  stopped: boolean;
}

/** Where a range stands. */
type Stand = Pick<Checkpoint, 'phase' | 'last' | 'upper'>;

/** Rows to be done by one transaction, and where that leaves the range. */
interface Batch {
  /** Condition on the alias. */
  readonly range: string;
  readonly to: Stand;
  /** Rows looked at; null: as many as were changed. */
  readonly seen: number | null;
  /** SQL for the same transaction. */
  readonly also: string;
}

const ROWS_MARK = 'ferrata-rows:';

export class RangeWorker {
  readonly #shared: Shared;
  readonly #session: RunSession;
  readonly #owned: boolean;
  readonly #ahead: LookAhead;
  readonly #size: BatchSize;
  #checkpoint: Checkpoint;
  #tail = false;

  private constructor(shared: Shared, session: RunSession, owned: boolean, prober: RunSession) {
    this.#shared = shared;
    this.#session = session;
    this.#owned = owned;
    this.#ahead = new LookAhead(prober, shared.context.report);
    this.#size = new BatchSize(shared.settings.size, shared.settings.targetMs);
    this.#checkpoint = NOWHERE;
  }

  /** @param session the run's own, for the first worker; null: one of its own */
  static async open(shared: Shared, session: RunSession | null): Promise<RangeWorker> {
    const { context } = shared;
    const another = () => context.session.sibling(context.report);
    return new RangeWorker(shared, session ?? (await another()), session === null, await another());
  }

  async close(): Promise<void> {
    await this.#ahead.close();
    if (this.#owned) await this.#session.close();
  }

  /**
   * Takes the range to its end.
   *
   * @param tail whether what came behind the upper bound meanwhile is this range's affair
   */
  async walk(checkpoint: Checkpoint, tail: boolean): Promise<Checkpoint> {
    this.#checkpoint = checkpoint;
    this.#tail = tail;
    while (this.#checkpoint.phase !== 'done') {
      if (this.#checkpoint.phase === 'skipped') await this.#skipped();
      else await this.#rows();
    }
    return this.#checkpoint;
  }

  get #place(): { readonly table: string; readonly key: BackfillKey; readonly byPage: boolean } {
    const part = this.#shared.spec.parts[this.#checkpoint.place];
    if (part === undefined)
      throw new FerrataError('internal', 'A checkpoint names a table that the plan has not');
    return { table: part.table, key: part.key ?? CTID_KEY, byPage: part.key === null };
  }

  /** One batch of `rows` or `later`. */
  async #rows(): Promise<void> {
    const { upper } = this.#checkpoint;
    if (upper === null) {
      await this.#move(await this.#standAfter(null));
      return;
    }
    const factor = await this.#gate();
    const { key } = this.#place;
    await this.#run(async () => {
      const rows = this.#size.rows(factor);
      const { last, phase } = this.#checkpoint;
      const range = { ...this.#place, upper, estimate: this.#checkpoint.estimate };
      const bound = await this.#ahead.bound(range, last, rows);
      if (bound !== null) this.#ahead.begin(range, bound.key, rows);
      return {
        range: between(key, this.#shared.spec.alias, last, bound?.key ?? upper),
        to: bound === null ? await this.#standAfter(upper) : { phase, last: bound.key, upper },
        seen: bound?.rows ?? null,
        also: '',
      };
    });
  }

  /** What was locked when its batch came: by its very key, however long the lock's holder takes. */
  async #skipped(): Promise<void> {
    const factor = await this.#gate();
    const { key } = this.#place;
    const { part, last, upper } = this.#checkpoint;
    const keys = await steadily(this.#shared.context, this.#session, (connection) =>
      readSkipped(connection, this.#shared.at, part, this.#size.rows(factor)),
    );
    if (keys.length === 0) {
      await this.#move(await this.#standAfter(upper, true));
      return;
    }
    await this.#run(async () => {
      // After trouble fewer of them: one that stays locked must not keep the others from being done.
      const now = keys.slice(0, this.#size.rows(factor));
      return {
        range: `(${now.map((value) => `(${isKey(key, this.#shared.spec.alias, value)})`).join(' OR ')})`,
        to: { phase: 'skipped', last, upper },
        seen: 0,
        also: `${forgetSkipped(this.#shared.at, part, now)}; `,
      };
    });
  }

  /** Where the range stands when it is walked to its end. */
  async #standAfter(upper: KeyValue | null, skippedDone = false): Promise<Stand> {
    const { phase, last } = this.#checkpoint;
    const here = { last: upper ?? last, upper };
    if (phase === 'rows' && this.#skips && !skippedDone) return { phase: 'skipped', ...here };
    if (phase !== 'later' && this.#shared.spec.lastPass && this.#tail && !this.#place.byPage) {
      // Fixed anew, once: rows that come from here on are the next step's affair.
      const { table, key } = this.#place;
      const end = await this.#ahead.ask((connection) => endOf(connection, table, key));
      if (end !== null && JSON.stringify(end) !== JSON.stringify(upper)) {
        return { phase: 'later', last: upper, upper: end };
      }
    }
    return { phase: 'done', ...here };
  }

  get #skips(): boolean {
    const { settings, spec, recording } = this.#shared;
    // A setting may change whose rights hold, or how keys are written: then nothing else is written by the statement.
    return (
      settings.skipLocked &&
      spec.settings.length === 0 &&
      spec.action.type !== 'transform' &&
      recording.by !== 'triggers' &&
      !this.#place.byPage
    );
  }

  /** Waits until it may go on; the throttle's factor. Throws `run-paused`, `run-aborted`, `lease-lost`. */
  async #gate(): Promise<number> {
    const { context, progress } = this.#shared;
    const { throttle, signal } = context;
    for (;;) {
      stillOurs(context);
      if (signal?.aborted || this.#shared.stopped) throw this.#paused();
      const decision = await throttle.wait(signal);
      if (signal?.aborted || this.#shared.stopped) throw this.#paused();
      if (decision.kind === 'go') {
        progress.throttled(null);
        return decision.factor;
      }
      if (decision.kind === 'abort') {
        throw new FerrataError('run-aborted', `Step ${this.#shared.step} was stopped: ${decision.reason}`, {
          why: 'A threshold was passed that ends the run. What was done until then stands.',
          hint: '`ferrata up` goes on with it, `ferrata down` takes it back.',
          data: { run: context.run, reason: decision.reason },
        });
      }
      progress.throttled(decision.reason);
      await pause(decision.retryMs, signal);
    }
  }

  #paused(): FerrataError {
    const { context, step } = this.#shared;
    return new FerrataError('run-paused', `Run ${context.run} is paused in the middle of step ${step}`, {
      hint: '`ferrata up` goes on from its last batch, `ferrata down` takes it back.',
      data: { run: context.run },
    });
  }

  /** Only the checkpoint is moved. */
  async #move(to: Stand): Promise<void> {
    const { context, at, step } = this.#shared;
    const from = this.#checkpoint;
    this.#checkpoint = await attempt(context, {
      step,
      session: this.#session,
      landed: () => this.#landed(),
      work: async (token) => {
        const move = moveCheckpoint(at, from, { ...to, rows: '0', seen: 0 });
        await this.#session.connection.script(`BEGIN; ${checkLease(token)}; ${move}; COMMIT`);
        return { ...from, ...to, batches: from.batches + 1 };
      },
    });
  }

  /** What the ledger says of this range, where it has moved on since. */
  async #landed(): Promise<Checkpoint | null> {
    const begun = await readBegun(this.#session.connection, this.#shared.at);
    const now = begun?.checkpoints.find(({ part }) => part === this.#checkpoint.part);
    return now === undefined || now.batches === this.#checkpoint.batches ? null : now;
  }

  /** One batch, until it is committed. */
  async #run(plan: () => Promise<Batch>): Promise<void> {
    const { context, progress, step, settings } = this.#shared;
    const from = this.#checkpoint;
    let ms = 0;
    let asked = 0;
    progress.next(this.#size.rows());
    const after = await attempt(context, {
      step,
      session: this.#session,
      landed: () => this.#landed(),
      trouble: (reason) => {
        this.#size.trouble();
        progress.next(this.#size.rows());
        context.throttle.heard?.({ rows: 0, ms, trouble: reason });
      },
      work: async (token) => {
        const batch = await plan();
        asked = batch.seen ?? 0;
        const started = performance.now();
        const rows = await this.#send(token, from, batch);
        ms = performance.now() - started;
        if (!this.#owned) context.journal.written();
        return {
          ...from,
          ...batch.to,
          rows: from.rows + rows,
          seen: from.seen + (batch.seen ?? rows),
          batches: from.batches + 1,
        };
      },
    });
    const changed = after.rows - from.rows;
    this.#checkpoint = after;
    this.#size.committed(Math.max(asked, changed), ms);
    progress.add(after.seen - from.seen, changed);
    context.throttle.heard?.({ rows: changed, ms, trouble: null });
    if (after.phase === 'done') return;
    // Where little was written, there is little to recover from.
    const share = Math.min(1, changed / Math.max(1, asked));
    if (settings.pauseMs * share >= 1) await pause(settings.pauseMs * share, context.signal);
  }

  /** The transaction of a batch; the rows that it changed. */
  async #send(token: string, from: Checkpoint, batch: Batch): Promise<number> {
    const { context, spec, at, accept, recording, step, source } = this.#shared;
    const { connection } = this.#session;
    const rows = `pg_catalog.current_setting('${ROWS_SETTING}')::pg_catalog.int8`;
    const move = moveCheckpoint(at, from, { ...batch.to, rows, seen: batch.seen ?? 0 });
    const head = [
      'BEGIN',
      transactionLimits(context.policy),
      // With the data goes its checkpoint: what a crash of the server takes back, it takes back of both, and the step's
      // last transaction waits for the disk, and so for all before it (manual, 28.4).
      'SET LOCAL synchronous_commit = off',
      checkLease(token),
      ...plannerSettings(spec),
      ...spec.settings.map((setting) => `${setting}\n`),
      ...(spec.moment
        ? [`SELECT pg_catalog.set_config('ferrata.moment', ${quoteLiteral(this.#shared.moment)}, true)`]
        : []),
      ...(recording.by === 'triggers'
        ? [
            `SELECT pg_catalog.set_config('ferrata.capture', ${quoteLiteral(sessionMark(this.#shared.capture ?? ''))}, true)`,
          ]
        : []),
    ].join(';\n');
    const own = spec.settings.length === 0 ? '' : `${OWN_ROLE}; `;
    const clean = spec.settings.length === 0 ? '' : `; ${CLEAN_SESSION}`;
    // One of the workers writes down what the run has to tell.
    const journal = this.#owned ? '' : context.journal.sql();
    const tail = `${own}${journal}${batch.also}${move}; SELECT '${ROWS_MARK}' || pg_catalog.current_setting('${ROWS_SETTING}'); COMMIT${clean}`;
    try {
      if (spec.action.type === 'transform') {
        if (this.#shared.transform === null)
          throw new FerrataError('internal', 'The transform was not loaded');
        await connection.script(head);
        await transformBatch(connection, this.#shared.transform, this.#scene(), spec.action, batch.range);
        return rowsOf(await connection.script(tail));
      }
      const statement = batchStatement(this.#scene(), spec.action, batch.range);
      if (accept === null || recording.by !== 'triggers') {
        return rowsOf(await connection.script(`${head};\n${statement};\n${tail}`));
      }
      await connection.script(head);
      const before = await readWrites(connection, false);
      await connection.script(statement);
      accept({ ms: 0, writes: writesBetween(before, await readWrites(connection, false)) });
      return rowsOf(await connection.script(tail));
    } catch (error) {
      throw withPlace(
        error,
        { type: 'sql', sql: spec.sql === '' ? `step ${step}` : spec.sql, at: spec.at },
        null,
        source,
      );
    }
  }

  #scene(): Scene {
    const { spec, recording, at } = this.#shared;
    const { table, key } = this.#place;
    const store =
      recording.by !== 'statement'
        ? null
        : (recording.stores[spec.action.type === 'insert-select' ? 0 : this.#checkpoint.place] ?? null);
    if (recording.by === 'statement' && store === null) {
      throw new FerrataError('internal', `There is no store for the before-images of ${table}`);
    }
    const skips = this.#skips && this.#checkpoint.phase === 'rows';
    return {
      spec,
      table,
      key,
      images: store,
      skipInto: skips ? { ...at, part: this.#checkpoint.part } : null,
      serverMajor: this.#session.connection.server.major,
    };
  }
}

const NOWHERE: Checkpoint = {
  part: -1,
  place: -1,
  phase: 'done',
  last: null,
  upper: null,
  seen: 0,
  rows: 0,
  batches: 0,
  estimate: 0,
};

function rowsOf(results: readonly (readonly (readonly (string | null)[])[])[]): number {
  for (const rows of results) {
    const value = rows[0]?.[0];
    if (value?.startsWith(ROWS_MARK)) return Number(value.slice(ROWS_MARK.length));
  }
  throw new FerrataError('internal', 'A batch did not tell how many rows it changed');
}
