/** What hangs on the objects that a migration changes: in the database and in the application. Plain data. */
import type { ObjectKey } from '../../catalog/model.ts';

export type ChangeKind = 'created' | 'dropped' | 'renamed' | 'changed';

/** One object that a step changes. */
export interface ObjectChange {
  /** As it was called before, e.g. `column public.orders.status`; of a created one its first name. */
  readonly object: ObjectKey;
  readonly change: ChangeKind;
  /** In words: `dropped`, `renamed to public.orders.state`, `type: integer → bigint`. */
  readonly what: string;
  readonly step: string;
  /** The table, view or domain that it belongs to, as it was called before the first step. */
  readonly parent: ObjectKey | null;
}

/** An object of the database that needs, or names, a changed one; and what needs that in turn. */
export interface Dependent {
  readonly object: ObjectKey;
  /**
   * `needs`: the server knows (pg_depend); `names`: its body, which the server keeps as text, reads, writes or calls it;
   * `mentions`: the name stands in its body, in dynamic SQL, say; `publishes`: a publication carries its table.
   */
  readonly how: 'needs' | 'names' | 'mentions' | 'publishes';
  /** What becomes of it by the end of the migration. */
  readonly fate: 'stays' | 'changed' | 'dropped' | 'renamed';
  /** It stays as it is and names what is gone: it fails when it is used. */
  readonly breaks: boolean;
  readonly dependents: readonly Dependent[];
}

export interface SourceHit {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** As it stands there. */
  readonly text: string;
  /** The line, without its indentation. */
  readonly excerpt: string;
  /**
   * `model`: the class, table or field of a model (Prisma, Drizzle, TypeORM, SQLAlchemy, Django, ActiveRecord), or its use
   * under the name that the model gives it; `sql`: inside a piece of SQL; `text`: anywhere else.
   */
  readonly as: 'model' | 'sql' | 'text';
  /** The tool whose pattern it is; null for SQL and text. */
  readonly tool: string | null;
}

export interface ChangeImpact extends ObjectChange {
  readonly dependents: readonly Dependent[];
  /** Null where the application was not searched for it (what is created is named nowhere yet). */
  readonly application: readonly SourceHit[] | null;
  /** Hits beyond those listed. */
  readonly moreHits: number;
  /** Of a column: files that name it and not its table, where it may be another one's. */
  readonly elsewhere: number;
}

export interface ApplicationScan {
  readonly folder: string;
  readonly files: number;
  /** What was not read, in words, with how many files. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Tools whose models were found. */
  readonly tools: readonly string[];
}

export interface Impact {
  readonly changes: readonly ChangeImpact[];
  readonly application: ApplicationScan | null;
}
