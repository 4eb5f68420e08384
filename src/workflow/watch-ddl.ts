/** Installs and removes the DDL log that tells who changed the schema (`ferrata drift --watch-ddl`). */
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { DEFAULT_KEEP_DAYS, installWatch, readWatch, removeWatch } from '../ledger/ddl-log.ts';
import { openLedger } from '../ledger/ledger.ts';
import type { Connection } from '../postgres/connection.ts';
import { ownerName } from './owner.ts';
import { requireWritable, withSession } from './session.ts';

export interface WatchRequest {
  readonly turn: 'on' | 'off';
  /** Nothing is run: the statements alone. */
  readonly dryRun: boolean;
  /** Days that an entry is kept; null: 90. */
  readonly keepDays: number | null;
}

export interface WatchOutcome {
  readonly turn: 'on' | 'off';
  readonly dryRun: boolean;
  readonly database: string;
  /** Whether there was a watch before. */
  readonly wasOn: boolean;
  /** Days that an entry is kept; null where the watch is removed. */
  readonly keepDays: number | null;
  /** In the order in which they run, in one transaction. */
  readonly statements: readonly string[];
}

/**
 * Throws `usage` where there is no ledger yet, `server-privilege` where this user may not make event triggers,
 * `server-read-only`.
 */
export async function watchDdl(
  settings: Settings,
  request: WatchRequest,
  reporter: Reporter,
): Promise<WatchOutcome> {
  return withSession(settings, reporter, async (session) => {
    const { connection } = session;
    const ledger = await openLedger(connection, { create: false });
    if (!ledger.exists) {
      throw new FerrataError('usage', 'There is no ledger in this database yet.', {
        why: 'The log of schema changes lies in it, and is compared with what it has recorded.',
        hint: 'Run `ferrata up` or `ferrata baseline` first.',
      });
    }
    const wasOn = (await readWatch(connection)) !== null;
    const keepDays = request.turn === 'on' ? (request.keepDays ?? DEFAULT_KEEP_DAYS) : null;
    const statements =
      keepDays === null ? removeWatch() : installWatch({ keepDays, readers: await readersOf(connection) });
    const outcome: WatchOutcome = {
      turn: request.turn,
      dryRun: request.dryRun,
      database: connection.server.label,
      wasOn,
      keepDays,
      statements,
    };
    if (request.dryRun || (request.turn === 'off' && !wasOn)) return outcome;
    requireWritable(session);
    await run(connection, statements, request.turn);
    await ledger.audit(ownerName(), 'watch', { turn: request.turn, keepDays });
    return outcome;
  });
}

/** Who reads the ledger may read the log: ferrata's users need not be superusers. */
async function readersOf(connection: Connection): Promise<readonly string[]> {
  const rows = await connection.query<{ name: string }>(
    `SELECT DISTINCT r.rolname AS name
     FROM pg_catalog.pg_class c
     CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) a
     JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE c.oid = 'ferrata.meta'::pg_catalog.regclass AND a.privilege_type = 'SELECT' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function run(connection: Connection, statements: readonly string[], turn: 'on' | 'off'): Promise<void> {
  try {
    await connection.transaction(async () => {
      // The log's lock is wanted by whoever changes the schema right now.
      await connection.script("SET LOCAL lock_timeout = '5s'; SET LOCAL search_path = pg_catalog");
      for (const sql of statements) await connection.script(sql);
    });
  } catch (error) {
    if (!(error instanceof FerrataError) || error.code !== 'server-privilege') throw error;
    const flags = turn === 'on' ? '--watch-ddl' : '--unwatch-ddl';
    throw new FerrataError(
      'server-privilege',
      `User ${connection.server.user} may not ${turn === 'on' ? 'install' : 'remove'} the watch: ${error.message}`,
      {
        ...error.details,
        why:
          'Event triggers are for superusers (PostgreSQL manual, CREATE EVENT TRIGGER); managed servers have a role ' +
          'for it, such as rds_superuser. Nothing was changed.',
        hint: `Let a superuser run it once: ferrata drift ${flags} --dry-run > watch.sql, then psql -f watch.sql`,
        cause: error,
      },
    );
  }
}
