/**
 * The schema as the last run, baseline or accepted drift left it: what `drift` compares the live one with. One row of
 * `ferrata.meta`, compressed.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Catalog, CatalogObject, Dependency } from '../catalog/model.ts';
import { FerrataError } from '../errors.ts';
import type { Connection } from '../postgres/connection.ts';
import type { LogPosition } from './ddl-log.ts';
import { iso } from './runs.ts';

const KEY = 'schema';

interface Stored {
  readonly v: 1;
  readonly major: number;
  readonly reason: string;
  readonly recordedAt: string;
  readonly fingerprint: string;
  readonly objects: readonly (readonly [string, CatalogObject])[];
  readonly dependencies: readonly Dependency[];
  readonly run?: string | null;
  readonly snapshot?: string;
  readonly database?: string | null;
}

export interface RecordedSchema {
  readonly catalog: Catalog;
  readonly fingerprint: string;
  /** What left the schema so, e.g. `up 20261120093000_add_order_status`. */
  readonly reason: string;
  /** ISO 8601, UTC, by the server's clock. */
  readonly recordedAt: string;
  /** The run that left it so; null for a baseline and what else was recorded without one. */
  readonly run: string | null;
  /** `pg_current_snapshot()` from before it was read; null in what an older ferrata recorded. */
  readonly snapshot: string | null;
  /** Of the database that it was read from, see `momentOf`; null where the server does not tell. */
  readonly database: string | null;
}

/** When, and in which database, a schema is about to be read. */
export interface Moment extends LogPosition {
  readonly snapshot: string;
  /** Cluster and database: OIDs mean the same things only within it. A restored copy is another one. */
  readonly database: string | null;
}

/** To be asked before the schema is read. */
export async function momentOf(connection: Connection): Promise<Moment> {
  const ask = (cluster: string) =>
    connection.query<Moment>(
      `SELECT ${iso('pg_catalog.clock_timestamp()')} AS at, pg_catalog.pg_current_snapshot()::pg_catalog.text AS snapshot,
              CASE WHEN ${cluster} IS NOT NULL THEN pg_catalog.concat(${cluster}, '/', d.oid) END AS database
       FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
    );
  // Some managed servers keep the cluster's number to themselves.
  const [row] = await ask('(SELECT system_identifier FROM pg_catalog.pg_control_system())').catch(() =>
    ask('NULL'),
  );
  if (row === undefined) throw new FerrataError('internal', 'the server does not know its own database');
  return row;
}

/**
 * @param moment from before the catalog was read
 * @param run the run that left it so
 */
export async function recordSchema(
  connection: Connection,
  catalog: Catalog,
  fingerprint: string,
  reason: string,
  moment: Moment,
  run: string | null,
): Promise<void> {
  const stored: Stored = {
    v: 1,
    major: catalog.major,
    reason,
    recordedAt: moment.at,
    fingerprint,
    objects: [...catalog.objects],
    dependencies: catalog.dependencies,
    run,
    snapshot: moment.snapshot,
    database: moment.database,
  };
  const packed = await promisify(gzip)(JSON.stringify(stored));
  await connection.query(
    'INSERT INTO ferrata.meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    [KEY, packed.toString('base64')],
  );
}

/** Null where nothing was recorded yet. The ledger must exist. */
export async function recordedSchema(connection: Connection): Promise<RecordedSchema | null> {
  const [row] = await connection.query<{ value: string }>('SELECT value FROM ferrata.meta WHERE key = $1', [
    KEY,
  ]);
  if (row === undefined) return null;
  const text = (await promisify(gunzip)(Buffer.from(row.value, 'base64'))).toString('utf8');
  const stored = JSON.parse(text) as Stored;
  return {
    catalog: {
      major: stored.major,
      objects: new Map(stored.objects),
      dependencies: stored.dependencies,
      parked: [],
    },
    fingerprint: stored.fingerprint,
    reason: stored.reason,
    recordedAt: stored.recordedAt,
    run: stored.run ?? null,
    snapshot: stored.snapshot ?? null,
    database: stored.database ?? null,
  };
}

/** Forgets the recorded schema: a run whose result nobody read makes it out of date. */
export async function forgetSchema(connection: Connection): Promise<void> {
  await connection.query('DELETE FROM ferrata.meta WHERE key = $1', [KEY]);
}
