/**
 * What lies parked uses types. A later DROP TYPE of a migration would be refused because of a column that the
 * application believes gone, and with CASCADE would take it along: such columns become text, which every value
 * survives. The derived rollback compares with the schema before, and so makes the column what it was.
 */
import { isFerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import { textOf } from '../../sql/text-of.ts';

/** What may take types along without asking. */
const TAKES_TYPES = /\bdrop\s+(type|domain|extension|schema|owned)\b[\s\S]*\bcascade\b/i;

/**
 * Runs the work (inside the caller's transaction), whose SQL is given. Where the server refuses because something
 * parked depends on what is dropped or altered, takes it out of the way and runs the work once more; a CASCADE finds
 * it out of the way already.
 */
export async function releasing(
  connection: Connection,
  sql: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  if (!(await anythingParked(connection))) {
    await work();
    return;
  }
  const cascades = sql.filter((one) => TAKES_TYPES.test(one));
  if (cascades.length > 0) await release(connection, cascades.join('\n'));
  await connection.script('SAVEPOINT ferrata_release');
  try {
    await work();
  } catch (error) {
    const state = sqlStateOf(error);
    if (state !== '2BP01' && state !== '0A000') throw error;
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_release');
    const said = isFerrataError(error) ? `${error.message}\n${error.details.why ?? ''}` : '';
    const released = await release(connection, `${said}\n${sql.join('\n')}`).catch(() => 0);
    if (released === 0) throw error;
    await work();
  }
  await connection.script('RELEASE SAVEPOINT ferrata_release');
}

async function anythingParked(connection: Connection): Promise<boolean> {
  const [row] = await connection.query<{ any: boolean }>(
    `SELECT pg_catalog.to_regnamespace('ferrata_attic') IS NOT NULL AS any`,
  );
  return row?.any === true;
}

/**
 * Turns those parked and captured columns into text whose type, its schema or its extension is mentioned in the text;
 * gives back in how many tables there were any.
 */
async function release(connection: Connection, mentioned: string): Promise<number> {
  const rows = await connection.query<{ sql: string }>(
    `SELECT pg_catalog.format('ALTER TABLE %I.%I %s', n.nspname, c.relname, pg_catalog.string_agg(pg_catalog.format(
              'ALTER COLUMN %1$I TYPE text USING ${textOf('%1$I')}', a.attname), ', ')) AS sql
     FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
     JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN own.typcategory = 'A' AND own.typelem <> 0 THEN own.typelem ELSE own.oid END
     JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
     LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
     LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
     WHERE c.relkind = 'r' AND a.attgenerated = ''
       AND tn.nspname NOT IN ('pg_catalog', 'information_schema')
       AND (pg_catalog.strpos($1, t.typname) > 0 OR pg_catalog.strpos($1, tn.nspname) > 0
            OR pg_catalog.strpos($1, e.extname) > 0)
       AND ((n.nspname = 'ferrata_attic' AND c.relname ~ '^[up]')
            OR a.attname LIKE 'ferrata\\_parked\\_%')
     GROUP BY n.nspname, c.relname`,
    [mentioned],
  );
  for (const { sql } of rows) await connection.script(sql);
  return rows.length;
}
