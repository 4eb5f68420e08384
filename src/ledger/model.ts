import type { Plan } from '../plan/model.ts';
import type { Proof } from '../prepare/model.ts';

export type RunState =
  | 'pending'
  | 'running'
  | 'paused'
  | 'validating'
  | 'completed'
  | 'failed'
  | 'rolling_back'
  | 'rolled_back';

export type Stage = 'applied' | 'expanded' | 'contracted' | 'purged';

/** A migration that is in force. */
export interface AppliedMigration {
  readonly id: string;
  readonly checksum: string;
  readonly stage: Stage;
  /** ISO 8601, by the server's clock. */
  readonly appliedAt: string;
  /** Null for what `baseline` recorded. */
  readonly run: string | null;
  readonly baseline: boolean;
  /** Order of application. */
  readonly position: number;
}

export interface StepRecord {
  readonly step: string;
  readonly ordinal: number;
  readonly direction: 'up' | 'down';
  readonly state: 'intended' | 'done' | 'failed';
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly ms: number | null;
  readonly rows: number | null;
  readonly error: string | null;
}

export interface RunRecord {
  readonly id: string;
  readonly migration: string;
  readonly state: RunState;
  readonly environment: string;
  readonly owner: string;
  readonly plan: Plan;
  readonly proof: Proof | null;
  readonly backup: string | null;
  readonly startFingerprint: string | null;
  readonly endFingerprint: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Until when a lossless rollback is promised; null before completion. */
  readonly windowUntil: string | null;
  readonly error: string | null;
  readonly steps: readonly StepRecord[];
  readonly verification: unknown;
}

export interface LeaseHolder {
  /** `user@host pid`, as the holder described itself. */
  readonly owner: string;
  readonly token: string;
  readonly acquiredAt: string;
  readonly heartbeatAt: string;
  readonly expiresAt: string;
  /** By the server's clock. */
  readonly expired: boolean;
  readonly purpose: string;
}
