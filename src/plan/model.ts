import type { LockMode, MigrationType } from '../assess/model.ts';
import type { Risk } from '../config/settings.ts';
import type { BackfillSpec } from './backfill.ts';

export type Pattern =
  | 'direct'
  | 'batched'
  | 'expand-contract'
  | 'shadow-column'
  | 'shadow-table'
  | 'blue-green';

export interface RelationName {
  /** Null: found through the search_path of the moment. */
  readonly schema: string | null;
  readonly name: string;
}

/** Where in the migration's file an action was written, counting from 1; null for what Ferrata derived. */
export type Position = { readonly line: number; readonly column: number } | null;

/**
 * One thing that is done on a connection. `execute/action.ts` runs every kind, for the rehearsal and for the real
 * run alike: what was rehearsed is what runs.
 */
export type Action =
  /** Runs as it stands. */
  | { readonly type: 'sql'; readonly sql: string; readonly at: Position }
  /** DROP TABLE: the tables move into the attic instead. */
  | {
      readonly type: 'park-table';
      readonly parkId: string;
      readonly tables: readonly RelationName[];
      readonly ifExists: boolean;
      readonly cascade: boolean;
      /** The statement as written: what runs where nothing can be parked. */
      readonly sql: string;
      readonly at: Position;
    }
  /** ALTER TABLE … DROP COLUMN: the column is renamed in place instead. */
  | {
      readonly type: 'park-column';
      readonly parkId: string;
      readonly table: RelationName;
      readonly column: string;
      readonly ifExists: boolean;
      readonly cascade: boolean;
      readonly sql: string;
      readonly at: Position;
    }
  /** Keeps what a column holds, by the row's key, before a step that converts it, and what became of it after. */
  | {
      readonly type: 'keep-column';
      readonly when: 'before' | 'after';
      /** Counts the kept columns of the step, from 1. */
      readonly ordinal: number;
      /** `schema.table`, quoted where needed. */
      readonly table: string;
      /** Unquoted, as is `column`. */
      readonly key: readonly string[];
      readonly column: string;
    }
  /** Keeps where sequences stand before a step that drops them or sets them back; `schema.name`, quoted where needed. */
  | { readonly type: 'keep-sequences'; readonly sequences: readonly string[] }
  /** Many small transactions over ranges of a key; `execute/backfill` runs it. It stands alone in its step. */
  | { readonly type: 'backfill'; readonly spec: BackfillSpec }
  /** Puts back the rows that the capture of this name recorded. */
  | { readonly type: 'undo'; readonly capture: string };

/** How to see that a step has happened, on the server itself. */
export type Probe =
  /** The ledger's row was written in the step's own transaction. */
  | { readonly type: 'ledger' }
  /** A concurrently built index exists and is valid; the names as `pg_index` has them. */
  | { readonly type: 'index-valid'; readonly index: RelationName }
  | { readonly type: 'index-absent'; readonly index: RelationName }
  /** Anything else outside a transaction: the schema's fingerprint before, and after, tell. */
  | { readonly type: 'fingerprint' };

export interface ExpectedLock {
  readonly relation: string;
  readonly mode: LockMode;
  /** The longest hold the rehearsal measured, milliseconds; null before a rehearsal. */
  readonly heldMs: number | null;
}

export interface Step {
  /** `s1`, `s2` … */
  readonly id: string;
  readonly kind: 'ddl' | 'backfill' | 'validate' | 'wait' | 'swap' | 'park';
  /** A short line for people: the first statement's words. */
  readonly title: string;
  readonly transactional: boolean;
  readonly forward: readonly Action[];
  /** Null until derived on a scratch copy. */
  readonly inverse: readonly Action[] | null;
  /** Whether the inverse runs in one transaction. */
  readonly inverseTransactional: boolean;
  /** Why no inverse could be derived. */
  readonly inverseRefusals: readonly string[];
  /** Tables (`schema.name`, quoted where needed) whose rows are captured for undo while the step runs. */
  readonly captures: readonly string[];
  readonly done: Probe;
  readonly expects: readonly ExpectedLock[];
  /** The schema fingerprint after the step, once measured. */
  readonly fingerprintAfter: string | null;
  /** What a reader of the plan should know about it; decides nothing. */
  readonly notes?: readonly string[];
}

/** The hand-written way back: leads from the last rollback point to the start. */
export interface WrittenDown {
  readonly file: string;
  readonly groups: readonly { readonly transactional: boolean; readonly actions: readonly Action[] }[];
}

/** `plan.json`: a migration, compiled. Everything that decides what runs is in it. */
export interface Plan {
  readonly ferrata: 1;
  readonly migration: string;
  /** The migration's checksum. */
  readonly checksum: string;
  readonly pattern: Pattern;
  readonly type: MigrationType;
  readonly risk: Risk;
  readonly rollbackWindowHours: number;
  readonly serverMajor: number | null;
  /** Schema fingerprint that the plan starts from; null where it was compiled without a database. */
  readonly startFingerprint: string | null;
  readonly endFingerprint: string | null;
  readonly steps: readonly Step[];
  readonly down: WrittenDown | null;
}
