/**
 * The schema as the last run, baseline or accepted drift left it: what `drift` compares the live one with. One row of
 * `ferrata.meta`, compressed.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Catalog, CatalogObject, Dependency } from '../catalog/model.ts';
import type { Connection } from '../postgres/connection.ts';

const KEY = 'schema';

interface Stored {
  readonly v: 1;
  readonly major: number;
  readonly reason: string;
  readonly recordedAt: string;
  readonly fingerprint: string;
  readonly objects: readonly (readonly [string, CatalogObject])[];
  readonly dependencies: readonly Dependency[];
}

export interface RecordedSchema {
  readonly catalog: Catalog;
  readonly fingerprint: string;
  /** What left the schema so, e.g. `up 20261120093000_add_order_status`. */
  readonly reason: string;
  /** ISO 8601, UTC, by the clock of the machine that recorded it. */
  readonly recordedAt: string;
}

export async function recordSchema(
  connection: Connection,
  catalog: Catalog,
  fingerprint: string,
  reason: string,
): Promise<void> {
  const stored: Stored = {
    v: 1,
    major: catalog.major,
    reason,
    recordedAt: new Date().toISOString(),
    fingerprint,
    objects: [...catalog.objects],
    dependencies: catalog.dependencies,
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
  };
}

/** Forgets the recorded schema: a run whose result nobody read makes it out of date. */
export async function forgetSchema(connection: Connection): Promise<void> {
  await connection.query('DELETE FROM ferrata.meta WHERE key = $1', [KEY]);
}
