/** What every signal is: something read once an interval, on a connection that the run does not use. */
import type { HealthSource, MonitorPolicy, SignalName } from '../../config/monitor.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';

export interface Reading {
  /** In the unit of the signal's limits (`config/monitor.ts`). */
  readonly value: number;
  /** What a person reads: `replica b: 6.2 s behind`. */
  readonly detail: string;
}

/** What the signals know about the run that they watch. */
export interface Watched {
  /** The backends that work for it. */
  readonly pids: () => readonly number[];
  /** Whether the step in hand takes locks that others wait for by its nature: waiting is then no alarm. */
  readonly blocks: () => boolean;
  /** Milliseconds since it began. */
  readonly elapsedMs: () => number;
  /** How long it should take at most, in milliseconds; null where nobody knows. */
  readonly estimateMs: number | null;
}

export interface SignalContext {
  /** The monitors' own connection to the target. */
  readonly connection: Connection;
  readonly policy: MonitorPolicy;
  readonly watched: Watched;
  /** The answer of this interval; null where there is no source. Rejects where it can't be read. */
  readonly health: () => Promise<Health | null>;
  /** Opens a connection to a replica of the policy. */
  readonly replica: (url: string) => Connector;
}

/** What the application says of itself. What a source does not tell is null. */
export interface Health {
  /** Share of requests that fail, 0 to 1. */
  readonly errorRate: number | null;
  readonly p99Ms: number | null;
  /** An error that ends the run by itself. */
  readonly critical: string | null;
}

export interface Signal {
  readonly name: SignalName;
  /** Null where there is nothing to read: no replica, no health source. Rejects where it can't be read. */
  read(context: SignalContext): Promise<Reading | null>;
  /** Closes what it opened. */
  close?(): Promise<void>;
}

/** A reader of one kind of source; `read` rejects where there is no answer at all. */
export interface HealthReader {
  read(): Promise<Health>;
}

export type MakeHealthReader<S extends HealthSource> = (source: S, connection: Connection) => HealthReader;
