import type { SignalName } from '../../../config/monitor.ts';
import type { Signal } from '../signal.ts';
import { activeSessions } from './active-sessions.ts';
import { archiver } from './archiver.ts';
import { disk } from './disk.ts';
import { duration } from './duration.ts';
import { errorRate } from './error-rate.ts';
import { latency } from './latency.ts';
import { oldestTransaction } from './oldest-transaction.ts';
import { replicationLag } from './replication-lag.ts';
import { waitingSessions } from './waiting-sessions.ts';

/** A fresh set for one run. `baselineMs`: the application's p99 before it. */
export function allSignals(baselineMs: number | null): readonly Signal[] {
  const signals: Readonly<Record<SignalName, Signal>> = {
    'replication-lag': replicationLag(),
    'waiting-sessions': waitingSessions(),
    'error-rate': errorRate(),
    latency: latency(baselineMs),
    'active-sessions': activeSessions(),
    disk: disk(),
    archiver: archiver(),
    'oldest-transaction': oldestTransaction(),
    duration: duration(),
  };
  return Object.values(signals);
}
