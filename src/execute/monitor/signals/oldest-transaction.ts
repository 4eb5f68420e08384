/**
 * How old, in milliseconds, the oldest transaction of others is: a session's, a prepared one's. It keeps every dead row
 * that a backfill leaves from being cleaned up (manual, 24.1.5), and CONCURRENTLY waits for it.
 */
import type { Reading, Signal } from '../signal.ts';

export function oldestTransaction(): Signal {
  return {
    name: 'oldest-transaction',
    async read({ connection, watched }): Promise<Reading | null> {
      const [row] = await connection.query<{ who: string; ms: number }>(
        `SELECT who, ms FROM (
           SELECT pg_catalog.concat('process ', pid, ' (' || nullif(application_name, '') || ')') AS who,
                  1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - xact_start) AS ms
           FROM pg_catalog.pg_stat_activity
           WHERE xact_start IS NOT NULL AND pid <> pg_catalog.pg_backend_pid() AND pid <> ALL ($1::int4[])
             AND backend_type = 'client backend'
           UNION ALL
           SELECT 'prepared transaction ' || gid,
                  1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - prepared)
           FROM pg_catalog.pg_prepared_xacts
         ) AS open ORDER BY ms DESC LIMIT 1`,
        [watched.pids()],
      );
      if (row === undefined) return { value: 0, detail: 'no other transaction is open' };
      return {
        value: row.ms,
        detail: `${row.who} has a transaction open for ${Math.round(row.ms / 1000)} s`,
      };
    },
  };
}
