/** What a project says about the rules: configuration key `assess`, parsed and defaulted (config/load.ts). */
import type { Severity } from '../model.ts';

/** A rule switched off, or on with this severity in the place of its own. */
export type RuleLevel = 'off' | Severity;

/**
 * Names as regular expressions (JavaScript's, without slashes), which the whole name must match. In those of indexes,
 * constraints, sequences and triggers `{table}` stands for the table's name and `{columns}` for its columns, joined by `_`.
 * A kind that is not given is not looked at.
 */
export const NAMED_KINDS = [
  'schema',
  'table',
  'view',
  'column',
  'index',
  'uniqueIndex',
  'primaryKey',
  'unique',
  'foreignKey',
  'check',
  'exclusion',
  'sequence',
  'function',
  'trigger',
  'type',
] as const;
export type NamedKind = (typeof NAMED_KINDS)[number];

export interface RuleSettings {
  /** By id. Rules that are not named keep their severity; those marked `optional` are off until named. */
  readonly levels: Readonly<Record<string, RuleLevel>>;
  /** For `style-naming`. */
  readonly naming: Readonly<Partial<Record<NamedKind, string>>>;
  /** Up to so many rows what costs time alone is told, not warned of. */
  readonly smallRows: number;
  /** From so many rows or bytes on a table is large. */
  readonly largeRows: number;
  readonly largeBytes: number;
  /** From so many rows written per second on a table is busy. */
  readonly busyWritesPerSecond: number;
  /** The longest `lock_timeout` that a loose file may ask for, in milliseconds. */
  readonly maxLockTimeoutMs: number;
  /** A transaction on the target that has been open for so long keeps locks and CONCURRENTLY waiting, in seconds. */
  readonly longTransactionSeconds: number;
}

export const DEFAULT_RULE_SETTINGS: RuleSettings = Object.freeze({
  levels: {},
  naming: {
    table: '[a-z][a-z0-9_]*',
    view: '[a-z][a-z0-9_]*',
    column: '[a-z][a-z0-9_]*',
    index: '[a-z][a-z0-9_]*',
    primaryKey: '{table}_pkey',
    unique: '{table}_.+',
    foreignKey: '{table}_.+',
    check: '{table}_.+',
  },
  smallRows: 10_000,
  largeRows: 1_000_000,
  largeBytes: 1024 ** 3,
  busyWritesPerSecond: 50,
  maxLockTimeoutMs: 10_000,
  longTransactionSeconds: 60,
});
