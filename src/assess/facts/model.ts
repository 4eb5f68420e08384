/**
 * What PostgreSQL does for each form of each statement, as plain data: which relation it locks how, and which rows it
 * reads or writes. Every row is proved by `test/assess/facts/` on real servers; docs/locks.md is printed from it.
 */
import type { LockMode, LockRole } from '../model.ts';

/** The newest major whose facts are known: what is assumed of a target that nobody has seen. */
export const NEWEST_MAJOR = 18;

/**
 * What is done with the rows of a relation, under its lock; of a partitioned table nothing, for it has none itself.
 * - `scan`: all of them are read
 * - `build`: they are read, and an index is built
 * - `rewrite`: they are read and written anew, and every index is built anew
 * - `move`: the file is copied as it is
 */
export type Work = 'scan' | 'build' | 'rewrite' | 'move';

export interface RoleFacts {
  readonly mode: LockMode;
  readonly work?: Work;
}

/** A role that is not in it is not locked. */
export type Roles = Readonly<Partial<Record<LockRole, RoleFacts>>>;

/** What is different in these majors, both ends included; `null`: not locked there. */
export interface VersionFacts {
  readonly from?: number;
  readonly to: number;
  readonly roles?: Readonly<Partial<Record<LockRole, RoleFacts | null>>>;
  readonly fails?: string;
}

/** The relations of the fixture that are in each role: all that are locked. In `public` where no schema is named. */
export type Cast = Readonly<Partial<Record<LockRole, readonly string[]>>>;

export interface FactExample {
  /** Which case of the row this is, where it has several. */
  readonly label?: string;
  readonly sql: string;
  /** Where they are others than the row says. */
  readonly on?: Cast;
  /** A setting of the session that it depends on. */
  readonly session?: string;
  /** Run before, and after, in transactions of their own. */
  readonly before?: string;
  readonly after?: string;
  /** A statement that has to be broken off first; `holding`, in another session, makes it wait. */
  readonly interrupted?: { readonly sql: string; readonly holding: string };
}

export interface FactRow {
  readonly id: string;
  /** The statement's node in the grammar. */
  readonly node: string;
  /** Where one node has many commands: the `AlterTableType`, or the `ObjectType` of DROP, RENAME …; one or several. */
  readonly of?: string | readonly string[];
  /** How it is written, for people. */
  readonly form: string;
  /** On the newest major. */
  readonly roles: Roles;
  readonly on?: Cast;
  /** SQLSTATE: the server refuses it, in a transaction at least. */
  readonly fails?: string;
  readonly versions?: readonly VersionFacts[];
  /** It cannot run in a transaction block. */
  readonly outside?: true;
  /** Majors that know it, both ends included. */
  readonly since?: number;
  readonly until?: number;
  /** Why the text does not tell all of what it does. */
  readonly unseen?: string;
  /** Which partitions it locks depends on the rows: the text may name all of them. */
  readonly byRows?: true;
  readonly examples: readonly (string | FactExample)[];
}

export interface FactFamily {
  readonly title: string;
  /** What its examples run on, by the first major that understands it; families come after one another. */
  readonly fixture: readonly { readonly since: number; readonly sql: string }[];
  /** In a database of its own. */
  readonly apart?: true;
  readonly rows: readonly FactRow[];
}
