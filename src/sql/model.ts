/** A statement of a script, as PostgreSQL's own grammar split it. */
export interface ParsedStatement {
  /** The node's name in the grammar: `CreateStmt`, `AlterTableStmt`, `DoStmt` … */
  readonly kind: string;
  /** The node itself: the value under `kind` in libpg-query's JSON. */
  readonly node: Readonly<Record<string, unknown>>;
  /** The statement's text without the terminating semicolon and without leading white space and comments. */
  readonly text: string;
  /** Offsets of `text` in the script, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** Of the first character of `text`; both count from 1. */
  readonly line: number;
  readonly column: number;
}

export interface Script {
  /** As it is shown in messages: a path, or `<stdin>`. */
  readonly file: string;
  readonly text: string;
  readonly statements: readonly ParsedStatement[];
}
