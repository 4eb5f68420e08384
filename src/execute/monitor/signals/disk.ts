/**
 * How full it is where the server writes, as a share of 1: the file system of its data directory where this machine can
 * see it, and the WAL that replication slots keep where the server bounds it (`max_slot_wal_keep_size`; manual, 19.6.1).
 * SQL alone does not tell free space: on another machine only the slots are known.
 */
import { statfs } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Connection } from '../../../postgres/connection.ts';
import type { Reading, Signal } from '../signal.ts';

export function disk(): Signal {
  let local: string | null | undefined;
  return {
    name: 'disk',
    async read({ connection }): Promise<Reading | null> {
      local ??= await localDirectory(connection);
      const readings = [await fileSystem(local), await slots(connection)].filter((found) => found !== null);
      if (readings.length === 0) return null;
      return readings.reduce((high, one) => (one.value > high.value ? one : high));
    },
  };
}

/** The server's data directory, where it is on this machine and the user may know it. */
async function localDirectory(connection: Connection): Promise<string | null> {
  const [row] = await connection.query<{
    directory: string | null;
    address: string | null;
    server: string | null;
  }>(
    `SELECT (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory') AS directory,
            pg_catalog.host(pg_catalog.inet_client_addr()) AS address,
            pg_catalog.host(pg_catalog.inet_server_addr()) AS server`,
  );
  const directory = row?.directory ?? null;
  if (directory === null) return null;
  const loopback = row?.server === null || (isIP(row?.server ?? '') !== 0 && row?.server === row?.address);
  return loopback ? directory : null;
}

async function fileSystem(directory: string | null): Promise<Reading | null> {
  if (directory === null) return null;
  try {
    const { blocks, bavail, bsize } = await statfs(directory);
    if (blocks === 0) return null;
    const free = bavail / blocks;
    const gigabytes = (bavail * bsize) / 1e9;
    return { value: 1 - free, detail: `${Math.round(100 * free)} % free (${gigabytes.toFixed(1)} GB)` };
  } catch {
    // Another container's path, or another user's: not readable from here.
    return null;
  }
}

async function slots(connection: Connection): Promise<Reading | null> {
  const [row] = await connection.query<{ slot: string; kept: number; most: number }>(
    `SELECT slot_name AS slot,
            pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::float8 AS kept,
            pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_slot_wal_keep_size'))::float8 AS most
     FROM pg_catalog.pg_replication_slots
     WHERE restart_lsn IS NOT NULL AND pg_catalog.current_setting('max_slot_wal_keep_size') <> '-1'
     ORDER BY restart_lsn LIMIT 1`,
  );
  if (row === undefined || row.most <= 0) return null;
  return {
    value: row.kept / row.most,
    detail: `slot ${row.slot} keeps ${(row.kept / 1e6).toFixed(0)} MB of WAL, ${Math.round((100 * row.kept) / row.most)} % of what it may`,
  };
}
