/** How fast the server of a scratch copy works, on a table made for the purpose and taken back. */
import type { Connection } from '../../postgres/connection.ts';
import type { Measured } from '../rates.ts';

const ROWS = 20_000;

/**
 * The clock is the server's: what the way there costs is not its work. Rows of some 90 bytes, two columns that change, one
 * index: what a usual table is like.
 */
const MEASURE = `DO $ferrata$
DECLARE
  start timestamptz; megabytes double precision;
  scan_ms double precision; rewrite_ms double precision; build_ms double precision; write_ms double precision;
BEGIN
  CREATE SCHEMA ferrata_measure;
  CREATE TABLE ferrata_measure.t (id int, a int, b text);
  INSERT INTO ferrata_measure.t SELECT n, n % 1000, pg_catalog.repeat('x', 50) || n FROM pg_catalog.generate_series(1, ${ROWS}) n;
  megabytes := pg_catalog.pg_relation_size('ferrata_measure.t') / 1048576.0;
  start := pg_catalog.clock_timestamp();
  ALTER TABLE ferrata_measure.t ADD CONSTRAINT c CHECK (a >= 0);
  scan_ms := EXTRACT(epoch FROM pg_catalog.clock_timestamp() - start) * 1000;
  start := pg_catalog.clock_timestamp();
  ALTER TABLE ferrata_measure.t ALTER COLUMN a TYPE bigint;
  rewrite_ms := EXTRACT(epoch FROM pg_catalog.clock_timestamp() - start) * 1000;
  start := pg_catalog.clock_timestamp();
  CREATE INDEX t_b ON ferrata_measure.t (b);
  build_ms := EXTRACT(epoch FROM pg_catalog.clock_timestamp() - start) * 1000;
  start := pg_catalog.clock_timestamp();
  UPDATE ferrata_measure.t SET a = a + 1;
  write_ms := EXTRACT(epoch FROM pg_catalog.clock_timestamp() - start) * 1000;
  PERFORM pg_catalog.set_config('ferrata.measured', pg_catalog.format('%s %s %s %s', scan_ms / megabytes,
    rewrite_ms / megabytes, build_ms / ${ROWS / 1000}, write_ms / ${ROWS / 1000}), true);
END $ferrata$`;

/** Null where the database does not let it: an event trigger that refuses. Not inside of a transaction. */
export async function measureRates(connection: Connection): Promise<Measured | null> {
  try {
    const results = await connection.script(
      `BEGIN; ${MEASURE}; SELECT pg_catalog.current_setting('ferrata.measured')`,
    );
    const [scan = 0, rewrite = 0, build = 0, write = 0] = (results[2]?.[0]?.[0] ?? '').split(' ').map(Number);
    return [scan, rewrite, build, write].every((value) => value > 0) ? { scan, rewrite, build, write } : null;
  } catch {
    return null;
  } finally {
    await connection.script('ROLLBACK');
  }
}
