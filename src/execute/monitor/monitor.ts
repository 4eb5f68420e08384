/**
 * Watches the target while a run goes on: reads every signal once an interval on a connection of its own, judges, keeps
 * the samples, and answers the runner's question whether it may go on. What it can't see stops the run until it can
 * (`unreadable`); what somebody asked for in another terminal comes before every signal.
 */
import type { MonitorPolicy, SignalName } from '../../config/monitor.ts';
import type { Reporter } from '../../events.ts';
import { clearWanted, readWanted, type Wanted } from '../../ledger/control.ts';
import { insertSamples, type Sample } from '../../ledger/samples.ts';
import { createConnector } from '../../postgres/connect.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { pause } from '../retry.ts';
import { Ease } from './ease.ts';
import { healthReader } from './health/index.ts';
import { Judge, VERDICTS, type Verdict } from './judge.ts';
import { readSignals, unreadable } from './look.ts';
import { readProgress } from './progress.ts';
import type { Health, Signal, Watched } from './signal.ts';
import { allSignals } from './signals/index.ts';
import type { Throttle, ThrottleDecision } from './throttle.ts';

export interface MonitorOptions {
  readonly run: string;
  readonly connector: Connector;
  readonly policy: MonitorPolicy;
  readonly watched: Watched;
  readonly report: Reporter;
  /** The application's p99 before the run, in milliseconds; null where it was not sampled. */
  readonly baselineMs?: number | null;
  /** What was asked of the run longer ago than this was not asked of this process. Milliseconds. */
  readonly forgetMs: number;
  /** Somebody waits for us, or (`ends`) the run is to end: what runs on the server at this moment is to be given up. */
  readonly release: (reason: string, ends: boolean) => void;
}

/** What holds now, and why. */
interface State {
  readonly verdict: Verdict;
  readonly reason: string;
}

const FINE: State = { verdict: 'ok', reason: '' };

export class Monitor implements Throttle {
  readonly #options: MonitorOptions;
  readonly #signals: readonly Signal[];
  readonly #judges: ReadonlyMap<SignalName, Judge>;
  readonly #stop = new AbortController();
  readonly #replicas = new Map<string, Connector>();
  #connection: Connection | null = null;
  #health: { read: () => Promise<Health> } | null = null;
  readonly #ease = new Ease();
  #state: State = FINE;
  #wanted: Wanted | null = null;
  /** Once a run is to be aborted nothing that is read later changes that. */
  #aborted: string | null = null;
  /** Why it is held until somebody answers (`onAbort: hold`). */
  #held: string | null = null;
  /** Somebody has let a run go on that takes longer than it should. */
  #overdueAnswered = false;
  #fresh = true;
  #loop: Promise<void>;
  #looked = false;
  #first: () => void = () => {};
  readonly #seen: Promise<void>;

  private constructor(options: MonitorOptions) {
    this.#options = options;
    const { policy } = options;
    const limited = (name: SignalName) => {
      const { pause: pausing, abort, warn } = policy.signals[name];
      return pausing !== null || abort !== null || warn !== null;
    };
    this.#signals = policy.enabled
      ? allSignals(options.baselineMs ?? null).filter(({ name }) => limited(name))
      : [];
    this.#judges = new Map(this.#signals.map(({ name }) => [name, new Judge(policy.signals[name])]));
    if (policy.enabled && policy.health !== null) {
      this.#health = healthReader(policy.health, () => {
        if (this.#connection === null) throw new Error('no connection');
        return this.#connection;
      });
    }
    this.#seen = new Promise((resolve) => {
      this.#first = resolve;
    });
    this.#loop = this.#run();
  }

  /** Begins to watch. `close` ends it. */
  static start(options: MonitorOptions): Monitor {
    return new Monitor(options);
  }

  /** Waits for the first look, so that nothing begins unseen; then answers at once. */
  async wait(signal: AbortSignal | undefined): Promise<ThrottleDecision> {
    if (!this.#looked) await Promise.race([this.#seen, ended(signal), ended(this.#stop.signal)]);
    const { reason, verdict } = this.#state;
    if (this.#aborted !== null) return { kind: 'abort', reason: this.#aborted };
    if (verdict === 'pause') return { kind: 'pause', reason, retryMs: this.#options.policy.intervalMs };
    return { kind: 'go', factor: (this.#wanted?.factor ?? 1) * this.#ease.factor };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    for (const signal of this.#signals) await signal.close?.();
    // What was asked has been done: the next `up` begins without it.
    if (this.#connection !== null && this.#aborted !== null) {
      await clearWanted(this.#connection, this.#options.run, 0).catch(() => {});
    }
    await this.#connection?.close().catch(() => {});
    this.#connection = null;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const started = performance.now();
      await this.#look().catch(() => {});
      this.#looked = true;
      this.#first();
      await pause(
        Math.max(0, this.#options.policy.intervalMs - (performance.now() - started)),
        this.#stop.signal,
      );
    }
  }

  async #look(): Promise<void> {
    const { policy, run } = this.#options;
    let samples: readonly Sample[];
    try {
      this.#connection ??= await this.#options.connector.connect('monitor');
      if (this.#fresh) await clearWanted(this.#connection, run, this.#options.forgetMs);
      this.#fresh = false;
      this.#hear(await readWanted(this.#connection, run));
      const health = once(() => this.#health?.read() ?? Promise.resolve(null));
      const { watched } = this.#options;
      const replica = (url: string) => this.#replica(url);
      const context = { connection: this.#connection, policy, watched, health, replica };
      samples = await readSignals(this.#signals, this.#judges, context);
    } catch (error) {
      await this.#connection?.close().catch(() => {});
      this.#connection = null;
      samples = this.#signals.map(({ name }) => unreadable(name, error));
    }
    if (this.#stop.signal.aborted) return;
    this.#conclude(samples);
    this.#ease.see(
      this.#signals.map(({ name }) => ({
        signal: name,
        value: samples.find(({ signal }) => signal === name)?.value ?? null,
        limit: policy.signals[name].pause?.limit ?? null,
      })),
    );
    this.#options.report({ type: 'monitor-sample', run, samples });
    await this.#tellProgress();
    if (this.#connection !== null && policy.enabled) {
      await insertSamples(this.#connection, run, samples).catch(() => {});
    }
  }

  /** Told while the server counts. */
  async #tellProgress(): Promise<void> {
    if (this.#connection === null) return;
    const { report, run, watched } = this.#options;
    const progress = await readProgress(this.#connection, watched.pids()).catch(() => null);
    if (progress !== null) report({ type: 'step-progress', run, ...progress });
  }

  /** What is asked anew answers whatever the run waits for. */
  #hear(wanted: Wanted | null): void {
    const anew = wanted !== null && wanted.at !== this.#wanted?.at;
    this.#wanted = wanted;
    if (!anew || wanted.wanted !== 'go') return;
    this.#held = null;
    const { signals } = this.#options.policy;
    for (const [name, judge] of this.#judges) {
      if (signals[name].abort !== null) judge.forget();
    }
    if (this.#state.verdict === 'pause' && this.#state.reason.startsWith('duration')) {
      this.#overdueAnswered = true;
    }
  }

  #replica(url: string): Connector {
    const known = this.#replicas.get(url) ?? createConnector(url);
    this.#replicas.set(url, known);
    return known;
  }

  #conclude(samples: readonly Sample[]): void {
    const { policy, release } = this.#options;
    const before = this.#state;
    const next = this.#next(samples, policy);
    this.#state = next;
    const byHand = this.#wanted?.wanted === 'abort';
    if (next.verdict === 'abort' && policy.onAbort === 'hold' && !byHand) {
      this.#held ??= next.reason;
      this.#state = { verdict: 'pause', reason: `held: ${this.#held}; ferrata resume or abort decides` };
      if (before.verdict !== 'pause') {
        this.#tell('pause', this.#state.reason);
        release(next.reason, false);
      }
      return;
    }
    if (next.verdict === 'abort' && this.#aborted === null) {
      this.#aborted = next.reason;
      this.#tell('abort', next.reason);
      release(next.reason, true);
      return;
    }
    // The figures of a reason change with every look: that alone is no news.
    if (next.verdict !== before.verdict) this.#tell(next.verdict === 'ok' ? 'go' : next.verdict, next.reason);
    const waiting = samples.find(({ signal }) => signal === 'waiting-sessions');
    if (waiting?.state === 'pause')
      release(`${waiting.detail ?? 'sessions'} waiting for this migration`, false);
  }

  #next(samples: readonly Sample[], policy: MonitorPolicy): State {
    const wanted = this.#wanted;
    if (wanted?.wanted === 'abort') return { verdict: 'abort', reason: asked('abort', wanted) };
    const worst = samples.reduce<State>((high, sample) => {
      const verdict = this.#verdictOf(sample, policy);
      return VERDICTS.indexOf(verdict) > VERDICTS.indexOf(high.verdict)
        ? { verdict, reason: `${sample.signal}: ${sample.detail ?? sample.state}` }
        : high;
    }, FINE);
    if (this.#held !== null) return { verdict: 'abort', reason: this.#held };
    if (worst.verdict !== 'abort' && wanted?.wanted === 'pause') {
      return { verdict: 'pause', reason: asked('pause', wanted) };
    }
    return worst;
  }

  #verdictOf(sample: Sample, policy: MonitorPolicy): Verdict {
    if (sample.state === 'unreadable') return policy.unreadable === 'pause' ? 'pause' : 'warn';
    const verdict = VERDICTS.find((known) => known === sample.state) ?? 'ok';
    const lets = this.#overdueAnswered || policy.overdue === 'continue';
    return sample.signal === 'duration' && verdict === 'pause' && lets ? 'warn' : verdict;
  }

  #tell(decision: 'go' | 'warn' | 'pause' | 'abort', reason: string): void {
    this.#options.report({ type: 'throttled', run: this.#options.run, decision, reason });
  }
}

function asked(what: string, { by, reason }: Wanted): string {
  return `${by} asked to ${what}${reason === null ? '' : `: ${reason}`}`;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

function ended(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
