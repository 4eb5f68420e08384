/**
 * Tables while rows are put back: nothing but the rows themselves may change. User triggers and rules are switched off,
 * and on again exactly as they were; row security must not hide rows.
 */
import type { Connection } from '../../postgres/connection.ts';

/**
 * Locks the tables against writers, runs the work with their triggers and rules off, and puts these back. In a caller's
 * transaction: where the work fails, that one's rollback puts them back.
 */
export async function quietly<T>(
  connection: Connection,
  relations: readonly number[],
  work: () => Promise<T>,
): Promise<T> {
  const rows = await connection.query<{
    lock: string;
    off: string | null;
    on: string | null;
    security: string;
  }>(
    `WITH RECURSIVE tree AS (
       SELECT oid FROM unnest($1::oid[]) oid
       UNION SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
     ), tables AS (
       SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
       FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid AND c.relkind IN ('r', 'p')
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     ), switches AS (
       SELECT tgrelid AS oid, pg_catalog.format('TRIGGER %I', tgname) AS what, tgenabled AS enabled, tgname AS name
       FROM pg_catalog.pg_trigger
       WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgname NOT LIKE 'ferrata\\_capture\\_%'
       UNION ALL
       SELECT ev_class, pg_catalog.format('RULE %I', rulename), ev_enabled, rulename
       FROM pg_catalog.pg_rewrite WHERE ev_enabled <> 'D' AND rulename <> '_RETURN'
     )
     SELECT pg_catalog.format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', t.name) AS lock,
            pg_catalog.format('ALTER TABLE ONLY %s ', t.name)
              || pg_catalog.string_agg('DISABLE ' || s.what, ', ' ORDER BY s.name) AS off,
            pg_catalog.format('ALTER TABLE ONLY %s ', t.name)
              || pg_catalog.string_agg('ENABLE ' || CASE s.enabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END
                                       || s.what, ', ' ORDER BY s.name) AS on,
            pg_catalog.current_setting('row_security') AS security
     FROM tables t LEFT JOIN switches s ON s.oid = t.oid GROUP BY t.oid, t.name ORDER BY t.oid`,
    [relations],
  );
  const security = rows[0]?.security ?? 'on';
  // Checks that were put off fall due at once: each row that fails is then known, and tables can be altered again.
  await connection.script(
    [
      ...rows.map(({ lock }) => lock),
      'SET CONSTRAINTS ALL IMMEDIATE',
      ...rows.flatMap(({ off }) => (off === null ? [] : [off])),
      'SET LOCAL row_security = off',
    ].join(';\n'),
  );
  const value = await work();
  await connection.script(
    [
      ...rows.flatMap(({ on }) => (on === null ? [] : [on])),
      `SET LOCAL row_security = ${security === 'off' ? 'off' : 'on'}`,
    ].join(';\n'),
  );
  return value;
}
