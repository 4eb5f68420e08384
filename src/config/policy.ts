/**
 * What each environment demands unless the configuration says otherwise. A name that is not known gets production's
 * policy: a wrong guess must ask for too much, never for too little.
 */
import { DEFAULT_MONITOR } from './monitor.ts';
import type { Policy, Risk } from './settings.ts';

const ROLLBACK_WINDOW_HOURS: Readonly<Record<Risk, number>> = {
  low: 24,
  medium: 72,
  high: 168,
  critical: 336,
};

const MAX_DURATION_MINUTES: Readonly<Record<Risk, number>> = {
  low: 15,
  medium: 60,
  high: 240,
  critical: 480,
};

const COMMON = {
  verify: 'on',
  scratchUrl: null,
  // Below the server's deadlock_timeout (1 s): in a deadlock the migration gives way, never the application.
  lockTimeoutMs: 250,
  retries: 20,
  lockBudgetMs: 600_000,
  blockers: 'wait',
  blockersAfterMs: 60_000,
  batchRows: 50_000,
  batchTargetMs: 200,
  batchWorkers: 1,
  batchSkipLocked: false,
  monitor: DEFAULT_MONITOR,
  rollbackWindowHours: ROLLBACK_WINDOW_HOURS,
  maxDurationMinutes: MAX_DURATION_MINUTES,
} as const;

const DEVELOPMENT: Policy = {
  ...COMMON,
  proof: 'auto',
  proofData: 'none',
  proofOtherMajor: true,
  backup: 'off',
  onVerifyFailure: 'stop',
  allowForce: true,
  scratchOnServer: true,
  statementTimeoutMs: 600_000,
  approvals: { low: 0, medium: 0, high: 0, critical: 0 },
  batchSize: 50_000,
  batchPauseMs: 10,
};

const STAGING: Policy = {
  ...COMMON,
  proof: 'required',
  proofData: 'synthetic',
  proofOtherMajor: true,
  backup: 'auto',
  onVerifyFailure: 'stop',
  allowForce: true,
  scratchOnServer: true,
  statementTimeoutMs: 1_800_000,
  approvals: { low: 0, medium: 0, high: 1, critical: 1 },
  batchSize: 10_000,
  batchPauseMs: 100,
};

const PRODUCTION: Policy = {
  ...COMMON,
  proof: 'required',
  proofData: 'synthetic',
  proofOtherMajor: false,
  backup: 'required',
  onVerifyFailure: 'rollback',
  allowForce: false,
  scratchOnServer: false,
  statementTimeoutMs: 3_600_000,
  approvals: { low: 0, medium: 1, high: 1, critical: 2 },
  batchSize: 5_000,
  batchPauseMs: 200,
};

/** The names that have a policy of their own. */
export const KNOWN_ENVIRONMENTS = ['development', 'staging', 'production'] as const;

/** The policy that holds for an environment of this name when nothing is configured. */
export function defaultPolicy(environment: string): Policy {
  switch (environment) {
    case 'development':
      return DEVELOPMENT;
    case 'staging':
      return STAGING;
    default:
      return PRODUCTION;
  }
}
