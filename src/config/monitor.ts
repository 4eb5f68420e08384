/** What is watched while a run goes on, and what it leads to: the shape, and what holds unless it is configured. */

/** Everything that can be watched; one file each in `execute/monitor/signals/`. */
export const SIGNALS = [
  'replication-lag',
  'waiting-sessions',
  'error-rate',
  'latency',
  'active-sessions',
  'disk',
  'archiver',
  'oldest-transaction',
  'duration',
] as const;
export type SignalName = (typeof SIGNALS)[number];

/** A limit that is passed when the value has been beyond it for so long without a break. */
export interface Threshold {
  readonly limit: number;
  /** Milliseconds; 0: at once. */
  readonly forMs: number;
}

export interface SignalPolicy {
  /** Nothing more is begun until the value is back. */
  readonly pause: Threshold | null;
  /** The run ends, and `onAbort` says how. */
  readonly abort: Threshold | null;
  /** Only said. */
  readonly warn: Threshold | null;
}

/** Where the application's error rate and latency are asked for. Secrets, like every URL. */
export type HealthSource =
  /** Answers are timed; one that fails (5xx, no answer) counts as an error. JSON `{ errorRate, p99Ms, critical }` wins. */
  | { readonly http: string }
  /** `url` of the server; queries that give one number each: a share of 1, and milliseconds. */
  | { readonly prometheus: string; readonly errorRate?: string; readonly p99Ms?: string }
  /** Run on the target; one row with columns of `error_rate`, `p99_ms`, `critical`. */
  | { readonly sql: string }
  /** Prints JSON `{ errorRate, p99Ms, critical }`. */
  | { readonly command: string };

export interface MonitorPolicy {
  /** Off: nothing is watched; `ferrata pause` and its like still work. */
  readonly enabled: boolean;
  readonly intervalMs: number;
  /** What a passed abort limit leads to. `hold`: stops where it is and stays, holding nothing, until somebody decides. */
  readonly onAbort: 'rollback' | 'pause' | 'hold';
  /** A signal that can't be read stops the run until it can be again, unless this says `ignore`. */
  readonly unreadable: 'pause' | 'ignore';
  readonly signals: Readonly<Record<SignalName, SignalPolicy>>;
  /** Replicas that are asked themselves. Secrets, like every URL. */
  readonly replicas: readonly string[];
  readonly health: HealthSource | null;
  /** Sessions at work that the server bears; null: its number of `max_connections`. */
  readonly sessionLimit: number | null;
  /** How long the baseline of the application's latency is sampled before the start, where there is a source. */
  readonly baselineMs: number;
  /** What a run that takes longer than its limit does: waits until somebody lets it go on (`ferrata resume`), or goes on. */
  readonly overdue: 'ask' | 'continue';
}

const MINUTE = 60_000;
const none: SignalPolicy = { pause: null, abort: null, warn: null };
const over = (limit: number, forMs = 0): Threshold => ({ limit, forMs });

/** Limits by signal: milliseconds of lag, sessions, shares of 1, multiples of a baseline or an estimate. */
export const DEFAULT_MONITOR: MonitorPolicy = {
  enabled: true,
  intervalMs: 1_000,
  onAbort: 'rollback',
  unreadable: 'pause',
  signals: {
    'replication-lag': { ...none, pause: over(5_000), abort: over(30_000, MINUTE) },
    'waiting-sessions': { ...none, pause: over(0, 1_000), abort: over(0, MINUTE) },
    'error-rate': { ...none, abort: over(0.01, 30_000) },
    latency: { ...none, pause: over(2), abort: over(5, MINUTE) },
    'active-sessions': { ...none, pause: over(0.8) },
    disk: { ...none, abort: over(0.9) },
    archiver: { ...none, pause: over(0) },
    'oldest-transaction': { ...none, warn: over(10 * MINUTE) },
    duration: { ...none, pause: over(2) },
  },
  replicas: [],
  health: null,
  sessionLimit: null,
  baselineMs: 5_000,
  overdue: 'ask',
};

/** As the configuration gives it (`config/schema.ts` has checked it). */
export interface MonitorConfig {
  readonly enabled?: boolean | undefined;
  readonly intervalMs?: number | undefined;
  readonly onAbort?: MonitorPolicy['onAbort'] | undefined;
  readonly unreadable?: MonitorPolicy['unreadable'] | undefined;
  readonly signals?: Readonly<Partial<Record<SignalName, SignalConfig | undefined>>> | undefined;
  readonly replicas?: readonly string[] | undefined;
  readonly health?: HealthConfig | undefined;
  readonly sessionLimit?: number | undefined;
  readonly baselineMs?: number | undefined;
  readonly overdue?: MonitorPolicy['overdue'] | undefined;
}

type ThresholdConfig = number | { readonly limit: number; readonly forMs?: number | undefined } | null;

interface SignalConfig {
  readonly pause?: ThresholdConfig | undefined;
  readonly abort?: ThresholdConfig | undefined;
  readonly warn?: ThresholdConfig | undefined;
}

type HealthConfig =
  | { readonly http: string }
  | {
      readonly prometheus: string;
      readonly errorRate?: string | undefined;
      readonly p99Ms?: string | undefined;
    }
  | { readonly sql: string }
  | { readonly command: string };

/** @param read expands `env:NAME` and `${NAME}` in what may be a secret; gets the key for its message */
export function resolveMonitor(
  base: MonitorPolicy,
  given: MonitorConfig,
  read: (text: string, key: string) => string,
): MonitorPolicy {
  const signals = { ...base.signals };
  for (const name of SIGNALS) {
    const changed = given.signals?.[name];
    if (changed === undefined) continue;
    signals[name] = {
      pause: threshold(base.signals[name].pause, changed.pause),
      abort: threshold(base.signals[name].abort, changed.abort),
      warn: threshold(base.signals[name].warn, changed.warn),
    };
  }
  return {
    enabled: given.enabled ?? base.enabled,
    intervalMs: given.intervalMs ?? base.intervalMs,
    onAbort: given.onAbort ?? base.onAbort,
    unreadable: given.unreadable ?? base.unreadable,
    signals,
    replicas: given.replicas?.map((url, index) => read(url, `replicas.${index}`)) ?? base.replicas,
    health: given.health === undefined ? base.health : health(given.health, read),
    sessionLimit: given.sessionLimit ?? base.sessionLimit,
    baselineMs: given.baselineMs ?? base.baselineMs,
    overdue: given.overdue ?? base.overdue,
  };
}

/** Null switches a limit off; a bare number keeps how long it must be passed. */
function threshold(base: Threshold | null, given: ThresholdConfig | undefined): Threshold | null {
  if (given === undefined) return base;
  if (given === null) return null;
  if (typeof given === 'number') return { limit: given, forMs: base?.forMs ?? 0 };
  return { limit: given.limit, forMs: given.forMs ?? base?.forMs ?? 0 };
}

function health(given: HealthConfig, read: (text: string, key: string) => string): HealthSource {
  if ('http' in given) return { http: read(given.http, 'health.http') };
  if ('sql' in given) return { sql: given.sql };
  if ('command' in given) return { command: given.command };
  const { prometheus, errorRate, p99Ms } = given;
  return {
    prometheus: read(prometheus, 'health.prometheus'),
    ...(errorRate !== undefined && { errorRate }),
    ...(p99Ms !== undefined && { p99Ms }),
  };
}
