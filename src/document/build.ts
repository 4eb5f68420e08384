/** Puts a run's report together: plain data, without secrets (DESIGN §4.9). */
import type { Assessment } from '../assess/model.ts';
import type { Difference, Json } from '../catalog/model.ts';
import type { RunRecord, StepRecord } from '../ledger/model.ts';
import { describeBackfill } from '../plan/backfill.ts';
import type { Action, Plan, Step } from '../plan/model.ts';
import { redact } from '../postgres/redact.ts';
import type { BackupManifest, Proof } from '../prepare/model.ts';
import { quoteIdent, quoteQualified } from '../sql/quote.ts';
import type { CheckResult, Verification } from '../verify/model.ts';
import type {
  Report,
  ReportBackup,
  ReportLock,
  ReportProof,
  ReportRollback,
  ReportRollbackPoint,
  ReportStep,
} from './model.ts';

export interface ReportInput {
  readonly run: RunRecord;
  readonly assessment?: Assessment | null;
  /** By default what the run recorded. */
  readonly verification?: Verification | null;
  /** By default the run's own. */
  readonly proof?: Proof | null;
  readonly backup?: BackupManifest | null;
  /** The server as `host:port/database`, and its version. */
  readonly server?: string | null;
  readonly serverVersion?: string | null;
  /** Whether a newer migration is applied: then going back takes that one along. */
  readonly newest?: boolean;
  /** The migration before this one; null where there is none. */
  readonly previous?: string | null;
  /** Gates that `--force` passed before the run. */
  readonly forced?: Report['forced'];
  /** The server's time: the window is counted in it. */
  readonly now?: Date;
}

/** Takes what is known about a run; what is not known is left out of the report. */
export function buildReport(input: ReportInput): Report {
  const { run, assessment = null, now = new Date() } = input;
  const { plan } = run;
  const proof = input.proof === undefined ? run.proof : input.proof;
  const verification = input.verification ?? asVerification(run.verification);
  const report: Report = {
    ferrata: 1,
    generatedAt: now.toISOString(),
    run: run.id,
    migration: run.migration,
    state: run.state,
    type: plan.type,
    risk: plan.risk,
    pattern: plan.pattern,
    reasons: assessment?.reasons ?? [],
    owner: run.owner,
    environment: run.environment,
    server: input.server ?? null,
    serverVersion: input.serverVersion ?? null,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    ms: duration(run.startedAt, run.finishedAt),
    error: run.error,
    startFingerprint: run.startFingerprint,
    endFingerprint: run.endFingerprint,
    steps: stepsOf(run, proof),
    locks: locksOf(plan, proof),
    writes: writesOf(proof),
    findings: assessment?.findings ?? [],
    verification:
      verification === null
        ? null
        : { ok: verification.ok, ms: verification.ms, results: verification.results },
    proof: proof === null ? null : proofOf(proof),
    backup: backupOf(run, input.backup ?? null),
    forced: input.forced ?? null,
    rollback: rollbackOf(input, now),
  };
  return redactDeep(report);
}

function redactDeep<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map(redactDeep) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactDeep(inner)])) as T;
}

function duration(from: string, to: string | null): number | null {
  if (to === null) return null;
  const ms = Date.parse(to) - Date.parse(from);
  return Number.isNaN(ms) ? null : ms;
}

/** What the ledger keeps of a verification is JSON of an older or this version. */
function asVerification(value: unknown): Verification | null {
  if (typeof value !== 'object' || value === null) return null;
  const { ok, ms, results } = value as Partial<Verification>;
  if (typeof ok !== 'boolean' || !Array.isArray(results)) return null;
  const known = (results as readonly Partial<CheckResult>[]).filter(
    (one) => typeof one.subject === 'string' && typeof one.message === 'string',
  );
  return { ok, ms: typeof ms === 'number' ? ms : 0, checks: [], results: known as CheckResult[] };
}

/** First the steps as planned, each with what became of it; then what ran backwards. */
function stepsOf(run: RunRecord, proof: Proof | null): ReportStep[] {
  const measures = new Map((proof?.measures ?? []).map((measure) => [measure.step, measure]));
  const last = (step: string, direction: 'up' | 'down') =>
    run.steps.findLast((record) => record.step === step && record.direction === direction);
  const forward = run.plan.steps.map((step) =>
    stepOf(step, 'up', last(step.id, 'up'), measures.get(step.id)?.ms ?? null),
  );
  const back = [...run.plan.steps].reverse().flatMap((step) => {
    const record = last(step.id, 'down');
    if (record === undefined) return [];
    return [stepOf(step, 'down', record, measures.get(step.id)?.inverseMs ?? null)];
  });
  const known = new Set(run.plan.steps.map((step) => step.id));
  const others = run.steps.filter((record) => !known.has(record.step)).map(recordAlone);
  return [...forward, ...back, ...others];
}

function stepOf(
  step: Step,
  direction: 'up' | 'down',
  record: StepRecord | undefined,
  plannedMs: number | null,
): ReportStep {
  return {
    step: step.id,
    title: step.title,
    direction,
    state: record?.state ?? 'planned',
    transactional: direction === 'up' ? step.transactional : step.inverseTransactional,
    startedAt: record?.startedAt ?? null,
    plannedMs,
    actualMs: record?.ms ?? null,
    rows: record?.rows ?? null,
    error: record?.error ?? null,
    sql: step.forward.map(describeAction),
    inverse: step.inverse?.map(describeAction) ?? null,
  };
}

/** A step that the plan does not have, such as the written down.sql as a whole. */
function recordAlone(record: StepRecord): ReportStep {
  return {
    step: record.step,
    title: record.step,
    direction: record.direction,
    state: record.state,
    transactional: true,
    startedAt: record.startedAt,
    plannedMs: null,
    actualMs: record.ms,
    rows: record.rows,
    error: record.error,
    sql: [],
    inverse: null,
  };
}

/** An action in one line or more of SQL, or in words where ferrata does more than a statement. */
export function describeAction(action: Action): string {
  switch (action.type) {
    case 'sql':
      return action.sql;
    case 'park-table':
      return `-- parked in the attic: ${action.tables.map((table) => quoteQualified(table.schema, table.name)).join(', ')}`;
    case 'park-column':
      return `-- parked in place: ${quoteQualified(action.table.schema, action.table.name)}.${quoteIdent(action.column)}`;
    case 'keep-column':
      return `-- keeps what ${action.table}.${quoteIdent(action.column)} holds ${action.when} the step, in the attic`;
    case 'keep-sequences':
      return `-- keeps where ${action.sequences.join(', ')} stand, in the attic`;
    case 'backfill':
      return describeBackfill(action.spec);
    case 'undo':
      return `-- puts back the rows captured as ${action.capture}`;
    default:
      // A plan of a newer version may hold actions that this one does not know.
      return `-- ${(action as { type: string }).type}`;
  }
}

function locksOf(plan: Plan, proof: Proof | null): ReportLock[] {
  if (proof !== null && proof.locks.length > 0) return proof.locks.map((lock) => ({ ...lock }));
  return plan.steps.flatMap((step) => step.expects.map((lock) => ({ step: step.id, ...lock })));
}

function writesOf(proof: Proof | null): { table: string; rows: number }[] {
  const sums = new Map<string, number>();
  for (const measure of proof?.measures ?? []) {
    for (const { table, rows } of measure.writes) sums.set(table, (sums.get(table) ?? 0) + rows);
  }
  return [...sums].map(([table, rows]) => ({ table, rows })).filter((write) => write.rows > 0);
}

function proofOf(proof: Proof): ReportProof {
  return {
    outcome: proof.outcome,
    level: proof.level,
    dataSource: proof.dataSource,
    rows: Object.values(proof.rows).reduce((sum, rows) => sum + rows, 0),
    unfilled: proof.unfilled,
    serverMajor: proof.serverMajor,
    targetMajor: proof.targetMajor,
    scratch: proof.scratch,
    provedAt: proof.provedAt,
    ms: proof.ms,
    redo: proof.redo,
    rollbackPoints: proof.rollbackPoints.map(
      (point): ReportRollbackPoint => ({ ...point, differences: point.differences.map(describeDifference) }),
    ),
    locks: proof.locks,
    rewrites: [...new Set(proof.measures.flatMap((measure) => measure.rewrites))],
    notes: proof.notes,
    error: proof.error === null ? null : `${proof.error.code}: ${proof.error.message}`,
  };
}

export function describeDifference({ kind, object, property, before, after, cosmetic }: Difference): string {
  const what =
    property === 'presence'
      ? after === 'present'
        ? 'is left over'
        : 'is missing'
      : `${property} was ${show(before)}, came back as ${show(after)}`;
  return `${kind} ${object}: ${what}${cosmetic ? ' (cosmetic)' : ''}`;
}

function show(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function backupOf(run: RunRecord, backup: BackupManifest | null): ReportBackup | null {
  if (backup !== null) {
    return {
      name: backup.name,
      kind: backup.kind,
      createdAt: backup.createdAt,
      verifiedAt: backup.verifiedAt,
      encrypted: backup.encrypted,
      tables: backup.tables.length,
      rows: backup.tables.reduce((sum, table) => sum + table.rows, 0),
      // A dump is one thing: its tables have no files of their own.
      bytes: backup.kind === 'dump' ? null : backup.tables.reduce((sum, table) => sum + table.bytes, 0),
    };
  }
  if (run.backup === null) return null;
  const unknown = { kind: null, createdAt: null, verifiedAt: null, encrypted: null };
  return { name: run.backup, ...unknown, tables: null, rows: null, bytes: null };
}

function rollbackOf({ run, newest = true, previous }: ReportInput, now: Date): ReportRollback {
  const sql = wayBack(run);
  const environment = run.environment === 'development' ? '' : ` --env ${run.environment}`;
  const back =
    newest || previous === undefined ? `ferrata down${environment}` : goBackTo(previous, environment);
  const others = newest ? '' : ' Migrations that were applied after it are taken back first.';
  const until = run.windowUntil;
  switch (run.state) {
    case 'completed': {
      if (run.plan.down === null && run.plan.steps.some((step) => step.inverse === null)) {
        const explanation =
          'There is no way back: the migration ran without a rehearsal, so that no rollback was derived, and has no down.sql. ' +
          'What remains is a migration that goes forward, or a backup of before.';
        return { status: 'none', until: null, command: null, explanation, sql: [] };
      }
      if (until !== null && Date.parse(until) < now.getTime()) {
        const explanation =
          'The rollback window is over: the schema can still be taken back, what was parked may have been purged.';
        return { status: 'over', until, command: back, explanation, sql };
      }
      if (run.proof?.outcome !== 'proved') {
        const explanation = `The way back was never proved: nothing is promised about it.${others}`;
        return { status: 'none', until, command: back, explanation, sql };
      }
      const explanation = `A way back without loss is promised until the end of the window.${others}`;
      return { status: 'open', until, command: back, explanation, sql };
    }
    case 'rolled_back':
      return { status: 'not-needed', until: null, command: null, explanation: 'It was taken back.', sql: [] };
    case 'pending':
      return {
        status: 'not-needed',
        until: null,
        command: null,
        explanation: 'Nothing has run yet.',
        sql: [],
      };
    default: {
      const done = run.steps.filter((record) => record.direction === 'up' && record.state === 'done').length;
      const explanation =
        `The run is ${run.state.replace('_', ' ')} after ${done} of ${run.plan.steps.length} steps. ` +
        `\`ferrata up${environment}\` goes on from there, the command below goes back from there.`;
      return { status: 'unfinished', until, command: back, explanation, sql };
    }
  }
}

function goBackTo(previous: string | null, environment: string): string {
  return previous === null
    ? `ferrata down --to 0${environment}`
    : `ferrata rollback --to ${previous}${environment}`;
}

function wayBack({ plan, steps }: RunRecord): string[] {
  if (plan.down !== null) return plan.down.groups.flatMap((group) => group.actions.map(describeAction));
  const ran = new Set(
    steps
      .filter((record) => record.direction === 'up' && record.state !== 'failed')
      .map((record) => record.step),
  );
  return [...plan.steps]
    .reverse()
    .filter((step) => ran.has(step.id))
    .flatMap((step) => step.inverse ?? [])
    .map(describeAction);
}
