/** What somebody in another terminal wants of a run: `ferrata pause`, `resume`, `abort`, `throttle`. */
import type { Connection } from '../postgres/connection.ts';

export interface Wanted {
  readonly wanted: 'go' | 'pause' | 'abort';
  /** How much of its usual pace the run may take; above 0, at most 1. */
  readonly factor: number;
  readonly reason: string | null;
  /** Who asked: `user@host`. */
  readonly by: string;
  /** When, by the server's clock: what was asked anew has another. */
  readonly at: string;
}

/** Null where nobody asked for anything. */
export async function readWanted(connection: Connection, run: string): Promise<Wanted | null> {
  const [row] = await connection.query<Wanted>(
    `SELECT wanted, factor, reason, by, at::pg_catalog.text AS at FROM ferrata.control WHERE run = $1`,
    [run],
  );
  return row ?? null;
}

/** Asks; what was asked before is replaced, a field that is not given stays as it was. */
export async function writeWanted(
  connection: Connection,
  run: string,
  asked: Partial<Omit<Wanted, 'by' | 'at'>> & Pick<Wanted, 'by'>,
): Promise<void> {
  await connection.query(
    `INSERT INTO ferrata.control (run, wanted, factor, reason, by)
     VALUES ($1, coalesce($2, 'go'), coalesce($3::float8, 1), $4, $5)
     ON CONFLICT (run) DO UPDATE SET wanted = coalesce($2, control.wanted), factor = coalesce($3::float8, control.factor),
       reason = $4, by = $5, at = pg_catalog.clock_timestamp()`,
    [run, asked.wanted ?? null, asked.factor ?? null, asked.reason ?? null, asked.by],
  );
}

/** Forgets what was asked of the run longer ago than so many milliseconds: of an earlier process. */
export async function clearWanted(connection: Connection, run: string, olderThanMs: number): Promise<void> {
  await connection.query(
    `DELETE FROM ferrata.control
     WHERE run = $1 AND at < pg_catalog.clock_timestamp() - $2 * interval '1 millisecond'`,
    [run, olderThanMs],
  );
}
