import type { Connection } from '../postgres/connection.ts';

/**
 * How many rows the planner expects a SELECT to find (manual, 14.1); null where the server can't plan it, because it
 * names what is not there yet. Nothing is run.
 */
export async function estimateMatches(connection: Connection, sql: string): Promise<number | null> {
  try {
    const [row] = await connection.rows<[readonly { readonly Plan?: { readonly 'Plan Rows'?: number } }[]]>(
      `EXPLAIN (FORMAT JSON) ${sql}`,
    );
    return row?.[0][0]?.Plan?.['Plan Rows'] ?? null;
  } catch {
    return null;
  }
}
