/**
 * Every refusal of Ferrata is a `FerrataError`: a stable code, what happened, where, why, and what to do next.
 * The codes are the keys of `ERROR_CODES`; a code is never renamed or reused.
 */

/** Exit codes of the command line (DESIGN §4.10). */
export const EXIT = { done: 0, failed: 1, usage: 2, gate: 3, proof: 4, paused: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Every code with the exit code it leads to. Add codes here, grouped by the room that throws them. */
export const ERROR_CODES = {
  // config, cli
  usage: EXIT.usage,
  'config-invalid': EXIT.usage,
  'config-unreadable': EXIT.usage,
  'environment-unknown': EXIT.usage,
  'confirmation-needed': EXIT.usage,
  'diff-source-unknown': EXIT.usage,
  'schema-file-invalid': EXIT.usage,
  'queries-unreadable': EXIT.usage,
  'allow-invalid': EXIT.usage,
  'findings-file-invalid': EXIT.usage,
  'stats-invalid': EXIT.usage,
  // source
  'migration-folder-missing': EXIT.usage,
  'migration-unknown': EXIT.usage,
  'migration-exists': EXIT.usage,
  'migration-empty': EXIT.usage,
  'migration-invalid': EXIT.usage,
  'migration-duplicate': EXIT.usage,
  'migration-edited': EXIT.failed,
  'migration-missing': EXIT.failed,
  'migration-late': EXIT.failed,
  'migration-dependency': EXIT.failed,
  // sql
  'sql-syntax': EXIT.usage,
  'sql-psql-command': EXIT.usage,
  'sql-copy-stdin': EXIT.usage,
  'sql-transaction-control': EXIT.usage,
  // postgres
  'server-unreachable': EXIT.failed,
  'server-login': EXIT.failed,
  'server-database-missing': EXIT.failed,
  'server-privilege': EXIT.failed,
  'server-read-only': EXIT.failed,
  'server-too-old': EXIT.failed,
  'server-pooled': EXIT.failed,
  'server-connection-lost': EXIT.failed,
  'server-programs-missing': EXIT.failed,
  'server-start': EXIT.failed,
  'sql-failed': EXIT.failed,
  'lock-timeout': EXIT.failed,
  'statement-timeout': EXIT.failed,
  // catalog
  'catalog-not-renderable': EXIT.failed,
  drift: EXIT.proof,
  'data-loss': EXIT.gate,
  // prepare
  'scratch-unavailable': EXIT.failed,
  'scratch-differs': EXIT.failed,
  'proof-missing': EXIT.gate,
  'proof-stale': EXIT.gate,
  'proof-refuted': EXIT.proof,
  'proof-too-weak': EXIT.gate,
  'plan-mismatch': EXIT.gate,
  'proof-schema-unknown': EXIT.failed,
  'backup-missing': EXIT.gate,
  'backup-corrupt': EXIT.proof,
  'backup-failed': EXIT.failed,
  'backup-disk-full': EXIT.failed,
  'backup-key': EXIT.usage,
  'backup-target-not-empty': EXIT.gate,
  'tool-missing': EXIT.failed,
  // execute, ledger
  'ledger-too-new': EXIT.failed,
  'lease-held': EXIT.gate,
  'lease-lost': EXIT.failed,
  'run-unfinished': EXIT.gate,
  'migration-applied': EXIT.failed,
  'run-failed': EXIT.failed,
  'run-paused': EXIT.paused,
  'run-aborted': EXIT.paused,
  'run-absent': EXIT.failed,
  'backfill-table': EXIT.failed,
  'backfill-transform': EXIT.failed,
  'backfill-differs': EXIT.proof,
  'step-unseen-write': EXIT.failed,
  'rollback-unavailable': EXIT.gate,
  'rollback-window-over': EXIT.gate,
  'gate-refused': EXIT.gate,
  'force-refused': EXIT.gate,
  'verification-failed': EXIT.proof,
  internal: EXIT.failed,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A place in a file: line and column count from 1, `text` is the whole line. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text?: string;
}

/** Whether a word, e.g. from a stored proof, is a code of this version. */
export function isErrorCode(word: string): word is ErrorCode {
  return Object.hasOwn(ERROR_CODES, word);
}

export interface ErrorDetails {
  /** Why it is so, or what the server added (DETAIL); plain sentences. */
  readonly why?: string | undefined;
  /** What to do next: a command or SQL where there is one. */
  readonly hint?: string | undefined;
  readonly location?: SourceLocation | undefined;
  /** The server's SQLSTATE, where the cause is a server error. */
  readonly sqlState?: string | undefined;
  /** Machine-readable facts; never secrets. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

export class FerrataError extends Error {
  override readonly name = 'FerrataError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code];
  }

  /** The shape that `--json` prints under `error`. */
  toJSON(): {
    code: ErrorCode;
    message: string;
    why: string | null;
    hint: string | null;
    at: SourceLocation | null;
  } {
    const { why = null, hint = null, location = null } = this.details;
    return { code: this.code, message: this.message, why, hint, at: location };
  }
}

export function isFerrataError(error: unknown): error is FerrataError {
  return error instanceof FerrataError;
}
