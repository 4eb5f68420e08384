/** Takes a run back from wherever it stands: the written down from its last point, else each step's inverse. */
import { FerrataError } from '../errors.ts';
import type { AppliedMigration, RunRecord } from '../ledger/model.ts';
import { checkLease, deleteMigration, failStep, putStep, updateRun } from '../ledger/rows.ts';
import { readIntent, standingSteps } from '../ledger/runs.ts';
import { type BackfillSpec, backfillOf } from '../plan/backfill.ts';
import type { Action, Plan, Probe, Step } from '../plan/model.ts';
import { begunBackfills } from './backfill/checkpoint.ts';
import { undoBackfill } from './backfill/undo.ts';
import { captureName, type RunContext } from './context.ts';
import {
  asFerrataError,
  cancelled,
  connectionLost,
  type SourceText,
  transient,
  withOutcome,
} from './failure.ts';
import type { Conflict } from './model.ts';
import type { Guard } from './monitor/guard.ts';
import { runOutside, settleStep, stepIsDone, writeLedger } from './outside.ts';
import {
  type Executed,
  type ExecutedStep,
  type ExecuteOptions,
  guardFor,
  mayGoOn,
  pausedError,
  refusePooler,
  runContext,
  stillOurs,
  withSession,
} from './run.ts';
import type { RunSession } from './session.ts';
import { runTransaction, type StepResult } from './transaction.ts';

export interface DownOptions extends ExecuteOptions {
  /** From the ledger: complete, failed, paused, or left by a dead process. */
  readonly run: RunRecord;
  /** The migration's row, where it is in force: what is purged can't come back. */
  readonly applied?: AppliedMigration | null;
  /** down.sql, where the plan has a written down. */
  readonly downSource?: SourceText | null;
}

/** Rows that the application has changed since, and that were left as they are. */
export interface RolledBack extends Executed {
  readonly conflicts: readonly Conflict[];
}

/** One piece of the way back. */
interface BackStep {
  /** The plan's step, or `down1`, `down2` … of a written down. */
  readonly id: string;
  readonly ordinal: number;
  readonly title: string;
  readonly actions: readonly Action[];
  readonly transactional: boolean;
  readonly capture: string;
  readonly source: SourceText | null;
  readonly probe: Probe;
  readonly fingerprintAfter: string | null;
  /** What the step did in batches; it is put back in batches too. */
  readonly backfill: BackfillSpec | null;
}

/**
 * Goes back to the run's start. Afterwards the migration is no longer in force and the run is `rolled_back`.
 *
 * Throws `rollback-unavailable` where a step has no way back, before anything is touched; `rollback-window-over` after
 * a purge; `run-paused`, `server-pooled`, `lease-lost`, and what the server says. What was taken back until then stays
 * so, and calling it again goes on from there.
 */
export async function executeDown(options: DownOptions): Promise<RolledBack> {
  return await withSession(options, (session) => new Rollback(options, session).run());
}

class Rollback {
  readonly #options: DownOptions;
  readonly #plan: Plan;
  readonly #record: RunRecord;
  readonly #context: RunContext;
  readonly #guard: Guard | null;
  readonly #done: ExecutedStep[] = [];
  readonly #conflicts: Conflict[] = [];
  readonly #started = performance.now();

  constructor(options: DownOptions, session: RunSession) {
    this.#options = options;
    this.#record = options.run;
    this.#plan = options.run.plan;
    this.#guard = guardFor(options.run.id, 'down', options);
    this.#context = runContext(options.run.id, options, session, this.#guard);
  }

  async run(): Promise<RolledBack> {
    const { id, migration, state } = this.#record;
    if (state === 'rolled_back') {
      throw new FerrataError('rollback-unavailable', `Run ${id} of ${migration} is already taken back`, {
        hint: '`ferrata status` shows what is in force.',
      });
    }
    if (this.#options.applied?.stage === 'purged') {
      throw new FerrataError('rollback-window-over', `What ${migration} took away was purged`, {
        why: `Its rollback window ended ${this.#record.windowUntil ?? ''}, and \`ferrata purge\` removed it for good.`,
        hint: 'Restore the backup of that time (`ferrata backup list`), or write a migration that goes forward.',
      });
    }
    const standing = await this.#inspect();
    const back = this.#wayBack(standing, await this.#halfDone(standing));
    const left = back.filter((step) => !this.#isBack(step.id));
    refusePooler(
      this.#context.session,
      left.filter((step) => !step.transactional && step.backfill === null).map((step) => step.id),
    );
    const { report } = this.#context;
    report({ type: 'run-started', run: id, migration, direction: 'down', steps: left.length });
    try {
      await writeLedger(this.#context, () => updateRun(id, 'rolling_back', { error: null }));
      for (const step of back) {
        if (!this.#isBack(step.id)) continue;
        report({ type: 'step-resumed', run: id, step: step.id, found: 'taken back, says the ledger' });
      }
      await this.#guard?.begin(
        this.#context.session,
        left.some((step) => !step.transactional || step.backfill !== null),
      );
      for (const step of left) {
        stillOurs(this.#context);
        if (this.#options.signal?.aborted) throw pausedError(id, migration, this.#done.length, left.length);
        this.#guard?.step(step.backfill === null);
        await mayGoOn(this.#context, `The way back of ${step.id}`);
        if (this.#options.signal?.aborted) throw pausedError(id, migration, this.#done.length, left.length);
        await this.#step(step, step === left.at(-1));
      }
      if (left.length === 0) await writeLedger(this.#context, () => this.#finishRows());
    } catch (error) {
      throw await this.#stopped(error);
    } finally {
      await this.#guard?.close();
    }
    const ms = Math.round(performance.now() - this.#started);
    report({ type: 'run-finished', run: id, migration, state: 'rolled_back', ms });
    return { run: id, migration, state: 'rolled_back', steps: this.#done, ms, conflicts: this.#conflicts };
  }

  /** The steps that stand, after a look at the one that was in doubt. In the plan's order. */
  async #inspect(): Promise<readonly Step[]> {
    const standing = new Set(standingSteps(this.#record));
    for (const [ordinal, step] of this.#plan.steps.entries()) {
      const row = this.#record.steps.find((s) => s.direction === 'up' && s.step === step.id);
      if (row === undefined || row.state === 'done' || step.transactional) continue;
      const intended = await readIntent(this.#context.session.connection, this.#record.id, 'up', ordinal);
      if (intended?.intent === null || intended === null) continue;
      const happened = await settleStep(this.#context, {
        direction: 'up',
        ordinal,
        step: step.id,
        actions: step.forward,
        capture: captureName(this.#plan, step),
        source: this.#context.source,
        probe: step.done,
        fingerprintAfter: step.fingerprintAfter,
        finish: () => '',
        resumed: true,
      });
      const at = { run: this.#record.id, direction: 'up', ordinal, step: step.id } as const;
      await writeLedger(this.#context, () =>
        happened ? putStep({ ...at, state: 'done', ms: 0 }) : failStep(at, row.error ?? 'interrupted'),
      );
      if (happened) standing.add(step.id);
    }
    return this.#plan.steps.filter((step) => standing.has(step.id));
  }

  /** Backfills of which some batches were committed. */
  async #halfDone(standing: readonly Step[]): Promise<readonly Step[]> {
    const ordinals = await begunBackfills(this.#context.session.connection, this.#record.id);
    return this.#plan.steps.filter((step, ordinal) => ordinals.includes(ordinal) && !standing.includes(step));
  }

  #isBack(step: string): boolean {
    return this.#record.steps.some((s) => s.direction === 'down' && s.state === 'done' && s.step === step);
  }

  /** Throws `rollback-unavailable`. Includes what an interrupted rollback has done already. */
  #wayBack(whole: readonly Step[], half: readonly Step[]): readonly BackStep[] {
    const { down, steps } = this.#plan;
    const standing = steps.filter((step) => whole.includes(step) || half.includes(step));
    const begun = this.#record.steps.filter((s) => s.direction === 'down');
    const derivedBegun = begun.some((s) => steps.some((step) => step.id === s.step));
    if (down !== null && whole.length === steps.length && !derivedBegun) return this.#written();
    const missing = standing.filter((step) => step.inverse === null);
    const [first] = missing;
    if (first !== undefined) {
      throw new FerrataError(
        'rollback-unavailable',
        `Step ${missing.map((s) => s.id).join(', ')} of ${this.#plan.migration} has no way back`,
        {
          why:
            first.inverseRefusals.length > 0
              ? first.inverseRefusals.join('; ')
              : 'It ran without a rehearsal, so that no rollback was derived.',
          hint:
            down === null
              ? `Write down.sql for ${this.#plan.migration}, or a migration that goes forward; a backup of before is the last resort (\`ferrata backup list\`).`
              : 'down.sql leads back from the end alone: `ferrata up` finishes the run first, then `ferrata down` takes it back.',
        },
      );
    }
    return [...standing].reverse().map((step): BackStep => {
      const ordinal = steps.indexOf(step);
      const actions = step.inverse ?? [];
      return {
        id: step.id,
        ordinal,
        title: `back: ${step.title}`,
        actions,
        transactional: step.inverseTransactional,
        capture: captureName(this.#plan, step),
        source: null,
        probe: oppositeOf(step, actions),
        fingerprintAfter:
          steps[ordinal - 1]?.fingerprintAfter ?? (ordinal === 0 ? this.#plan.startFingerprint : null),
        backfill: backfillOf(step),
      };
    });
  }

  #written(): readonly BackStep[] {
    const { down, migration } = this.#plan;
    const groups = down?.groups ?? [];
    return groups.map((group, index) => ({
      id: `down${index + 1}`,
      ordinal: index,
      title: `${down?.file ?? migration} (${index + 1} of ${groups.length})`,
      actions: group.actions,
      transactional: group.transactional,
      capture: '',
      source: this.#options.downSource ?? null,
      probe: { type: 'fingerprint' } as const,
      fingerprintAfter: null,
      backfill: null,
    }));
  }

  async #step(step: BackStep, last: boolean): Promise<void> {
    const { report, run } = this.#context;
    report({ type: 'step-started', run, step: step.id, title: step.title });
    const result =
      step.backfill !== null
        ? await this.#inBatches(step, step.backfill, last)
        : step.transactional
          ? await this.#inside(step, last)
          : await this.#outside(step, last);
    this.#done.push({ step: step.id, ...result });
    report({ type: 'step-finished', run, step: step.id, ...result });
  }

  /** Batch by batch as far as it goes; what is left then is taken back, or told, in the step's own transaction. */
  async #inBatches(step: BackStep, spec: BackfillSpec, last: boolean): Promise<StepResult> {
    const { id, ordinal, capture } = step;
    const started = performance.now();
    const work = { step: id, ordinal, migration: this.#record.migration, capture, spec };
    const restored = await undoBackfill(this.#context, work);
    const { rows } = await this.#inside(step, last, restored);
    return { ms: Math.round(performance.now() - started), rows: restored + (rows ?? 0) };
  }

  /** @param before rows that were put back for this step already */
  async #inside(step: BackStep, last: boolean, before = 0): Promise<StepResult> {
    let conflicts: readonly Conflict[] = [];
    const result = await runTransaction(this.#context, {
      step: step.id,
      actions: step.actions,
      capture: step.capture,
      captures: [],
      source: step.source,
      check: () => checkLease(this.#context.lease.token),
      accept: null,
      rows: (rows) =>
        [
          putStep({
            run: this.#record.id,
            direction: 'down',
            ordinal: step.ordinal,
            step: step.id,
            state: 'done',
            rows: before === 0 ? rows : before + (rows ?? 0),
          }),
          ...(last ? [this.#finishRows()] : []),
        ].join('; '),
      landed: () => stepIsDone(this.#context, 'down', step.ordinal),
      heard: (outcome) => {
        conflicts = outcome.conflicts ?? [];
      },
    });
    this.#conflicts.push(...conflicts);
    if (conflicts.length > 0) {
      this.#context.report({
        type: 'warning',
        message: `${conflicts.length} rows that the application has changed since were left as they are`,
        hint: conflicts
          .slice(0, 20)
          .map(({ table, key, what }) => `${table} ${key}: ${what}`)
          .join('\n'),
      });
    }
    return result;
  }

  async #outside(step: BackStep, last: boolean): Promise<StepResult> {
    return await runOutside(this.#context, {
      direction: 'down',
      ordinal: step.ordinal,
      step: step.id,
      actions: step.actions,
      capture: step.capture,
      source: step.source,
      probe: step.probe,
      fingerprintAfter: step.fingerprintAfter,
      finish: () => (last ? this.#finishRows() : ''),
      resumed: this.#record.state === 'rolling_back' || this.#record.state === 'failed',
    });
  }

  #finishRows(): string {
    return `${deleteMigration(this.#record.migration)}; ${updateRun(this.#record.id, 'rolled_back')}`;
  }

  async #stopped(raw: unknown): Promise<FerrataError> {
    let error = asFerrataError(raw);
    if (error.code === 'lease-lost' || connectionLost(error)) return error;
    const { id, migration } = this.#record;
    if (this.#options.signal?.aborted && (cancelled(error) || transient(error) !== null)) {
      error = pausedError(id, migration, this.#done.length, this.#plan.steps.length);
    }
    // It stays `rolling_back`: the way on is the way back.
    try {
      const message = error.code === 'run-paused' ? null : error.message;
      await writeLedger(this.#context, () => updateRun(id, 'rolling_back', { error: message }));
    } catch {
      return error;
    }
    if (error.code === 'run-paused') return error;
    return withOutcome(
      error,
      id,
      this.#done.length === 0
        ? 'Nothing was taken back. `ferrata down` tries again.'
        : `${this.#done.length} steps were taken back. \`ferrata down\` goes on from there.`,
    );
  }
}

/** How to see on the server that the inverse of a step has happened. */
function oppositeOf(step: Step, inverse: readonly Action[]): Probe {
  const [only, second] = inverse;
  const single = only?.type === 'sql' && second === undefined;
  if (single && step.done.type === 'index-valid' && /^\s*drop\s+index\b/i.test(only.sql)) {
    return { type: 'index-absent', index: step.done.index };
  }
  if (single && step.done.type === 'index-absent' && /^\s*create\b/i.test(only.sql)) {
    return { type: 'index-valid', index: step.done.index };
  }
  return { type: 'fingerprint' };
}
