/**
 * What stands between a run and everything that may hold it up: starts the monitors when the run is worth it, cancels
 * the statement in hand when somebody waits for it or the run is to end, and remembers why.
 */
import type { MonitorPolicy } from '../../config/monitor.ts';
import type { Reporter } from '../../events.ts';
import type { Connector } from '../../postgres/connection.ts';
import { pause } from '../retry.ts';
import type { RunSession } from '../session.ts';
import { healthReader } from './health/index.ts';
import { Monitor } from './monitor.ts';
import type { Throttle, ThrottleDecision } from './throttle.ts';

export interface GuardOptions {
  readonly run: string;
  readonly connector: Connector;
  readonly policy: MonitorPolicy;
  readonly report: Reporter;
  /** How long the run should take at most, in milliseconds; null where nobody knows. */
  readonly estimateMs: number | null;
  /** A way back is paused by its signals, but never ended by them: half-way is the worst place to stop. */
  readonly direction: 'up' | 'down';
}

/** A run that is over before this is not worth a connection of its own. Milliseconds. */
const WORTH_MS = 1_000;

export class Guard implements Throttle {
  readonly #options: GuardOptions;
  readonly #started = performance.now();
  #session: RunSession | null = null;
  #monitor: Monitor | null = null;
  #timer: NodeJS.Timeout | null = null;
  #blocks = true;
  #released: string | null = null;
  #aborted: string | null = null;
  #cancelling: Promise<void> = Promise.resolve();

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** The run begins over this session. `long`: it is watched from the start, else once it has lasted a second. */
  async begin(session: RunSession, long: boolean): Promise<void> {
    this.#session = session;
    if (long) this.#watch(await this.#baseline());
    else this.#timer = setTimeout(() => this.#watch(null), WORTH_MS).unref();
  }

  /** The step in hand. `blocks`: others wait for it by its nature (a strong lock), which is then no alarm. */
  step(blocks: boolean): void {
    this.#blocks = blocks;
    this.#released = null;
  }

  async wait(signal: AbortSignal | undefined): Promise<ThrottleDecision> {
    const decision: ThrottleDecision = (await this.#monitor?.wait(signal)) ?? { kind: 'go', factor: 1 };
    if (decision.kind === 'abort' && this.#options.direction === 'down') return { kind: 'go', factor: 1 };
    return decision;
  }

  released(): string | null {
    const reason = this.#aborted === null ? this.#released : null;
    this.#released = null;
    return reason;
  }

  /** Why the run is to end; null where it is not. */
  get aborted(): string | null {
    return this.#aborted;
  }

  /** Ends the watch. Whatever was about to be cancelled has been by then: nothing of the next run is hit. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#monitor?.close();
    await this.#cancelling;
  }

  #watch(baselineMs: number | null): void {
    const { connector, direction, estimateMs, policy, report, run } = this.#options;
    this.#monitor = Monitor.start({
      run,
      connector,
      policy,
      report,
      baselineMs,
      // While it waited for the lease of a dead runner, somebody may have asked already. A way back asks anew.
      forgetMs: direction === 'up' ? performance.now() : 0,
      watched: {
        pids: () => this.#session?.pids() ?? [],
        blocks: () => this.#blocks,
        elapsedMs: () => performance.now() - this.#started,
        estimateMs,
      },
      release: (reason, ends) => {
        if (ends && direction === 'down') return;
        if (ends) this.#aborted = reason;
        this.#released = reason;
        this.#cancelling = this.#session?.cancel() ?? Promise.resolve();
      },
    });
  }

  /** The application's p99 before the run: the median of what its source says in `baselineMs`. */
  async #baseline(): Promise<number | null> {
    const { connector, policy } = this.#options;
    if (!policy.enabled || policy.health === null || policy.baselineMs === 0) return null;
    const connection = await connector.connect('monitor');
    try {
      const reader = healthReader(policy.health, () => connection);
      const seen: number[] = [];
      const until = performance.now() + policy.baselineMs;
      do {
        const { p99Ms } = await reader.read().catch(() => ({ p99Ms: null }));
        if (p99Ms !== null) seen.push(p99Ms);
        await pause(Math.min(policy.intervalMs, Math.max(0, until - performance.now())));
      } while (performance.now() < until);
      seen.sort((a, b) => a - b);
      return seen[Math.floor(seen.length / 2)] ?? null;
    } finally {
      await connection.close();
    }
  }
}
