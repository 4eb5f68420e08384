/** Application queries against the states that a migration goes through: plain data, as `--json` prints it. */

/** A query that the application is known to send. */
export interface KnownQuery {
  /** `q1`, `q2` … in the order in which they were found. */
  readonly id: string;
  /** `-- name: …` above it, or the file's name where it holds one query; null where there is neither. */
  readonly name: string | null;
  readonly file: string | null;
  /** Of its first word, from 1; null where it is from no file. */
  readonly line: number | null;
  /** As it is prepared: placeholders as `$1`, `$2` … */
  readonly sql: string;
  /** The node's name in the grammar: `SelectStmt`, `UpdateStmt` … */
  readonly kind: string;
  /** How often it ran, from pg_stat_statements; else null. */
  readonly calls: number | null;
  /** Who sends it, and with which search_path, where that is known; else the environment's own. */
  readonly role: string | null;
  readonly searchPath: string | null;
}

/** What was found and can't be judged. */
export interface UnreadQuery {
  readonly file: string | null;
  readonly line: number | null;
  readonly sql: string;
  readonly why: string;
}

export interface QuerySource {
  readonly queries: readonly KnownQuery[];
  readonly unread: readonly UnreadQuery[];
  /** What was left out, in words, with how many: `utility statements`, `queries of other databases` … */
  readonly skipped: Readonly<Record<string, number>>;
}

/** A state of the schema: before the first step, after each, the last of which is the end. */
export interface SchemaState {
  /** `before`, or the step's id. */
  readonly id: string;
  /** The step's title; null before the first. */
  readonly title: string | null;
}

export type QueryVerdict = 'works' | 'fails' | 'worse';

export interface QueryError {
  readonly sqlstate: string;
  readonly message: string;
}

export interface QueryPlan {
  /** The planner's total cost of the generic plan. */
  readonly cost: number;
  /** Against the state before (or the first in which the query works); null there. */
  readonly ratio: number | null;
  /** `schema.index`, under the names they had: used by the earlier plan, not by this one. */
  readonly lostIndexes: readonly string[];
  /** How the tables of the lost indexes are read now: `Seq Scan on public.orders`. */
  readonly instead: readonly string[];
}

export interface QueryAtState {
  readonly state: string;
  /** Prepared anew in this state. */
  readonly verdict: QueryVerdict;
  readonly error: QueryError | null;
  /**
   * A session that prepared it in the state before and executes it now: the error that it gets where a new session gets
   * none (`cached plan must not change result type`); null where it goes on.
   */
  readonly held: QueryError | null;
  readonly plan: QueryPlan | null;
  /** How its result differs from that before: `note is gone`, `total is bigint (was integer)`. */
  readonly resultChanges: readonly string[];
}

export interface Touch {
  /** `column public.orders.status` */
  readonly object: string;
  /** `dropped`, `renamed to …`, `changed: type` … */
  readonly change: string;
  readonly step: string;
}

export interface QueryResult extends KnownQuery {
  /**
   * `unaffected`; `breaks`: works before, fails later; `needs`: fails before, works later, so that it belongs to the new
   * application; `worse`: works throughout, with a worse plan; `changes`: works throughout, but its result changes, or a
   * prepared one breaks once; `unknown`: works in no state.
   */
  readonly outcome: 'unaffected' | 'breaks' | 'needs' | 'worse' | 'changes' | 'unknown';
  readonly states: readonly QueryAtState[];
  /** What it reads, writes or calls that a step changes. */
  readonly touches: readonly Touch[];
  /** Prepared without an error, and yet likely to fail when they run: from which state on, and why. */
  readonly doubts: readonly Doubt[];
}

export interface Doubt {
  readonly state: string;
  readonly why: string;
}

/** What all queries together say. */
export interface Compatibility {
  readonly states: readonly SchemaState[];
  /** In which order to deploy application and database, as one sentence. */
  readonly order: string;
  /** The first state from which every query of the new application works; null where none needs the change. */
  readonly newFrom: string | null;
  /** The last state in which every query of the old application still works; null where none breaks. */
  readonly oldUntil: string | null;
  /** What the plans rest on; null where none were made. */
  readonly plansRestOn: string | null;
  readonly unread: readonly UnreadQuery[];
  readonly skipped: Readonly<Record<string, number>>;
  /** Why the later states are missing: the step that failed on the scratch copy. */
  readonly stopped: { readonly step: string; readonly message: string } | null;
}
