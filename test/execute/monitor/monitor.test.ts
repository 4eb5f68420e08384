/** The monitors, against real servers, a real endpoint and real waiting sessions. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_MONITOR, type MonitorPolicy, type SignalName } from '../../../src/config/monitor.ts';
import type { FerrataEvent } from '../../../src/events.ts';
import { Judge } from '../../../src/execute/monitor/judge.ts';
import { Monitor } from '../../../src/execute/monitor/monitor.ts';
import type { ThrottleDecision } from '../../../src/execute/monitor/throttle.ts';
import { writeWanted } from '../../../src/ledger/control.ts';
import { summariseSamples } from '../../../src/ledger/samples.ts';
import { upgradeLedger } from '../../../src/ledger/schema.ts';
import type { Connection, Connector } from '../../../src/postgres/connection.ts';
import { testServer } from '../../support/servers.ts';
import { type Pair, streamingPair } from './standby.ts';

describe('Judge', () => {
  it('passes a limit only after the value has been beyond it for so long', () => {
    const judge = new Judge({
      pause: { limit: 5, forMs: 0 },
      abort: { limit: 30, forMs: 1_000 },
      warn: null,
    });
    expect(judge.judge(5, 0)).toBe('ok');
    expect(judge.judge(6, 100)).toBe('pause');
    expect(judge.judge(31, 200)).toBe('pause');
    expect(judge.judge(40, 1_199)).toBe('pause');
    expect(judge.judge(40, 1_200)).toBe('abort');
    expect(judge.judge(30, 1_300)).toBe('pause');
    expect(judge.judge(31, 1_400)).toBe('pause');
    expect(judge.judge(1, 1_500)).toBe('ok');
    expect(judge.judge(Number.POSITIVE_INFINITY, 1_600)).toBe('abort');
  });
});

/** Only the signals named, with these limits; looks 20 times a second. */
function policy(
  signals: Partial<MonitorPolicy['signals']>,
  rest: Partial<MonitorPolicy> = {},
): MonitorPolicy {
  const off = { pause: null, abort: null, warn: null };
  const all = Object.fromEntries(
    Object.keys(DEFAULT_MONITOR.signals).map((name) => [name, signals[name as SignalName] ?? off]),
  );
  return { ...DEFAULT_MONITOR, intervalMs: 50, ...rest, signals: all as MonitorPolicy['signals'] };
}

const now = (limit: number) => ({ limit, forMs: 0 });
const off = { pause: null, abort: null, warn: null };

interface Scene {
  readonly monitor: Monitor;
  readonly events: FerrataEvent[];
  readonly released: string[];
  /** Waits until the decision is of this kind. */
  until(kind: ThrottleDecision['kind']): Promise<ThrottleDecision>;
}

describe('Monitor', () => {
  let connector: Connector;
  let connection: Connection;
  let server: Server;
  let answer = { status: 200, body: '', delayMs: 0 };
  let url = '';
  const open: Monitor[] = [];

  beforeAll(async () => {
    connector = await (await testServer(18)).createDatabase();
    connection = await connector.connect();
    await upgradeLedger(connection);
    await connection.script('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)');
    server = createServer((_, response) => {
      setTimeout(() => {
        response.statusCode = answer.status;
        response.end(answer.body);
      }, answer.delayMs);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    for (const monitor of open) await monitor.close();
    await connection?.close();
    server?.close();
  });

  function watch(
    run: string,
    monitorPolicy: MonitorPolicy,
    more: {
      readonly pids?: readonly number[];
      readonly blocks?: boolean;
      readonly elapsedMs?: number;
      readonly estimateMs?: number;
      readonly baselineMs?: number;
      readonly on?: Connector;
    } = {},
  ): Scene {
    const events: FerrataEvent[] = [];
    const released: string[] = [];
    const monitor = Monitor.start({
      run,
      connector: more.on ?? connector,
      policy: monitorPolicy,
      watched: {
        pids: () => more.pids ?? [],
        blocks: () => more.blocks ?? false,
        elapsedMs: () => more.elapsedMs ?? 0,
        estimateMs: more.estimateMs ?? null,
      },
      report: (event) => events.push(event),
      baselineMs: more.baselineMs ?? null,
      forgetMs: 0,
      release: (reason) => released.push(reason),
    });
    open.push(monitor);
    const until = async (kind: ThrottleDecision['kind']): Promise<ThrottleDecision> => {
      const deadline = performance.now() + 20_000;
      for (;;) {
        const decision = await monitor.wait(undefined);
        if (decision.kind === kind) return decision;
        if (performance.now() > deadline)
          throw new Error(`never ${kind}: ${JSON.stringify([decision, events.slice(-2)])}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    return { monitor, events, released, until };
  }

  it('goes while all is well, keeps its samples, and reads nothing that does not exist', async () => {
    const { monitor, events, until } = watch('fine', { ...DEFAULT_MONITOR, intervalMs: 50 });
    expect(await until('go')).toEqual({ kind: 'go', factor: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await monitor.close();
    const summary = await summariseSamples(connection, 'fine');
    const signals = summary.map(({ signal }) => signal);
    expect(signals).toEqual(
      expect.arrayContaining(['active-sessions', 'oldest-transaction', 'waiting-sessions']),
    );
    // No replica, no health source, no archiving, no estimate.
    for (const absent of ['replication-lag', 'error-rate', 'latency', 'archiver', 'duration'])
      expect(signals).not.toContain(absent);
    expect(summary.every(({ count, unreadable }) => count > 1 && unreadable === 0)).toBe(true);
    expect(events.filter(({ type }) => type === 'throttled')).toEqual([]);
  });

  it('sees who waits for us, has the step released, and goes on when nobody waits', async () => {
    const ours = await connector.connect('run');
    const theirs = await connector.connect('application');
    try {
      await ours.script('BEGIN; UPDATE t SET id = id');
      const { events, released, until } = watch(
        'waiting',
        policy({ 'waiting-sessions': { ...off, pause: { limit: 0, forMs: 100 } } }),
        { pids: [ours.pid] },
      );
      await until('go');
      const blocked = theirs.script('UPDATE t SET id = id');
      const decision = await until('pause');
      expect(decision).toMatchObject({
        reason: expect.stringMatching(/^waiting-sessions: process \d+ \(ferrata:application\) for/),
      });
      expect(released[0]).toContain('waiting for this migration');
      await ours.script('ROLLBACK');
      await blocked;
      await until('go');
      expect(events.flatMap((event) => (event.type === 'throttled' ? [event.decision] : []))).toEqual([
        'pause',
        'go',
      ]);
    } finally {
      await ours.close();
      await theirs.close();
    }
  });

  it('does not mind those who wait for a step that takes a strong lock', async () => {
    const ours = await connector.connect('run');
    const theirs = await connector.connect('application');
    try {
      await ours.script('BEGIN; LOCK TABLE t');
      const { monitor, released } = watch(
        'strong',
        policy({ 'waiting-sessions': { ...off, pause: now(0) } }),
        { pids: [ours.pid], blocks: true },
      );
      const blocked = theirs.script('SELECT * FROM t');
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await monitor.wait(undefined)).toMatchObject({ kind: 'go' });
      expect(released).toEqual([]);
      await ours.script('ROLLBACK');
      await blocked;
    } finally {
      await ours.close();
      await theirs.close();
    }
  });

  it('obeys another terminal: pause, go on slower, abort; an abort is final', async () => {
    const { until, released } = watch('asked', policy({}));
    await until('go');
    await writeWanted(connection, 'asked', { wanted: 'pause', by: 'ann@desk', reason: 'lunch' });
    expect(await until('pause')).toMatchObject({ reason: 'ann@desk asked to pause: lunch' });
    await writeWanted(connection, 'asked', { wanted: 'go', factor: 0.25, by: 'ann@desk' });
    expect(await until('go')).toEqual({ kind: 'go', factor: 0.25 });
    await writeWanted(connection, 'asked', { wanted: 'abort', by: 'ann@desk' });
    await until('abort');
    await writeWanted(connection, 'asked', { wanted: 'go', by: 'ann@desk' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await until('abort')).toMatchObject({ reason: 'ann@desk asked to abort' });
    expect(released).toHaveLength(1);
  });

  it('asks an endpoint: its own figures, its times, its failures', async () => {
    answer = { status: 200, body: '{"errorRate": 0, "p99Ms": 10}', delayMs: 0 };
    const scene = watch(
      'health',
      policy(
        {
          latency: { ...off, pause: now(2), abort: now(5) },
          'error-rate': { ...off, abort: { limit: 0.01, forMs: 100 } },
        },
        { health: { http: url } },
      ),
      { baselineMs: 10 },
    );
    await scene.until('go');
    answer = { status: 200, body: '{"errorRate": 0.005, "p99Ms": 30}', delayMs: 0 };
    expect(await scene.until('pause')).toMatchObject({ reason: expect.stringContaining('3.0 ×') });
    answer = { status: 200, body: '{"errorRate": 0.5, "p99Ms": 10}', delayMs: 0 };
    expect(await scene.until('abort')).toMatchObject({ reason: expect.stringContaining('50.00 %') });

    answer = { status: 200, body: 'OK', delayMs: 0 };
    const plain = watch(
      'plain',
      policy({ 'error-rate': { ...off, abort: now(0.2) } }, { health: { http: url } }),
    );
    await plain.until('go');
    answer = { status: 503, body: 'down', delayMs: 0 };
    expect(await plain.until('abort')).toMatchObject({ reason: expect.stringContaining('requests fail') });

    answer = { status: 200, body: '{"critical": "payments down"}', delayMs: 0 };
    const critical = watch(
      'critical',
      policy({ 'error-rate': { ...off, abort: { limit: 1, forMs: 1e6 } } }, { health: { http: url } }),
    );
    expect(await critical.until('abort')).toMatchObject({ reason: 'error-rate: critical: payments down' });
  });

  it('asks Prometheus, SQL, a command', async () => {
    answer = {
      status: 200,
      body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"0.07"]}]}}',
      delayMs: 0,
    };
    const limit = { 'error-rate': { ...off, abort: now(0.05) } };
    const prometheus = watch('prometheus', policy(limit, { health: { prometheus: url, errorRate: 'x' } }));
    expect(await prometheus.until('abort')).toMatchObject({ reason: expect.stringContaining('7.00 %') });
    const sql = watch('sql', policy(limit, { health: { sql: 'SELECT 0.08 AS error_rate' } }));
    expect(await sql.until('abort')).toMatchObject({ reason: expect.stringContaining('8.00 %') });
    const command = watch('command', policy(limit, { health: { command: `echo '{"errorRate": 0.09}'` } }));
    expect(await command.until('abort')).toMatchObject({ reason: expect.stringContaining('9.00 %') });
  });

  it('stops where it can not see, unless it is told to ignore that', async () => {
    const health = { command: 'echo no JSON' };
    const limit = { 'error-rate': { ...off, abort: now(0.05) } };
    const closed = watch('closed', policy(limit, { health }));
    expect(await closed.until('pause')).toMatchObject({
      reason:
        'error-rate: can not be read: The health command printed no JSON with errorRate, p99Ms or critical',
    });
    const openly = watch('open', policy(limit, { health, unreadable: 'ignore' }));
    await openly.until('go');
    expect(
      (await summariseSamples(connection, 'closed')).map(({ unreadable, signal }) => [
        signal,
        unreadable > 0,
      ]),
    ).toEqual([['error-rate', true]]);
  });

  it('counts sessions at work, old transactions, and time', async () => {
    const busy = await connector.connect('busy');
    try {
      await busy.script('BEGIN; SELECT 1');
      const active = watch(
        'active',
        policy({ 'active-sessions': { ...off, pause: now(0.5) } }, { sessionLimit: 1 }),
      );
      expect(await active.until('pause')).toMatchObject({
        reason: expect.stringMatching(/\d+ of 1 sessions at work/),
      });
      const old = watch('old', policy({ 'oldest-transaction': { ...off, warn: now(1) } }));
      await old.until('go');
      await expect
        .poll(() => old.events.find((event) => event.type === 'throttled'))
        .toMatchObject({
          decision: 'warn',
          // Another test's, where it has an older one on this server.
          reason: expect.stringMatching(/^oldest-transaction: process \d+ .+ has a transaction open for/),
        });
      const late = watch('late', policy({ duration: { ...off, pause: now(2) } }), {
        elapsedMs: 300_000,
        estimateMs: 120_000,
      });
      expect(await late.until('pause')).toMatchObject({ reason: 'duration: 300 s of 120 s expected' });
    } finally {
      await busy.script('ROLLBACK');
      await busy.close();
    }
  });

  it('tells how far an index build is', async () => {
    const ours = await connector.connect('run');
    const blocker = await connector.connect('old');
    try {
      await connection.script('CREATE TABLE big AS SELECT g AS a FROM generate_series(1, 1000) g');
      // CONCURRENTLY waits for it: the build stands still where it can be seen.
      await blocker.script('BEGIN; INSERT INTO big VALUES (0)');
      const { events } = watch('build', policy({}), { pids: [ours.pid] });
      const built = ours.script('CREATE INDEX CONCURRENTLY big_a ON big (a)');
      await expect
        .poll(() => events.find((event) => event.type === 'step-progress'), { timeout: 10_000 })
        .toMatchObject({
          phase: expect.stringMatching(/^building .*: waiting for writers before build$/),
          done: 0,
          total: 1,
        });
      await blocker.script('COMMIT');
      await built;
    } finally {
      await ours.close();
      await blocker.close();
    }
  });

  it('reads how full the disk is where it can be seen from here', async () => {
    const scene = watch('disk', policy({ disk: { ...off, abort: now(0) } }));
    expect(await scene.until('abort')).toMatchObject({ reason: expect.stringMatching(/disk: \d+ % free/) });
  });
});

describe('replication lag', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await streamingPair();
  });
  afterAll(() => pair?.stop());

  it('is seen on the primary and on the replica, and ends when the replica has caught up', async () => {
    const primary = await pair.primary.connector().connect();
    const standby = await pair.standby.connector().connect();
    const events: FerrataEvent[] = [];
    await upgradeLedger(primary);
    await primary.script('CREATE TABLE t (a int)');
    const monitor = Monitor.start({
      run: 'lag',
      connector: pair.primary.connector(),
      policy: policy({ 'replication-lag': { ...off, pause: now(300) } }, { replicas: [pair.standby.url()] }),
      watched: { pids: () => [], blocks: () => false, elapsedMs: () => 0, estimateMs: null },
      report: (event) => events.push(event),
      forgetMs: 0,
      release: () => {},
    });
    try {
      const decided = async (kind: string) =>
        await expect
          .poll(async () => (await monitor.wait(undefined)).kind, { timeout: 20_000, interval: 50 })
          .toBe(kind);
      await expect
        .poll(() => primary.rows('SELECT count(*)::int4 FROM pg_stat_replication'), { timeout: 20_000 })
        .toEqual([[1]]);
      await decided('go');
      await standby.script('SELECT pg_wal_replay_pause()');
      await primary.script('INSERT INTO t SELECT generate_series(1, 1000)');
      await decided('pause');
      expect(await monitor.wait(undefined)).toMatchObject({ reason: expect.stringMatching(/s behind$/) });
      await standby.script('SELECT pg_wal_replay_resume()');
      await decided('go');
    } finally {
      await monitor.close();
      await standby.close();
      await primary.close();
    }
  });
});
