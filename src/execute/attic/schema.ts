import { ATTIC_SCHEMA } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';

/**
 * Makes the attic's schema where it is missing. Nobody but its owner may look into it: what is parked there keeps its
 * own privileges, so that they come back with it.
 */
export async function ensureAttic(connection: Connection): Promise<void> {
  const [row] = await connection.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regnamespace('${ATTIC_SCHEMA}') IS NOT NULL AS there`,
  );
  if (row?.there === true) return;
  await connection.script(
    `CREATE SCHEMA IF NOT EXISTS ${ATTIC_SCHEMA}; REVOKE ALL ON SCHEMA ${ATTIC_SCHEMA} FROM PUBLIC`,
  );
}
