/**
 * Runs a script on a scratch copy, statement by statement, in its own transactions, and says what each one did.
 *
 * Locks are held to the end of a transaction, so that what a statement takes cannot be told from what those before it
 * hold already. Where that matters a transaction runs twice: as it is, to see that it holds together (deferred
 * constraints, pending triggers, new enum labels), and rolled back; then each statement alone, to see what it takes.
 */
import type { Connection } from '../../postgres/connection.ts';
import type { ParsedStatement, Script } from '../../sql/model.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { isBound } from './bound.ts';
import { neverHere, routinesBeyond } from './never.ts';
import { type Observation, type Observed, observeFrom } from './observe.ts';
import type { TracePart } from './parts.ts';
import { dropLeftovers, emptyTables, type Verdict, verdictOn } from './refusals.ts';
import type { Snapshot } from './snapshot.ts';

export type TracedStatement =
  | { readonly state: 'observed'; readonly observation: Observation }
  /** The server refused it, and would refuse it on the target. */
  | { readonly state: 'failed'; readonly error: NonNullable<Observation['error']> }
  /** It did not run here, or what became of it says nothing about the target. */
  | { readonly state: 'untraced'; readonly reason: string };

export interface TraceRequest {
  readonly script: Script;
  readonly parts: readonly TracePart[];
  readonly connection: Connection;
  /** Another one to the same database. */
  readonly second: Connection;
  /** A server that was started for the purpose. */
  readonly ownServer: boolean;
  /** False: the copy holds nothing but what scripts made on it; that something is missing says nothing. */
  readonly hasSchema: boolean;
  /** How many rows tables hold on the copy, by name, as far as it is known. */
  readonly rows?: Readonly<Record<string, number>>;
  /** By `performance.now()`: what has not begun by then does not run. */
  readonly deadline?: number;
}

/** By position in the script; statements that control transactions are not in it. */
export type Trace = ReadonlyMap<number, TracedStatement>;

/**
 * While a statement runs. What reads a table of some rows from end to end rather than by its index would not do so on a
 * large one; what is left then has no index to go by. A whole index that is read for its columns would hide that. And nothing may take long here.
 */
const SETTINGS = {
  enable_seqscan: 'off',
  enable_indexonlyscan: 'off',
  enable_mergejoin: 'off',
  statement_timeout: '30s',
} as const;

const TOO_LONG = 'the time for the trace was over';

/** A procedure that commits; a command that refuses to run in a transaction. Only running them tells. */
const NEEDS_NO_TRANSACTION = new Set(['2D000', '25001']);

/** Throws only what is no answer of the server to a statement (`server-connection-lost` …). */
export async function traceScript(request: TraceRequest): Promise<Trace> {
  return new Tracer(request).run();
}

interface Step extends Observed {
  readonly index: number;
}

interface Pass {
  readonly steps: readonly Step[];
  readonly failure: Step | null;
}

class Tracer {
  readonly #request: TraceRequest;
  readonly #beyond: ReadonlySet<string>;
  readonly #traced = new Map<number, TracedStatement>();
  readonly #emptied = new Set<string>();
  /** What is there now; null where that is not known. */
  #now: Snapshot | null = null;
  /** The line of a statement that did not run, though it would on the target: what comes later may miss it. */
  #missing: number | null;
  /** Why nothing runs any more. */
  #stopped: string | null = null;

  constructor(request: TraceRequest) {
    this.#request = request;
    this.#missing = request.hasSchema ? null : 0;
    this.#beyond = routinesBeyond(request.script);
  }

  async run(): Promise<Trace> {
    for (const part of this.#request.parts) {
      const runnable = part.statements.filter((index) => this.#mayRun(index));
      const [only] = runnable;
      if (only === undefined) continue;
      const bound = runnable.some((index) => isBound(this.#statement(index)));
      const alone = runnable.length === 1 && part.keep && !bound;
      if (!part.transactional || alone) {
        for (const index of runnable) await this.#alone(index, part);
      } else await this.#together(runnable, part.keep, !bound);
    }
    return this.#traced;
  }

  #mayRun(index: number): boolean {
    const { ownServer, deadline = Number.POSITIVE_INFINITY } = this.#request;
    if (performance.now() > deadline) this.#stopped ??= TOO_LONG;
    const never = neverHere(this.#statement(index), { ownServer, beyond: this.#beyond });
    const reason = this.#stopped ?? never;
    if (reason === null) return true;
    this.#traced.set(index, { state: 'untraced', reason });
    if (never !== null) this.#missing ??= this.#statement(index).line;
    return false;
  }

  #statement(index: number): ParsedStatement {
    const statement = this.#request.script.statements[index];
    if (statement === undefined) throw new RangeError(`the script has no statement ${index}`);
    return statement;
  }

  /** In a transaction of its own, or in none. */
  async #alone(index: number, part: TracePart): Promise<void> {
    let { transactional } = part;
    for (;;) {
      const step = await this.#observe(index, this.#now, transactional, false);
      const { error } = step.observation;
      this.#now = step.after;
      if (error === null) {
        this.#traced.set(index, { state: 'observed', observation: step.observation });
        return;
      }
      if (transactional && part.autocommit === true && NEEDS_NO_TRANSACTION.has(error.sqlstate)) {
        transactional = false;
        continue;
      }
      if (!transactional) await dropLeftovers(this.#request.connection, step.before, step.after);
      if (!transactional) this.#now = null;
      if ((await this.#settle(step)) !== 'again') return;
    }
  }

  /** In one transaction; then, where what one takes was hidden by what another held, each alone. */
  async #together(indexes: readonly number[], keep: boolean, mayRunAlone: boolean): Promise<void> {
    let left = indexes;
    for (;;) {
      if (left.length === 0) return;
      const start = this.#now;
      const { steps, failure } = await this.#pass(left, keep, mayRunAlone);
      for (const { index, observation } of steps) this.#traced.set(index, { state: 'observed', observation });
      if (this.#stopped !== null) {
        this.#now = start;
        for (const index of left) if (!this.#traced.has(index)) this.#mayRun(index);
        return;
      }
      if (failure === null) {
        const again = keep && mayRunAlone && hides(steps);
        const last = steps.at(-1);
        this.#now = keep && !again && last !== undefined ? last.after : start;
        if (again) await this.#eachAlone(steps);
        return;
      }
      this.#now = start;
      const verdict = await this.#settle(failure);
      if (verdict === 'skip') left = left.filter((index) => index !== failure.index);
      if (verdict === 'stop') {
        for (const index of left) if (index > failure.index) this.#mayRun(index);
        return;
      }
    }
  }

  /** Runs the statements in one transaction: kept, unless it hides what they take and they may run each alone. */
  async #pass(indexes: readonly number[], keep: boolean, mayRunAlone: boolean): Promise<Pass> {
    const { connection } = this.#request;
    const steps: Step[] = [];
    let start: Snapshot | null = this.#now;
    let known = this.#now;
    let failure: Step | null = null;
    await connection.script('BEGIN');
    try {
      for (const index of indexes) {
        const statement = this.#statement(index);
        if (!this.#mayRun(index)) break;
        const step = await this.#observe(index, known, true, true, start);
        start ??= step.before;
        known = step.after;
        if (step.observation.error !== null) failure = step;
        if (failure !== null) break;
        if (transactionControl(statement) === null) steps.push(step);
        // What is undone is no longer locked: only reading all of it tells what is there now.
        else known = null;
      }
      const last = steps.at(-1);
      if (failure === null && keep && last !== undefined) failure = await this.#deferred(last);
      const runsAgain = mayRunAlone && hides(steps);
      await connection.script(
        failure === null && keep && !runsAgain && this.#stopped === null ? 'COMMIT' : 'ROLLBACK',
      );
      return { steps, failure };
    } catch (error) {
      await connection.script('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  /** What the end of the transaction would say. */
  async #deferred(last: Step): Promise<Step | null> {
    const { observation } = await observeFrom(
      this.#request.connection,
      'SET CONSTRAINTS ALL IMMEDIATE',
      last.after,
      {
        second: this.#request.second,
        keep: true,
        transactional: true,
        inTransaction: true,
      },
    );
    return observation.error === null
      ? null
      : { ...last, observation: { ...last.observation, error: observation.error } };
  }

  /** The statements of a transaction that holds together, each in one of its own. */
  async #eachAlone(steps: readonly Step[]): Promise<void> {
    const start = this.#now ?? steps[0]?.before ?? null;
    for (const [position, { index }] of steps.entries()) {
      const step = await this.#observe(index, this.#now, true, false, start);
      if (step.observation.error !== null) {
        // It needs those before it in its own transaction: what was seen there stands.
        await this.#pass(
          steps.slice(position).map((one) => one.index),
          true,
          false,
        );
        this.#now = null;
        return;
      }
      this.#now = step.after;
      this.#traced.set(index, { state: 'observed', observation: step.observation });
    }
  }

  async #observe(
    index: number,
    before: Snapshot | null,
    transactional: boolean,
    inTransaction: boolean,
    existing: Snapshot | null = null,
  ): Promise<Step> {
    const { connection, second, rows = {} } = this.#request;
    const statement = this.#statement(index);
    const observed = await observeFrom(connection, statement.text, before, {
      parsed: [statement],
      rows,
      second,
      keep: true,
      transactional,
      inTransaction,
      settings: SETTINGS,
      ...(existing === null ? {} : { existing }),
    });
    return { index, ...observed };
  }

  /** What a refusal means, and what follows from it. */
  async #settle({ index, observation, before }: Step): Promise<Verdict['kind']> {
    const { error } = observation;
    if (error === null) return 'skip';
    const statement = this.#statement(index);
    const verdict = verdictOn(error, statement, before, { emptied: this.#emptied, missing: this.#missing });
    if (verdict.kind === 'again') {
      for (const table of verdict.tables) this.#emptied.add(table);
      await emptyTables(this.#request.connection, verdict.tables);
      this.#now = null;
    }
    if (verdict.kind === 'skip') {
      this.#traced.set(index, { state: 'untraced', reason: verdict.reason });
      this.#missing ??= statement.line;
    }
    if (verdict.kind === 'stop') {
      this.#traced.set(index, { state: 'failed', error });
      this.#stopped = `line ${statement.line} fails before it`;
    }
    return verdict.kind;
  }
}

/** Whether a statement came when those before it held locks on what was there before the transaction. */
function hides(steps: readonly Step[]): boolean {
  return steps.slice(0, -1).some(({ observation }) => observation.locks.length > 0);
}
