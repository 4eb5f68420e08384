/** A row that was written, or changed, after the change; as it is known by the shape from before. */
export interface WrittenLateRow {
  /** The same each time the same late rows are written. */
  readonly id: string;
  readonly kind: 'insert' | 'update';
  /** The table's identity now, and before the change. */
  readonly table: string;
  readonly oldTable: string;
  /** What is special about it; `ordinary …` for one that is meant to suit both shapes. */
  readonly what: string;
  /** Of the columns that both shapes have, by their old name: the text as the new shape holds it, renamed labels as before. */
  readonly values: Readonly<Record<string, string | null>>;
  /** The types of these columns in the new shape, by old name. */
  readonly types: Readonly<Record<string, string>>;
  /** Old names of the columns that tell the row from others; empty: all of `values` do. */
  readonly key: readonly string[];
  /** Of an update: old names of the columns that were changed. */
  readonly changed: readonly string[];
}
