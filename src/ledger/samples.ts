/** What the monitors of a run read, kept with it: for its report, and for whoever watches from elsewhere. */
import type { Connection } from '../postgres/connection.ts';

export interface Sample {
  readonly signal: string;
  /** Null where it could not be read. */
  readonly value: number | null;
  /** `ok`, `warn`, `pause`, `abort`, `unreadable`. */
  readonly state: string;
  readonly detail: string | null;
}

/** One interval's samples, under one time. */
export async function insertSamples(
  connection: Connection,
  run: string,
  samples: readonly Sample[],
): Promise<void> {
  if (samples.length === 0) return;
  await connection.query(
    `INSERT INTO ferrata.sample (run, at, signal, value, state, detail)
     SELECT $1, pg_catalog.statement_timestamp(), s.* FROM unnest($2::text[], $3::float8[], $4::text[], $5::text[]) AS s`,
    [
      run,
      samples.map(({ signal }) => signal),
      samples.map(({ value }) => value),
      samples.map(({ state }) => state),
      samples.map(({ detail }) => detail),
    ],
  );
}

export interface SampleSummary {
  readonly signal: string;
  readonly count: number;
  readonly unreadable: number;
  readonly highest: number | null;
  readonly median: number | null;
  readonly pausedFor: number;
}

/** A run's samples by signal, for its report: how many, the highest, the median, how many called for a pause. */
export async function summariseSamples(
  connection: Connection,
  run: string,
): Promise<readonly SampleSummary[]> {
  return await connection.query<SampleSummary>(
    `SELECT signal, count(*)::int4 AS count, (count(*) FILTER (WHERE value IS NULL))::int4 AS unreadable,
            max(value) AS highest, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median,
            (count(*) FILTER (WHERE state = 'pause'))::int4 AS "pausedFor"
     FROM ferrata.sample WHERE run = $1 GROUP BY signal ORDER BY signal`,
    [run],
  );
}

/** The last samples of a run, one per signal. */
export async function latestSamples(
  connection: Connection,
  run: string,
): Promise<readonly (Sample & { readonly at: string })[]> {
  return await connection.query(
    `SELECT DISTINCT ON (signal) signal, value, state, detail, at::pg_catalog.text AS at FROM ferrata.sample
     WHERE run = $1 AND at > pg_catalog.clock_timestamp() - interval '1 minute' ORDER BY signal, at DESC`,
    [run],
  );
}
