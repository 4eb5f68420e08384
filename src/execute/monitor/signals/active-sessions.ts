/** Sessions at work as a share of what the server bears: the policy's limit, else `max_connections`. */
import type { Reading, Signal } from '../signal.ts';

export function activeSessions(): Signal {
  return {
    name: 'active-sessions',
    async read({ connection, policy, watched }): Promise<Reading | null> {
      const [row] = await connection.query<{ active: number; limit: number }>(
        `SELECT count(*)::int4 AS active, pg_catalog.current_setting('max_connections')::int4 AS limit
         FROM pg_catalog.pg_stat_activity
         WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_catalog.pg_backend_pid()
           AND pid <> ALL ($1::int4[])`,
        [watched.pids()],
      );
      if (row === undefined) return null;
      const limit = policy.sessionLimit ?? row.limit;
      return { value: row.active / limit, detail: `${row.active} of ${limit} sessions at work` };
    },
  };
}
