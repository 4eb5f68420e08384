/** What went wrong in a step: whether to try again, and what to tell. */
import { FerrataError, isFerrataError } from '../errors.ts';
import { leaseLost } from '../ledger/lease.ts';
import { ALREADY_APPLIED, LEASE_LOST, RUN_OPEN } from '../ledger/schema.ts';
import type { Connection } from '../postgres/connection.ts';

/** The file that positions of actions refer to. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** SQLSTATEs after which the same transaction may well succeed (PostgreSQL manual, 13.5 and appendix A). */
const TRANSIENT: ReadonlyMap<string, string> = new Map([
  ['55P03', 'lock timeout'],
  ['40P01', 'deadlock'],
  ['40001', 'serialization failure'],
]);

/** Why it is worth another attempt; null where it is not. */
export function transient(error: unknown): string | null {
  const state = isFerrataError(error) ? error.details.sqlState : undefined;
  return state === undefined ? null : (TRANSIENT.get(state) ?? null);
}

export function connectionLost(error: unknown): boolean {
  return (
    isFerrataError(error) && (error.code === 'server-connection-lost' || error.code === 'server-unreachable')
  );
}

/** Whether somebody, most likely our own second Ctrl-C, cancelled the statement. */
export function cancelled(error: unknown): boolean {
  return isFerrataError(error) && error.details.sqlState === '57014' && error.code === 'sql-failed';
}

/** The ledger's own SQLSTATEs as errors with a code; any other error as it is. */
export function ledgerFailure(error: unknown): unknown {
  switch (isFerrataError(error) ? error.details.sqlState : undefined) {
    case LEASE_LOST:
      return leaseLost();
    case RUN_OPEN:
      return new FerrataError('run-unfinished', 'Another run on this database is not finished', {
        why: 'What it changed is neither complete nor taken back; a second change on top would hide that.',
        hint: '`ferrata up` goes on with it, `ferrata down` takes it back, `ferrata status` shows it.',
      });
    case ALREADY_APPLIED:
      return new FerrataError('migration-applied', 'The migration is already applied', {
        why: 'Another process applied it after this one had looked.',
        hint: '`ferrata status` shows what is in force.',
      });
    default:
      return error;
  }
}

/** A lock timeout with the sessions that were most likely in the way: those whose transactions are open the longest. */
export async function withBlockers(connection: Connection, error: unknown): Promise<unknown> {
  if (!isFerrataError(error) || error.code !== 'lock-timeout' || error.details.data?.blockers) return error;
  try {
    const sessions = await connection.query<{
      pid: number;
      user: string;
      app: string;
      state: string;
      age: number;
    }>(
      `SELECT a.pid, a.usename AS user, a.application_name AS app, a.state,
              pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start)::int4 AS age
       FROM pg_catalog.pg_stat_activity a
       WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() AND a.xact_start IS NOT NULL
         AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation')
       ORDER BY a.xact_start LIMIT 3`,
    );
    if (sessions.length === 0) return error;
    const list = sessions.map(
      ({ pid, user, app, state, age }) =>
        `process ${pid} (${user}${app === '' ? '' : `, ${app}`}): ${state}, for ${age} s`,
    );
    const why = [error.details.why, `Transactions open the longest: ${list.join('; ')}.`];
    return new FerrataError(error.code, error.message, {
      ...error.details,
      why: why.filter((part) => part !== undefined).join(' '),
    });
  } catch {
    return error;
  }
}

/** The same error, saying where things stand now. */
export function withOutcome(error: FerrataError, run: string | null, stands: string): FerrataError {
  return new FerrataError(error.code, error.message, {
    ...error.details,
    hint: [error.details.hint, stands].filter((part) => part !== undefined).join('\n'),
    data: { ...error.details.data, ...(run !== null && { run }) },
    cause: error.details.cause ?? error,
  });
}

export function asFerrataError(error: unknown): FerrataError {
  if (isFerrataError(error)) return error;
  return new FerrataError('internal', error instanceof Error ? error.message : String(error), {
    hint: 'This is a defect of ferrata: please report it with the command and the output.',
    cause: error,
  });
}
