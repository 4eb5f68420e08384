/**
 * One runner at a time (DESIGN §4.4): a row, not a session lock, so that it works through a transaction pooler.
 *
 * - Only the server's clock counts: expiry is written and compared by the server, so machines may disagree on the time.
 * - The token is a key column. A step's transaction reads it `FOR KEY SHARE`, which lets the heartbeat's update of other
 *   columns pass and holds off an update of the token (PostgreSQL manual, 13.3.2): a takeover waits for the step's
 *   transaction to end, and every transaction after it that carries the old token fails.
 */
import { FerrataError, isFerrataError } from '../errors.ts';
import { type Reporter, silent } from '../events.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { DURABLE } from './durable.ts';
import type { LeaseHolder } from './model.ts';
import { text } from './rows.ts';
import { iso } from './runs.ts';

/** How long a lease lives without a heartbeat, and how often one comes. Milliseconds. */
export interface LeaseTiming {
  readonly ttlMs: number;
  readonly heartbeatMs: number;
  /** Between two looks at a lease that somebody else holds. */
  readonly pollMs: number;
}

export const LEASE_TIMING: LeaseTiming = { ttlMs: 15_000, heartbeatMs: 3_000, pollMs: 500 };

/** How long one attempt waits for the last transaction of the former holder to end. */
const TAKEOVER_WAIT_MS = 2_000;

export interface LeaseRequest {
  readonly connector: Connector;
  /** A connection that stays open while the lease is acquired; the ledger's own. */
  readonly connection: Connection;
  /** `user@host pid`. */
  readonly owner: string;
  /** The command, for people: `up`, `down`. */
  readonly purpose: string;
  /** False: `lease-held` at once where somebody else holds it. */
  readonly wait: boolean;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal | undefined;
  readonly timing?: Partial<LeaseTiming>;
}

/** Who holds the lease; null where nobody does, and where there is no ledger. */
export async function leaseHolder(connection: Connection): Promise<LeaseHolder | null> {
  const [row] = await connection.query<{
    owner: string;
    token: string;
    acquired: string;
    heartbeat: string;
    expires: string;
    expired: boolean;
    purpose: string | null;
  }>(
    `SELECT owner, token::pg_catalog.text AS token, ${iso('acquired_at')} AS acquired, ${iso('heartbeat_at')} AS heartbeat,
            ${iso('expires_at')} AS expires, expires_at <= pg_catalog.clock_timestamp() AS expired, purpose
     FROM ferrata.lease WHERE name = 'run' AND owner IS NOT NULL`,
  );
  if (row === undefined) return null;
  return {
    owner: row.owner,
    token: row.token,
    acquiredAt: row.acquired,
    heartbeatAt: row.heartbeat,
    expiresAt: row.expires,
    expired: row.expired,
    purpose: row.purpose ?? '',
  };
}

/**
 * Takes the lease, or waits until it is free or expired. Throws `lease-held` (exit 3) with `wait: false`, `run-paused`
 * when `signal` is aborted while waiting.
 */
export async function acquireLease(request: LeaseRequest): Promise<Lease> {
  const timing: LeaseTiming = { ...LEASE_TIMING, ...request.timing };
  const report = request.reporter ?? silent;
  let told = '';
  for (;;) {
    const taken = await tryTake(request.connection, request.owner, request.purpose, timing.ttlMs);
    if (taken !== null) return new Lease(request, taken, timing);
    const holder = await leaseHolder(request.connection);
    if (!request.wait && (holder === null || !holder.expired)) throw held(holder);
    const who = holder === null ? 'somebody' : `${holder.owner} (ferrata ${holder.purpose})`;
    const now = holder?.expired
      ? `${who} has gone silent; waiting for its last transaction to end`
      : `${who} is at work on this database; waiting for it`;
    if (now !== told) report({ type: 'waiting', message: now });
    told = now;
    if (request.signal?.aborted) {
      throw new FerrataError('run-paused', 'Stopped while waiting for the lease; nothing was started');
    }
    await sleep(timing.pollMs, request.signal);
  }
}

/**
 * `unlock`: takes the lease away from the holder that was shown. Its step in hand is waited for; whatever it tries
 * afterwards fails with `lease-lost`: without an owner no step begins, and that much waits for nobody. False where the
 * lease has changed hands since it was shown.
 */
export async function breakLease(connection: Connection, shown: LeaseHolder): Promise<boolean> {
  const rows = await connection.query<{ token: string }>(
    `UPDATE ferrata.lease SET owner = NULL, purpose = NULL, expires_at = NULL
     WHERE name = 'run' AND token = $1 AND owner IS NOT NULL RETURNING token`,
    [shown.token],
  );
  if (rows.length === 0) return false;
  // The token waits for the transactions that carry it. Who took the lease meanwhile has raised it already.
  await connection.query(`UPDATE ferrata.lease SET token = token + 1 WHERE name = 'run' AND token = $1`, [
    shown.token,
  ]);
  return true;
}

interface Taken {
  readonly token: string;
  /** When it was taken, in the server's digits: with the owner what tells one tenure from the next, renewals or not. */
  readonly since: string;
}

/** The row of this tenure. */
function tenure(owner: string, since: string): string {
  return `owner = ${text(owner)} AND ${SINCE} = ${text(since)}`;
}

const SINCE = `pg_catalog.date_part('epoch', acquired_at)::pg_catalog.text`;

async function tryTake(
  connection: Connection,
  owner: string,
  purpose: string,
  ttlMs: number,
): Promise<Taken | null> {
  try {
    // One message, so that the setting and the update reach the same backend behind any pooler.
    const results = await connection.script(`BEGIN; SET LOCAL lock_timeout = ${TAKEOVER_WAIT_MS};
UPDATE ferrata.lease SET token = token + 1, owner = ${text(owner)}, purpose = ${text(purpose)},
  acquired_at = clock_timestamp(), heartbeat_at = clock_timestamp(),
  expires_at = clock_timestamp() + interval '${Math.round(ttlMs)} milliseconds'
WHERE name = 'run' AND (owner IS NULL OR expires_at <= clock_timestamp()) RETURNING token, ${SINCE};
${DURABLE};
COMMIT`);
    const [token, since] = results[2]?.[0] ?? [];
    return typeof token === 'string' && typeof since === 'string' ? { token, since } : null;
  } catch (error) {
    await connection.script('ROLLBACK').catch(() => {});
    if (isFerrataError(error) && error.code === 'lock-timeout') return null;
    throw error;
  }
}

export class Lease {
  readonly owner: string;
  readonly #connector: Connector;
  readonly #timing: LeaseTiming;
  readonly #lost = new AbortController();
  readonly #since: string;
  #token: string;
  #timer: NodeJS.Timeout;
  #heart: Connection | null = null;
  #beating: Promise<void> = Promise.resolve();
  #renewing: Promise<void> = Promise.resolve();
  #released = false;

  constructor(request: LeaseRequest, { token, since }: Taken, timing: LeaseTiming) {
    this.owner = request.owner;
    this.#connector = request.connector;
    this.#timing = timing;
    this.#token = token;
    this.#since = since;
    this.#timer = this.#next();
  }

  /** What every step's transaction checks; changes with `renew`. */
  get token(): string {
    return this.#token;
  }

  /** Aborted once a heartbeat has found the lease in other hands. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Raises the own token: waits until every transaction that carries the old one has ended, and makes the old one
   * worthless. After a lost connection this tells for sure that the transaction in doubt is over. Several connections of
   * one run may lose their server at once: they renew one after the other. Throws `lease-lost`.
   */
  async renew(connection: Connection, reporter: Reporter = silent): Promise<void> {
    const turn = this.#renewing.then(() => this.#renew(connection, reporter));
    this.#renewing = turn.catch(() => {});
    await turn;
  }

  /**
   * By the tenure, not by the token: the answer to an earlier renewal may be lost, or a crash of the server may have taken
   * one back.
   */
  async #renew(connection: Connection, reporter: Reporter): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const results = await connection.script(`BEGIN; SET LOCAL lock_timeout = ${TAKEOVER_WAIT_MS};
UPDATE ferrata.lease SET token = GREATEST(token, ${BigInt(this.#token)}) + 1, heartbeat_at = clock_timestamp(),
  expires_at = clock_timestamp() + interval '${Math.round(this.#timing.ttlMs)} milliseconds'
WHERE name = 'run' AND ${tenure(this.owner, this.#since)} RETURNING token;
${DURABLE};
COMMIT`);
        const token = results[2]?.[0]?.[0] ?? null;
        if (token === null) throw leaseLost();
        this.#token = token;
        return;
      } catch (error) {
        await connection.script('ROLLBACK').catch(() => {});
        if (!isFerrataError(error) || error.code !== 'lock-timeout') throw error;
        if (attempt === 0) {
          reporter({
            type: 'waiting',
            message: 'The interrupted transaction still runs on the server; waiting for it',
          });
        }
      }
    }
  }

  /** Lets go; the token is raised, so that nothing late of ours can still commit. Never throws. */
  async release(connection: Connection): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearTimeout(this.#timer);
    await this.#beating;
    await this.#heart?.close();
    const letGo = (over: Connection) =>
      over.query(
        `UPDATE ferrata.lease SET token = token + 1, owner = NULL, purpose = NULL, expires_at = NULL
         WHERE name = 'run' AND ${tenure(this.owner, this.#since)}`,
      );
    try {
      await letGo(connection).catch(async () => {
        // The server may have been restarted since; who comes next need not wait for the lease to expire.
        const other = await this.#connector.connect('lease');
        await letGo(other).finally(() => other.close());
      });
    } catch {
      // It expires by itself.
    }
  }

  #next(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#beating = this.#beat();
    }, this.#timing.heartbeatMs);
    // A process that has nothing else to do may end: then the lease expires.
    timer.unref();
    return timer;
  }

  async #beat(): Promise<void> {
    try {
      this.#heart ??= await this.#connector.connect('lease');
      const rows = await this.#heart.query<{ token: string }>(
        `UPDATE ferrata.lease SET heartbeat_at = clock_timestamp(),
           expires_at = clock_timestamp() + interval '${Math.round(this.#timing.ttlMs)} milliseconds'
         WHERE name = 'run' AND ${tenure(this.owner, this.#since)} RETURNING token`,
      );
      if (rows.length === 0 && !this.#released) this.#lost.abort(leaseLost());
    } catch {
      // The server may be restarting: the next beat makes a new connection. Every step checks the token itself.
      await this.#heart?.close();
      this.#heart = null;
    }
    if (!this.#released && !this.#lost.signal.aborted) this.#timer = this.#next();
  }
}

export function leaseLost(): FerrataError {
  return new FerrataError('lease-lost', 'Another ferrata has taken over this database', {
    why: 'The lease expired without a heartbeat, or somebody ran `ferrata unlock`. Nothing was committed since.',
    hint: '`ferrata status` shows where things stand; the other process goes on from there.',
  });
}

function held(holder: LeaseHolder | null): FerrataError {
  return new FerrataError(
    'lease-held',
    holder === null
      ? 'Another ferrata has just taken the lease on this database'
      : `${holder.owner} is at work on this database (ferrata ${holder.purpose}, since ${holder.acquiredAt})`,
    {
      why: 'Only one process may change a database at a time.',
      hint: 'Wait for it (leave out --no-wait), or, if it is dead, `ferrata unlock` shows it and takes the lease away.',
      ...(holder !== null && { data: { holder } }),
    },
  );
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
