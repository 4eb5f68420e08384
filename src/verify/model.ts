export type CheckName = 'schema' | 'consistency' | 'integrity' | 'completeness' | 'custom';

export interface CheckResult {
  readonly check: CheckName;
  /** One thing looked at: a foreign key, an index, a table, a query. */
  readonly subject: string;
  readonly ok: boolean;
  /** `warning`: worth knowing, does not fail the run. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly hint: string | null;
}

export interface Verification {
  readonly ok: boolean;
  readonly checks: readonly CheckName[];
  readonly results: readonly CheckResult[];
  readonly ms: number;
}

/** Row counts and checksums taken before a run, that `consistency` compares with afterwards. */
export interface Baseline {
  readonly tables: Readonly<
    Record<string, { readonly rows: number; readonly columns: Readonly<Record<string, string>> | null }>
  >;
  /** The oldest transaction (`xid`, as text) that was not over when it was taken: rows written later carry this or a newer one. */
  readonly xid?: string;
  /** What `integrity` found wrong already then, as `<subject>: <message>`: no fault of the migration. */
  readonly problems?: readonly string[];
}
