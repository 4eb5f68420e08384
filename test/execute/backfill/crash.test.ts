/** Whatever dies when: each row of the range is changed exactly once, and put back as it was. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createConnector } from '../../../src/postgres/connect.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { type Child, startChild } from '../../support/child.ts';
import { testServer } from '../../support/servers.ts';
import { startProxy, type TcpProxy } from '../proxy.ts';
import { POLICY, Stage } from '../support.ts';
import { traces } from '../undo-support.ts';
import { CRASH_POLICY, CRASH_SCHEMA, crashPlan, WATCH } from './crash-plan.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function place(major: number, kind: string) {
  const server = await testServer(major);
  const connector = await server.createDatabase();
  const connection = await connector.connect();
  await connection.script(CRASH_SCHEMA + (kind === 'watched' ? WATCH : ''));
  const { database } = connection.server;
  await connection.close();
  return { connector, port: server.port, url: server.url(database) };
}

function child(url: string, direction: 'up' | 'down', at: number, kind: string): Child {
  const started = startChild(CHILD, [url, direction, String(at), kind]);
  closing.push(() => started.process.kill('SIGKILL'));
  return started;
}

const policy = { ...POLICY, ...CRASH_POLICY };

async function finishUp(stage: Stage, kind: string): Promise<void> {
  const open = await stage.ledger.unfinished();
  if (open !== null || (await stage.ledger.applied()).length === 0) {
    await stage.up(crashPlan(kind), { resume: open, policy });
  }
}

async function finishDown(stage: Stage): Promise<void> {
  const run = (await stage.ledger.unfinished()) ?? (await stage.ledger.runOf(crashPlan('').migration));
  if (run !== null) await stage.down(run, { policy });
}

async function seen(connection: Connection): Promise<unknown> {
  const [row] = await connection.query(
    `SELECT (SELECT json_agg(DISTINCT n) FROM t) AS n, (SELECT count(*)::int FROM t) AS rows,
            (SELECT count(*)::int FROM changes) AS changes, (SELECT count(DISTINCT id)::int FROM changes) AS changed,
            (SELECT array_agg(id) FROM ferrata.migration) AS applied,
            (SELECT count(*)::int FROM ferrata.run WHERE open) AS open`,
  );
  return row;
}

function all(kind: string) {
  const changes = kind === 'watched' ? 200 : 0;
  return { n: [1], rows: 200, changes, changed: changes, applied: [crashPlan('').migration], open: 0 };
}
const NOTHING = { n: [0], rows: 200, changes: 0, changed: 0, applied: null, open: 0 };

describe('kill -9', () => {
  for (const [kind, points] of [
    ['alone', [0, 1, 5, 10]],
    ['watched', [0, 5, 10]],
    ['between', [0, 4]],
  ] as const) {
    it(`before any batch, forward and back: exactly once (${kind})`, async () => {
      const { connector, url } = await place(kind === 'between' ? 13 : 18, kind);
      for (const at of points) {
        const running = child(url, 'up', at, kind);
        expect(await running.ended(), `at ${at}`).toBe('SIGKILL');
        const stage = await Stage.at(connector, { pollMs: 50 });
        await finishUp(stage, kind);
        expect(await seen(stage.connection), `killed before batch ${at}`).toEqual(all(kind));
        await stage.close();
        const back = child(url, 'down', Math.min(at, 2), kind);
        await back.ended();
        const after = await Stage.at(connector, { pollMs: 50 });
        await finishDown(after);
        expect(await seen(after.connection), `killed on the way back at ${at}`).toEqual(NOTHING);
        expect(await traces(after.connection)).toEqual([]);
        await after.close();
      }
    });
  }

  it('half way, and then back instead of on: nothing is left of it', async () => {
    for (const kind of ['alone', 'watched', 'between']) {
      const { connector, url } = await place(15, kind);
      const running = child(url, 'up', 4, kind);
      expect(await running.ended()).toBe('SIGKILL');
      const stage = await Stage.at(connector, { pollMs: 50 });
      expect(await stage.value('SELECT count(*)::int BETWEEN 1 AND 199 FROM t WHERE n = 1')).toBe(true);
      await finishDown(stage);
      expect(await seen(stage.connection), kind).toEqual(NOTHING);
      expect(await traces(stage.connection)).toEqual([]);
      await finishUp(stage, kind);
      expect(await seen(stage.connection), kind).toEqual(all(kind));
      await stage.close();
    }
  });

  it('at any moment, in the middle of a message too', async () => {
    const { connector, url } = await place(18, 'watched');
    for (const wait of [0, 7, 19, 31]) {
      const running = child(url, 'up', -1, 'watched');
      await running.line();
      await sleep(wait);
      running.process.kill('SIGKILL');
      await running.ended();
      const stage = await Stage.at(connector, { pollMs: 50 });
      await finishUp(stage, 'watched');
      expect(await seen(stage.connection), `after ${wait} ms`).toEqual(all('watched'));
      await finishDown(stage);
      expect(await seen(stage.connection)).toEqual(NOTHING);
      await stage.close();
    }
  });

  it('a stopped holder whose lease has expired changes nothing when it wakes up', async () => {
    const { connector, url } = await place(18, 'watched');
    const stopped = child(url, 'up', -1, 'watched');
    await stopped.line();
    await stopped.line();
    stopped.process.kill('SIGSTOP');
    const stage = await Stage.at(connector, { pollMs: 50 });
    await finishUp(stage, 'watched');
    const after = await seen(stage.connection);
    stopped.process.kill('SIGCONT');
    expect(await stopped.ended()).not.toBe(0);
    expect(await seen(stage.connection)).toEqual(after);
    expect(after).toEqual(all('watched'));
    await stage.close();
  });
});

async function throughProxy(kind: string): Promise<{ readonly stage: Stage; readonly proxy: TcpProxy }> {
  const { url, port } = await place(18, kind);
  const proxy = await startProxy(port);
  closing.push(() => proxy.close());
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  const stage = await Stage.at(createConnector(through.href));
  closing.push(() => stage.close());
  return { stage, proxy };
}

describe('a connection that breaks', () => {
  for (const lose of ['loseAnswerTo', 'loseMessage'] as const) {
    it(`at the first checkpoints, in a batch, at its COMMIT, at the end, on the way back (${lose})`, async () => {
      for (const [text, direction] of [
        ['INSERT INTO ferrata.backfill ', 'up'],
        ['ferrata.move_backfill', 'up'],
        ["'done', pg_catalog.transaction_timestamp()", 'up'],
        ['INSERT INTO ferrata.backfill ', 'down'],
        ['ferrata.move_backfill', 'down'],
        ["'rolled_back'", 'down'],
      ] as const) {
        const { stage, proxy } = await throughProxy('alone');
        if (direction === 'up') proxy[lose](text);
        const done = await stage.up(crashPlan('alone'), { policy });
        expect(await seen(stage.connection).catch(() => seen(stage.connection))).toEqual(all('alone'));
        if (direction === 'down') proxy[lose](text);
        const back = await stage.down(done.run, { policy });
        expect(proxy.lost, text).toBe(1);
        expect(back.state).toBe('rolled_back');
        expect(await seen(stage.connection), `${direction} ${text}`).toEqual(NOTHING);
      }
    });
  }

  it('and breaks again while the lease is renewed: what was renewed is still ours', async () => {
    for (const lose of ['loseAnswerTo', 'loseMessage'] as const) {
      const { stage, proxy } = await throughProxy('watched');
      proxy.loseAnswerTo('ferrata.move_backfill');
      proxy[lose]('SET token = GREATEST');
      const done = await stage.up(crashPlan('watched'), { policy });
      expect(proxy.lost, lose).toBe(2);
      expect(done.state).toBe('completed');
      expect(await seen(stage.connection)).toEqual(all('watched'));
    }
  });

  it('because the backends were terminated, whenever: it goes on', async () => {
    const { stage } = await throughProxy('watched');
    const slow = { ...policy, batchPauseMs: 15 };
    const running = stage.up(crashPlan('watched'), { policy: slow });
    running.catch(() => {});
    // Who cannot even connect has nothing to go on with.
    await expect
      .poll(() => stage.connection.rows('SELECT 1 FROM ferrata.step'), { interval: 5, timeout: 20_000 })
      .not.toEqual([]);
    for (let n = 0; n < 4; n++) {
      await sleep(40);
      await stage.connection.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ferrata:run' AND datname = current_database()`,
      );
    }
    expect((await running).state).toBe('completed');
    expect(await seen(stage.connection)).toEqual(all('watched'));
  });
});
