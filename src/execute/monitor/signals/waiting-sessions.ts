/**
 * Sessions that wait for a lock of ours (`pg_blocking_pids`; manual, 9.27). Only during steps that should block nobody:
 * one that takes a strong lock for a moment has its lock timeout.
 */
import type { Reading, Signal } from '../signal.ts';

export function waitingSessions(): Signal {
  return {
    name: 'waiting-sessions',
    async read({ connection, watched }): Promise<Reading | null> {
      const ours = watched.pids();
      if (ours.length === 0 || watched.blocks()) return { value: 0, detail: 'nobody waits' };
      const rows = await connection.query<{ pid: number; application: string; ms: number }>(
        `SELECT a.pid, a.application_name AS application,
                1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.query_start) AS ms
         FROM pg_catalog.pg_stat_activity a
         WHERE a.wait_event_type = 'Lock' AND a.pid <> ALL ($1::int4[])
           AND pg_catalog.pg_blocking_pids(a.pid) && $1::int4[]
         ORDER BY a.query_start`,
        [ours],
      );
      const [first] = rows;
      if (first === undefined) return { value: 0, detail: 'nobody waits' };
      const who = `process ${first.pid}${first.application === '' ? '' : ` (${first.application})`}`;
      return {
        value: rows.length,
        detail: `${rows.length === 1 ? who : `${rows.length} sessions, ${who} first,`} for ${(first.ms / 1000).toFixed(1)} s`,
      };
    },
  };
}
