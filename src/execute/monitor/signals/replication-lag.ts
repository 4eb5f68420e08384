/**
 * How far the furthest replica is behind, in milliseconds: by the primary's `pg_stat_replication.replay_lag` (manual,
 * 27.2.4), and by each replica of the policy itself, which also sees a replica that is not connected at all.
 *
 * A replica that has replayed all that it got is not behind, however old its last transaction is.
 */
import type { Connection } from '../../../postgres/connection.ts';
import type { Reading, Signal, SignalContext } from '../signal.ts';

interface Standby {
  readonly name: string;
  readonly ms: number | null;
}

export function replicationLag(): Signal {
  const replicas = new Map<string, Connection>();

  async function ask(url: string, context: SignalContext): Promise<Standby> {
    const connector = context.replica(url);
    const name = connector.label;
    let connection = replicas.get(url);
    try {
      if (connection === undefined) {
        connection = await connector.connect('monitor');
        replicas.set(url, connection);
      }
      const [row] = await connection.query<{ ms: number | null }>(
        `SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN 0
                     WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()
                      AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE status = 'streaming') THEN 0
                     ELSE 1000 * pg_catalog.date_part('epoch',
                       pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) END AS ms`,
      );
      return { name, ms: row?.ms ?? null };
    } catch (error) {
      // The next look makes a new connection.
      replicas.delete(url);
      await connection?.close().catch(() => {});
      throw error;
    }
  }

  return {
    name: 'replication-lag',
    async read(context): Promise<Reading | null> {
      const connected = await context.connection.query<Standby & { readonly hidden: boolean }>(
        `SELECT coalesce(nullif(application_name, ''), pg_catalog.host(client_addr), 'replica') AS name,
                1000 * pg_catalog.date_part('epoch', coalesce(replay_lag, flush_lag, write_lag)) AS ms,
                state IS NULL AS hidden
         FROM pg_catalog.pg_stat_replication WHERE state = 'streaming' OR state IS NULL`,
      );
      if (connected.some(({ hidden }) => hidden)) {
        throw new Error('this user may not see replicas: GRANT pg_monitor TO it');
      }
      const asked = await Promise.all(context.policy.replicas.map((url) => ask(url, context)));
      const all: Standby[] = [...connected, ...asked];
      if (all.length === 0) return null;
      const worst = all.reduce((high, one) => ((one.ms ?? 0) > (high.ms ?? 0) ? one : high));
      const ms = Math.max(0, worst.ms ?? 0);
      return { value: ms, detail: `${worst.name} is ${(ms / 1000).toFixed(1)} s behind` };
    },
    async close() {
      for (const connection of replicas.values()) await connection.close().catch(() => {});
      replicas.clear();
    },
  };
}
