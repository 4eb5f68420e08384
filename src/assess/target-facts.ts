/** What is known of the server that a migration is meant for, beside its schema: load, standbys, room. */

/** What is not known is null; a rule that needs it then says nothing. */
export interface RelationLoad {
  /** As `RelationSize`. */
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly indexes: number | null;
  /** All indexes together. */
  readonly indexBytes: number | null;
  /** Values stored out of line (manual, 73.2). */
  readonly toastBytes: number | null;
  /** Rows inserted, updated and deleted per second. */
  readonly writesPerSecond: number | null;
  /** Publications that send its changes, whichever way they name it. */
  readonly publications: readonly string[] | null;
  /**
   * Of columns that were analysed: distinct values per row that is not NULL as the statistics have it (1: all differ),
   * and the share of NULLs. Numbers, no values.
   */
  readonly columns: Readonly<Record<string, ColumnSpread>> | null;
}

export interface ColumnSpread {
  readonly distinctPerRow: number | null;
  readonly nulls: number | null;
}

export interface TargetFacts {
  /** `server_version_num`, e.g. 140002. */
  readonly versionNum: number | null;
  /** By `schema.relation`, quoted where needed. */
  readonly relations: Readonly<Record<string, RelationLoad>>;
  /** Standbys and logical receivers that are connected, or whose slots keep WAL for them. */
  readonly replicas: number | null;
  /** Age of the oldest transaction that is open on the server, in seconds; 0 where there is none. */
  readonly oldestTransactionSeconds: number | null;
  /** Extensions that can be created there, with their default versions. */
  readonly extensions: Readonly<Record<string, string>> | null;
  /** Free bytes where the data lies. PostgreSQL does not tell: known only where somebody says so. */
  readonly freeBytes: number | null;
  /** What a new session has of `lock_timeout`, `statement_timeout`, `idle_in_transaction_session_timeout`, as SHOW prints them. */
  readonly settings?: Readonly<Record<string, string>> | null;
  /** The number that a sequence gives out next, by `schema.sequence`: from the live server alone, never pinned. */
  readonly nextValues?: Readonly<Record<string, number>> | null;
}

export const UNKNOWN_TARGET: TargetFacts = Object.freeze({
  versionNum: null,
  relations: {},
  replicas: null,
  oldestTransactionSeconds: null,
  extensions: null,
  freeBytes: null,
  settings: null,
  nextValues: null,
});
