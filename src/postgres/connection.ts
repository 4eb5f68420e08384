/**
 * One connection to a PostgreSQL server: the only door to the database for every other room.
 * `connect.ts` makes it.
 */
import type { Readable, Writable } from 'node:stream';

export interface ServerInfo {
  /** `server_version_num`, e.g. 180004. */
  readonly versionNum: number;
  readonly major: number;
  /** `server_version`, e.g. `18.4`. */
  readonly version: string;
  readonly database: string;
  readonly user: string;
  readonly superuser: boolean;
  readonly inRecovery: boolean;
  /** True where a pooler stands between: the process id of the protocol's key data is not the backend's. */
  readonly pooled: boolean;
  /** `host:port/database`, without user or password: safe to print. */
  readonly label: string;
}

/** A notice, warning or log message of the server. */
export interface ServerNotice {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** What is described: a text, prepared under a name where one is given, or what was prepared under a name before. */
export interface DescribeRequest {
  readonly sql?: string;
  /** Of a prepared statement, which lives as long as the session; absent: none is left behind. */
  readonly name?: string;
  /** OIDs of parameter types that are known; 0 for those that the server finds out. */
  readonly parameters?: readonly number[];
}

/** What a statement takes and gives. */
export interface Description {
  /** OIDs of the parameters' types. */
  readonly parameters: readonly number[];
  /** Null where the statement gives no rows. */
  readonly columns:
    | readonly { readonly name: string; readonly type: number; readonly modifier: number }[]
    | null;
}

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
}

export interface Connection {
  readonly server: ServerInfo;
  /** The backend's process id. */
  readonly pid: number;
  /** One statement with bound parameters (extended protocol); the rows as objects. int8 and numeric are strings. */
  query<R extends object = Row>(sql: string, parameters?: readonly unknown[]): Promise<R[]>;
  /** As `query`, the rows as arrays: for large results. */
  rows<R extends readonly unknown[] = readonly unknown[]>(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<R[]>;
  /** Any number of statements in one message (simple protocol): one array of array-rows per statement. All values are text. */
  script(sql: string): Promise<readonly (readonly (readonly (string | null)[])[])[]>;
  /** Has the server parse and describe a statement; nothing runs. Throws as `query` does. */
  describe(request: DescribeRequest): Promise<Description>;
  /** Runs `work` in a transaction: commits, or rolls back and rethrows. Not nestable. */
  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T>;
  copyTo(sql: string): Promise<Readable>;
  copyFrom(sql: string): Promise<Writable>;
  onNotice(listener: (notice: ServerNotice) => void): () => void;
  close(): Promise<void>;
}

/**
 * Opens further connections to the same place; each caller closes what it opened. Holds the secret, so that nobody
 * else has to.
 */
export interface Connector {
  /** `host:port/database`, safe to print. */
  readonly label: string;
  /** `application_name` is `ferrata` or `ferrata:<purpose>`. */
  connect(purpose?: string): Promise<Connection>;
  /** The same server, another database. */
  forDatabase(database: string): Connector;
  /** libpq environment (PGHOST, PGPORT, PGUSER, PGPASSWORD …) for client programs such as pg_dump. */
  clientEnvironment(): Readonly<Record<string, string>>;
}
