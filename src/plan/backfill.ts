/**
 * A backfill as the plan pins it: which rows, in which order, and what is done to each. Every text in it is SQL that
 * stands for itself in any batch; how large a batch is, and how long to pause, is the environment's affair.
 */
import type { Position, Step } from './model.ts';

/** One column of the key that a table is walked along. */
export interface KeyColumn {
  /** Unquoted. */
  readonly name: string;
  /** `format_type` of the column. */
  readonly type: string;
  /** The index's collation as SQL where it is not the column's own; else null. */
  readonly collation: string | null;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** A unique index over NOT NULL columns: its order is the order of the batches. */
export interface BackfillKey {
  /** `schema.index`, quoted where needed. */
  readonly index: string;
  readonly columns: readonly KeyColumn[];
}

/** A table that holds rows itself: the driving table, or one of its partitions. */
export interface BackfillPart {
  /** `schema.table`, quoted where needed. */
  readonly table: string;
  /** Null: by ranges of `ctid`, where nothing may move. */
  readonly key: BackfillKey | null;
}

/** What is done to the rows; expressions call the row by `BackfillSpec.alias`. */
export type BackfillAction =
  | {
      readonly type: 'update';
      /** What stands behind SET. */
      readonly set: string;
      /** The columns that it assigns, unquoted. */
      readonly columns: readonly string[];
      /** What stands behind FROM: at most one row of it for each row of the driving table. */
      readonly from: string | null;
    }
  | {
      readonly type: 'delete';
      /** What stands behind USING. */
      readonly using: string | null;
    }
  | {
      /** The row is copied into another table. */
      readonly type: 'insert-select';
      /** `schema.table`, quoted where needed. */
      readonly target: string;
      /** Columns of the target, unquoted, and an expression for each. */
      readonly columns: readonly string[];
      readonly values: readonly string[];
      /** What stands behind ON CONFLICT; null: a conflict is an error. */
      readonly onConflict: string | null;
    }
  | {
      /** `transform(rows)` of a module beside up.sql computes the new values. */
      readonly type: 'transform';
      /** File name in the migration's folder. */
      readonly module: string;
      /** Columns that it is given (the key comes along), and those that it may give back. Unquoted. */
      readonly reads: readonly string[];
      readonly writes: readonly string[];
    };

/** What `migration.yaml` says about batches; absent: what the environment's policy says. */
export interface BatchOptions {
  /** The most rows in one batch. */
  readonly size?: number;
  /** Milliseconds between two batches. */
  readonly pauseMs?: number;
}

export interface BackfillSpec {
  /** `schema.table`, quoted where needed. */
  readonly table: string;
  /** The name under which expressions know the row, quoted where needed. */
  readonly alias: string;
  /** In the order in which they are done. */
  readonly parts: readonly BackfillPart[];
  /** What stands behind WHERE; null: every row. */
  readonly where: string | null;
  readonly action: BackfillAction;
  /** SET statements that hold while its statements run. */
  readonly settings: readonly string[];
  /** Whether an expression reads another table, or calls what may. */
  readonly readsOthers: boolean;
  /**
   * Whether an expression asks for the time (`ferrata.moment`): it stands still from the first batch to the last, as it
   * would within one statement.
   */
  readonly moment: boolean;
  /** Whether it gives rows values that differ from run to run: identifiers, random numbers. */
  readonly varies: boolean;
  /** Whether rows that came behind the upper bound meanwhile are done too: they need it, and it does no harm twice. */
  readonly lastPass: boolean;
  readonly batch: BatchOptions;
  /** The statement as it was written, for people and for places in errors; empty for what has none. */
  readonly sql: string;
  readonly at: Position;
}

/** In one line or more for people: the statement as it was written, and what makes batches of it. */
export function describeBackfill({ sql, table, parts, action }: BackfillSpec): string {
  const [first, second] = parts;
  const along =
    second !== undefined
      ? `${parts.length} partitions, one after another`
      : first === undefined || first.key === null
        ? 'ranges of ctid'
        : `ranges of ${first.key.index}`;
  const what = sql === '' ? `-- ${action.type} of ${table}` : `${sql};`;
  return `${what}  -- in batches: ${along}`;
}

/** What a step does in batches; null for every other step. */
export function backfillOf(step: Pick<Step, 'forward'>): BackfillSpec | null {
  const [only, second] = step.forward;
  return only?.type === 'backfill' && second === undefined ? only.spec : null;
}
