/** The ledger's side of a backfill: one row per range, moved on by every batch in the batch's own transaction. */
import { text } from '../../ledger/rows.ts';
import type { Connection } from '../../postgres/connection.ts';
import type { Checkpoint, KeyValue } from './model.ts';

/** Which step of which run; `part` counts its ranges. */
export interface BackfillPlace {
  readonly run: string;
  readonly direction: 'up' | 'down';
  readonly ordinal: number;
}

/** What all ranges of a step share. */
export interface Begun {
  readonly checkpoints: readonly Checkpoint[];
  /** The time that stands still for all batches, ISO 8601 with microseconds, in UTC. */
  readonly moment: string;
  /** The capture that before-images go to; null where none are kept. */
  readonly capture: string | null;
}

/** Null where the step has not begun. */
export async function readBegun(connection: Connection, at: BackfillPlace): Promise<Begun | null> {
  const rows = await connection.query<Checkpoint & { moment: string; capture: string | null }>(
    `SELECT part, place, phase, last, upper, rows::pg_catalog.float8 AS rows, seen::pg_catalog.float8 AS seen,
            batches::pg_catalog.float8 AS batches, estimate::pg_catalog.float8 AS estimate, capture,
            pg_catalog.to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS moment
     FROM ferrata.backfill WHERE run = $1 AND direction = $2 AND ordinal = $3 ORDER BY backfill.part`,
    [at.run, at.direction, at.ordinal],
  );
  const [first] = rows;
  if (first === undefined) return null;
  const { moment, capture } = first;
  return {
    checkpoints: rows.map(({ moment: _moment, capture: _capture, ...checkpoint }) => checkpoint),
    moment,
    capture,
  };
}

/** A range that is about to begin; the moment is the transaction's own. */
export function insertCheckpoint(at: BackfillPlace, checkpoint: Checkpoint, capture: string | null): string {
  const { part, place, phase, last, upper, estimate } = checkpoint;
  return `INSERT INTO ferrata.backfill (run, direction, ordinal, part, place, phase, last, upper, estimate, capture, moment) VALUES (${[
    text(at.run),
    text(at.direction),
    String(at.ordinal),
    String(part),
    String(place),
    text(phase),
    textArray(last),
    textArray(upper),
    String(Math.max(0, Math.round(estimate))),
    text(capture),
    'pg_catalog.transaction_timestamp()',
  ].join(', ')})`;
}

/** Where a range stands after the batch. */
export interface Move {
  readonly phase: Checkpoint['phase'];
  readonly last: KeyValue | null;
  readonly upper: KeyValue | null;
  /** SQL: rows changed. */
  readonly rows: string;
  /** Rows looked at. */
  readonly seen: number;
}

/** Raises `LEASE_LOST` where the range is not where `from` has it. */
export function moveCheckpoint(at: BackfillPlace, from: Checkpoint, to: Move): string {
  return `SELECT ferrata.move_backfill(${[
    text(at.run),
    text(at.direction),
    String(at.ordinal),
    String(from.part),
    String(from.batches),
    text(to.phase),
    textArray(to.last),
    textArray(to.upper),
    to.rows,
    String(Math.round(to.seen)),
  ].join(', ')})`;
}

export function textArray(values: KeyValue | null): string {
  return values === null
    ? 'NULL'
    : `ARRAY[${values.map((value) => text(value)).join(', ')}]::pg_catalog.text[]`;
}

/** Ordinals of the run's steps of which batches may have been committed, whether they were finished or not. */
export async function begunBackfills(connection: Connection, run: string): Promise<readonly number[]> {
  const rows = await connection.rows<[number]>(
    `SELECT DISTINCT ordinal FROM ferrata.backfill WHERE run = $1 AND direction = 'up'`,
    [run],
  );
  return rows.map(([ordinal]) => ordinal);
}
