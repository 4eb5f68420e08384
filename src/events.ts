/**
 * What a phase tells while it works. Printing is the command line's; a phase only reports. The union is closed: a new
 * event is a new member, and every printer is checked for it by the compiler.
 */
export type FerrataEvent =
  | {
      readonly type: 'phase';
      readonly phase: string;
      readonly migration: string | null;
      readonly message: string;
    }
  | { readonly type: 'scratch'; readonly message: string }
  | {
      readonly type: 'rehearsal-step';
      readonly migration: string;
      readonly step: string;
      readonly direction: 'forward' | 'back' | 'again';
      readonly ms: number;
    }
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly migration: string;
      readonly direction: 'up' | 'down';
      readonly steps: number;
    }
  | { readonly type: 'step-started'; readonly run: string; readonly step: string; readonly title: string }
  | {
      readonly type: 'step-retried';
      readonly run: string;
      readonly step: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly reason: string;
    }
  | {
      readonly type: 'step-finished';
      readonly run: string;
      readonly step: string;
      readonly ms: number;
      readonly rows: number | null;
    }
  | {
      /** How far a backfill is; `direction` `down`: rows put back. */
      readonly type: 'backfill-progress';
      readonly run: string;
      readonly step: string;
      readonly direction: 'up' | 'down';
      /** Rows that were looked at, of which `changed` were changed. */
      readonly done: number;
      readonly changed: number;
      /** Rows there are to look at, as estimated at the start, never less than `done`. */
      readonly estimate: number;
      /** Rows looked at per second, lately; null before there is anything to go by. */
      readonly rowsPerSecond: number | null;
      /** Milliseconds until the end at that rate. */
      readonly etaMs: number | null;
      /** Rows of the next batch. */
      readonly batchSize: number;
      /** Why it stands still; null: it goes on. */
      readonly throttle: string | null;
    }
  | {
      /** How far the statement in hand is, as the server counts (`pg_stat_progress_*`). */
      readonly type: 'step-progress';
      readonly run: string;
      readonly phase: string;
      readonly done: number | null;
      readonly total: number | null;
    }
  | {
      /** What the monitors of a run have read in one interval. */
      readonly type: 'monitor-sample';
      readonly run: string;
      readonly samples: readonly {
        readonly signal: string;
        readonly value: number | null;
        readonly state: string;
        readonly detail: string | null;
      }[];
    }
  | {
      /** A limit was passed, or kept again: what it leads to from now on. */
      readonly type: 'throttled';
      readonly run: string;
      readonly decision: 'go' | 'warn' | 'pause' | 'abort';
      readonly reason: string;
    }
  | { readonly type: 'step-resumed'; readonly run: string; readonly step: string; readonly found: string }
  | {
      readonly type: 'run-finished';
      readonly run: string;
      readonly migration: string;
      readonly state: string;
      readonly ms: number;
    }
  | { readonly type: 'waiting'; readonly message: string }
  | {
      readonly type: 'backup';
      readonly message: string;
      readonly rows: number | null;
      readonly bytes: number | null;
    }
  | { readonly type: 'verified'; readonly check: string; readonly ok: boolean; readonly message: string }
  | { readonly type: 'warning'; readonly message: string; readonly hint: string | null };

export type Reporter = (event: FerrataEvent) => void;

export const silent: Reporter = () => {};
