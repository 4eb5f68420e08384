import type { Finding, LockMode, MigrationType } from '../assess/model.ts';
import type { DataSource, Risk } from '../config/settings.ts';
import type { RunState } from '../ledger/model.ts';
import type { Pattern } from '../plan/model.ts';
import type { LateRow, Loss, MeasuredLock, ProofOutcome } from '../prepare/model.ts';
import type { CheckResult } from '../verify/model.ts';

/** A step as it was planned (rehearsed) and as it went. Milliseconds. */
export interface ReportStep {
  readonly step: string;
  readonly title: string;
  readonly direction: 'up' | 'down';
  readonly state: 'planned' | 'intended' | 'done' | 'failed';
  readonly transactional: boolean;
  readonly startedAt: string | null;
  /** What the rehearsal took; null without one. */
  readonly plannedMs: number | null;
  readonly actualMs: number | null;
  readonly rows: number | null;
  readonly error: string | null;
  readonly sql: readonly string[];
  /** The way back; null where none is known. */
  readonly inverse: readonly string[] | null;
}

export interface ReportLock {
  readonly step: string;
  readonly relation: string;
  readonly mode: LockMode;
  readonly heldMs: number | null;
}

export interface ReportRollbackPoint {
  readonly afterStep: string;
  readonly inverse: 'written' | 'derived';
  readonly schema: 'equal' | 'cosmetic' | 'different';
  readonly differences: readonly string[];
  readonly data: 'equal' | 'lost' | 'untested';
  readonly losses: readonly Loss[];
  readonly lateRows: 'kept' | 'lost' | 'refused' | 'untested';
  readonly lateRowDetails: readonly LateRow[];
}

export interface ReportProof {
  readonly outcome: ProofOutcome;
  readonly level: 0 | 1 | 2;
  readonly dataSource: DataSource;
  readonly rows: number;
  readonly unfilled: readonly string[];
  readonly serverMajor: number;
  readonly targetMajor: number;
  readonly scratch: string;
  readonly provedAt: string;
  readonly ms: number;
  readonly redo: 'equal' | 'cosmetic' | 'different';
  readonly rollbackPoints: readonly ReportRollbackPoint[];
  readonly locks: readonly MeasuredLock[];
  readonly rewrites: readonly string[];
  readonly notes: readonly string[];
  readonly error: string | null;
}

export interface ReportBackup {
  readonly name: string;
  readonly kind: 'snapshot' | 'dump' | null;
  readonly createdAt: string | null;
  readonly verifiedAt: string | null;
  readonly encrypted: boolean | null;
  readonly tables: number | null;
  readonly rows: number | null;
  readonly bytes: number | null;
}

export interface ReportRollback {
  /** `open`: a lossless way back is promised; `not-needed`: it was taken, or nothing ran. */
  readonly status: 'open' | 'over' | 'unfinished' | 'not-needed' | 'none';
  readonly until: string | null;
  readonly command: string | null;
  readonly explanation: string;
  /** SQL of the way back, in the order in which it would run; for reading, ferrata runs it. */
  readonly sql: readonly string[];
}

/** The report of one run: what `--json` gives, and what the other forms are made of. */
export interface Report {
  readonly ferrata: 1;
  readonly generatedAt: string;
  readonly run: string;
  readonly migration: string;
  readonly state: RunState;
  readonly type: MigrationType;
  readonly risk: Risk;
  readonly pattern: Pattern;
  readonly reasons: readonly string[];
  readonly owner: string;
  readonly environment: string;
  /** `host:port/database` and the server's version. */
  readonly server: string | null;
  readonly serverVersion: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly ms: number | null;
  readonly error: string | null;
  readonly startFingerprint: string | null;
  readonly endFingerprint: string | null;
  readonly steps: readonly ReportStep[];
  readonly locks: readonly ReportLock[];
  /** Rows written by the migration, per table, on the copy. */
  readonly writes: readonly { readonly table: string; readonly rows: number }[];
  readonly findings: readonly Finding[];
  readonly verification: {
    readonly ok: boolean;
    readonly ms: number;
    readonly results: readonly CheckResult[];
  } | null;
  readonly proof: ReportProof | null;
  readonly backup: ReportBackup | null;
  /** Gates that `--force` passed, and why; null where none was. */
  readonly forced: { readonly gates: readonly string[]; readonly reason: string; readonly by: string } | null;
  readonly rollback: ReportRollback;
}
