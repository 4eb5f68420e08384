import type { BatchOptions, TransformOptions } from './options.ts';

/** One SQL file of a migration. */
export interface MigrationFile {
  /** Relative to the project's root, for messages. */
  readonly path: string;
  /** LF line ends, no byte order mark. */
  readonly text: string;
}

/** A migration as its folder holds it (DESIGN §2). */
export interface Migration {
  /** The folder's name: `<yyyymmddhhmmss>_<name>`. Order is by this string. */
  readonly id: string;
  readonly name: string;
  readonly up: MigrationFile;
  readonly down: MigrationFile | null;
  readonly verify: MigrationFile | null;
  readonly dependsOn: readonly string[];
  /** What migration.yaml says of batches; absent: nothing. */
  readonly pattern?: 'direct' | 'batched' | null;
  readonly batch?: BatchOptions;
  /** `backfill.ts` (or .mts, .js, .mjs) beside up.sql, and what it works on. */
  readonly transform?: (TransformOptions & { readonly module: string }) | null;
  readonly owner: string | null;
  readonly ticket: string | null;
  /** SHA-256 (hex) over up.sql and, where present, down.sql and verify.sql and migration.yaml, normalised. */
  readonly checksum: string;
  /** Absolute path of the folder; null for a file or stdin that is assessed by itself. */
  readonly folder: string | null;
}
