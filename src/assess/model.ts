import type { Risk } from '../config/settings.ts';
import type { Impact } from './impact/model.ts';
import type { Compatibility, QueryResult } from './queries/model.ts';

/** PostgreSQL's names of table-level lock modes, weakest first (manual, 13.3.1). */
export const LOCK_MODES = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const;
export type LockMode = (typeof LOCK_MODES)[number];

export type LockRole =
  | 'target'
  | 'referenced'
  | 'parent'
  | 'partition'
  | 'default partition'
  | 'index'
  | 'sequence'
  | 'source';
export type MigrationType = 'ddl' | 'dml' | 'combined' | 'destructive';
export type Severity = 'danger' | 'warning' | 'info';
/** Milliseconds: low, middle, high. */
export type Interval = readonly [number, number, number];

export interface StatementLock {
  /** Schema-qualified where the catalog is known, else as written. */
  readonly relation: string;
  readonly mode: LockMode;
  readonly role: LockRole;
}

/** Where the text and the catalog say one thing of a statement, and a server did another: the server is right. */
export interface Disagreement {
  readonly what: 'lock' | 'rewrite' | 'scan';
  readonly relation: string;
  /** The lock mode, or the same word as `what`; null: none. */
  readonly static: string | null;
  readonly traced: string | null;
}

export interface StatementFacts {
  readonly line: number;
  readonly column: number;
  readonly kind: string;
  readonly transactional: boolean;
  readonly source: 'static' | 'traced';
  readonly locks: readonly StatementLock[];
  readonly rewrites: readonly string[];
  readonly scans: readonly string[];
  readonly builds: readonly string[];
  readonly validates: readonly string[];
  readonly loses: readonly { readonly object: string; readonly what: string }[];
  readonly blocks: 'nothing' | 'writes' | 'reads and writes';
  readonly estimate: { readonly lockMs: Interval; readonly workMs: Interval } | null;
  /** ddl, dml, or neither (SET, SELECT …). */
  readonly class: 'ddl' | 'dml' | 'other';
  /** Only where there are some. */
  readonly disagreements?: readonly Disagreement[];
  /** Why a statement of a traced script was not traced itself. */
  readonly untraced?: string;
  /** The server refuses the statement on a copy of the schema, whatever its rows are. */
  readonly fails?: { readonly sqlstate: string; readonly message: string };
  /** In force while the statement ran on the copy; absent where it would wait for ever, or was not traced. */
  readonly lockTimeoutMs?: number;
}

export interface Finding {
  readonly id: string;
  readonly severity: Severity;
  readonly line: number;
  readonly column: number;
  readonly title: string;
  readonly message: string;
  readonly why: string;
  readonly safeSql: readonly string[];
  readonly docs: string;
  /** Gone where a later file of the same release validates this constraint: `schema.table.constraint`. */
  readonly settledBy?: string;
}

/** Size of a relation the migration touches; null where the catalog does not know (never analysed, no database). */
export interface RelationSize {
  readonly relation: string;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly indexes: number;
}

export interface Assessment {
  /** The migration's id, or null for a loose file. */
  readonly migration: string | null;
  readonly file: string;
  readonly type: MigrationType;
  readonly risk: Risk;
  readonly reasons: readonly string[];
  readonly reversible: boolean;
  /** What follows from the risk, by the environment's policy. */
  readonly rollbackWindowHours: number;
  readonly approvals: number;
  readonly maxDurationMinutes: number;
  readonly relations: readonly RelationSize[];
  readonly statements: readonly StatementFacts[];
  readonly findings: readonly Finding[];
  /** The application's queries at each state, where they were asked for; and what they say together. */
  readonly queries?: readonly QueryResult[];
  readonly compatibility?: Compatibility;
  /** What hangs on the objects that change, where queries or an application were asked for. */
  readonly impact?: Impact;
}
