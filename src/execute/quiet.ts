/**
 * The quiet moment before a strong lock. One statement that waits for a lock queues every query behind it; so the runner
 * looks first who holds the table, waits until none of them has been at it for longer than the lock timeout, and only
 * then tries. Whoever stays in the way is named, and cancelled or terminated only where the policy says so: sessions of
 * clients alone, never replication, maintenance or a dump.
 */
import type { Policy } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { ExpectedLock } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import { conflicting } from '../postgres/lock-conflicts.ts';
import { pause } from './retry.ts';

/** A session that holds a lock which excludes the wanted one. */
export interface Blocker {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  readonly state: string;
  readonly relation: string;
  readonly mode: string;
  /** Milliseconds since its transaction began. */
  readonly ms: number;
  /** Since when its query runs, or ran last: ISO 8601. */
  readonly queryStart: string | null;
  /** Whether the policy may end it: a client's session that does no maintenance. */
  readonly endable: boolean;
}

export interface QuietOptions {
  readonly connection: Connection;
  readonly policy: Policy;
  readonly report: Reporter;
  readonly signal: AbortSignal | undefined;
  /** The step's id, for the message. */
  readonly step: string;
  /** The backends that work for this run: they are not in their own way. */
  readonly ours?: readonly number[];
}

/** Between two looks. Milliseconds. */
const LOOK_MS = 100;
/** How often the wait is told. Milliseconds. */
const TELL_MS = 10_000;

/**
 * Returns when the moment is quiet. `wanted` as the plan has it; what only reads, and tables
 * that do not exist (yet), wait for nobody. Throws `lock-timeout` after `lockBudgetMs`, or when the signal is aborted, with
 * the sessions in the way.
 */
export async function awaitQuiet(wanted: readonly ExpectedLock[], options: QuietOptions): Promise<void> {
  const strong = wanted.filter(({ mode }) => conflicting(mode).length > 2);
  if (strong.length === 0) return;
  const { policy, report, signal } = options;
  const started = performance.now();
  let told = Number.NEGATIVE_INFINITY;
  const ended = new Set<number>();
  for (;;) {
    const all = await findBlockers(strong, options);
    const blockers = all.filter(({ ms }) => ms > policy.lockTimeoutMs);
    if (blockers.length === 0) return;
    const waited = performance.now() - started;
    if (policy.blockers !== 'wait' && waited >= policy.blockersAfterMs) {
      await endThem(blockers, ended, options);
    }
    // A pause that is asked for meanwhile is granted at once: nothing has begun.
    if (waited >= policy.lockBudgetMs || signal?.aborted) throw inTheWay(options.step, blockers, waited);
    if (performance.now() - told >= TELL_MS) {
      report({ type: 'waiting', message: `for a quiet moment: ${describe(blockers)}` });
      told = performance.now();
    }
    await pause(LOOK_MS * (0.5 + Math.random()), signal);
  }
}

/** Who holds, at this moment, a lock that excludes one of the wanted; the longest transaction first. */
export async function findBlockers(
  wanted: readonly ExpectedLock[],
  { connection, ours = [] }: Pick<QuietOptions, 'connection' | 'ours'>,
): Promise<readonly Blocker[]> {
  const pairs = wanted.flatMap(({ relation, mode }) => conflicting(mode).map((held) => ({ relation, held })));
  return await connection.query<Blocker>(
    `SELECT DISTINCT ON (ms, pid) pid, "user", application, state, relation, mode, ms, "queryStart", endable FROM (
       SELECT a.pid, coalesce(a.usename, a.backend_type) AS "user", coalesce(a.application_name, '') AS application,
              coalesce(a.state, a.backend_type) AS state, w.relation, l.mode,
              coalesce(1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start), 0) AS ms,
              pg_catalog.to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "queryStart",
              a.backend_type = 'client backend' AND coalesce(a.application_name, '') NOT IN ('pg_dump', 'pg_basebackup')
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum p WHERE p.pid = a.pid)
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_analyze p WHERE p.pid = a.pid)
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_cluster p WHERE p.pid = a.pid)
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.pid = a.pid) AS endable
       FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) AS w (relation, held)
       JOIN pg_catalog.pg_locks l ON l.locktype = 'relation' AND l.granted AND l.mode = w.held
         AND l.relation = pg_catalog.to_regclass(w.relation)
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
       JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
       WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.pid <> ALL ($3::pg_catalog.int4[])
     ) AS found ORDER BY ms DESC, pid`,
    [pairs.map(({ relation }) => relation), pairs.map(({ held }) => held), ours],
  );
}

async function endThem(
  blockers: readonly Blocker[],
  ended: Set<number>,
  { connection, policy, report }: QuietOptions,
): Promise<void> {
  for (const blocker of blockers) {
    // A cancelled statement leaves a session that is idle in its transaction: only its end helps, and only once.
    if (!blocker.endable || ended.has(blocker.pid)) continue;
    if (policy.blockers === 'cancel' && blocker.state.startsWith('idle in transaction')) continue;
    const call = policy.blockers === 'terminate' ? 'pg_terminate_backend' : 'pg_cancel_backend';
    await connection.query(`SELECT pg_catalog.${call}($1)`, [blocker.pid]);
    ended.add(blocker.pid);
    report({
      type: 'warning',
      message: `${policy.blockers === 'terminate' ? 'terminated' : 'cancelled'} ${name(blocker)}, as the policy says (blockers)`,
      hint: null,
    });
  }
}

function inTheWay(step: string, blockers: readonly Blocker[], waited: number): FerrataError {
  return new FerrataError(
    'lock-timeout',
    `Step ${step} found no quiet moment in ${Math.round(waited / 1000)} s`,
    {
      why: `In its way: ${describe(blockers)}.`,
      hint: 'Run it again when they are done, end them yourself (pg_terminate_backend), or let the policy do so (blockers, lockBudgetMs).',
      data: { blockers },
      sqlState: '55P03',
    },
  );
}

function describe(blockers: readonly Blocker[]): string {
  const named = blockers.slice(0, 3).map(name).join('; ');
  return blockers.length > 3 ? `${named}; and ${blockers.length - 3} more` : named;
}

function name({ pid, user, application, state, relation, ms, queryStart }: Blocker): string {
  const who = application === '' ? user : `${user}, ${application}`;
  const since = queryStart === null ? '' : `, query of ${queryStart}`;
  return `process ${pid} (${who}) ${state} on ${relation} for ${Math.round(ms / 1000)} s${since}`;
}
