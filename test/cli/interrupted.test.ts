/** Two at once, a closed terminal, a power cut, clocks that disagree. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fingerprintCatalog } from '../../src/catalog/fingerprint.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { testServer } from '../support/servers.ts';
import type { RunOptions, Started } from './ferrata.ts';
import { type Project, project } from './project.ts';

const preload = (name: string): readonly string[] => ['--import', new URL(name, import.meta.url).href];

/** Nothing is rehearsed, so that what takes long takes long once. */
const FREE = { 'ferrata.config.yaml': 'environments: { development: { policy: { proof: off } } }' };

/** Three steps, of which the second one lasts until `release`. */
const HELD = `BEGIN; CREATE TABLE a (id int PRIMARY KEY); COMMIT;
BEGIN; CREATE TABLE b AS SELECT 1 AS n;
DO $$ BEGIN WHILE EXISTS (SELECT FROM hold) LOOP PERFORM pg_sleep(0.05); END LOOP; END $$; COMMIT;
BEGIN; CREATE TABLE c (id int); COMMIT;`;
const HOLD = 'CREATE TABLE hold (n int); INSERT INTO hold VALUES (1);';
const DOWN = 'DROP TABLE c; DROP TABLE b; DROP TABLE a;';

/** A project whose `up` has come to the second step and stays there until `release`. */
async function atWork(
  more: Partial<RunOptions> = {},
): Promise<{ made: Project; first: Started; release(): Promise<void> }> {
  const migrations = { '20260101000000_held': { 'up.sql': HELD, 'down.sql': DOWN } };
  const made = await project({ base: HOLD, migrations, files: FREE });
  const first = await made.start(['up'], more);
  await first.said(/^ {2}s2 /m);
  return {
    made,
    first,
    release: async () => {
      await made.rows('DELETE FROM hold');
    },
  };
}

async function fingerprint(made: Pick<Project, 'connect'>): Promise<string> {
  const connection = await made.connect();
  try {
    return fingerprintCatalog(await readCatalog(connection)).hash;
  } finally {
    await connection.close();
  }
}

describe('two at once', () => {
  it('the second one waits and says for whom, or leaves with exit code 3', async () => {
    const { made, first, release } = await atWork();
    const second = await made.start(['up']);
    const impatient = await made.run(['up', '--no-wait']);
    await second.said('waiting: ');
    await release();
    const patient = await second.ended;
    expect(impatient.code).toBe(3);
    expect(impatient.stderr).toContain('[lease-held]');
    expect(impatient.stderr).toMatch(new RegExp(`@.* ${first.pid} is at work`));
    expect(impatient.stderr).toContain('ferrata unlock');
    expect(patient).toMatchObject({ code: 0, stdout: 'Nothing to do: no migration is pending.\n' });
    expect(patient.stderr).toMatch(new RegExp(`waiting: .*@.* ${first.pid} \\(ferrata up\\)`));
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(await made.rows('SELECT count(*) FROM ferrata.run')).toEqual([['1']]);
  });

  it('clocks that are hours apart change nothing: the server’s counts', async () => {
    const { made, first, release } = await atWork({
      node: preload('clock.mjs'),
      env: { CLOCK_MS: '-86400000' },
    });
    for (const hours of [-48, 48]) {
      const other = await made.run(['up', '--no-wait'], {
        node: preload('clock.mjs'),
        env: { CLOCK_MS: String(hours * 3_600_000) },
      });
      expect(other.code, `${hours} hours`).toBe(3);
      expect(other.stderr).toContain('[lease-held]');
    }
    await release();
    expect(await first.ended).toMatchObject({ code: 0 });
    // The rollback window is the server's time too: a clock that is a year ahead does not end it.
    const ahead = { node: preload('clock.mjs'), env: { CLOCK_MS: String(365 * 86_400_000) } };
    expect((await made.run(['purge', '--dry-run'], ahead)).stdout).toContain('Nothing is past');
    expect(await made.run(['down'], ahead)).toMatchObject({ code: 0 });
  });

  it('unlock takes the lease from one that hangs; what it does afterwards fails', async () => {
    const { made, first, release } = await atWork();
    const asked = await made.run(['unlock']);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toMatch(new RegExp(`held by .* ${first.pid} \\(up\\)`));
    const unlocked = made.run(['unlock', '--yes']);
    // The step in hand is waited for.
    const waits = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await made.rows(waits))[0]?.[0] === '0') await sleep(50);
    await release();
    const lost = await first.ended;
    expect(await unlocked).toMatchObject({ code: 0, stdout: expect.stringContaining('free') });
    expect(lost.code).toBe(1);
    expect(lost.stderr).toContain('[lease-lost]');
    const next = await made.run(['up']);
    expect(next).toMatchObject({ code: 0, stdout: expect.stringContaining('completed') });
    expect(await made.rows('SELECT count(*) FROM b')).toEqual([['1']]);
  });
});

describe('a signal', () => {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    it(`${signal} pauses after the step in hand; the next up goes on`, async () => {
      const { made, first, release } = await atWork();
      if (signal === 'SIGHUP') {
        // The terminal is gone: nobody reads any more, and the signal comes twice (kernel and shell).
        first.process.stderr?.destroy();
        first.process.stdout?.destroy();
        first.process.kill(signal);
      }
      first.process.kill(signal);
      if (signal !== 'SIGHUP') await first.said(`${signal}: finishing the step in hand`);
      await release();
      const { code } = await first.ended;
      expect(code).toBe(5);
      const { value } = await made.json(['status']);
      expect(value.status).toMatchObject({ unfinished: { state: 'paused' }, lease: null });
      expect((await made.run(['status'])).stdout).toContain('`ferrata up` goes on with it');
      expect(await made.rows(`SELECT to_regclass('a') IS NULL, to_regclass('c') IS NULL`)).toEqual([
        [false, true],
      ]);
      expect(await made.run(['up'])).toMatchObject({ code: 0 });
      expect(await made.rows(`SELECT to_regclass('c') IS NULL, count(*) FROM b`)).toEqual([[false, '1']]);
    });
  }
});

/** As if fifteen seconds had gone by: the dead one's lease expires. */
async function expire(copy: Pick<Project, 'rows'>): Promise<void> {
  await copy.rows('UPDATE ferrata.lease SET expires_at = clock_timestamp() WHERE owner IS NOT NULL');
}

describe('kill -9', () => {
  const BASE = `CREATE TABLE orders (id int PRIMARY KEY, status text DEFAULT 'new', legacy text);
    INSERT INTO orders SELECT n, CASE WHEN n % 3 = 0 THEN 'done' ELSE 'new' END, 'old ' || n FROM generate_series(1, 300) n;
    CREATE INDEX orders_legacy ON orders (legacy); CREATE TABLE gone (id int PRIMARY KEY, v text);
    INSERT INTO gone SELECT n, 'v' || n FROM generate_series(1, 50) n;`;
  const UP = `BEGIN; ALTER TABLE orders ADD COLUMN total numeric DEFAULT 0; UPDATE orders SET total = id; COMMIT;
CREATE INDEX CONCURRENTLY orders_status ON orders (status);
BEGIN; ALTER TABLE orders DROP COLUMN legacy; COMMIT;
DROP TABLE gone;
BEGIN; UPDATE orders SET status = 'open' WHERE status = 'new'; COMMIT;`;
  const CONTENT = `SELECT md5(string_agg(o::text, '|' ORDER BY id)) FROM orders o`;

  it('at the events of up and of down: the next one goes on, and schema and rows are right', {
    timeout: 240_000,
  }, async () => {
    const made = await project({ base: BASE, migrations: { '20260101000000_change': UP } });
    const server = await testServer(18);
    const before = { schema: await fingerprint(made), rows: await made.rows(CONTENT) };
    // One database for each moment, all alike: the proof made in the first one holds in all.
    const clone = async (): Promise<Pick<Project, 'connect' | 'rows'> & { url: string }> => {
      const connector = await server.createDatabase();
      const connect = () => connector.connect('test');
      const connection = await connect();
      await connection.script(BASE);
      await connection.close();
      return {
        connect,
        url: server.url(connection.server.database),
        rows: async (sql) => {
          const own = await connect();
          return own.rows(sql).finally(() => own.close());
        },
      };
    };
    const quiet = await made.json(['up']);
    expect(quiet.code, JSON.stringify(quiet.value)).toBe(0);
    const after = { schema: await fingerprint(made), rows: await made.rows(CONTENT) };
    const since = (events: readonly Record<string, unknown>[]) =>
      events.slice(events.findIndex(({ type }) => type === 'run-started')).length;
    const upEvents = since(quiet.events);
    const down = await made.json(['down']);
    const downEvents = since(down.events);
    expect(await fingerprint(made)).toBe(before.schema);
    expect(await made.rows(CONTENT)).toEqual(before.rows);
    expect(upEvents).toBeGreaterThan(10);
    expect(downEvents).toBeGreaterThan(5);

    const killed: string[] = [];
    const attempt = async (at: number): Promise<void> => {
      const copy = await clone();
      const url = ['--url', copy.url];
      const cut = (args: readonly string[]) =>
        made.run([...args, '--json', ...url], {
          node: preload('kill-at.mjs'),
          env: { KILL_AT: String(at) },
        });
      const goOn = async (args: readonly string[]) => {
        await expire(copy);
        const outcome = await made.run([...args, ...url]);
        expect(outcome.code, `${args.join(' ')} after event ${at}: ${outcome.stderr}`).toBe(0);
      };
      if (at < upEvents) {
        killed.push(`up ${at} ${(await cut(['up'])).code}`);
        await goOn(['up']);
      } else {
        await goOn(['up']);
      }
      const connection = await copy.connect();
      expect(fingerprintCatalog(await readCatalog(connection)).hash, `up, ${at}`).toBe(after.schema);
      expect(await connection.rows(CONTENT), `up, ${at}`).toEqual(after.rows);
      expect(await connection.rows('SELECT state FROM ferrata.run'), `up, ${at}`).toEqual([['completed']]);
      await connection.close();
      const first = await cut(['down']);
      killed.push(`down ${at} ${first.code}`);
      // The cut may have come when all was done.
      const [left] = await copy.rows(`SELECT count(*) FROM ferrata.run WHERE state <> 'rolled_back'`);
      if (left?.[0] !== '0') await goOn(['down']);
      const end = await copy.connect();
      expect(fingerprintCatalog(await readCatalog(end)).hash, `down, ${at}`).toBe(before.schema);
      expect(await end.rows(CONTENT), `down, ${at}`).toEqual(before.rows);
      expect(await end.rows(`SELECT count(*) FROM gone`)).toEqual([['50']]);
      await end.close();
    };
    // Every second one: test/execute/runner-crash.test.ts has them all.
    const moments = Array.from({ length: Math.max(upEvents, downEvents) / 2 }, (_, half) => 2 * half);
    const worker = async (): Promise<void> => {
      for (let at = moments.shift(); at !== undefined; at = moments.shift()) await attempt(at);
    };
    await Promise.all([worker(), worker(), worker()]);
    // It was really cut.
    expect(killed.filter((line) => line.endsWith('SIGKILL')).length).toBeGreaterThan(upEvents / 2);
  });

  it('a dead runner’s lease expires by itself, and down takes back what it left', async () => {
    const made = await project({ base: BASE, migrations: { '20260101000000_change': UP } });
    const before = await fingerprint(made);
    const dead = await made.run(['up', '--json'], { node: preload('kill-at.mjs'), env: { KILL_AT: '4' } });
    expect(dead.code).toBe('SIGKILL');
    expect(await fingerprint(made)).not.toBe(before);
    const back = await made.run(['down']);
    expect(back.code, back.stderr).toBe(0);
    expect(back.stderr).toMatch(/waiting: /);
    expect(await fingerprint(made)).toBe(before);
  });
});
