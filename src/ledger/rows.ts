/**
 * The ledger's rows as SQL text: what the runner puts into the very transaction of a step (DESIGN §4.2), in one message
 * with it. All names are qualified and all values are literals, whatever the migration did to its session.
 */
import type { Plan } from '../plan/model.ts';
import type { Proof } from '../prepare/model.ts';
import { quoteLiteral } from '../sql/quote.ts';
import type { RunState, StepRecord } from './model.ts';
import { OPEN_STATES, predecessors } from './states.ts';

export interface NewRun {
  readonly id: string;
  readonly migration: string;
  readonly state: RunState;
  readonly environment: string;
  readonly owner: string;
  readonly plan: Plan;
  readonly proof: Proof | null;
  readonly backup: string | null;
  readonly startFingerprint: string | null;
  readonly error?: string | null;
}

/** What a change of state may bring along; absent fields stay as they are. */
export interface RunPatch {
  readonly error?: string | null;
  readonly endFingerprint?: string | null;
  readonly verification?: unknown;
  readonly backup?: string | null;
  /** Whether something is left to resume or take back; by default what the state, and of a failed run its steps, say. */
  readonly open?: boolean;
  /** Hours from now that a lossless rollback is promised. */
  readonly windowHours?: number;
}

export function text(value: string | null | undefined): string {
  return value === null || value === undefined ? 'NULL' : quoteLiteral(value);
}

/** `JSON.stringify` escapes lone surrogates, and the type `json` (unlike `jsonb`) keeps any escape as it stands. */
export function json(value: unknown): string {
  return value === null || value === undefined ? 'NULL' : quoteLiteral(JSON.stringify(value));
}

export function insertRun(run: NewRun): string {
  return `INSERT INTO ferrata.run (id, migration, state, open, environment, owner, plan, proof, backup, start_fingerprint, error, started_at, finished_at) VALUES (${[
    text(run.id),
    text(run.migration),
    text(run.state),
    OPEN_STATES.includes(run.state) ? 'true' : 'false',
    text(run.environment),
    text(run.owner),
    json(run.plan),
    json(run.proof),
    text(run.backup),
    text(run.startFingerprint),
    text(run.error),
    'pg_catalog.transaction_timestamp()',
    run.state === 'failed' ? 'pg_catalog.clock_timestamp()' : 'NULL',
  ].join(', ')})`;
}

/**
 * Run, step and migration of a plan of one step, which all belong to that step's transaction.
 *
 * @param state `completed`, or `validating`
 */
export function recordSingle(run: NewRun, state: RunState, step: string, rows: number | null): string {
  return `SELECT ferrata.record_single(${[
    text(run.id),
    text(run.migration),
    text(run.plan.checksum),
    text(state),
    text(run.environment),
    text(run.owner),
    json(run.plan),
    json(run.proof),
    text(run.backup),
    text(run.startFingerprint),
    String(Math.round(run.plan.rollbackWindowHours * 3600)),
    text(step),
    rows === null ? 'NULL' : String(rows),
  ].join(', ')})`;
}

/**
 * The row count is 0 where the run is in none of the states from which `state` may be reached; `changedRun` makes an
 * error of that inside a transaction.
 */
export function updateRun(id: string, state: RunState, patch: RunPatch = {}): string {
  // A failed run is left to deal with as long as a step of it stands, or some batches of one.
  const open = patch.open ?? (state === 'failed' ? STANDING : OPEN_STATES.includes(state));
  const finished = ['completed', 'failed', 'rolled_back'].includes(state);
  const sets = [
    `state = ${text(state)}`,
    `open = ${open}`,
    `finished_at = ${finished ? 'pg_catalog.clock_timestamp()' : 'NULL'}`,
    ...(patch.error === undefined ? [] : [`error = ${text(patch.error)}`]),
    ...(patch.endFingerprint === undefined ? [] : [`end_fingerprint = ${text(patch.endFingerprint)}`]),
    ...(patch.verification === undefined ? [] : [`verification = ${json(patch.verification)}`]),
    ...(patch.backup === undefined ? [] : [`backup = ${text(patch.backup)}`]),
    ...(patch.windowHours === undefined ? [] : [`window_until = ${windowUntil(patch.windowHours)}`]),
  ];
  const from = predecessors(state).map(quoteLiteral).join(', ');
  return `UPDATE ferrata.run SET ${sets.join(', ')} WHERE id = ${text(id)} AND state IN (${from})`;
}

const STANDING = `(EXISTS (SELECT FROM ferrata.step up WHERE up.run = run.id AND up.direction = 'up' AND up.state = 'done' AND NOT EXISTS (SELECT FROM ferrata.step back WHERE back.run = run.id AND back.direction = 'down' AND back.state = 'done' AND back.step = up.step)) OR EXISTS (SELECT FROM ferrata.backfill half WHERE half.run = run.id AND half.direction = 'up' AND NOT EXISTS (SELECT FROM ferrata.step back WHERE back.run = run.id AND back.direction = 'down' AND back.state = 'done' AND back.ordinal = half.ordinal)))`;

export interface NewStep {
  readonly run: string;
  readonly direction: StepRecord['direction'];
  readonly ordinal: number;
  readonly step: string;
  readonly state: StepRecord['state'];
  readonly rows?: number | null;
  readonly error?: string | null;
  /** Null: measured by the server since the transaction began. */
  readonly ms?: number | null;
  readonly progress?: number;
  readonly intent?: unknown;
}

const SINCE_BEGIN =
  '(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp()) * 1000)::pg_catalog.int8';

/** Writes the step's row, or brings it up to date; `started_at` and `intent` stay where the new one has none. */
export function putStep(step: NewStep): string {
  const ended = step.state !== 'intended';
  return `INSERT INTO ferrata.step AS s (run, direction, ordinal, step, state, started_at, finished_at, ms, rows, error, progress, intent) VALUES (${[
    text(step.run),
    text(step.direction),
    String(step.ordinal),
    text(step.step),
    text(step.state),
    'pg_catalog.transaction_timestamp()',
    ended ? 'pg_catalog.clock_timestamp()' : 'NULL',
    !ended ? 'NULL' : step.ms === undefined || step.ms === null ? SINCE_BEGIN : String(Math.round(step.ms)),
    step.rows === undefined || step.rows === null ? 'NULL' : String(step.rows),
    text(step.error),
    String(step.progress ?? 0),
    json(step.intent),
  ].join(
    ', ',
  )}) ON CONFLICT (run, direction, ordinal) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at, ms = excluded.ms, rows = excluded.rows, error = excluded.error, progress = excluded.progress, intent = coalesce(excluded.intent, s.intent), started_at = CASE WHEN excluded.state = 'intended' OR s.state = 'failed' THEN excluded.started_at ELSE s.started_at END`;
}

/** Marks a step as failed; what is known of a step outside a transaction (progress, intent) stays. */
export function failStep(
  step: Pick<NewStep, 'run' | 'direction' | 'ordinal' | 'step'>,
  error: string,
): string {
  return `INSERT INTO ferrata.step AS s (run, direction, ordinal, step, state, finished_at, error) VALUES (${[
    text(step.run),
    text(step.direction),
    String(step.ordinal),
    text(step.step),
    "'failed'",
    'pg_catalog.clock_timestamp()',
    text(error),
  ].join(
    ', ',
  )}) ON CONFLICT (run, direction, ordinal) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at, error = excluded.error`;
}

export function insertMigration(id: string, checksum: string, run: string | null, baseline = false): string {
  return `INSERT INTO ferrata.migration (id, checksum, run, baseline) VALUES (${text(id)}, ${text(checksum)}, ${text(run)}, ${baseline})`;
}

export function deleteMigration(id: string): string {
  return `DELETE FROM ferrata.migration WHERE id = ${text(id)}`;
}

/** Raises `LEASE_LOST` where the token is no longer the lease's; holds the lease until the transaction ends. */
export function checkLease(token: string): string {
  return `SELECT ferrata.check_lease(${BigInt(token)})`;
}

/** As `checkLease`; also raises `RUN_OPEN` and `ALREADY_APPLIED`. */
export function checkStart(token: string, migration: string): string {
  return `SELECT ferrata.check_start(${BigInt(token)}, ${text(migration)})`;
}

function windowUntil(hours: number): string {
  const seconds = Math.round(hours * 3600);
  return `pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => ${seconds})`;
}
