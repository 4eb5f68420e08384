/** The server goes away in the middle of a batch, by all ways that there are: each row is changed exactly once all the same. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnector } from '../../src/postgres/connect.ts';
import type { Connection } from '../../src/postgres/connection.ts';
import { findServers } from '../../src/postgres/programs.ts';
import { type RunningServer, startServer } from '../../src/postgres/server.ts';
import { planOf, sqlStep } from '../ledger/support.ts';
import { CRASH_POLICY, CRASH_SCHEMA, crashPlan, WATCH } from './backfill/crash-plan.ts';
import { startProxy } from './proxy.ts';
import { POLICY, Stage } from './support.ts';
import { traces } from './undo-support.ts';

let folder: string;
let server: RunningServer;
let start: () => Promise<RunningServer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferrata-crash-'));
  const [programs] = await findServers(null);
  const found = programs ?? (await findServers('.ferrata'))[0];
  if (found === undefined) throw new Error('There is no PostgreSQL server on this machine.');
  let port = 0;
  start = async () => {
    const running = await startServer({
      programs: found,
      dataDir: join(folder, 'data'),
      fsync: false,
      // As servers are by default, but for the time that a COMMIT without waiting may be at risk: longer than a test.
      settings: { synchronous_commit: 'on', wal_writer_delay: '10s', wal_writer_flush_after: '1GB' },
      ...(port > 0 && { port }),
    });
    ({ port } = running);
    return running;
  };
  server = await start();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Some tens of batches, each of which takes a moment: there is always one in hand. */
const policy = { ...POLICY, ...CRASH_POLICY, batchSize: 10, batchPauseMs: 5, retries: 10 };
/** A trigger that counts, and that makes a batch last. */
const SLOW = WATCH.replace('BEGIN INSERT', 'BEGIN PERFORM pg_sleep(0.004); INSERT');
const plan = crashPlan('watched');

async function counted(connection: Connection): Promise<unknown> {
  const [row] = await connection.query(
    `SELECT (SELECT json_agg(DISTINCT n) FROM t) AS n, (SELECT count(*)::int FROM changes) AS changes,
            (SELECT count(DISTINCT id)::int FROM changes) AS changed, (SELECT count(*)::int FROM ferrata.run WHERE open) AS open`,
  );
  return row;
}
const ALL = { n: [1], changes: 200, changed: 200, open: 0 };
const NOTHING = { n: [0], changes: 0, changed: 0, open: 0 };

async function atWork(name: string): Promise<Stage> {
  const admin = await server.connector().connect();
  await admin.script(`CREATE DATABASE ${name}`);
  await admin.close();
  const connector = server.connector(name);
  const first = await connector.connect();
  await first.script(CRASH_SCHEMA + SLOW);
  await first.close();
  return await Stage.at(connector);
}

/** Waits until a batch is under way and some are done. */
async function inTheMiddle(name: string): Promise<void> {
  const looker = await server.connector(name).connect();
  try {
    const query = `SELECT (SELECT count(*) FROM t WHERE n = 1) > 20 AND EXISTS (
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ferrata:run' AND wait_event = 'PgSleep')`;
    while ((await looker.rows(query))[0]?.[0] !== true) await sleep(5);
    expect((await looker.rows('SELECT count(*) < 180 FROM t WHERE n = 1'))[0]).toEqual([true]);
  } finally {
    await looker.close();
  }
}

/** As init scripts and administrators stop it; `immediate` and a killed backend end in crash recovery. */
const WAYS: Readonly<Record<string, () => Promise<void>>> = {
  'restarted (stop -m fast)': async () => {
    await server.stop();
    server = await start();
  },
  'stopped by -m immediate and started a second later': async () => {
    process.kill(server.pid, 'SIGQUIT');
    await server.stop();
    await sleep(1_000);
    server = await start();
  },
  'a backend of it killed, which restarts them all': async () => {
    const looker = await server.connector().connect();
    const rows = await looker.rows<[number]>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'ferrata:run' AND wait_event = 'PgSleep'`,
    );
    for (const [pid] of rows) process.kill(pid, 'SIGKILL');
    await looker.close();
  },
};

async function away(way: () => Promise<void>, running: Promise<unknown>): Promise<void> {
  // Whatever happens first is told.
  await Promise.race([way(), running.then(() => expect.unreachable('it ended before the server did'))]);
}

describe('a server that goes away in the middle of a batch', () => {
  for (const [n, [what, way]] of Object.entries(WAYS).entries()) {
    it(`${what}: the run waits for it, and every row is changed once; the way back too`, {
      timeout: 60_000,
    }, async () => {
      const name = `crash_${n}`;
      const stage = await atWork(name);
      const running = stage.up(plan, { policy });
      running.catch(() => {});
      await inTheMiddle(name);
      await away(way, running);
      expect((await running).state).toBe('completed');
      await stage.close();
      const after = await Stage.at(server.connector(name), { pollMs: 50 });
      expect(await counted(after.connection)).toEqual(ALL);
      expect(stage.types()).toContain('waiting');

      const [record] = await after.connection.query<{ id: string }>('SELECT id FROM ferrata.run');
      const back = after.down(record?.id ?? '', { policy: { ...policy, batchSize: 5, batchPauseMs: 20 } });
      back.catch(() => {});
      while ((await lookAt(name, 'SELECT count(*) < 190 FROM t WHERE n = 1')) !== true) await sleep(5);
      expect(await lookAt(name, 'SELECT count(*) > 0 FROM t WHERE n = 1')).toBe(true);
      await away(n === 2 ? (WAYS['restarted (stop -m fast)'] ?? way) : way, back);
      expect((await back).state).toBe('rolled_back');
      await after.close();
      const end = await Stage.at(server.connector(name), { pollMs: 50 });
      expect(await counted(end.connection)).toEqual(NOTHING);
      expect(await traces(end.connection)).toEqual([]);
      await end.close();
    });
  }
});

describe('batches that were committed, but not on disk yet', () => {
  it('are done again where the server crashes between the last of them and the end of the step', {
    timeout: 60_000,
  }, async () => {
    const stage = await atWork('crash_late');
    await stage.close();
    const proxy = await startProxy(server.port);
    const through = new URL(server.url('crash_late'));
    through.port = String(proxy.port);
    const run = await Stage.at(createConnector(through.href));
    let done = false;
    const running = run.up(plan, {
      policy,
      reporter: (event) => {
        run.events.push(event);
        // The walk has come to its end: nothing that it says from here arrives.
        if (event.type !== 'backfill-progress' || event.done < 200 || done) return;
        done = true;
        proxy.swallow(true);
      },
    });
    running.catch(() => {});
    await expect.poll(() => done, { timeout: 20_000, interval: 5 }).toBe(true);
    process.kill(server.pid, 'SIGQUIT');
    await server.stop();
    server = await start();
    expect(await lookAt('crash_late', 'SELECT count(*) < 200 FROM t WHERE n = 1')).toBe(true);
    proxy.swallow(false);
    proxy.cut();
    expect((await running).state).toBe('completed');
    const looker = await server.connector('crash_late').connect();
    expect(await counted(looker)).toEqual(ALL);
    await looker.close();
    await run.close();
    await proxy.close();
  });
});

describe('where COMMIT does not wait for the disk', () => {
  it('it does for a step that the run counts as done', { timeout: 60_000 }, async () => {
    const admin = await server.connector().connect();
    await admin.script('CREATE DATABASE crash_off');
    await admin.script('ALTER DATABASE crash_off SET synchronous_commit = off');
    await admin.close();
    const stage = await Stage.at(server.connector('crash_off'), { heartbeatMs: 60_000, ttlMs: 120_000 });
    let crashed: Promise<void> | null = null;
    const running = stage.up(
      planOf('20260101000000_off', [sqlStep(1, ['CREATE TABLE one ()']), sqlStep(2, ['SELECT pg_sleep(1)'])]),
      {
        policy,
        reporter: (event) => {
          if (event.type !== 'step-finished' || crashed !== null) return;
          process.kill(server.pid, 'SIGQUIT');
          crashed = server.stop().then(async () => {
            server = await start();
          });
        },
      },
    );
    running.catch(() => {});
    await expect.poll(() => crashed, { timeout: 20_000, interval: 5 }).not.toBeNull();
    await crashed;
    expect((await running).state).toBe('completed');
    expect(await lookAt('crash_off', `SELECT to_regclass('one') IS NOT NULL`)).toBe(true);
    await stage.connection.close().catch(() => {});
  });
});

async function lookAt(name: string, sql: string): Promise<unknown> {
  const looker = await server.connector(name).connect();
  return (await looker.rows(sql).finally(() => looker.close()))[0]?.[0];
}
