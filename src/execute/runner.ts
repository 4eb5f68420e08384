/** Runs a plan forward on the target, step by step, resumable after any of them (DESIGN §4.2–4.5). */
import { FerrataError } from '../errors.ts';
import type { FerrataEvent } from '../events.ts';
import { newRunId } from '../ledger/ledger.ts';
import type { RunRecord, RunState } from '../ledger/model.ts';
import {
  checkLease,
  checkStart,
  failStep,
  insertMigration,
  insertRun,
  type NewRun,
  putStep,
  recordSingle,
  updateRun,
} from '../ledger/rows.ts';
import { standingSteps } from '../ledger/runs.ts';
import { type BackfillSpec, backfillOf } from '../plan/backfill.ts';
import type { Plan, Step } from '../plan/model.ts';
import { conflicting } from '../postgres/lock-conflicts.ts';
import type { Proof } from '../prepare/model.ts';
import { runBackfill } from './backfill/run.ts';
import { captureName, type RunContext } from './context.ts';
import { asFerrataError, cancelled, connectionLost, transient, withOutcome } from './failure.ts';
import type { Guard } from './monitor/guard.ts';
import { runOutside, stepIsDone, writeLedger } from './outside.ts';
import {
  abortedError,
  type Executed,
  type ExecutedStep,
  type ExecuteOptions,
  guardFor,
  mayGoOn,
  needsSession,
  pausedError,
  refusePooler,
  runContext,
  stillOurs,
  withSession,
} from './run.ts';
import type { RunSession } from './session.ts';
import { acceptWrites, runTransaction, type StepResult } from './transaction.ts';

export interface UpOptions extends ExecuteOptions {
  readonly plan: Plan;
  /** The proof that let it through; null where the policy asks for none. */
  readonly proof: Proof | null;
  readonly environment: string;
  readonly backup?: string | null;
  /** Of the target's schema, where it was measured. */
  readonly startFingerprint?: string | null;
  /** True: the run ends in `validating`, and whoever verifies it completes it. */
  readonly validate: boolean;
  /** The run to go on with, from `ledger.unfinished()`; its own plan is what counts. */
  readonly resume?: RunRecord | null;
}

/**
 * Runs the plan, or what is left of it. At the end the migration is in force, and the run `completed` or (`validate`)
 * `validating`.
 *
 * Throws `run-paused` (exit 5) after a Ctrl-C, `server-pooled`, `lease-lost`, `run-unfinished` where another run is
 * open, `migration-applied`, `step-unseen-write`, `lock-timeout` after the last retry, and what the server says. The
 * ledger then has the run as `paused` or `failed`; after `lease-lost` and a lost connection it stays as it was.
 */
export async function executeUp(options: UpOptions): Promise<Executed> {
  return await withSession(options, (session) => new Runner(options, session).run());
}

/** Whether a step is watched from its beginning: one that is not over in a moment. */
function takesLong(step: Step): boolean {
  return !step.transactional || backfillOf(step) !== null;
}

/** Whether others wait for a step by its nature: what takes a strong lock, or waits for others itself. */
function blocksByNature(step: Step): boolean {
  if (backfillOf(step) !== null) return false;
  return !step.transactional || step.expects.some(({ mode }) => conflicting(mode).length > 2);
}

class Runner {
  readonly #options: UpOptions;
  readonly #plan: Plan;
  readonly #run: NewRun;
  readonly #context: RunContext;
  readonly #guard: Guard | null;
  readonly #standing: Set<string>;
  readonly #done: ExecutedStep[] = [];
  readonly #started = performance.now();
  /** Whether the run has its row in the ledger. */
  #recorded: boolean;

  constructor(options: UpOptions, session: RunSession) {
    const resume = options.resume ?? null;
    this.#options = options;
    this.#plan = resume?.plan ?? options.plan;
    this.#recorded = resume !== null;
    this.#standing = new Set(resume === null ? [] : standingSteps(resume));
    this.#run = {
      id: resume?.id ?? newRunId(),
      migration: this.#plan.migration,
      state: 'running',
      environment: options.environment,
      owner: options.lease.owner,
      plan: this.#plan,
      proof: resume?.proof ?? options.proof,
      backup: options.backup ?? null,
      startFingerprint: options.startFingerprint ?? null,
    };
    this.#guard = guardFor(this.#run.id, 'up', options);
    this.#context = runContext(this.#run.id, options, session, this.#guard);
  }

  async run(): Promise<Executed> {
    const { resume } = this.#options;
    if (resume?.state === 'rolling_back') {
      throw new FerrataError('run-unfinished', `Run ${resume.id} of ${resume.migration} is on its way back`, {
        why: 'It was being rolled back when it was interrupted.',
        hint: '`ferrata down` finishes the way back; then `ferrata up` starts afresh.',
      });
    }
    const steps = this.#plan.steps;
    const left = steps.filter((step) => !this.#standing.has(step.id));
    refusePooler(
      this.#context.session,
      left.filter(needsSession).map((step) => step.id),
    );
    this.#throwIfPaused(false);
    this.#report({
      type: 'run-started',
      run: this.#run.id,
      migration: this.#plan.migration,
      direction: 'up',
      steps: steps.length,
    });
    try {
      await this.#begin(left);
      await this.#guard?.begin(this.#context.session, left.some(takesLong));
      for (const step of left) {
        stillOurs(this.#context);
        this.#throwIfPaused(true);
        this.#guard?.step(blocksByNature(step));
        await mayGoOn(this.#context, `Step ${step.id}`);
        this.#throwIfPaused(true);
        await this.#step(step);
      }
    } catch (error) {
      throw await this.#stopped(error);
    } finally {
      await this.#guard?.close();
    }
    const state = this.#finalState();
    const ms = Math.round(performance.now() - this.#started);
    this.#report({ type: 'run-finished', run: this.#run.id, migration: this.#plan.migration, state, ms });
    return { run: this.#run.id, migration: this.#plan.migration, state, steps: this.#done, ms };
  }

  /** A run of one transactional step has all its rows in that step's transaction, the run's own too. */
  get #single(): boolean {
    const [only, second] = this.#plan.steps;
    return only !== undefined && second === undefined && only.transactional;
  }

  async #begin(left: readonly Step[]): Promise<void> {
    const { resume } = this.#options;
    if (resume === undefined || resume === null) {
      if (this.#single) return;
      await writeLedger(
        this.#context,
        () => `${checkStart(this.#context.lease.token, this.#plan.migration)}; ${insertRun(this.#run)}`,
        async () => {
          const found = await this.#context.session.connection.rows(
            'SELECT 1 FROM ferrata.run WHERE id = $1',
            [this.#run.id],
          );
          return found.length > 0;
        },
      );
      this.#recorded = true;
      if (left.length === 0) await this.#write(this.#finishRows());
      return;
    }
    for (const step of this.#plan.steps) {
      if (!this.#standing.has(step.id)) break;
      this.#report({
        type: 'step-resumed',
        run: this.#run.id,
        step: step.id,
        found: 'done, says the ledger',
      });
    }
    if (left.length > 0) {
      await this.#write(updateRun(this.#run.id, 'running', { error: null }));
    } else {
      const last = this.#options.validate ? 'validating' : 'completed';
      // Every step stands: the verification failed, or never came; or `repair` recorded the last step.
      const via = resume.state === 'validating' ? '' : `${updateRun(this.#run.id, 'running')}; `;
      const record = insertMigration(this.#plan.migration, this.#plan.checksum, this.#run.id);
      await this.#write(
        `${record} ON CONFLICT (id) DO NOTHING; ${via}${updateRun(this.#run.id, last, { error: null, ...this.#window() })}`,
      );
    }
  }

  async #step(step: Step): Promise<void> {
    this.#report({ type: 'step-started', run: this.#run.id, step: step.id, title: step.title });
    const backfill = backfillOf(step);
    const result =
      backfill !== null
        ? await this.#backfill(step, backfill)
        : step.transactional
          ? await this.#inside(step)
          : await this.#outside(step);
    this.#recorded = true;
    this.#standing.add(step.id);
    this.#done.push({ step: step.id, ...result });
    this.#report({ type: 'step-finished', run: this.#run.id, step: step.id, ...result });
  }

  async #inside(step: Step): Promise<StepResult> {
    const { lease } = this.#context;
    const first = !this.#recorded;
    const ordinal = this.#plan.steps.indexOf(step);
    // Before-images serve a derived inverse; where there is none nobody would ever read them.
    const captures = step.inverse === null ? [] : step.captures;
    const watched = this.#run.proof !== null && this.#plan.down === null && step.inverse !== null;
    return await runTransaction(this.#context, {
      step: step.id,
      actions: step.forward,
      capture: captureName(this.#plan, step),
      captures,
      source: this.#context.source,
      expects: step.expects,
      check: () => (first ? checkStart(lease.token, this.#plan.migration) : checkLease(lease.token)),
      accept: watched ? acceptWrites(step.id, step.captures) : null,
      rows: (rows) =>
        first
          ? recordSingle(this.#run, this.#finalState(), step.id, rows)
          : [
              putStep({ run: this.#run.id, direction: 'up', ordinal, step: step.id, state: 'done', rows }),
              ...(this.#isLast(step) ? [this.#finishRows()] : []),
            ].join('; '),
      landed: () => stepIsDone(this.#context, 'up', ordinal),
    });
  }

  async #outside(step: Step): Promise<StepResult> {
    return await runOutside(this.#context, {
      direction: 'up',
      ordinal: this.#plan.steps.indexOf(step),
      step: step.id,
      actions: step.forward,
      capture: captureName(this.#plan, step),
      source: this.#context.source,
      probe: step.done,
      fingerprintAfter: step.fingerprintAfter,
      finish: () => (this.#isLast(step) ? this.#finishRows() : ''),
      resumed: (this.#options.resume ?? null) !== null,
    });
  }

  async #backfill(step: Step, spec: BackfillSpec): Promise<StepResult> {
    const kept = step.inverse === null ? [] : step.captures;
    const watched = this.#run.proof !== null && this.#plan.down === null && step.inverse !== null;
    return await runBackfill(this.#context, {
      step: step.id,
      ordinal: this.#plan.steps.indexOf(step),
      spec,
      capture: captureName(this.#plan, step),
      captures: kept,
      source: this.#context.source,
      accept: watched ? acceptWrites(step.id, step.captures) : null,
      finish: () => (this.#isLast(step) ? this.#finishRows() : ''),
    });
  }

  #isLast(step: Step): boolean {
    return step === this.#plan.steps.at(-1);
  }

  #finalState(): RunState {
    return this.#options.validate ? 'validating' : 'completed';
  }

  #window(): { readonly windowHours: number } {
    return { windowHours: this.#plan.rollbackWindowHours };
  }

  #finishRows(): string {
    return `${insertMigration(this.#plan.migration, this.#plan.checksum, this.#run.id)}; ${updateRun(this.#run.id, this.#finalState(), { error: null, ...this.#window() })}`;
  }

  async #write(rows: string): Promise<void> {
    await writeLedger(this.#context, () => rows);
  }

  #report(event: FerrataEvent): void {
    this.#context.report(event);
  }

  #throwIfPaused(begun: boolean): void {
    if (this.#options.signal?.aborted !== true) return;
    if (begun && this.#recorded) {
      throw pausedError(this.#run.id, this.#plan.migration, this.#standing.size, this.#plan.steps.length);
    }
    throw new FerrataError('run-paused', `${this.#plan.migration} was not started`, {
      hint: 'Run `ferrata up` again when it may.',
    });
  }

  /** Writes down why the run stopped, as far as that is ours to do, and gives the error to throw. */
  async #stopped(raw: unknown): Promise<FerrataError> {
    let error = asFerrataError(raw);
    const untouched = ['lease-lost', 'run-unfinished', 'migration-applied'].includes(error.code);
    if (untouched || connectionLost(error)) return error;
    if (this.#options.signal?.aborted && (cancelled(error) || transient(error) !== null)) {
      error = this.#recorded
        ? pausedError(this.#run.id, this.#plan.migration, this.#standing.size, this.#plan.steps.length)
        : new FerrataError('run-paused', `${this.#plan.migration} was cancelled and rolled back`, {
            cause: raw,
          });
    }
    const why = this.#guard?.aborted ?? null;
    if (why !== null && cancelled(error)) error = abortedError(this.#run.id, this.#plan.migration, why);
    const total = this.#plan.steps.length;
    const paused = error.code === 'run-paused' || (error.code === 'run-aborted' && this.#recorded);
    const standing = this.#standing.size;
    const step = this.#plan.steps.find((candidate) => !this.#standing.has(candidate.id));
    // Outside a transaction: what the step left must be looked at, by `repair` or by the next attempt.
    const halfWay = error.code === 'run-failed';
    const begun = step !== undefined && backfillOf(step) !== null;
    try {
      if (paused) {
        const reason = error.code === 'run-aborted' ? { error: error.message } : {};
        if (this.#recorded) await this.#write(updateRun(this.#run.id, 'paused', reason));
      } else {
        const message = error.message;
        await this.#write(
          [
            this.#recorded
              ? updateRun(this.#run.id, 'failed', { error: message, ...(halfWay && { open: true }) })
              : insertRun({ ...this.#run, state: 'failed', error: message }),
            ...(step === undefined
              ? []
              : [
                  failStep(
                    {
                      run: this.#run.id,
                      direction: 'up',
                      ordinal: this.#plan.steps.indexOf(step),
                      step: step.id,
                    },
                    message,
                  ),
                ]),
          ].join('; '),
        );
      }
    } catch {
      // The ledger can't be reached, or is no longer ours: the first error is the one to tell.
      return error;
    }
    if (paused) return error;
    return withOutcome(
      error,
      this.#run.id,
      halfWay
        ? 'The run stays open until that is decided.'
        : begun
          ? `${standing} of ${total} steps stand, and the batches that were committed of ${step.id}. \`ferrata up\` goes on with them, \`ferrata down\` takes them back.`
          : standing === 0
            ? 'Nothing of this migration is left in the database.'
            : `${standing} of ${total} steps stand. \`ferrata up\` goes on with them, \`ferrata down\` takes them back.`,
    );
  }
}
