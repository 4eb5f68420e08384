import type { LockMode } from '../assess/model.ts';
import type { DataLoss, TableData } from '../catalog/data/model.ts';
import type { Difference } from '../catalog/model.ts';
import type { DataSource } from '../config/settings.ts';
import type { ErrorCode, SourceLocation } from '../errors.ts';
import type { Plan } from '../plan/model.ts';

/** Rows or values that did not come back. `column` is `*` where whole rows are concerned. */
export type Loss = DataLoss;

/**
 * A row that was written after the change, and what became of it on the way back. `held`: whether the old shape
 * accepts the row at all, found out by writing it there.
 */
export interface LateRow {
  readonly table: string;
  /** What is special about it, e.g. `amount above the old type's range`; `ordinary` for one that both shapes allow. */
  readonly what: string;
  readonly held: boolean;
  readonly outcome: 'kept' | 'lost' | 'refused';
  readonly detail: string | null;
}

export interface RollbackPoint {
  readonly afterStep: string;
  /** Whose way back was taken: the written down.sql or the derived rollback. */
  readonly inverse: 'written' | 'derived';
  readonly schema: 'equal' | 'cosmetic' | 'different';
  readonly differences: readonly Difference[];
  readonly data: 'equal' | 'lost' | 'untested';
  readonly losses: readonly Loss[];
  readonly lateRows: 'kept' | 'lost' | 'refused' | 'untested';
  readonly lateRowDetails: readonly LateRow[];
}

export interface MeasuredLock {
  readonly step: string;
  readonly relation: string;
  readonly mode: LockMode;
  readonly heldMs: number;
}

export interface StepMeasure {
  readonly step: string;
  readonly ms: number;
  readonly inverseMs: number | null;
  /** Rows written by the step on the scratch copy, per table. */
  readonly writes: readonly { readonly table: string; readonly rows: number }[];
  /** Tables whose storage was written anew (relfilenode changed). */
  readonly rewrites: readonly string[];
}

export type ProofOutcome = 'proved' | 'refuted' | 'failed';

/** What a rehearsal leaves behind (DESIGN §2). The public JSON shape is a subset; see `proofToJson`. */
export interface Proof {
  /** The migration's id; of a group that was rehearsed together, the ids joined by `+`. */
  readonly migration: string;
  /** Members of the group, in order; one for an ordinary proof. */
  readonly migrations: readonly string[];
  readonly outcome: ProofOutcome;
  /** 1: schema; 2: schema and data; 0: nothing proved. */
  readonly level: 0 | 1 | 2;
  readonly dataSource: DataSource;
  /** Tables that could not be filled with rows. */
  readonly unfilled: readonly string[];
  /** Rows in the scratch copy at the start, per table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly rollbackPoints: readonly RollbackPoint[];
  /** up → down → up against up. */
  readonly redo: 'equal' | 'cosmetic' | 'different';
  readonly redoDifferences: readonly Difference[];
  readonly locks: readonly MeasuredLock[];
  readonly measures: readonly StepMeasure[];
  readonly error: {
    readonly code: ErrorCode | string;
    readonly message: string;
    readonly at: SourceLocation | null;
  } | null;
  /** Where a written down.sql does not restore: the derived SQL that would. */
  readonly derivedRollback: readonly string[] | null;
  readonly notes: readonly string[];
  // what it is bound to
  readonly checksum: string;
  readonly planChecksum: string;
  readonly startFingerprint: string;
  readonly endFingerprint: string | null;
  readonly serverMajor: number;
  /** The major of the target; another than `serverMajor` proves less. */
  readonly targetMajor: number;
  readonly scratch: string;
  /** ISO 8601, UTC. */
  readonly provedAt: string;
  readonly ms: number;
}

/** A proof with the plan that it proves: the unit that is stored and looked up. */
export interface ProvedPlan {
  readonly proof: Proof;
  readonly plan: Plan;
}

// ---- data fingerprints -------------------------------------------------------------------------------------------

export type { DataFingerprint, TableData } from '../catalog/data/model.ts';

// ---- backups -----------------------------------------------------------------------------------------------------

export interface BackupManifest {
  readonly ferrata: 1;
  readonly name: string;
  readonly kind: 'snapshot' | 'dump';
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly source: string;
  readonly serverVersion: string;
  readonly schemaFingerprint: string;
  readonly encrypted: boolean;
  readonly migration: string | null;
  readonly tables: readonly {
    readonly table: string;
    readonly file: string;
    readonly rows: number;
    readonly bytes: number;
    /** SHA-256 of the file as it lies on disk. */
    readonly sha256: string;
    readonly data: TableData;
  }[];
  readonly sequences: Readonly<Record<string, string>>;
  /** SHA-256 over every file of a `dump`; null for a snapshot. */
  readonly dumpSha256: string | null;
  readonly verifiedAt: string | null;
}
