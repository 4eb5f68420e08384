/** A round trip: `base`, then `change`, on one database; rendered forward, backward and from nothing. */
export interface MatrixRow {
  readonly name: string;
  readonly base: string;
  /** Statements that PostgreSQL refuses inside a transaction don't belong here. */
  readonly change: string;
  /** Way back or forward that may end in another column order, and why that cannot be helped. */
  readonly cosmetic?: string;
  /** The direction whose rendering must refuse, with a part of the reason; `anew`: to make the changed state from nothing. */
  readonly refuses?: { readonly direction: 'back' | 'forward' | 'anew'; readonly reason: string };
  readonly minMajor?: number;
  readonly maxMajor?: number;
  /** Statements that the way back must (not) hold, as patterns. */
  readonly back?: { readonly has?: readonly RegExp[]; readonly lacks?: readonly RegExp[] };
  /** Rows put in after `base`; the way back must leave the same content (ordered text of this query). */
  readonly probe?: string;
}
