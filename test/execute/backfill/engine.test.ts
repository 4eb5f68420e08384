/** What the engine does on its way: steering, waiting, passing by, stopping, saying. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { BatchOutcome, ThrottleDecision } from '../../../src/execute/monitor/throttle.ts';
import type { BackfillSpec } from '../../../src/plan/backfill.ts';
import type { Plan } from '../../../src/plan/model.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { proofOf } from '../../ledger/support.ts';
import { hasPgBouncer, startPgBouncer } from '../../support/pgbouncer.ts';
import { testServer } from '../../support/servers.ts';
import { POLICY, Stage } from '../support.ts';
import { traces } from '../undo-support.ts';
import { backfillPlan, keyOf, specOf } from './support.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(18);
});
afterAll(() => stage.close());
afterEach(async () => {
  stage.events.length = 0;
  // What a failed test leaves must not fail the next one.
  await stage.connection.script(
    `UPDATE ferrata.run SET open = false; DROP SCHEMA IF EXISTS ferrata_attic CASCADE`,
  );
});

/** Sizes do not depend on how busy the machine is. */
const policy = { ...POLICY, batchSize: 50, batchTargetMs: 600_000, lockTimeoutMs: 100, retries: 20 };

async function holder(): Promise<Connection> {
  const connection = await stage.connector.connect('holder');
  onTestFinished(() => connection.close());
  return connection;
}

let count = 0;
function planFor(spec: BackfillSpec, captures?: readonly string[]): Plan {
  return backfillPlan(spec, captures, `2026010100${String(++count).padStart(4, '0')}_b`);
}

async function table(rows = 300, more = ''): Promise<void> {
  await stage.connection.script(`DROP TABLE IF EXISTS t, copy, log CASCADE;
    CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text, at timestamptz);
    INSERT INTO t SELECT g, 0, 'row ' || g FROM generate_series(1, ${rows}) g; ${more}; ANALYZE t`);
}

/** What is answered when so many rows are done; else: go. */
function answers(byRows: Readonly<Record<number, () => ThrottleDecision>>) {
  return {
    wait: async (): Promise<ThrottleDecision> => {
      const done = (await stage.value('SELECT count(*)::int FROM t WHERE n = 1')) as number;
      return byRows[done]?.() ?? { kind: 'go', factor: 1 };
    },
  };
}

const once = (rows = 300) =>
  stage.value(`SELECT count(*)::int = ${rows} AND min(n) = 1 AND max(n) = 1 FROM t`);
const progress = () => stage.events.filter((event) => event.type === 'backfill-progress');

describe('between batches', () => {
  it('pauses after a Ctrl-C, says so, and goes on with `up`', async () => {
    await table();
    const plan = planFor(specOf());
    const stop = new AbortController();
    const throttle = answers({
      100: () => {
        stop.abort();
        return { kind: 'go', factor: 1 };
      },
    });
    await expect(stage.up(plan, { policy, signal: stop.signal, throttle })).rejects.toMatchObject({
      code: 'run-paused',
      exitCode: 5,
    });
    expect(await stage.value('SELECT count(*)::int FROM t WHERE n = 1')).toBe(100);
    const open = await stage.ledger.unfinished();
    expect(open).toMatchObject({ state: 'paused', steps: [{ step: 's1', state: 'intended' }] });
    stage.events.length = 0;
    await stage.up(plan, { policy, resume: open });
    expect(stage.events).toContainEqual(
      expect.objectContaining({
        type: 'step-resumed',
        found: expect.stringMatching(/^100 of about 300 rows/),
      }),
    );
    expect(await once()).toBe(true);
  });

  it('waits as long as the throttle says, with the reason, holding nothing', async () => {
    await table();
    const pause: ThrottleDecision = { kind: 'pause', reason: 'replica 7 s behind', retryMs: 20 };
    const decisions: ThrottleDecision[] = [pause, pause, { kind: 'go', factor: 0.2 }];
    const locks: unknown[] = [];
    const heard: BatchOutcome[] = [];
    const asked = answers({ 50: () => decisions.shift() ?? { kind: 'go', factor: 1 } });
    const throttle = {
      wait: async (): Promise<ThrottleDecision> => {
        locks.push(
          await stage.value(
            `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'ferrata:run' AND state <> 'idle' AND datname = current_database() AND query NOT LIKE '%OFFSET%'`,
          ),
        );
        return asked.wait();
      },
      heard: (outcome: BatchOutcome) => heard.push(outcome),
    };
    await stage.up(planFor(specOf()), { policy, throttle });
    expect(await once()).toBe(true);
    expect(new Set(locks)).toEqual(new Set([0]));
    expect(progress().map(({ throttle: reason }) => reason)).toContain('replica 7 s behind');
    expect(progress().at(-1)).toMatchObject({ throttle: null, done: 300, changed: 300, estimate: 300 });
    expect(heard.slice(0, 2)).toMatchObject([{ rows: 50, trouble: null }, { rows: 10 }]);
  });

  it('stops where the throttle says so; what was done can be taken back', async () => {
    await table();
    const throttle = answers({ 100: () => ({ kind: 'abort', reason: 'error rate 3 %' }) });
    const plan = planFor(specOf());
    await expect(stage.up(plan, { policy, throttle })).rejects.toMatchObject({
      code: 'run-aborted',
      message: expect.stringContaining('error rate 3 %'),
    });
    const open = await stage.ledger.unfinished();
    if (open === null) throw new Error('the run is not open');
    expect(open).toMatchObject({ state: 'paused', migration: plan.migration });
    expect(await stage.down(open, { policy })).toMatchObject({
      state: 'rolled_back',
      steps: [{ rows: 100 }],
    });
    expect(await stage.value('SELECT max(n) FROM t')).toBe(0);
    expect(await stage.ledger.unfinished()).toBeNull();
  });
});

describe('trouble', () => {
  it('a locked row: it waits shortly, tries smaller batches, and is done when the row is free', async () => {
    await table();
    const other = await holder();
    await other.script('BEGIN; SELECT FROM t WHERE id = 120 FOR UPDATE');
    const heard: BatchOutcome[] = [];
    setTimeout(() => void other.script('COMMIT'), 900);
    const throttle = {
      wait: async (): Promise<ThrottleDecision> => ({ kind: 'go', factor: 1 }),
      heard: (outcome: BatchOutcome) => heard.push(outcome),
    };
    await stage.up(planFor(specOf()), { policy, throttle });
    expect(await once()).toBe(true);
    const troubles = heard.filter(({ trouble }) => trouble !== null);
    expect(troubles.length).toBeGreaterThan(1);
    expect(troubles[0]).toMatchObject({ trouble: 'lock timeout' });
    expect(stage.types()).toContain('step-retried');
    // Half as many rows, and half of that.
    const after = heard
      .slice(heard.findIndex(({ trouble }) => trouble !== null))
      .filter(({ trouble }) => trouble === null);
    expect(after[0]?.rows).toBeLessThanOrEqual(25);
  });

  it('a row that stays locked ends the step, and names who holds it; nothing of its batch is done', async () => {
    await table();
    const other = await holder();
    await other.script('BEGIN; UPDATE t SET n = n WHERE id = 120');
    await expect(stage.up(planFor(specOf()), { policy: { ...policy, retries: 1 } })).rejects.toMatchObject({
      code: 'lock-timeout',
      details: { why: expect.stringContaining(`process ${other.pid}`) },
    });
    await other.script('ROLLBACK');
    expect(await stage.value('SELECT count(*)::int FROM t WHERE n = 1')).toBe(100);
    const open = await stage.ledger.unfinished();
    await stage.up(backfillPlan(specOf()), { policy, resume: open });
    expect(await once()).toBe(true);
  });

  it('with SKIP LOCKED it passes locked rows by, and does them in the end', async () => {
    await table(300, 'CREATE INDEX ON t (note)');
    const other = await holder();
    await other.script('BEGIN; UPDATE t SET note = note WHERE id IN (1, 77, 300)');
    let passedBy = false;
    const throttle = {
      wait: async (): Promise<ThrottleDecision> => {
        const done = (await stage.value('SELECT count(*)::int FROM t WHERE n = 1')) as number;
        if (done === 297 && !passedBy) await other.script('COMMIT');
        passedBy ||= done === 297;
        return { kind: 'go', factor: 1 };
      },
    };
    const done = await stage.up(planFor(specOf()), {
      policy: { ...policy, batchSkipLocked: true },
      throttle,
    });
    expect(passedBy).toBe(true);
    expect(await once()).toBe(true);
    expect(done.steps).toMatchObject([{ rows: 300 }]);
    expect(await stage.value('SELECT count(*)::int FROM ferrata.backfill_skipped')).toBe(0);
    await stage.down(done.run, { policy });
    expect(await stage.value('SELECT max(n) FROM t')).toBe(0);
  });

  it('a row that the statement can not do: where it was written, and the rows before it stand', async () => {
    await table(300, 'UPDATE t SET note = NULL WHERE id = 130');
    const text = '-- first\n  UPDATE t SET n = length(note);\n';
    const spec = specOf({
      action: { type: 'update', set: 'n = length(note)', columns: ['n'], from: null },
      sql: 'UPDATE t SET n = length(note)',
      at: { line: 2, column: 3 },
    });
    const plan = planFor(spec);
    await expect(stage.up(plan, { policy, source: { file: 'm/up.sql', text } })).rejects.toMatchObject({
      code: 'sql-failed',
      details: { sqlState: '23502', location: { file: 'm/up.sql', line: 2, column: 3 } },
    });
    expect(await stage.value('SELECT count(*)::int FROM t WHERE n > 0')).toBe(100);
    const open = await stage.ledger.unfinished();
    if (open === null) throw new Error('the run is not open');
    await stage.down(open, { policy });
    expect(await stage.value('SELECT count(*)::int FROM t WHERE n > 0')).toBe(0);
  });

  it('an index that is gone since the plan was made', async () => {
    await table();
    const key = keyOf({ id: 'bigint' }, 'public.nosuch');
    await expect(
      stage.up(planFor(specOf({ parts: [{ table: 'public.t', key }] })), { policy }),
    ).rejects.toMatchObject({
      code: 'backfill-table',
      details: { why: expect.stringContaining('not there') },
    });
    expect(await stage.ledger.unfinished()).toBeNull();
  });

  it('a table that the rehearsal did not see written: the batch is taken back', async () => {
    await table(
      300,
      `CREATE TABLE log (id bigint); CREATE OR REPLACE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN IF NEW.id > 110 THEN INSERT INTO log VALUES (NEW.id); END IF; RETURN NULL; END $$;
       CREATE TRIGGER logged AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION logged()`,
    );
    const plan = planFor(specOf());
    await expect(stage.up(plan, { policy, proof: proofOf(plan) })).rejects.toMatchObject({
      code: 'step-unseen-write',
      message: expect.stringContaining('public.log'),
    });
    expect(await stage.value('SELECT count(*)::int FROM t WHERE n = 1')).toBe(100);
    expect(await stage.value('SELECT count(*)::int FROM log')).toBe(0);
    const open = await stage.ledger.unfinished();
    if (open === null) throw new Error('the run is not open');
    await stage.down(open, { policy });
    expect(await stage.value('SELECT max(n) FROM t')).toBe(0);
    expect(await traces(stage.connection)).toEqual([]);
  });
});

describe('what it can do', () => {
  it('copies rows into another table, and takes the copies away again', async () => {
    await table(300, 'CREATE TABLE copy (id bigint PRIMARY KEY, twice int, made timestamptz)');
    await stage.connection.script('INSERT INTO copy VALUES (5, 0, NULL)');
    const spec = specOf({
      action: {
        type: 'insert-select',
        target: 'public.copy',
        columns: ['id', 'twice'],
        values: ['t.id', 't.id * 2'],
        onConflict: '(id) DO NOTHING',
      },
      where: 't.id % 2 = 1',
    });
    const done = await stage.up(planFor(spec, ['public.copy']), { policy });
    expect(await stage.value('SELECT count(*)::int FROM copy WHERE twice = id * 2')).toBe(149);
    expect(done.steps).toMatchObject([{ rows: 149 }]);
    await stage.down(done.run, { policy });
    expect(await stage.connection.rows('SELECT id::int, twice FROM copy')).toEqual([[5, 0]]);
  });

  it('walks a table without a key by its pages, to delete', async () => {
    await stage.connection.script(`DROP TABLE IF EXISTS heap; CREATE TABLE heap (a int, pad text);
      INSERT INTO heap SELECT g, repeat('x', 200) FROM generate_series(1, 2000) g; ANALYZE heap`);
    const spec = specOf({
      table: 'public.heap',
      alias: 'heap',
      parts: [{ table: 'public.heap', key: null }],
      where: 'a % 3 = 0',
      action: { type: 'delete', using: null },
    });
    const done = await stage.up(planFor(spec), { policy: { ...policy, batchSize: 200 } });
    expect(done.steps).toMatchObject([{ rows: 666 }]);
    expect(await stage.value('SELECT count(*)::int FROM heap')).toBe(1334);
    expect(await stage.value(`SELECT batches::int > 5 FROM ferrata.backfill WHERE run = '${done.run}'`)).toBe(
      true,
    );
    await stage.down(done.run, { policy });
    expect(await stage.value('SELECT count(DISTINCT a)::int FROM heap')).toBe(2000);
  });

  it('does rows that came behind its end meanwhile, where they need it', async () => {
    await table();
    let came = false;
    const throttle = {
      wait: async (): Promise<ThrottleDecision> => {
        const done = (await stage.value('SELECT count(*)::int FROM t WHERE n = 1')) as number;
        if (done >= 50 && !came) {
          came = true;
          await stage.connection.script('INSERT INTO t SELECT g FROM generate_series(301, 420) g');
        }
        return { kind: 'go', factor: 1 };
      },
    };
    await stage.up(planFor(specOf({ lastPass: true })), { policy, throttle });
    expect(await once(420)).toBe(true);
    came = false;
    await table();
    await stage.up(planFor(specOf()), { policy, throttle });
    expect(await stage.value('SELECT count(*)::int FROM t WHERE n = 1')).toBe(300);
  });

  it('gives every batch the same time, and its settings, and leaves none of them behind', async () => {
    await table();
    const moment = "(pg_catalog.current_setting('ferrata.moment')::pg_catalog.timestamptz)";
    const spec = specOf({
      action: {
        type: 'update',
        set: `at = ${moment}, note = current_setting('my.word'), n = 1`,
        columns: ['at', 'note', 'n'],
        from: null,
      },
      settings: ["SET my.word = 'so' -- said", "SET datestyle = 'German'", "SET timezone = 'Asia/Tokyo'"],
      moment: true,
    });
    await stage.up(planFor(spec), { policy: { ...policy, batchPauseMs: 3 } });
    expect(
      await stage.connection.rows(
        `SELECT count(DISTINCT at)::int, min(note), max(note), bool_and(at < clock_timestamp()), min(n) FROM t`,
      ),
    ).toEqual([[1, 'so', 'so', true, 1]]);
  });

  it('works on several ranges at once', async () => {
    await table(4000);
    const running = new Set<unknown>();
    const throttle = {
      wait: async (): Promise<ThrottleDecision> => {
        running.add(
          await stage.value(
            `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'ferrata:run' AND datname = current_database()`,
          ),
        );
        return { kind: 'go', factor: 1 };
      },
    };
    const done = await stage.up(planFor(specOf()), { policy: { ...policy, batchWorkers: 3 }, throttle });
    expect(await once(4000)).toBe(true);
    // Each worker has a connection, and one that looks ahead.
    expect([...running]).toContain(6);
    expect(
      await stage.value(`SELECT count(*)::int FROM ferrata.backfill WHERE run = '${done.run}'`),
    ).toBeGreaterThan(3);
    await stage.down(done.run, { policy });
    expect(await stage.value('SELECT max(n) FROM t')).toBe(0);
  });

  it('steers the size to the time: small at first, larger while it is quick, smaller when it is not', async () => {
    await table(4000);
    const sizes: number[] = [];
    const throttle = {
      wait: async (): Promise<ThrottleDecision> => ({ kind: 'go', factor: 1 }),
      heard: ({ rows }: BatchOutcome) => sizes.push(rows),
    };
    await stage.up(planFor(specOf()), {
      policy: { ...policy, batchSize: 2000, batchTargetMs: 5_000 },
      throttle,
    });
    expect(sizes[0]).toBe(200);
    expect(Math.max(...sizes)).toBeGreaterThan(300);
    sizes.length = 0;
    await table(1000);
    const slow = specOf({
      action: { type: 'update', set: 'n = 1 + length(pg_sleep(0.002)::text)', columns: ['n'], from: null },
    });
    await stage.up(planFor(slow), { policy: { ...policy, batchSize: 2000, batchTargetMs: 60 }, throttle });
    expect(Math.min(...sizes.slice(1, -1))).toBeLessThan(60);
  });

  it('goes through a pooler in transaction mode, settings and all', async () => {
    if (!(await hasPgBouncer())) {
      console.warn('pgbouncer is not installed: backfills through a pooler are not tested');
      return;
    }
    const server = await testServer(18);
    const database = await server.createDatabase();
    const first = await database.connect();
    const name = first.server.database;
    await first.script(
      'CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL); INSERT INTO t SELECT g, 0 FROM generate_series(1, 300) g',
    );
    await first.close();
    const pooler = await startPgBouncer(server.url('postgres'), { default_pool_size: '3' });
    const pooled = await Stage.at(pooler.connector(name), { heartbeatMs: 50 });
    try {
      const spec = specOf({ settings: ["SET work_mem = '1MB'"] });
      const done = await pooled.up(backfillPlan(spec), { policy });
      expect(await pooled.value('SELECT count(*)::int FROM t WHERE n = 1')).toBe(300);
      for (let n = 0; n < 3; n++) expect(await pooled.value('SHOW work_mem')).toBe('4MB');
      await pooled.down(done.run, { policy });
      expect(await pooled.value('SELECT count(*)::int FROM t WHERE n = 0')).toBe(300);
    } finally {
      await pooled.close();
      await pooler.stop();
    }
  });
});

describe('a transform', () => {
  const action = (module: string) =>
    ({ type: 'transform', module, reads: ['note'], writes: ['note', 'n'] }) as const;

  async function folderWith(text: string, module = 'backfill.mjs'): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'ferrata-transform-'));
    await writeFile(join(folder, module), text);
    return folder;
  }

  it('is given rows, and gives back some of their columns', async () => {
    await table(300, `ALTER TABLE t ADD list int[], ADD doc jsonb, ADD raw bytea`);
    const folder = await folderWith(
      `export const transform = (rows) => rows.map(({ id, note }) => Number(id) % 2
         ? { id, note: note.toUpperCase(), list: [Number(id), null], doc: { id }, raw: Buffer.from([1, 2]) }
         : { id, at: new Date(0) });`,
    );
    const writes = ['note', 'list', 'doc', 'raw', 'at'];
    const spec = specOf({ action: { ...action('backfill.mjs'), writes }, where: 't.id <= 200' });
    const done = await stage.up(planFor(spec), { policy, folder });
    expect(
      await stage.connection.rows(
        `SELECT id::int, note, list::text, doc::text, raw::text, extract(epoch FROM at)::int FROM t WHERE id IN (1, 2, 201) ORDER BY id`,
      ),
    ).toEqual([
      [1, 'ROW 1', '{1,NULL}', '{"id": "1"}', '\\x0102', null],
      [2, 'row 2', null, null, null, 0],
      [201, 'row 201', null, null, null, null],
    ]);
    await stage.down(done.run, { policy });
    expect(
      await stage.value(
        'SELECT count(*)::int FROM t WHERE note = upper(note) OR list IS NOT NULL OR at IS NOT NULL',
      ),
    ).toBe(0);
    await rm(folder, { recursive: true });
  });

  it.each([
    ['export const other = 1;', 'exports no function transform'],
    ['export const transform = () => { throw new Error("no such currency"); };', 'no such currency'],
    ['export const transform = () => 5;', 'no array'],
    ['export const transform = () => [{ id: "99999" }];', 'had not been given'],
    ['export const transform = ([row]) => [row, row];', 'twice'],
    ['export const transform = (rows) => rows.map(({ id }) => ({ id, at: 1 }));', 'a column at'],
    ['syntax error', 'can not be loaded'],
  ])('%s: says what is wrong', async (text, why) => {
    await table();
    const folder = await folderWith(text);
    const failure = await stage
      .up(planFor(specOf({ action: action('backfill.mjs') })), { policy, folder })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'backfill-transform' });
    expect(
      `${(failure as Error).message} ${(failure as { details: { why?: string } }).details.why}`,
    ).toContain(why);
    expect(await stage.value('SELECT max(n) FROM t')).toBe(0);
    const open = await stage.ledger.unfinished();
    if (open !== null) await stage.down(open, { policy });
    await rm(folder, { recursive: true });
  });
});

describe('while it is half way', () => {
  it('the ledger says how far it is, and nobody else may begin', async () => {
    await table();
    const stop = new AbortController();
    const throttle = {
      wait: async (): Promise<ThrottleDecision> => {
        if ((await stage.value('SELECT count(*)::int FROM t WHERE n = 1')) === 150) stop.abort();
        return { kind: 'go', factor: 1 };
      },
    };
    await expect(
      stage.up(planFor(specOf()), { policy, signal: stop.signal, throttle }),
    ).rejects.toMatchObject({ code: 'run-paused' });
    await expect(stage.up(planFor(specOf()), { policy })).rejects.toMatchObject({ code: 'run-unfinished' });
    const open = await stage.ledger.unfinished();
    if (open === null) throw new Error('the run is not open');
    await stage.down(open, { policy });
    await sleep(0);
    expect(await stage.value('SELECT max(n) FROM t')).toBe(0);
  });
});
