/**
 * What the rest of Ferrata sees of the configuration: parsed, defaulted, frozen. `config/load.ts` makes it from
 * untrusted input (a config file, the environment, flags); nobody else reads any of those.
 */

import type { MonitorPolicy } from './monitor.ts';

export type DataSource = 'backup' | 'sample' | 'synthetic' | 'none';
export type Risk = 'low' | 'medium' | 'high' | 'critical';

export interface Policy {
  /** `required`: `up` refuses without a valid proof. `auto`: `up` rehearses by itself first. `off`: no proof asked. */
  readonly proof: 'required' | 'auto' | 'off';
  /** The weakest data source a proof may rest on. */
  readonly proofData: DataSource;
  /** Whether a proof from another server major is accepted. */
  readonly proofOtherMajor: boolean;
  /** `required`: a verified backup must exist; `auto`: `up` makes one; `off`. */
  readonly backup: 'required' | 'auto' | 'off';
  /** Schema, consistency, integrity … after each run. */
  readonly verify: 'on' | 'off';
  /** What a failed verification leads to. */
  readonly onVerifyFailure: 'rollback' | 'stop';
  /** Whether `--force --reason` is accepted. */
  readonly allowForce: boolean;
  /** Whether a scratch database may be made on the environment's own server. */
  readonly scratchOnServer: boolean;
  /** A server for scratch copies; a secret like every URL. */
  readonly scratchUrl: string | null;
  /** Milliseconds. */
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** How often a step is tried again after a lock timeout, deadlock or serialization failure. */
  readonly retries: number;
  /** How long a step waits for a quiet moment before a strong lock, milliseconds. */
  readonly lockBudgetMs: number;
  /** What is done about sessions of clients that stay in the way of a lock for longer than `blockersAfterMs`. */
  readonly blockers: 'wait' | 'cancel' | 'terminate';
  readonly blockersAfterMs: number;
  /** From how many rows on (by the server's estimate) a plain UPDATE or DELETE runs in batches. */
  readonly batchRows: number;
  /** The most rows that one batch changes. */
  readonly batchSize: number;
  /** Milliseconds that one batch should take: the size is steered to it. */
  readonly batchTargetMs: number;
  /** Milliseconds between two batches. */
  readonly batchPauseMs: number;
  /** How many batches run at once, on disjoint ranges. */
  readonly batchWorkers: number;
  /** Whether a batch passes by rows that are locked; they are done in a pass at the end. */
  readonly batchSkipLocked: boolean;
  /** What is watched while a run goes on, and what it leads to. */
  readonly monitor: MonitorPolicy;
  /** Hours a lossless rollback stays possible, by risk. */
  readonly rollbackWindowHours: Readonly<Record<Risk, number>>;
  /** How many people must agree, by risk. Assessments say so. */
  readonly approvals: Readonly<Record<Risk, number>>;
  /** Minutes that a migration may take, by risk: what a run is held against where nothing else tells its duration. */
  readonly maxDurationMinutes: Readonly<Record<Risk, number>>;
}

export interface Environment {
  readonly name: string;
  /** Null: the embedded server under `directory`. */
  readonly url: string | null;
  readonly policy: Policy;
}

export type RuleLevel = 'off' | 'info' | 'warning' | 'danger';

/** What the project says about assessments; what it does not say has its default where it is used. */
export interface AssessConfig {
  /** By the rule's id. Whether there is such a rule is seen where the rules are. */
  readonly rules?: Readonly<Record<string, RuleLevel>>;
  /** Regular expressions that names must match, by kind of object. */
  readonly naming?: Readonly<Record<string, string>>;
  readonly smallRows?: number;
  readonly largeRows?: number;
  readonly largeBytes?: number;
  readonly busyWritesPerSecond?: number;
  readonly maxLockTimeoutMs?: number;
  readonly longTransactionSeconds?: number;
  /** Severities and risks from which on `assess` exits with 4. */
  readonly failOn?: readonly string[];
  /** Path of the baseline, relative to the configuration. */
  readonly baseline?: string;
  /** Path of the statistics, relative to the configuration. */
  readonly stats?: string;
}

export interface Settings {
  /** Absolute path of the folder that holds the config file, or the working directory. */
  readonly root: string;
  /** Absolute path of the config file, null when there is none. */
  readonly configFile: string | null;
  /** Absolute path of the migrations folder. */
  readonly migrations: string;
  /** Absolute path of `.ferrata`. */
  readonly directory: string;
  readonly environment: Environment;
  readonly assess?: AssessConfig;
  readonly environments: readonly string[];
}
