import type { Action } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';

/** What running one step's actions did, as the server counted it inside the transaction. */
export interface StepOutcome {
  readonly ms: number;
  /** Rows written, per existing table (`schema.table`); tables made by the step itself are not counted. */
  readonly writes: readonly { readonly table: string; readonly rows: number }[];
  /** Of an undo: rows put back, and those left alone because the application changed them since. */
  readonly restored?: number;
  readonly conflicts?: readonly Conflict[];
}

export interface ActionContext {
  readonly connection: Connection;
  /** File that positions of `sql` actions refer to, and its text for the caret. */
  readonly source: { readonly file: string; readonly text: string } | null;
  /** Name of the capture that this step's undo rows go to or come from: `<migration digits>_<step id>`. */
  readonly capture: string;
  /** Tables whose rows are captured while the actions run. */
  readonly captures: readonly string[];
  /** The migration's folder, for what lies beside up.sql. */
  readonly folder?: string | null;
}

export interface Conflict {
  readonly table: string;
  /** The row's key, as text. */
  readonly key: string;
  readonly what: string;
}

export type RunActions = (actions: readonly Action[], context: ActionContext) => Promise<StepOutcome>;
