/** A transaction of the engine's own, tried until it is committed: lost connections, locks in the way, a renewed lease. */
import { FerrataError, isFerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import type { RunContext } from '../context.ts';
import { cancelled, connectionLost, ledgerFailure, transient, withBlockers } from '../failure.ts';
import { backoff, pause } from '../retry.ts';
import { CLEAN_SESSION, type RunSession } from '../session.ts';

/** How often in a row a broken connection is made anew. */
const LOST_RETRIES = 5;

export interface Attempt<T> {
  /** For events. */
  readonly step: string;
  readonly session: RunSession;
  /** One try, under the given token of the lease. */
  readonly work: (token: string) => Promise<T>;
  /** Asked after a lost connection: what was committed already, or null. */
  readonly landed: () => Promise<T | null>;
  /** Hears of trouble that another try may not have. */
  readonly trouble?: (reason: string) => void;
}

/**
 * Runs it until it is committed. Throws the server's error, `lease-lost`, `lock-timeout` after the last retry with the
 * sessions in the way, `server-connection-lost`.
 */
export async function attempt<T>(
  context: RunContext,
  { step, session, work, landed, trouble }: Attempt<T>,
): Promise<T> {
  const { lease, policy, report, run, signal } = context;
  let tries = 1;
  let lost = 0;
  for (;;) {
    const { token } = lease;
    try {
      return await work(token);
    } catch (raw) {
      if (connectionLost(raw)) {
        await session.reconnect(report);
        const found = await steadily(context, session, async (connection) => {
          // Whatever the old backend was doing is over after this, one way or the other.
          await lease.renew(connection, report);
          return landed();
        });
        if (found !== null) return found;
        if (++lost > LOST_RETRIES) throw raw;
        report({ type: 'step-retried', run, step, attempt: lost, waitMs: 0, reason: 'connection lost' });
        continue;
      }
      // Where this fails too, the connection is gone, and whoever uses it next sees that.
      await session.connection.script(`ROLLBACK; ${CLEAN_SESSION}`).catch(() => {});
      const error = ledgerFailure(raw);
      // Another worker of ours has renewed the lease meanwhile.
      if (isLeaseLost(error) && token !== lease.token && !lease.lost.aborted) continue;
      const released = cancelled(error) ? (context.throttle.released?.() ?? null) : null;
      const reason = released ?? troubleOf(error);
      if (reason === null || tries > policy.retries || signal?.aborted) {
        throw await withBlockers(session.connection, error);
      }
      trouble?.(reason);
      const waitMs = backoff(tries);
      report({ type: 'step-retried', run, step, attempt: tries, waitMs, reason });
      tries++;
      await pause(waitMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}

function isLeaseLost(error: unknown): boolean {
  return error instanceof FerrataError && error.code === 'lease-lost';
}

/** What a smaller batch, or a quieter moment, may not meet again; null: another try would fail as well. */
function troubleOf(error: unknown): string | null {
  if (isFerrataError(error) && error.code === 'statement-timeout') return 'statement timeout';
  return transient(error);
}

/**
 * Something that only reads, over a connection that may have broken. What our own lost transactions did is settled
 * before it reads again.
 */
export async function steadily<T>(
  { lease, report }: RunContext,
  session: RunSession,
  read: (connection: Connection) => Promise<T>,
): Promise<T> {
  for (let lost = 0; ; lost++) {
    try {
      return await read(session.connection);
    } catch (error) {
      if (!connectionLost(error) || lost >= LOST_RETRIES) throw error;
      await session.reconnect(report);
      await lease.renew(session.connection, report);
    }
  }
}
