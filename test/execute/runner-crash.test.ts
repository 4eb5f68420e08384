import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { type Child, startChild } from '../support/child.ts';
import { testServer } from '../support/servers.ts';
import { KILL_SCHEMA, killPlan } from './kill-plan.ts';
import { Stage } from './support.ts';

const CHILD = fileURLToPath(new URL('./runner-child.ts', import.meta.url));
const children: Child[] = [];
const stages: Stage[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.process.kill('SIGKILL');
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

interface Place {
  readonly connector: Connector;
  readonly url: string;
}

async function place(major: number): Promise<Place> {
  const server = await testServer(major);
  const connector = await server.createDatabase();
  const connection = await connector.connect();
  await connection.script(KILL_SCHEMA);
  const { database } = connection.server;
  await connection.close();
  return { connector, url: server.url(database) };
}

function child(url: string, direction: 'up' | 'down', at: number): Child {
  const started = startChild(CHILD, [url, direction, String(at)]);
  children.push(started);
  return started;
}

async function stageAt(connector: Connector): Promise<Stage> {
  const stage = await Stage.at(connector, { pollMs: 50 });
  stages.push(stage);
  return stage;
}

/** What must hold after all steps, and after none. */
async function seen(connection: Connection): Promise<unknown> {
  const [row] = await connection.query(
    `SELECT (SELECT n FROM counter) AS counter,
            to_regclass('t') IS NOT NULL AS made,
            (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t_a')) AS valid,
            (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('old_index')) AS old,
            EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('t') AND attname = 'b' AND NOT attisdropped) AS b,
            (SELECT count(*)::int FROM pg_index WHERE NOT indisvalid) AS invalid,
            (SELECT array_agg(id) FROM ferrata.migration) AS applied,
            (SELECT count(*)::int FROM ferrata.run WHERE open) AS open`,
  );
  return row;
}
const ALL = {
  counter: 1,
  made: true,
  valid: true,
  old: null,
  b: true,
  invalid: 0,
  applied: [killPlan.migration],
  open: 0,
};
const NOTHING = {
  counter: 0,
  made: false,
  valid: null,
  old: true,
  b: false,
  invalid: 0,
  applied: null,
  open: 0,
};

/** Events of an undisturbed run: started, two per step, finished. */
const EVENTS = killPlan.steps.length * 2 + 2;

async function finishUp(stage: Stage): Promise<void> {
  const open = await stage.ledger.unfinished();
  if (open !== null || (await stage.ledger.applied()).length === 0)
    await stage.up(killPlan, { resume: open });
}

async function finishDown(stage: Stage): Promise<void> {
  const run = (await stage.ledger.unfinished()) ?? (await stage.ledger.runOf(killPlan.migration));
  if (run !== null) await stage.down(run);
}

/** A few at a time: most of each is waiting for a lease to expire. */
async function inTurns(cases: readonly number[], one: (n: number) => Promise<void>): Promise<void> {
  const left = [...cases];
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await one(next);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

/** Going on after a kill on the way back, and steps of every other kind: every-kind.test.ts. */
describe('kill -9', () => {
  for (const major of [18, 15]) {
    it(`at every event on the way up: up goes on, or down goes back (PostgreSQL ${major})`, async () => {
      // Every event on the newest server; on the older one every fourth shows that it behaves the same.
      const events = Array.from({ length: EVENTS }, (_, n) => n).filter((n) => major === 18 || n % 4 === 1);
      await inTurns(events, async (at) => {
        const { connector, url } = await place(major);
        expect(await child(url, 'up', at).ended()).toBe('SIGKILL');
        const stage = await stageAt(connector);
        if (at % 2 === 0) {
          await finishUp(stage);
          expect(await seen(stage.connection), `killed at ${at}`).toEqual(ALL);
        } else {
          await finishDown(stage);
          expect(await seen(stage.connection), `killed at ${at}`).toEqual(NOTHING);
        }
      });
    });
  }

  it('at any moment', async () => {
    await inTurns([0, 1, 2, 3, 4, 5, 6, 7], async (round) => {
      const { connector, url } = await place(18);
      const running = child(url, 'up', -1);
      await running.line();
      await sleep(round * 9);
      running.process.kill('SIGKILL');
      await running.ended();
      const stage = await stageAt(connector);
      await finishUp(stage);
      expect(await seen(stage.connection), `killed after ${round * 9} ms`).toEqual(ALL);
    });
  });

  it('while an index is built: the statement on the server is waited for, and what it did counts', async () => {
    const { connector, url } = await place(18);
    const old = await connector.connect();
    await old.script('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    const running = child(url, 'up', -1);
    while ((await running.line()) !== 'step-finished');
    await sleep(500);
    running.process.kill('SIGKILL');
    await running.ended();
    setTimeout(() => void old.script('COMMIT'), 1500);
    const stage = await stageAt(connector);
    await finishUp(stage);
    expect(await seen(stage.connection)).toEqual(ALL);
    expect(stage.events).toContainEqual(
      expect.objectContaining({ type: 'step-resumed', step: 's2', found: 'done before the interruption' }),
    );
    await old.close();
  });

  it('while an index is built, its backend with it: the invalid index is dropped and built again', async () => {
    for (const direction of ['up', 'down']) {
      const { connector, url } = await place(15);
      const old = await connector.connect();
      await old.script('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
      const running = child(url, 'up', -1);
      while ((await running.line()) !== 'step-finished');
      await sleep(500);
      running.process.kill('SIGKILL');
      await running.ended();
      await old.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND datname = current_database()`,
      );
      await old.script('COMMIT');
      expect(
        await old.rows('SELECT indisvalid FROM pg_index WHERE indexrelid = $1::regclass', ['t_a']),
      ).toEqual([[false]]);
      const stage = await stageAt(connector);
      if (direction === 'up') await finishUp(stage);
      else await finishDown(stage);
      expect(await seen(stage.connection)).toEqual(direction === 'up' ? ALL : NOTHING);
      await old.close();
    }
  });
});

describe('two runners', () => {
  it('at once: one waits for the other, and everything happens once', async () => {
    const { connector, url } = await place(18);
    const first = child(url, 'up', -1);
    await first.line();
    const stage = await stageAt(connector);
    expect(await first.ended()).toBe(0);
    expect(await stage.ledger.unfinished()).toBeNull();
    await expect(stage.up(killPlan)).rejects.toMatchObject({ code: 'migration-applied' });
    expect(await seen(stage.connection)).toEqual(ALL);
  });

  it('a stopped holder whose lease has expired does nothing when it wakes up', async () => {
    const { connector, url } = await place(18);
    const stopped = child(url, 'up', -1);
    while ((await stopped.line()) !== 'step-finished');
    stopped.process.kill('SIGSTOP');
    const stage = await stageAt(connector);
    await finishUp(stage);
    const after = await seen(stage.connection);
    stopped.process.kill('SIGCONT');
    expect(await stopped.ended()).not.toBe(0);
    expect(await seen(stage.connection)).toEqual(after);
    expect(after).toEqual(ALL);
  });
});
