/**
 * What lies parked uses types. A later DROP TYPE or ALTER TYPE of a migration would be refused because of a column that
 * the application believes gone: such columns become text, which every value survives, and the statement runs again.
 * The derived rollback compares with the schema before, and so makes the column what it was.
 */
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';

/**
 * Runs the work (inside the caller's transaction); where the server refuses because something in the attic depends on
 * what is dropped or altered, takes it out of the way and runs the work once more.
 */
export async function releasing(connection: Connection, work: () => Promise<void>): Promise<void> {
  if (!(await anythingParked(connection))) {
    await work();
    return;
  }
  await connection.script('SAVEPOINT ferrata_release');
  try {
    await work();
  } catch (error) {
    const state = sqlStateOf(error);
    if (state !== '2BP01' && state !== '0A000') throw error;
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_release');
    const released = await release(connection).catch(() => 0);
    if (released === 0) throw error;
    await work();
  }
  await connection.script('RELEASE SAVEPOINT ferrata_release');
}

async function anythingParked(connection: Connection): Promise<boolean> {
  const [row] = await connection.query<{ any: boolean }>(
    `SELECT pg_catalog.to_regnamespace('ferrata_attic') IS NOT NULL
         OR EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attname LIKE 'ferrata\\_parked\\_%' AND NOT attisdropped) AS any`,
  );
  return row?.any === true;
}

/** Turns the parked and captured columns of types that people made into text; gives back how many there were. */
async function release(connection: Connection): Promise<number> {
  const rows = await connection.query<{ sql: string }>(
    `SELECT pg_catalog.format('ALTER TABLE %I.%I %s', n.nspname, c.relname, pg_catalog.string_agg(pg_catalog.format(
              'ALTER COLUMN %I TYPE text USING %I::text', a.attname, a.attname), ', ')) AS sql
     FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
     WHERE c.relkind = 'r' AND a.attgenerated = ''
       AND tn.nspname NOT IN ('pg_catalog', 'information_schema')
       AND ((n.nspname = 'ferrata_attic' AND (c.relname LIKE 'u%' OR c.relname LIKE 'p%'))
            OR a.attname LIKE 'ferrata\\_parked\\_%')
     GROUP BY n.nspname, c.relname`,
  );
  for (const { sql } of rows) await connection.script(sql);
  return rows.length;
}
