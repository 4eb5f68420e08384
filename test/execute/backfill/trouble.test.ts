/** Places where a backfill has a hard time: a bad network, a pooler, a replica that falls behind, a disk that is full. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_MONITOR, type MonitorPolicy } from '../../../src/config/monitor.ts';
import { openLedger } from '../../../src/ledger/ledger.ts';
import { own, serverAccount } from '../../../src/postgres/account.ts';
import { createConnector } from '../../../src/postgres/connect.ts';
import type { Connection, Connector } from '../../../src/postgres/connection.ts';
import { hasPgBouncer, startPgBouncer } from '../../support/pgbouncer.ts';
import { testServer } from '../../support/servers.ts';
import { streamingPair } from '../monitor/standby.ts';
import { startProxy } from '../proxy.ts';
import { POLICY, Stage } from '../support.ts';
import { traces } from '../undo-support.ts';
import { CRASH_POLICY, CRASH_SCHEMA, crashPlan, WATCH } from './crash-plan.ts';

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const plan = crashPlan('watched');
const policy = { ...POLICY, ...CRASH_POLICY, batchPauseMs: 10 };
const ALL = { n: [1], changes: 200, changed: 200, open: 0 };
const NOTHING = { n: [0], changes: 0, changed: 0, open: 0 };

async function counted(connection: Connection): Promise<unknown> {
  const [row] = await connection.query(
    `SELECT (SELECT json_agg(DISTINCT n) FROM t) AS n, (SELECT count(*)::int FROM changes) AS changes,
            (SELECT count(DISTINCT id)::int FROM changes) AS changed, (SELECT count(*)::int FROM ferrata.run WHERE open) AS open`,
  );
  return row;
}

/** A database with the table and the trigger that counts; a connection for looking, past everything that is in the way. */
async function place(connector: Connector): Promise<Connection> {
  const looker = await connector.connect('looker');
  closing.push(() => looker.close());
  await looker.script(CRASH_SCHEMA + WATCH);
  return looker;
}

async function stageAt(connector: Connector): Promise<Stage> {
  const stage = await Stage.at(connector);
  closing.push(() => stage.close());
  return stage;
}

/** Waits until so many rows have `n`, or until the run that should bring them there has ended. */
async function until(looker: Connection, n: 0 | 1, rows: number, running: Promise<unknown>): Promise<void> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  running.then(end, end);
  const enough = `SELECT count(*) >= ${rows} FROM t WHERE n = ${n}`;
  while (!ended && (await looker.rows<[boolean]>(enough))[0]?.[0] !== true) await sleep(5);
}

describe('a bad network, in the middle of a backfill', () => {
  const ways = {
    'swallows everything for a while, and cuts the connections then': async (proxy) => {
      proxy.swallow(true);
      await sleep(700);
      proxy.cut();
      proxy.swallow(false);
    },
    'ends the way to the server': async (proxy) => proxy.halfClose('to-server'),
    'ends the way back from the server': async (proxy) => proxy.halfClose('to-client'),
    'becomes slow': async (proxy) => proxy.delay(2),
  } satisfies Record<string, (proxy: Awaited<ReturnType<typeof startProxy>>) => Promise<void>>;
  for (const [what, way] of Object.entries(ways)) {
    it(`${what}: each row is changed once, and put back once`, async () => {
      const server = await testServer(18);
      const looker = await place(await server.createDatabase());
      const proxy = await startProxy(server.port);
      closing.push(() => proxy.close());
      const url = new URL(server.url(looker.server.database));
      url.port = String(proxy.port);
      const stage = await stageAt(createConnector(url.href));
      const running = stage.up(plan, { policy });
      running.catch(() => {});
      await until(looker, 1, 30, running);
      await way(proxy);
      const done = await running;
      expect(await counted(looker)).toEqual(ALL);
      proxy.delay(0);
      // The connection of the test itself may be gone too.
      const record = await (await openLedger(looker, { create: false })).run(done.run);
      if (record === null) throw new Error('no such run');
      const back = stage.down(record, { policy });
      back.catch(() => {});
      await until(looker, 0, 1, back);
      await way(proxy);
      expect((await back).state).toBe('rolled_back');
      expect(await counted(looker)).toEqual(NOTHING);
      expect(await traces(looker)).toEqual([]);
    });
  }
});

describe('through PgBouncer in transaction mode', () => {
  it('a backfill does what it does without: every batch carries what it needs', async () => {
    if (!(await hasPgBouncer())) return;
    const server = await testServer(18);
    const looker = await place(await server.createDatabase());
    const pooler = await startPgBouncer(server.url('postgres'), { default_pool_size: '4' });
    closing.push(() => pooler.stop());
    const stage = await stageAt(pooler.connector(looker.server.database));
    const done = await stage.up(plan, { policy });
    expect(await counted(looker)).toEqual(ALL);
    await stage.down(done.run, { policy });
    expect(await counted(looker)).toEqual(NOTHING);
    expect(await traces(looker)).toEqual([]);
  });
});

describe('a replica that falls behind', () => {
  it('makes the backfill wait, without a lock, until it has caught up', { timeout: 120_000 }, async () => {
    const pair = await streamingPair();
    closing.push(() => pair.stop());
    const looker = await place(pair.primary.connector());
    const standby = await pair.standby.connector().connect();
    closing.push(() => standby.close());
    await expect
      .poll(() => looker.rows('SELECT count(*)::int4 FROM pg_stat_replication'), { timeout: 20_000 })
      .toEqual([[1]]);
    const none = { pause: null, abort: null, warn: null };
    const monitor: MonitorPolicy = {
      ...DEFAULT_MONITOR,
      intervalMs: 50,
      replicas: [pair.standby.url()],
      signals: {
        ...(Object.fromEntries(
          Object.keys(DEFAULT_MONITOR.signals).map((name) => [name, none]),
        ) as unknown as MonitorPolicy['signals']),
        'replication-lag': { ...none, pause: { limit: 300, forMs: 0 } },
      },
    };
    const stage = await stageAt(pair.primary.connector());
    const running = stage.up(plan, { policy: { ...policy, monitor, batchSize: 4, batchPauseMs: 50 } });
    running.catch(() => {});
    await until(looker, 1, 8, running);
    await standby.script('SELECT pg_wal_replay_pause()');
    const waits = () =>
      stage.events.some((event) => event.type === 'backfill-progress' && /behind/.test(event.throttle ?? ''));
    await expect.poll(waits, { timeout: 20_000, interval: 20 }).toBe(true);
    const before = await looker.rows('SELECT count(*) FROM t WHERE n = 1');
    await sleep(500);
    expect(await looker.rows('SELECT count(*) FROM t WHERE n = 1')).toEqual(before);
    expect(before).not.toEqual([['200']]);
    expect(
      await looker.rows(
        `SELECT 1 FROM pg_locks l WHERE relation = 't'::regclass AND mode <> 'AccessShareLock'`,
      ),
    ).toEqual([]);
    await standby.script('SELECT pg_wal_replay_resume()');
    expect((await running).state).toBe('completed');
    expect(await counted(looker)).toEqual(ALL);
  });
});

/** A file system of few megabytes; null, and why is printed, where none can be mounted here. */
async function smallDisk(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-small-'));
  await chmod(folder, 0o755);
  try {
    if (process.getuid?.() !== 0) throw new Error('only root may mount');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    console.warn(`No small disk can be mounted here, so a full one is not tested: ${String(error)}`);
    return null;
  }
  closing.push(async () => {
    execFileSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

describe('a disk that is full', () => {
  it('ends the run with what the server says; whole batches stand, and up goes on when there is room', async () => {
    const disk = await smallDisk();
    if (disk === null) return;
    await own(disk, await serverAccount());
    const server = await testServer(18);
    const connector = await server.createDatabase();
    const looker = await connector.connect('looker');
    const space = `small_${looker.server.database}`;
    closing.push(async () => {
      await looker.script('DROP TABLE IF EXISTS t').catch(() => {});
      await looker.script(`DROP TABLESPACE ${space}`).finally(() => looker.close());
    });
    await looker.script(`CREATE TABLESPACE ${space} LOCATION '${disk}'`);
    await looker.script(CRASH_SCHEMA + WATCH);
    await looker.script(`ALTER TABLE t ADD pad char(4000) NOT NULL DEFAULT ''; ALTER TABLE t ALTER pad SET STORAGE PLAIN;
      UPDATE t SET pad = 'x'; TRUNCATE changes; ALTER TABLE t SET TABLESPACE ${space}; ALTER INDEX t_pkey SET TABLESPACE ${space}`);
    await looker.script('VACUUM FULL t');
    // Room for some batches, not for all.
    const free = Number(execFileSync('df', ['--output=avail', '-B1', disk]).toString().split('\n')[1]);
    await writeFile(join(disk, 'in-the-way'), Buffer.alloc(Math.max(0, free - 400_000)));
    const stage = await stageAt(connector);
    await expect(stage.up(plan, { policy })).rejects.toMatchObject({
      message: expect.stringMatching(/No space left|could not extend file/),
      details: { sqlState: '53100', hint: expect.stringContaining('`ferrata up` goes on') },
    });
    const [half] = await looker.rows<[number, number, number, string]>(
      `SELECT (SELECT count(*)::int FROM t WHERE n = 1), (SELECT count(*)::int FROM changes),
              (SELECT sum(rows)::int FROM ferrata.backfill), (SELECT state FROM ferrata.run)`,
    );
    expect(half?.[0]).toBeGreaterThan(0);
    expect(half?.[0]).toBeLessThan(200);
    expect(half).toEqual([half?.[0], half?.[0], half?.[0], 'failed']);
    await rm(join(disk, 'in-the-way'));
    await stage.up(plan, { policy, resume: await stage.ledger.unfinished() });
    expect(await counted(looker)).toEqual(ALL);
  });
});
