/**
 * A step outside a transaction (CONCURRENTLY, VACUUM …): the intent is committed first, then the statement runs, then
 * its outcome is written. After a crash, or a lost connection, reality decides (DESIGN §4.2, TRAPS 4, 5, 37).
 */
import { FerrataError, isFerrataError } from '../errors.ts';
import { DURABLE } from '../ledger/durable.ts';
import type { StepRecord } from '../ledger/model.ts';
import { checkLease, putStep } from '../ledger/rows.ts';
import { iso, readIntent, type StepIntent } from '../ledger/runs.ts';
import type { Action, Probe } from '../plan/model.ts';
import { quoteQualified } from '../sql/quote.ts';
import { runActions } from './action.ts';
import type { RunContext } from './context.ts';
import { connectionLost, ledgerFailure, type SourceText, transient } from './failure.ts';
import { backoff, pause } from './retry.ts';
import { CLEAN_SESSION, statementLimits } from './session.ts';
import type { StepResult } from './transaction.ts';

/** How long an earlier backend of ours may go on with the statement before we say that we wait. Milliseconds. */
const POLL_MS = 250;
const LOST_RETRIES = 3;

export interface OutsideWork {
  readonly direction: StepRecord['direction'];
  readonly ordinal: number;
  readonly step: string;
  readonly actions: readonly Action[];
  readonly capture: string;
  readonly source: SourceText | null;
  /** How to see that the last action has happened. */
  readonly probe: Probe;
  /** The schema's fingerprint once it has, where the rehearsal measured it. */
  readonly fingerprintAfter: string | null;
  /** Further ledger rows for the outcome's transaction, each ending in a semicolon. */
  readonly finish: () => string;
  /** A former process may have begun this step. */
  readonly resumed: boolean;
}

type Verdict = 'done' | 'not done' | 'unclear';

/** An action with the settings that hold for it. */
interface Unit {
  readonly settings: readonly Action[];
  readonly action: Action;
  readonly last: boolean;
}

/**
 * Throws the server's error; `run-failed` where an interrupted statement left something that is neither the state
 * before nor the one after.
 */
export async function runOutside(context: RunContext, work: OutsideWork): Promise<StepResult> {
  const started = performance.now();
  const units = unitsOf(work.actions);
  const known = work.resumed
    ? await readIntent(context.session.connection, context.run, work.direction, work.ordinal)
    : null;
  let progress = known?.progress ?? 0;
  if (known !== null && known.intent !== null) {
    const unit = units[progress];
    if (unit !== undefined && (await settle(context, work, unit, known.intent)) === 'done') progress++;
  }
  for (const [index, unit] of units.entries()) {
    if (index < progress) continue;
    await runUnit(context, work, unit, index);
  }
  await writeLedger(
    context,
    () =>
      `${putStep({
        run: context.run,
        direction: work.direction,
        ordinal: work.ordinal,
        step: work.step,
        state: 'done',
        ms: performance.now() - started,
        progress: units.length,
      })}; ${work.finish()}`,
    () => stepIsDone(context, work.direction, work.ordinal),
  );
  return { ms: Math.round(performance.now() - started), rows: null };
}

/** Whether a step that a former process began has happened; tidies up after it where it has not. Throws `run-failed`. */
export async function settleStep(context: RunContext, work: OutsideWork): Promise<boolean> {
  const known = await readIntent(context.session.connection, context.run, work.direction, work.ordinal);
  const units = unitsOf(work.actions);
  const unit = units[known?.progress ?? 0];
  if (known === null || known.intent === null || unit === undefined) return false;
  return (await settle(context, work, unit, known.intent)) === 'done' && unit.last;
}

/** Looks at what became of an interrupted action, tidies up after it, and says so. `not done`: it may run again. */
async function settle(
  context: RunContext,
  work: OutsideWork,
  unit: Unit,
  intent: StepIntent,
): Promise<'done' | 'not done'> {
  await waitForBackend(context, intent);
  const now = await look(context, work, unit);
  const verdict = judge(work, unit, intent.before, now);
  context.report({ type: 'step-resumed', run: context.run, step: work.step, found: found(verdict, now) });
  if (verdict === 'unclear') {
    throw new FerrataError('run-failed', `Step ${work.step} was interrupted and left the schema half way`, {
      why: 'It ran outside a transaction; the schema is neither what it was before it nor what the rehearsal saw after it.',
      hint: '`ferrata repair` shows the difference and the ways on; `ferrata status` shows the steps.',
    });
  }
  if (verdict === 'not done') await dropInvalid(context, unit, now);
  return verdict;
}

async function runUnit(context: RunContext, work: OutsideWork, unit: Unit, index: number): Promise<void> {
  const { session, policy, report } = context;
  let attempt = 1;
  let lost = 0;
  let rebuilt = false;
  let before = await look(context, work, unit);
  for (;;) {
    const intent = await writeIntent(context, work, index, before);
    let failure: unknown = null;
    try {
      await session.connection.script(statementLimits(policy, sqlOf(unit.action)));
      await runActions([...unit.settings, unit.action], {
        connection: session.connection,
        source: work.source,
        capture: work.capture,
        captures: [],
      });
    } catch (error) {
      failure = error;
    }
    if (connectionLost(failure)) {
      await session.reconnect(report);
      await context.lease.renew(session.connection, report);
      if ((await settle(context, work, unit, intent)) === 'done') return;
      if (++lost > LOST_RETRIES || context.signal?.aborted) throw failure;
      report({
        type: 'step-retried',
        run: context.run,
        step: work.step,
        attempt: lost,
        waitMs: 0,
        reason: 'connection lost',
      });
      before = await look(context, work, unit);
      continue;
    }
    await session.connection.script(CLEAN_SESSION);
    const now = await look(context, work, unit);
    if (failure === null) {
      // IF NOT EXISTS is content with an invalid index of that name.
      if (!isInvalidIndex(now) || rebuilt || !unit.last || work.probe.type !== 'index-valid') return;
      rebuilt = true;
      await dropInvalid(context, unit, now);
      before = null;
      continue;
    }
    // What a failed CONCURRENTLY leaves behind: an index that was not there before, and is of no use.
    if (now !== before) await dropInvalid(context, unit, now);
    const reason = transient(failure);
    if (reason === null || attempt > policy.retries || context.signal?.aborted) throw ledgerFailure(failure);
    const waitMs = backoff(attempt);
    report({ type: 'step-retried', run: context.run, step: work.step, attempt, waitMs, reason });
    attempt++;
    await pause(waitMs, context.signal);
    before = await look(context, work, unit);
  }
}

/** Every action that is more than a setting, with the settings written before it. */
function unitsOf(actions: readonly Action[]): readonly Unit[] {
  const settings: Action[] = [];
  const units: Unit[] = [];
  const work = actions.filter((action) => !isSettingAction(action));
  for (const action of actions) {
    if (isSettingAction(action)) settings.push(action);
    else units.push({ settings: [...settings], action, last: action === work.at(-1) });
  }
  return units;
}

function isSettingAction(action: Action): boolean {
  return (
    action.type === 'sql' &&
    /^(?:set|reset)\b|^select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(/i.test(action.sql)
  );
}

function sqlOf(action: Action): string {
  return 'sql' in action ? action.sql : '';
}

async function writeIntent(
  context: RunContext,
  work: OutsideWork,
  progress: number,
  before: string | null,
): Promise<StepIntent> {
  const { connection } = context.session;
  const [backend] = await connection.query<{ start: string | null }>(
    `SELECT ${iso('backend_start')} AS start FROM pg_catalog.pg_stat_activity WHERE pid = $1`,
    [connection.pid],
  );
  const intent: StepIntent = { pid: connection.pid, backendStart: backend?.start ?? '', before };
  await writeLedger(context, () =>
    putStep({
      run: context.run,
      direction: work.direction,
      ordinal: work.ordinal,
      step: work.step,
      state: 'intended',
      progress,
      intent,
    }),
  );
  return intent;
}

/**
 * A ledger write of its own, under the lease. After a lost connection it is repeated, unless `landed` finds that it was
 * committed; without `landed` it must say the same when it is repeated.
 */
export async function writeLedger(
  context: RunContext,
  rows: () => string,
  landed: () => Promise<boolean> = async () => false,
): Promise<void> {
  const { session, lease, report, journal } = context;
  for (let lost = 0; ; lost++) {
    try {
      await session.connection.script(
        `BEGIN; ${checkLease(lease.token)}; ${journal.sql()}${rows()}; ${DURABLE}; COMMIT`,
      );
      journal.written();
      return;
    } catch (error) {
      if (!connectionLost(error)) {
        await session.connection.script('ROLLBACK').catch(() => {});
        throw ledgerFailure(error);
      }
      if (lost >= LOST_RETRIES) throw error;
      await session.reconnect(report);
      await lease.renew(session.connection, report);
      if (await landed()) return;
    }
  }
}

/** Whether the ledger has the step as done. */
export async function stepIsDone(
  context: RunContext,
  direction: StepRecord['direction'],
  ordinal: number,
): Promise<boolean> {
  const rows = await context.session.connection.rows(
    `SELECT 1 FROM ferrata.step WHERE run = $1 AND direction = $2 AND ordinal = $3 AND state = 'done'`,
    [context.run, direction, ordinal],
  );
  return rows.length > 0;
}

/** A statement of a dead client goes on on the server (TRAPS 4): it may still succeed, and nothing may disturb it. */
async function waitForBackend(context: RunContext, { pid, backendStart }: StepIntent): Promise<void> {
  if (backendStart === '') return;
  let told = false;
  for (;;) {
    const busy = await context.session.connection.query(
      `SELECT pid FROM pg_catalog.pg_stat_activity
       WHERE pid = $1 AND ${iso('backend_start')} = $2 AND state IN ('active', 'fastpath function call')
         AND pid <> pg_catalog.pg_backend_pid()`,
      [pid, backendStart],
    );
    if (busy.length === 0) return;
    if (!told) {
      context.report({
        type: 'waiting',
        message: `The interrupted statement still runs on the server (process ${pid}); waiting for it`,
      });
    }
    told = true;
    if (context.signal?.aborted) {
      throw new FerrataError('run-paused', 'Stopped while waiting for the interrupted statement', {
        hint: '`ferrata up` goes on from here.',
      });
    }
    await pause(POLL_MS, context.signal);
  }
}

/** What the probe sees: `<oid>:<indisvalid>` of an index or null, or the schema's fingerprint. */
async function look(context: RunContext, work: OutsideWork, unit: Unit): Promise<string | null> {
  const { connection } = context.session;
  const probe = unit.last ? work.probe : FINGERPRINT;
  if (probe.type !== 'index-valid' && probe.type !== 'index-absent') {
    return context.readFingerprint === null ? null : await context.readFingerprint(connection);
  }
  const name = quoteQualified(probe.index.schema, probe.index.name);
  // A name without a schema means what the statement itself would take it for.
  if (unit.settings.length > 0) await connection.script(unit.settings.map(sqlOf).join(';\n'));
  const [row] = await connection.query<{ seen: string }>(
    `SELECT i.indexrelid::pg_catalog.text || ':' || i.indisvalid::pg_catalog.text AS seen FROM pg_catalog.pg_index i
     WHERE i.indexrelid = pg_catalog.to_regclass($1)::pg_catalog.oid`,
    [name],
  );
  if (unit.settings.length > 0) await connection.script(CLEAN_SESSION);
  return row?.seen ?? null;
}

const FINGERPRINT: Probe = { type: 'fingerprint' };

function judge(work: OutsideWork, unit: Unit, before: string | null, now: string | null): Verdict {
  const probe = unit.last ? work.probe : FINGERPRINT;
  switch (probe.type) {
    case 'index-valid':
      // An index that was there before the step is no evidence that the step has happened.
      return now !== null && !isInvalidIndex(now) && now !== before ? 'done' : 'not done';
    case 'index-absent':
      return now === null ? 'done' : 'not done';
    default:
      if (now === null || before === null) return 'unclear';
      if (unit.last && now === work.fingerprintAfter) return now === before ? 'not done' : 'done';
      if (now === before) return 'not done';
      // One statement that is a transaction of its own either happened or did not.
      return work.fingerprintAfter === null || !unit.last
        ? isAtomic(sqlOf(unit.action))
          ? 'done'
          : 'unclear'
        : 'unclear';
  }
}

/** Whether a statement outside a transaction block is a single transaction of its own. */
function isAtomic(sql: string): boolean {
  return !/\bconcurrently\b|^\s*(?:call|do|vacuum|reindex|cluster)\b/i.test(sql);
}

function isInvalidIndex(seen: string | null): boolean {
  return seen?.endsWith(':false') === true;
}

function found(verdict: Verdict, now: string | null): string {
  if (verdict === 'done') return 'done before the interruption';
  if (verdict === 'unclear') return 'half way';
  return isInvalidIndex(now) ? 'not done; an invalid index is left, dropping it' : 'not done';
}

/** Nothing where what was seen is not an invalid index. */
async function dropInvalid(context: RunContext, unit: Unit, seen: string | null): Promise<void> {
  if (!isInvalidIndex(seen)) return;
  // DROP INDEX CONCURRENTLY that broke off leaves an invalid index too: running it again is its own cure.
  if (/^\s*drop\b/i.test(sqlOf(unit.action))) return;
  const { connection } = context.session;
  const [row] = await connection.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
     WHERE c.oid = $1::pg_catalog.oid AND NOT i.indisvalid`,
    [seen?.split(':')[0]],
  );
  if (row === undefined) return;
  const name = quoteQualified(row.schema, row.name);
  try {
    await connection.script(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  } catch (error) {
    if (!isFerrataError(error) || connectionLost(error)) throw error;
    context.report({
      type: 'warning',
      message: `The invalid index ${name} could not be dropped: ${error.message}`,
      hint: '`ferrata repair` finds it.',
    });
  }
}
