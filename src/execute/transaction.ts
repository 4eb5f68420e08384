/**
 * One transactional step: its actions and its ledger rows in one transaction, under the lease (DESIGN §4.2, 4.4, 4.5).
 * Where nothing needs an answer in between, the whole transaction is a single message.
 */
import { FerrataError, isFerrataError } from '../errors.ts';
import { DURABLE } from '../ledger/durable.ts';
import type { Action, ExpectedLock } from '../plan/model.ts';
import { runActions, unseenWrites } from './action.ts';
import type { RunContext } from './context.ts';
import {
  cancelled,
  connectionLost,
  ledgerFailure,
  type SourceText,
  transient,
  withBlockers,
} from './failure.ts';
import type { StepOutcome } from './model.ts';
import { awaitQuiet } from './quiet.ts';
import { backoff, pause } from './retry.ts';
import { CLEAN_SESSION, OWN_ROLE, transactionLimits } from './session.ts';

/** How often a step is tried again after the connection broke in the middle of it. */
const LOST_RETRIES = 3;

export interface TransactionalWork {
  /** The step's id, for events. */
  readonly step: string;
  readonly actions: readonly Action[];
  readonly capture: string;
  readonly captures: readonly string[];
  readonly source: SourceText | null;
  /** Locks that it is going to take: waited for until the moment is quiet. */
  readonly expects?: readonly ExpectedLock[];
  /** First statement of the transaction: raises where the lease, or the run, does not allow it. */
  readonly check: () => string;
  /** The ledger's rows; `rows` written by the step, null where nobody counted. */
  readonly rows: (rows: number | null) => string;
  /** Throws where the step must not be committed. */
  readonly accept: ((outcome: StepOutcome) => void) | null;
  /** Whether the ledger has the rows already: asked after the connection was lost. */
  readonly landed: () => Promise<boolean>;
  /** Hears what the actions did, before it is committed. */
  readonly heard?: (outcome: StepOutcome) => void;
}

export interface StepResult {
  /** Milliseconds. */
  readonly ms: number;
  /** Null where nobody counted. */
  readonly rows: number | null;
}

/** Runs it until it is committed. Throws the server's error with its place in the file, `lease-lost`, `step-unseen-write`. */
export async function runTransaction(context: RunContext, work: TransactionalWork): Promise<StepResult> {
  const { session, policy, report } = context;
  let inOneMessage =
    work.accept === null &&
    work.captures.length === 0 &&
    work.actions.every((action) => action.type === 'sql');
  let attempt = 1;
  let lost = 0;
  const started = performance.now();
  for (;;) {
    try {
      await awaitQuiet(work.expects ?? [], {
        connection: session.connection,
        policy,
        report,
        signal: context.signal,
        step: work.step,
      });
      const rows = inOneMessage ? await sendMessage(context, work) : await converse(context, work);
      context.journal.written();
      return { ms: Math.round(performance.now() - started), rows };
    } catch (raw) {
      if (connectionLost(raw)) {
        await session.reconnect(report);
        // Whatever the old backend was doing is over after this, one way or the other.
        await context.lease.renew(session.connection, report);
        if (await work.landed()) {
          report({
            type: 'step-resumed',
            run: context.run,
            step: work.step,
            found: 'committed before the connection was lost',
          });
          return { ms: Math.round(performance.now() - started), rows: null };
        }
        if (++lost > LOST_RETRIES || context.signal?.aborted) throw raw;
        report({
          type: 'step-retried',
          run: context.run,
          step: work.step,
          attempt: lost,
          waitMs: 0,
          reason: 'connection lost',
        });
        continue;
      }
      // Where this fails too, the connection is gone, and whoever uses it next sees that.
      await session.connection.script(`ROLLBACK; ${CLEAN_SESSION}`).catch(() => {});
      const error = ledgerFailure(raw);
      // The wait for a quiet moment has had its time.
      const released = cancelled(error) ? (context.throttle.released?.() ?? null) : null;
      const reason = inTheWay(error) ? null : (released ?? transient(error));
      if (reason !== null && attempt <= policy.retries && !context.signal?.aborted) {
        const waitMs = backoff(attempt);
        report({ type: 'step-retried', run: context.run, step: work.step, attempt, waitMs, reason });
        attempt++;
        await pause(waitMs, context.signal);
        if (context.signal?.aborted) throw error;
        continue;
      }
      if (inOneMessage && error === raw && worthALook(error)) {
        // Nothing is left of it. Statement by statement it shows where it fails, and what lies in the attic makes way.
        inOneMessage = false;
        continue;
      }
      throw await withBlockers(session.connection, error);
    }
  }
}

/** Whether the server refused a statement, rather than somebody cancelled it or it took too long. */
function worthALook(error: unknown): boolean {
  return isFerrataError(error) && error.code !== 'statement-timeout' && !cancelled(error) && !inTheWay(error);
}

/** Whether nothing was tried at all, because others held the table (`quiet.ts`). */
function inTheWay(error: unknown): boolean {
  return isFerrataError(error) && error.code === 'lock-timeout' && error.details.data?.blockers !== undefined;
}

/** The whole transaction as one message of the simple protocol. */
async function sendMessage(context: RunContext, work: TransactionalWork): Promise<null> {
  // The line break ends a comment that a statement may end with.
  const statements = work.actions
    .map((action) => (action.type === 'sql' ? `${action.sql}\n;\n` : ''))
    .join('');
  await context.session.connection.script(
    `BEGIN; ${transactionLimits(context.policy)}; ${work.check()};\n${statements}${OWN_ROLE}; ${context.journal.sql()}${work.rows(null)}; ${DURABLE}; COMMIT; ${CLEAN_SESSION}`,
  );
  return null;
}

async function converse(context: RunContext, work: TransactionalWork): Promise<number> {
  const { connection } = context.session;
  await connection.script(`BEGIN; ${transactionLimits(context.policy)}; ${work.check()}`);
  const outcome = await runActions(work.actions, {
    connection,
    source: work.source,
    capture: work.capture,
    captures: work.captures,
  });
  work.accept?.(outcome);
  work.heard?.(outcome);
  const rows = outcome.writes.reduce((sum, write) => sum + write.rows, 0);
  await connection.script(
    `${OWN_ROLE}; ${context.journal.sql()}${work.rows(rows)}; ${DURABLE}; COMMIT; ${CLEAN_SESSION}`,
  );
  return rows;
}

/**
 * A table that the rehearsal did not see written has no before-images: going back would lose rows. `captures` as in
 * the plan. Throws `step-unseen-write`.
 */
export function acceptWrites(step: string, captures: readonly string[]): (outcome: StepOutcome) => void {
  return (outcome) => {
    const unseen = unseenWrites(outcome, captures);
    if (unseen.length === 0) return;
    throw new FerrataError(
      'step-unseen-write',
      `Step ${step} wrote rows that the rehearsal had not seen: ${unseen.join(', ')}`,
      {
        why: 'Their former content was not kept, so the rollback that was proved would not bring it back. The step was rolled back.',
        hint: 'Rehearse on data that takes the same path (data source sample or backup), then run `ferrata up` again.',
        data: { step, tables: unseen },
      },
    );
  };
}
