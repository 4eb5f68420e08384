/** A change of type that only limits the length of a text. */
export interface AddedLimit {
  readonly column: string;
  readonly length: number;
}

/** Null where the change is another one; `alter-type-rewrite` leaves these to `text-limit`. */
export function addedLimit(change: {
  readonly column: string;
  readonly from: string | null;
  readonly to: string;
  readonly rewrites: boolean;
}): AddedLimit | null {
  const { column, from, to, rewrites } = change;
  const length = /^character varying\((\d+)\)$/.exec(to)?.[1];
  if (!rewrites || from === null || length === undefined) return null;
  const limited = /^(?:text|character varying(?:\((\d+)\))?)$/.exec(from);
  if (limited === null || Number(limited[1] ?? Number.POSITIVE_INFINITY) <= Number(length)) return null;
  return { column, length: Number(length) };
}
