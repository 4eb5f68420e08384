/** The one connection that a run's steps go over, made anew when it is lost. */

import type { Policy } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { connectionLost } from './failure.ts';
import { pause } from './retry.ts';

/** How long a lost server is looked for. Milliseconds. */
const RECONNECT_MS = 60_000;

/**
 * What a migration set for its session ends with it: settings, role, temporary tables, cursors, prepared statements,
 * session locks. (DISCARD ALL would do, but can't share a message with anything.)
 */
export const CLEAN_SESSION =
  'RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DEALLOCATE ALL; DISCARD TEMP; SELECT pg_catalog.pg_advisory_unlock_all()';

/** In front of the ledger's rows in a step's own transaction: they are written by the user who connected. */
export const OWN_ROLE = 'RESET SESSION AUTHORIZATION; RESET ROLE';

export class RunSession {
  readonly #connector: Connector;
  readonly #siblings = new Set<RunSession>();
  readonly #closed: () => void;
  #connection: Connection;

  private constructor(connector: Connector, connection: Connection, closed: () => void = () => {}) {
    this.#connector = connector;
    this.#connection = connection;
    this.#closed = closed;
  }

  static async open(connector: Connector): Promise<RunSession> {
    const connection = await connector.connect('run');
    if (connection.server.inRecovery) {
      await connection.close();
      throw new FerrataError('server-read-only', `${connector.label} is a standby: it can not be changed`, {
        hint: 'Give the URL of the primary.',
      });
    }
    return new RunSession(connector, connection);
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** A new connection in place of the lost one. Throws `server-connection-lost` after a minute without a server. */
  async reconnect(reporter: Reporter): Promise<void> {
    await this.#connection.close();
    this.#connection = await this.#connectPatiently(reporter);
  }

  async #connectPatiently(reporter: Reporter): Promise<Connection> {
    const deadline = performance.now() + RECONNECT_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#connector.connect('run');
      } catch (error) {
        if (!connectionLost(error) || performance.now() > deadline) {
          throw new FerrataError(
            'server-connection-lost',
            `The connection to ${this.#connector.label} was lost`,
            {
              why: 'Whether the step in hand was committed can not be seen from here; the ledger on the server knows.',
              hint: 'When the server is back, run the same command again: it looks before it goes on.',
              cause: error,
            },
          );
        }
        if (attempt === 0) {
          reporter({
            type: 'waiting',
            message: `The connection to ${this.#connector.label} was lost; trying again`,
          });
        }
        await pause(Math.min(250 * 2 ** attempt, 5_000));
      }
    }
  }

  /** Another connection for the same run; the caller closes it. What cancels this one cancels it too. */
  async sibling(reporter: Reporter): Promise<RunSession> {
    const connection = await this.#connectPatiently(reporter);
    const session: RunSession = new RunSession(this.#connector, connection, () =>
      this.#siblings.delete(session),
    );
    this.#siblings.add(session);
    return session;
  }

  /** Backends of this session and its siblings. */
  pids(): readonly number[] {
    return [this, ...this.#siblings].map((session) => session.#connection.pid);
  }

  /** Cancels the statement in hand, over a connection of its own. Never throws. */
  async cancel(): Promise<void> {
    try {
      const other = await this.#connector.connect('cancel');
      try {
        await other.query('SELECT pg_catalog.pg_cancel_backend(pid) FROM unnest($1::pg_catalog.int4[]) pid', [
          this.pids(),
        ]);
      } finally {
        await other.close();
      }
    } catch {
      // The step then ends by itself.
    }
  }

  async close(): Promise<void> {
    this.#closed();
    await this.#connection.close();
  }
}

/**
 * The limits of one transaction (DESIGN §4.5). A client that stands still in the middle of one loses it after half a
 * minute; a server that can (14 or newer, and not on every system) notices a dead client while a statement runs.
 */
export function transactionLimits(policy: Policy): string {
  return [
    `SET LOCAL lock_timeout = ${milliseconds(policy.lockTimeoutMs)}`,
    `SET LOCAL statement_timeout = ${milliseconds(policy.statementTimeoutMs)}`,
    'SET LOCAL idle_in_transaction_session_timeout = 30000',
  ].join('; ');
}

/**
 * The limits of a statement outside a transaction. What works CONCURRENTLY, and VACUUM, waits for older transactions
 * without holding up anybody (PostgreSQL manual, CREATE INDEX): a lock timeout would only throw away the work, so that
 * neither limit holds for them.
 */
export function statementLimits(policy: Policy, sql: string): string {
  const patient = /\bconcurrently\b/i.test(sql) || (/^\s*vacuum\b/i.test(sql) && !/\bfull\b/i.test(sql));
  return patient
    ? 'SET lock_timeout = 0; SET statement_timeout = 0'
    : `SET lock_timeout = ${milliseconds(policy.lockTimeoutMs)}; SET statement_timeout = ${milliseconds(policy.statementTimeoutMs)}`;
}

function milliseconds(value: number): string {
  return String(Math.max(0, Math.min(2_147_483_647, Math.round(value))));
}
