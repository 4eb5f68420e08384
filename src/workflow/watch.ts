/** A run that was started elsewhere, as the ledger shows it at this moment. Reads only. */
import { leaseHolder } from '../ledger/lease.ts';
import { openLedger } from '../ledger/ledger.ts';
import { latestSamples, type Sample } from '../ledger/samples.ts';
import type { Connection } from '../postgres/connection.ts';

/** How far a run at work is. */
export interface AtWork {
  readonly run: string;
  readonly migration: string;
  readonly direction: 'up' | 'down';
  readonly owner: string;
  /** False: the process that ran it has ended, or its heartbeat is late. */
  readonly alive: boolean;
  readonly steps: number;
  readonly done: number;
  readonly step: string | null;
  readonly title: string | null;
  /** Milliseconds since the run began. */
  readonly elapsedMs: number;
  readonly backfill: BackfillAtWork | null;
  /** What somebody asked for, or a limit that is passed; null: it goes on. */
  readonly waiting: string | null;
  readonly samples: readonly Sample[];
}

export interface BackfillAtWork {
  readonly done: number;
  readonly changed: number;
  readonly estimate: number;
  readonly rowsPerSecond: number | null;
  readonly etaMs: number | null;
}

/** Null where no run is unfinished. */
export async function readAtWork(connection: Connection): Promise<AtWork | null> {
  const ledger = await openLedger(connection, { create: false });
  const run = await ledger.unfinished();
  if (run === null) return null;
  const holder = await leaseHolder(connection);
  const direction = run.state === 'rolling_back' ? 'down' : 'up';
  const finished = run.steps.filter((step) => step.direction === direction && step.state === 'done');
  const doneIds = new Set(finished.map(({ step }) => step));
  const current =
    direction === 'up'
      ? run.plan.steps.find(({ id }) => !doneIds.has(id))
      : run.plan.steps.findLast(({ id }) => !doneIds.has(id));
  const samples = await latestSamples(connection, run.id);
  const [control] = await connection.query<{ wanted: string; by: string; reason: string | null }>(
    `SELECT wanted, by, reason FROM ferrata.control WHERE run = $1 AND wanted <> 'go'`,
    [run.id],
  );
  const [age] = await connection.query<{ ms: number }>(
    `SELECT 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - started_at) AS ms FROM ferrata.run WHERE id = $1`,
    [run.id],
  );
  const limited = samples.find(({ state }) => state === 'pause' || state === 'unreadable');
  return {
    run: run.id,
    migration: run.migration,
    direction,
    owner: holder?.owner ?? run.owner,
    alive: holder !== null && !holder.expired,
    steps: run.plan.steps.length,
    done: finished.length,
    step: current?.id ?? null,
    title: current?.title ?? null,
    elapsedMs: age?.ms ?? 0,
    backfill: await readBackfill(connection, run.id, direction),
    waiting:
      control !== undefined
        ? `${control.by} asked to ${control.wanted}${control.reason === null ? '' : `: ${control.reason}`}`
        : limited === undefined
          ? null
          : `${limited.signal}: ${limited.detail ?? limited.state}`,
    samples,
  };
}

/** The backfill that was moved on last, where it is not done. */
async function readBackfill(
  connection: Connection,
  run: string,
  direction: 'up' | 'down',
): Promise<BackfillAtWork | null> {
  const [row] = await connection.query<{
    done: number;
    changed: number;
    estimate: number;
    seconds: number;
    open: boolean;
  }>(
    `SELECT sum(seen)::float8 AS done, sum(rows)::float8 AS changed, sum(greatest(estimate, seen))::float8 AS estimate,
            pg_catalog.date_part('epoch', max(updated_at) - min(started_at)) AS seconds,
            bool_or(phase <> 'done') AS open
     FROM ferrata.backfill WHERE run = $1 AND direction = $2
     GROUP BY ordinal ORDER BY max(updated_at) DESC LIMIT 1`,
    [run, direction],
  );
  if (row === undefined || !row.open) return null;
  const rowsPerSecond = row.seconds > 0 ? row.done / row.seconds : null;
  const left = Math.max(0, row.estimate - row.done);
  return {
    done: row.done,
    changed: row.changed,
    estimate: row.estimate,
    rowsPerSecond,
    etaMs: rowsPerSecond === null || rowsPerSecond === 0 ? null : (1000 * left) / rowsPerSecond,
  };
}
