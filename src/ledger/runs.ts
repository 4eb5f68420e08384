/** Reads runs and applied migrations. */
import type { Connection } from '../postgres/connection.ts';
import type { AppliedMigration, RunRecord, RunState, Stage, StepRecord } from './model.ts';

export interface RunFilter {
  readonly migration?: string;
  readonly states?: readonly RunState[];
  /** Only runs that are left to resume or take back. */
  readonly open?: boolean;
  /** The newest so many. */
  readonly limit?: number;
}

const ISO = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;
/** ISO 8601 in UTC, whatever the session's TimeZone and DateStyle. */
export function iso(column: string): string {
  return `pg_catalog.to_char(${column} AT TIME ZONE 'UTC', ${ISO})`;
}

export async function readApplied(connection: Connection): Promise<readonly AppliedMigration[]> {
  const rows = await connection.rows<[string, string, Stage, string, string | null, boolean, string]>(
    `SELECT id, checksum, stage, ${iso('applied_at')}, run, baseline, position::pg_catalog.text
     FROM ferrata.migration ORDER BY migration.position`,
  );
  return rows.map(([id, checksum, stage, appliedAt, run, baseline, position]) => ({
    id,
    checksum,
    stage,
    appliedAt,
    run,
    baseline,
    position: Number(position),
  }));
}

interface RunRow {
  readonly id: string;
  readonly migration: string;
  readonly state: RunState;
  readonly environment: string;
  readonly owner: string;
  readonly plan: string;
  readonly proof: string | null;
  readonly backup: string | null;
  readonly start_fingerprint: string | null;
  readonly end_fingerprint: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly window_until: string | null;
  readonly error: string | null;
  readonly verification: string | null;
}

/** The newest first. */
export async function readRuns(
  connection: Connection,
  filter: RunFilter & { readonly id?: string } = {},
): Promise<readonly RunRecord[]> {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (sql: (n: string) => string, value: unknown) => {
    values.push(value);
    conditions.push(sql(`$${values.length}`));
  };
  if (filter.id !== undefined) where((n) => `id = ${n}`, filter.id);
  if (filter.migration !== undefined) where((n) => `migration = ${n}`, filter.migration);
  if (filter.states !== undefined) where((n) => `state = ANY (${n}::pg_catalog.text[])`, filter.states);
  if (filter.open !== undefined) where((n) => `open = ${n}`, filter.open);
  const limit = filter.limit === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(filter.limit))}`;
  const runs = await connection.query<RunRow>(
    `SELECT id, migration, state, environment, owner, plan::pg_catalog.text AS plan, proof::pg_catalog.text AS proof,
            backup, start_fingerprint, end_fingerprint, ${iso('started_at')} AS started_at,
            ${iso('finished_at')} AS finished_at, ${iso('window_until')} AS window_until, error,
            verification::pg_catalog.text AS verification
     FROM ferrata.run ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
     ORDER BY run.ordinal DESC ${limit}`,
    values,
  );
  if (runs.length === 0) return [];
  const steps = await readSteps(
    connection,
    runs.map((run) => run.id),
  );
  return runs.map((run) => ({
    id: run.id,
    migration: run.migration,
    state: run.state,
    environment: run.environment,
    owner: run.owner,
    plan: JSON.parse(run.plan) as RunRecord['plan'],
    proof: run.proof === null ? null : (JSON.parse(run.proof) as RunRecord['proof']),
    backup: run.backup,
    startFingerprint: run.start_fingerprint,
    endFingerprint: run.end_fingerprint,
    startedAt: run.started_at,
    finishedAt: run.finished_at,
    windowUntil: run.window_until,
    error: run.error,
    steps: steps.get(run.id) ?? [],
    verification: run.verification === null ? null : JSON.parse(run.verification),
  }));
}

type StepRow = readonly [
  run: string,
  step: string,
  ordinal: number,
  direction: StepRecord['direction'],
  state: StepRecord['state'],
  startedAt: string,
  finishedAt: string | null,
  ms: string | null,
  rows: string | null,
  error: string | null,
];

/** Per run, in the order in which they happened: forward, then back. */
async function readSteps(
  connection: Connection,
  runs: readonly string[],
): Promise<Map<string, StepRecord[]>> {
  const rows = await connection.rows<StepRow>(
    `SELECT run, step, ordinal, direction, state, ${iso('started_at')}, ${iso('finished_at')},
            ms::pg_catalog.text, rows::pg_catalog.text, error
     FROM ferrata.step WHERE run = ANY ($1::pg_catalog.text[])
     ORDER BY run, direction DESC, CASE direction WHEN 'up' THEN ordinal ELSE -ordinal END`,
    [runs],
  );
  const byRun = new Map<string, StepRecord[]>();
  for (const [run, step, ordinal, direction, state, startedAt, finishedAt, ms, written, error] of rows) {
    const list = byRun.get(run) ?? [];
    byRun.set(run, list);
    list.push({
      step,
      ordinal,
      direction,
      state,
      startedAt,
      finishedAt,
      ms: ms === null ? null : Number(ms),
      rows: written === null ? null : Number(written),
      error,
    });
  }
  return byRun;
}

/** What the runner wrote down before a step without a transaction. */
export interface StepIntent {
  /** The backend that was to run it, and when that backend started. */
  readonly pid: number;
  readonly backendStart: string;
  /** What the probe saw before the action in hand; its form is the probe's own affair. */
  readonly before: string | null;
}

export interface IntendedStep {
  readonly progress: number;
  readonly intent: StepIntent | null;
}

export async function readIntent(
  connection: Connection,
  run: string,
  direction: StepRecord['direction'],
  ordinal: number,
): Promise<IntendedStep | null> {
  const [row] = await connection.query<{ progress: number; intent: string | null }>(
    `SELECT progress, intent::pg_catalog.text AS intent FROM ferrata.step
     WHERE run = $1 AND direction = $2 AND ordinal = $3`,
    [run, direction, ordinal],
  );
  if (row === undefined) return null;
  return {
    progress: row.progress,
    intent: row.intent === null ? null : (JSON.parse(row.intent) as StepIntent),
  };
}

/** Steps that stand: done on the way up and not taken back. In the plan's order. */
export function standingSteps(run: Pick<RunRecord, 'steps'>): readonly string[] {
  const back = new Set(
    run.steps.filter((s) => s.direction === 'down' && s.state === 'done').map((s) => s.step),
  );
  return run.steps
    .filter((s) => s.direction === 'up' && s.state === 'done' && !back.has(s.step))
    .map((s) => s.step);
}
