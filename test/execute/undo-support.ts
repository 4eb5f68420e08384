import { runActions } from '../../src/execute/action.ts';
import type { StepOutcome } from '../../src/execute/model.ts';
import type { Connection } from '../../src/postgres/connection.ts';
import { quoteQualified } from '../../src/sql/quote.ts';

/** The rows of every user table as text, sorted, columns by name: equal texts mean equal values, types aside. */
export async function contents(connection: Connection): Promise<Record<string, readonly string[]>> {
  const tables = await connection.query<{ schema: string; name: string; columns: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name,
            coalesce((SELECT string_agg(format('%I', attname), ', ' ORDER BY attname) FROM pg_attribute
                      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped), '') AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'ferrata', 'ferrata_attic') ORDER BY 1, 2`,
  );
  const found: Record<string, readonly string[]> = {};
  for (const { schema, name, columns } of tables) {
    const table = quoteQualified(schema, name);
    const rows = await connection.rows<[string]>(
      `SELECT ROW(${columns})::text FROM ONLY ${table} ORDER BY 1`,
    );
    found[table] = rows.map(([text]) => text);
  }
  return found;
}

/** Runs the SQL as one captured step and commits it. */
export async function step(
  connection: Connection,
  sql: string | readonly string[],
  captures: readonly string[],
  capture = '20260101000000_s1',
): Promise<StepOutcome> {
  const actions = [sql].flat().map((one) => ({ type: 'sql' as const, sql: one, at: null }));
  return await connection.transaction(() =>
    runActions(actions, { connection, source: null, capture, captures }),
  );
}

/** Takes the captured step back and commits. */
export async function undo(connection: Connection, capture = '20260101000000_s1'): Promise<StepOutcome> {
  return await connection.transaction(() =>
    runActions([{ type: 'undo', capture }], { connection, source: null, capture: '', captures: [] }),
  );
}

/** What is left of captures in the database: triggers, stores, entries of the registry. */
export async function traces(connection: Connection): Promise<readonly string[]> {
  const rows = await connection.rows<[string]>(
    `SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname LIKE 'ferrata%' AND tgparentid = 0
     UNION ALL SELECT 'store ' || relname FROM pg_class c WHERE relkind = 'r' AND relname ~ '^u[0-9]'
     UNION ALL SELECT 'entry ' || store FROM ferrata_attic.captures`,
  );
  return rows.map(([text]) => text);
}
