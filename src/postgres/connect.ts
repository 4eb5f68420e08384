/**
 * Makes connections (the contract is in `connection.ts`). Nothing here leaves state in a session, so that everything
 * works behind a pooler in transaction mode: no SET outside a transaction, no named prepared statement, no session lock.
 */
import type { Readable, Writable } from 'node:stream';
import './navigator.ts';
import pg from 'pg';
import { from as copyFromStream, to as copyToStream } from 'pg-copy-streams';
import { FerrataError } from '../errors.ts';
import type {
  Connection,
  Connector,
  DescribeRequest,
  Description,
  Row,
  ServerInfo,
  ServerNotice,
  TransactionOptions,
} from './connection.ts';
import { DescribeQuery } from './describe.ts';
import { type ErrorContext, toFerrataError } from './errors.ts';
import { registerSecret } from './redact.ts';
import { labelOf, libpqEnvironment, parseTarget, type Target } from './target.ts';
import { textValues, typedValues } from './types.ts';

/** The oldest server that ferrata works with. */
export const OLDEST_SERVER = 130000;

/**
 * Takes a connection string (URL or libpq pairs; what it leaves out comes from PGHOST, PGUSER, PGPASSWORD …) and gives
 * what opens connections there. Throws `config-invalid` when the string can't be read. Nothing is connected yet.
 */
export function createConnector(url: string): Connector {
  return connectorFor(parseTarget(url));
}

function connectorFor(target: Target): Connector {
  registerSecret(target.password, [target.user, target.database, ...target.hosts.map(({ host }) => host)]);
  const label = labelOf(target);
  // What worked the first time (which host, encrypted or not) is tried first the next time.
  const remembered: Remembered = { host: 0, encrypted: null };
  return Object.freeze({
    label,
    connect: (purpose?: string) => connect(target, label, purpose, remembered),
    forDatabase: (database: string) => connectorFor({ ...target, database }),
    clientEnvironment: () => libpqEnvironment(target),
  });
}

interface Remembered {
  host: number;
  encrypted: boolean | null;
}

/** Throws `server-unreachable`, `server-login`, `server-database-missing`, `server-too-old`, `server-read-only`. */
async function connect(
  target: Target,
  label: string,
  purpose: string | undefined,
  remembered: Remembered,
): Promise<Connection> {
  let failure: FerrataError | null = null;
  for (let turn = 0; turn < target.hosts.length; turn++) {
    const index = (remembered.host + turn) % target.hosts.length;
    try {
      const connection = await connectHost(target, index, label, purpose, remembered);
      if (target.primaryOnly && connection.server.inRecovery) {
        await connection.close();
        failure ??= new FerrataError('server-read-only', `${label} is a standby`, {
          hint: 'target_session_attrs asks for a primary and none of the hosts is one.',
        });
        continue;
      }
      remembered.host = index;
      return connection;
    } catch (error) {
      const mapped = toFerrataError(error, { connecting: true, label });
      // As libpq: another host is tried when this one can't be reached, not when it refuses the login.
      if (mapped.code !== 'server-unreachable') throw mapped;
      failure ??= mapped;
    }
  }
  throw failure ?? new FerrataError('server-unreachable', `${label} names no host`);
}

async function connectHost(
  target: Target,
  index: number,
  label: string,
  purpose: string | undefined,
  remembered: Remembered,
): Promise<Connection> {
  const context: ErrorContext = {
    label,
    user: target.user,
    database: target.database,
    connecting: true,
  };
  const attempts = encryptionAttempts(target, remembered.encrypted);
  for (const [turn, encrypted] of attempts.entries()) {
    const client = newClient(target, index, purpose, encrypted);
    const session = new Session(client, label, target);
    try {
      await client.connect();
      await inTime(session.learn(), client, target.connectTimeoutMs);
      remembered.encrypted = encrypted;
      return session;
    } catch (error) {
      client.end().catch(() => {});
      const last = turn === attempts.length - 1;
      if (last || !isAboutEncryption(error)) throw toFerrataError(error, context);
    }
  }
  throw new FerrataError('internal', 'No way to connect was tried');
}

/** A pooler lets clients in even when it can't reach its server: the first answer counts, not the login. */
async function inTime(work: Promise<void>, client: pg.Client, timeoutMs: number): Promise<void> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    client.end().catch(() => {});
  }, timeoutMs);
  try {
    await work;
  } catch (error) {
    throw late ? new Error('timeout expired') : error;
  } finally {
    clearTimeout(timer);
  }
}

/** libpq's sslmode: `prefer` tries encrypted first, `allow` plain first (PostgreSQL manual, 34.19.3). */
function encryptionAttempts(target: Target, known: boolean | null): readonly boolean[] {
  if (target.ssl === 'disable') return [false];
  if (target.ssl !== 'prefer' && target.ssl !== 'allow') return [true];
  if (known !== null) return [known];
  return target.ssl === 'prefer' ? [true, false] : [false, true];
}

function isAboutEncryption(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /does not support SSL|SSL connection|no encryption|SSL off|pg_hba\.conf|SSL required/i.test(
    error.message,
  );
}

function newClient(
  target: Target,
  index: number,
  purpose: string | undefined,
  encrypted: boolean,
): pg.Client {
  const place = target.hosts[index] ?? { host: 'localhost', port: 5432 };
  const client = new pg.Client({
    host: place.host,
    port: place.port,
    user: target.user,
    ...(target.password !== null && { password: target.password }),
    database: target.database,
    ssl: encrypted ? target.tls : false,
    ...(target.options !== null && { options: target.options }),
    application_name: applicationName(purpose),
    connectionTimeoutMillis: target.connectTimeoutMs,
    // A run may wait for hours on one statement: a dead peer must still be noticed.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    types: typedValues as pg.CustomTypesConfig,
  });
  return client;
}

/** At most 63 bytes (NAMEDATALEN): PostgreSQL would cut it, and resuming looks for our own backends by this name. */
export function applicationName(purpose?: string): string {
  return (purpose === undefined || purpose === '' ? 'ferrata' : `ferrata:${purpose}`).slice(0, 63);
}

const LEARN = `
  SELECT current_setting('server_version_num')::int4, current_setting('server_version'), current_database()::text,
         current_user::text, coalesce((SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), false),
         pg_catalog.pg_is_in_recovery(), pg_catalog.pg_backend_pid()`;

type Learned = readonly [number, string, string, string, boolean, boolean, number];

const UNKNOWN_SERVER: ServerInfo = {
  versionNum: 0,
  major: 0,
  version: '',
  database: '',
  user: '',
  superuser: false,
  inRecovery: false,
  pooled: false,
  label: '',
};

class Session implements Connection {
  readonly #client: pg.Client;
  readonly #label: string;
  readonly #target: Target;
  readonly #listeners = new Set<(notice: ServerNotice) => void>();
  #server: ServerInfo = UNKNOWN_SERVER;
  #pid = 0;
  #lost: Error | null = null;
  #closed = false;
  #connecting = true;
  #inTransaction = false;
  /** node-postgres wants one query at a time; this is the end of the line. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(client: pg.Client, label: string, target: Target) {
    this.#client = client;
    this.#label = label;
    this.#target = target;
    // Without a listener a connection that dies while idle would end the process.
    client.on('error', (error) => {
      this.#lost ??= error;
    });
    client.on('notice', (notice) => {
      const heard: ServerNotice = {
        severity: notice.severity ?? 'NOTICE',
        code: notice.code ?? '00000',
        message: notice.message ?? '',
      };
      for (const listener of this.#listeners) listener(heard);
    });
  }

  get server(): ServerInfo {
    return this.#server;
  }

  get pid(): number {
    return this.#pid;
  }

  /** Reads what the server is; throws `server-too-old`. */
  async learn(): Promise<void> {
    const [row] = await this.rows<Learned>(LEARN);
    if (row === undefined) throw new FerrataError('internal', 'The server did not say what it is');
    const [versionNum, version, database, user, superuser, inRecovery, pid] = row;
    if (versionNum < OLDEST_SERVER) {
      throw new FerrataError('server-too-old', `${this.#label} runs PostgreSQL ${version}`, {
        why: 'Ferrata needs PostgreSQL 13 or newer.',
        hint: 'Upgrade the server, or use another one.',
      });
    }
    this.#server = Object.freeze({
      versionNum,
      major: Math.floor(versionNum / 10000),
      version: /^\S+/.exec(version)?.[0] ?? version,
      database,
      user,
      superuser,
      inRecovery,
      pooled: (this.#client as pg.Client & { processID: number | null }).processID !== pid,
      label: this.#label,
    });
    this.#pid = pid;
    this.#connecting = false;
  }

  async query<R extends object = Row>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> {
    const result = await this.#send(sql, { text: sql, values: [...parameters], queryMode: 'extended' });
    return (result as pg.QueryResult).rows as R[];
  }

  async rows<R extends readonly unknown[] = readonly unknown[]>(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<R[]> {
    const config = { text: sql, values: [...parameters], queryMode: 'extended', rowMode: 'array' };
    const result = await this.#send(sql, config);
    return (result as pg.QueryResult).rows as unknown as R[];
  }

  async script(sql: string): Promise<readonly (readonly (readonly (string | null)[])[])[]> {
    const result = await this.#send(sql, { text: sql, rowMode: 'array', types: textValues });
    const results = Array.isArray(result) ? result : [result];
    return results.map((one) => one.rows as unknown as (string | null)[][]);
  }

  async describe(request: DescribeRequest): Promise<Description> {
    const run = this.#queue.then(() => {
      this.#refuseWhenGone();
      const query = new DescribeQuery(request);
      this.#client.query(query as unknown as pg.Submittable);
      return query.done;
    });
    this.#queue = run.catch(() => {});
    try {
      return await run;
    } catch (error) {
      throw toFerrataError(error, this.#context(request.sql));
    }
  }

  async transaction<T>(work: () => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    if (this.#inTransaction) {
      throw new FerrataError('internal', 'A transaction was begun inside another one');
    }
    this.#inTransaction = true;
    try {
      await this.#simple(beginStatement(options));
      let value: T;
      try {
        value = await work();
      } catch (error) {
        // The error of the work is what matters; on a lost connection the server has rolled back by itself.
        await this.#simple('ROLLBACK').catch(() => {});
        throw error;
      }
      await this.#commit();
      return value;
    } finally {
      this.#inTransaction = false;
    }
  }

  async copyTo(sql: string): Promise<Readable> {
    return await this.#stream(sql, copyToStream(sql));
  }

  async copyFrom(sql: string): Promise<Writable> {
    return await this.#stream(sql, copyFromStream(sql));
  }

  onNotice(listener: (notice: ServerNotice) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#client.end();
    } catch {
      // It was gone already.
    }
  }

  async #commit(): Promise<void> {
    let result: unknown;
    try {
      result = await this.#simple('COMMIT');
    } catch (error) {
      const mapped = toFerrataError(error);
      if (mapped.code !== 'server-connection-lost') throw mapped;
      // DESIGN §4.2: whether it happened is known only by looking.
      throw new FerrataError(mapped.code, mapped.message, {
        ...mapped.details,
        why: 'It broke while the transaction was being committed: the server may have committed it or not.',
        data: { ...mapped.details.data, atCommit: true },
      });
    }
    // COMMIT of a transaction that had failed is a ROLLBACK, without an error (PostgreSQL manual, COMMIT).
    if ((result as pg.QueryResult).command === 'ROLLBACK') {
      throw new FerrataError('sql-failed', 'The transaction was rolled back instead of committed', {
        why: 'A statement in it had failed before.',
        sqlState: '25P02',
      });
    }
  }

  #simple(sql: string): Promise<unknown> {
    return this.#send(sql, { text: sql, types: textValues });
  }

  async #send(sql: string, config: object): Promise<pg.QueryResult | pg.QueryResult[]> {
    const run = this.#queue.then(() => {
      this.#refuseWhenGone();
      return this.#client.query(config as pg.QueryConfig) as Promise<pg.QueryResult | pg.QueryResult[]>;
    });
    this.#queue = run.catch(() => {});
    try {
      return await run;
    } catch (error) {
      throw toFerrataError(error, this.#context(sql));
    }
  }

  async #stream<S extends Readable | Writable>(sql: string, stream: S & pg.Submittable): Promise<S> {
    let done: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    const turn = this.#queue;
    this.#queue = finished;
    await turn;
    for (const event of ['end', 'finish', 'error', 'close']) stream.once(event, done);
    // node-postgres hands the stream the server's raw error: what the reader gets should be ours.
    const receiver = stream as unknown as { handleError(error: unknown): void };
    const handleError = receiver.handleError.bind(stream);
    receiver.handleError = (error) => handleError(toFerrataError(error, this.#context(sql)));
    try {
      this.#refuseWhenGone();
      this.#client.query(stream);
    } catch (error) {
      done();
      throw toFerrataError(error, this.#context(sql));
    }
    return stream;
  }

  #refuseWhenGone(): void {
    if (this.#lost !== null) throw toFerrataError(this.#lost, this.#context());
    if (this.#closed) throw new FerrataError('internal', 'The connection was used after it had been closed');
  }

  #context(sql?: string): ErrorContext {
    return {
      label: this.#label,
      user: this.#server.user || this.#target.user,
      database: this.#target.database,
      sql,
      connecting: this.#connecting,
    };
  }
}

function beginStatement({ isolation, readOnly }: TransactionOptions): string {
  const modes = [
    isolation === undefined ? '' : `ISOLATION LEVEL ${isolation.toUpperCase()}`,
    readOnly === undefined ? '' : readOnly ? 'READ ONLY' : 'READ WRITE',
  ].filter((mode) => mode !== '');
  return modes.length === 0 ? 'BEGIN' : `BEGIN ${modes.join(', ')}`;
}
