import { afterEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/model.ts';
import { planOf, proofOf, sqlStep } from '../ledger/support.ts';
import { POLICY, Stage } from './support.ts';

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});
async function stage(major = 18): Promise<Stage> {
  const opened = await Stage.open(major);
  stages.push(opened);
  return opened;
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function withInverse(plan: Plan, inverses: readonly (readonly string[])[]): Plan {
  return {
    ...plan,
    steps: plan.steps.map((step, n) => ({
      ...step,
      inverse: (inverses[n] ?? []).map((sql) => ({ type: 'sql' as const, sql, at: null })),
    })),
  };
}

describe('up', () => {
  for (const major of [18, 15]) {
    it(`runs a plan of one step: change, run, step and migration are one (PostgreSQL ${major})`, async () => {
      const on = await stage(major);
      const plan = planOf('20260101000000_a', [
        sqlStep(1, ['CREATE TABLE t (a int)', 'INSERT INTO t VALUES (1) -- so']),
      ]);
      const done = await on.up(plan);
      expect(done).toMatchObject({ state: 'completed', migration: plan.migration, steps: [{ step: 's1' }] });
      expect(await on.value('SELECT a FROM t')).toBe(1);
      expect(await on.ledger.applied()).toMatchObject([
        { id: plan.migration, checksum: plan.checksum, run: done.run },
      ]);
      expect(await on.ledger.run(done.run)).toMatchObject({
        state: 'completed',
        plan,
        steps: [{ step: 's1', direction: 'up', state: 'done', error: null }],
        windowUntil: expect.any(String),
      });
      expect(on.types()).toEqual(['run-started', 'step-started', 'step-finished', 'run-finished']);
    });
  }

  it('runs a plan of several steps, in and out of transactions', async () => {
    const on = await stage();
    const plan = planOf('20260101000000_a', [
      sqlStep(1, ['CREATE TABLE t (a int)']),
      sqlStep(2, ['CREATE INDEX CONCURRENTLY t_a ON t (a)'], {
        transactional: false,
        done: { type: 'index-valid', index: { schema: null, name: 't_a' } },
      }),
      sqlStep(3, ['ALTER TABLE t ADD b int']),
    ]);
    const done = await on.up(plan, { validate: true });
    expect(done.state).toBe('validating');
    expect(await on.ledger.run(done.run)).toMatchObject({
      state: 'validating',
      steps: [{ state: 'done' }, { step: 's2', state: 'done' }, { state: 'done' }],
    });
    expect(await on.ledger.applied()).toHaveLength(1);
    expect(await on.value(`SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass`)).toBe(true);
    await on.ledger.setState(done.run, 'completed');
  });

  it('shows where a statement failed, and leaves nothing behind', async () => {
    const on = await stage();
    const text = "-- héllo 𝄞\nCREATE TABLE t (a int);\n\nINSERT INTO t SELECT 'ü𝄞' || nosuch;\n";
    const plan = planOf('20260101000000_a', [
      {
        ...sqlStep(1, []),
        forward: [
          { type: 'sql', sql: 'CREATE TABLE t (a int)', at: { line: 2, column: 1 } },
          { type: 'sql', sql: "INSERT INTO t SELECT 'ü𝄞' || nosuch", at: { line: 4, column: 1 } },
        ],
      },
    ]);
    await expect(on.up(plan, { source: { file: 'm/up.sql', text } })).rejects.toMatchObject({
      code: 'sql-failed',
      details: {
        sqlState: '42703',
        location: { file: 'm/up.sql', line: 4, column: 30, text: "INSERT INTO t SELECT 'ü𝄞' || nosuch;" },
        hint: expect.stringContaining('Nothing of this migration is left'),
      },
    });
    expect(await on.value(`SELECT to_regclass('t')`)).toBeNull();
    expect(await on.ledger.applied()).toEqual([]);
    const [run] = await on.ledger.runs();
    expect(run).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('nosuch'),
      steps: [{ state: 'failed' }],
    });
    expect(await on.ledger.unfinished()).toBeNull();
    // Mended, it runs.
    await on.up(planOf('20260101000000_a', [sqlStep(1, ['CREATE TABLE t (a int)'])]));
  });

  it('finds the statement of an error that has no position', async () => {
    const on = await stage();
    const text = 'CREATE TABLE t (a int);\nINSERT INTO t VALUES (1 / 0);\nSELECT 1;';
    const plan = planOf('20260101000000_a', [
      {
        ...sqlStep(1, []),
        forward: [
          { type: 'sql', sql: 'CREATE TABLE t (a int)', at: { line: 1, column: 1 } },
          {
            type: 'sql',
            sql: 'INSERT INTO t VALUES ((SELECT a / 0 FROM (VALUES (1)) v (a)))',
            at: { line: 2, column: 1 },
          },
          { type: 'sql', sql: 'SELECT 1', at: { line: 3, column: 1 } },
        ],
      },
    ]);
    await expect(on.up(plan, { source: { file: 'up.sql', text } })).rejects.toMatchObject({
      details: { sqlState: '22012', location: { line: 2 } },
    });
  });

  it('fails at COMMIT as a whole', async () => {
    const on = await stage();
    await on.connection.script(
      'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
    );
    await expect(
      on.up(planOf('20260101000000_a', [sqlStep(1, ['INSERT INTO c VALUES (1)'])])),
    ).rejects.toMatchObject({ details: { sqlState: '23503' } });
    expect(await on.ledger.applied()).toEqual([]);
    expect(await on.value('SELECT count(*)::int FROM c')).toBe(0);
    await on.up(
      planOf('20260102000000_b', [sqlStep(1, ['INSERT INTO p VALUES (1)', 'INSERT INTO c VALUES (1)'])]),
    );
  });

  it('retries on a lock timeout, and tells', async () => {
    const on = await stage();
    await on.connection.script('CREATE TABLE t (a int)');
    const blocker = await on.connector.connect();
    await blocker.script('BEGIN; LOCK TABLE t');
    const running = on.up(planOf('20260101000000_a', [sqlStep(1, ['ALTER TABLE t ADD b int'])]));
    await sleep(300);
    await blocker.script('COMMIT');
    await blocker.close();
    expect((await running).state).toBe('completed');
    expect(on.events.find((event) => event.type === 'step-retried')).toMatchObject({
      step: 's1',
      attempt: 1,
      reason: 'lock timeout',
    });
  });

  it('gives up after the last retry, and holds nothing up', async () => {
    const on = await stage();
    await on.connection.script('CREATE TABLE t (a int)');
    const blocker = await on.connector.connect();
    await blocker.script('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE');
    await expect(
      on.up(planOf('20260101000000_a', [sqlStep(1, ['ALTER TABLE t ADD b int'])]), {
        policy: { ...POLICY, retries: 1 },
      }),
    ).rejects.toMatchObject({
      code: 'lock-timeout',
      details: { why: expect.stringContaining(`process ${blocker.pid}`) },
    });
    expect(on.types().filter((type) => type === 'step-retried')).toHaveLength(1);
    await on.connection.script(`SET lock_timeout = 100; SELECT * FROM t; RESET lock_timeout`);
    await blocker.script('COMMIT');
    await blocker.close();
  });

  it('lets nothing that a migration sets reach the ledger or the next migration', async () => {
    const on = await stage();
    const { RunSession } = await import('../../src/execute/session.ts');
    const role = `r${Date.now()}`;
    await on.connection.script(
      `CREATE ROLE ${role}; CREATE SCHEMA app AUTHORIZATION ${role}; GRANT ${role} TO current_user`,
    );
    const session = await RunSession.open(on.connector);
    try {
      const nasty = [
        'SET search_path = app',
        `SET ROLE ${role}`,
        'SET standard_conforming_strings = off',
        'SET statement_timeout = 1',
        "SET DateStyle = 'German'",
        'CREATE TABLE t (a int)',
        'CREATE TEMP TABLE scratch (a int)',
        'PREPARE p AS SELECT 1',
        `SELECT pg_advisory_lock(1)`,
      ];
      const b = planOf('20260102000000_b', [
        sqlStep(1, ['CREATE TABLE t (a int)', 'CREATE TEMP TABLE scratch (b int)', 'PREPARE p AS SELECT 2']),
      ]);
      await on.up(
        planOf('20260101000000_a', [
          sqlStep(1, nasty.slice(5, 6)),
          sqlStep(2, ['SET search_path = app', 'DROP TABLE public.t']),
        ]),
        { session },
      );
      await on.up(
        planOf('20260101000001_a', [
          sqlStep(
            1,
            nasty.filter((sql) => !sql.includes('statement_timeout')),
          ),
        ]),
        { session },
      );
      await on.up(b, { session });
      expect(
        await on.value(
          `SELECT count(*)::int FROM pg_tables WHERE tablename = 't' AND schemaname IN ('app', 'public')`,
        ),
      ).toBe(2);
      const [settings] = await session.connection.query(
        `SELECT current_user = session_user AS own, current_setting('search_path') AS path, current_setting('DateStyle') AS style`,
      );
      expect(settings).toMatchObject({ own: true, path: '"$user", public' });
      expect(
        await session.connection.rows(
          `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        ),
      ).toEqual([]);
      expect((await on.ledger.applied()).length).toBe(3);
    } finally {
      await session.close();
    }
  });

  it('refuses a step that writes what the rehearsal had not seen', async () => {
    const on = await stage();
    await on.connection.script(
      'CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY); INSERT INTO u VALUES (1)',
    );
    const base = planOf('20260101000000_a', [
      sqlStep(1, ['INSERT INTO t VALUES (1)', 'UPDATE u SET id = 2'], { captures: ['public.t'] }),
    ]);
    const plan = withInverse(base, [[]]);
    await expect(on.up(plan, { proof: proofOf(plan) })).rejects.toMatchObject({
      code: 'step-unseen-write',
      message: expect.stringContaining('public.u'),
    });
    expect(await on.value('SELECT count(*)::int FROM t')).toBe(0);
    // Without a proof nobody promised anything.
    await on.up(base);
    expect(await on.value('SELECT id FROM u')).toBe(2);
  });

  it('refuses a second run beside an open one, and a migration that is already in force', async () => {
    const on = await stage();
    const a = planOf('20260101000000_a', [
      sqlStep(1, ['CREATE TABLE t (a int)']),
      sqlStep(2, ['SELECT nosuch']),
    ]);
    await expect(on.up(a)).rejects.toMatchObject({
      code: 'sql-failed',
      details: { hint: expect.stringContaining('1 of 2 steps stand') },
    });
    const b = planOf('20260102000000_b', [sqlStep(1, ['CREATE TABLE b (a int)'])]);
    await expect(on.up(b)).rejects.toMatchObject({ code: 'run-unfinished', exitCode: 3 });
    expect(await on.value(`SELECT to_regclass('b')`)).toBeNull();
    const open = await on.ledger.unfinished();
    await on.ledger.reset(open?.id ?? '', 'me');
    await on.up(b);
    await expect(on.up(b)).rejects.toMatchObject({ code: 'migration-applied' });
  });

  it('stops between two steps after Ctrl-C, and goes on from there', async () => {
    const on = await stage();
    const plan = planOf('20260101000000_a', [
      sqlStep(1, ['CREATE TABLE t (a int)']),
      sqlStep(2, ['ALTER TABLE t ADD b int']),
    ]);
    const stop = new AbortController();
    await expect(
      on.up(plan, {
        signal: stop.signal,
        reporter: (event) => event.type === 'step-started' && stop.abort(),
      }),
    ).rejects.toMatchObject({ code: 'run-paused', exitCode: 5 });
    const open = await on.ledger.unfinished();
    expect(open).toMatchObject({ state: 'paused', steps: [{ step: 's1', state: 'done' }] });
    const done = await on.up(planOf('20260101000000_a', []), { resume: open });
    expect(done).toMatchObject({ run: open?.id, state: 'completed', steps: [{ step: 's2' }] });
    expect(on.types()).toContain('step-resumed');
  });

  it('cancels the statement in hand after a second Ctrl-C, and rolls it back', async () => {
    const on = await stage();
    const plan = planOf('20260101000000_a', [
      sqlStep(1, ['CREATE TABLE t (a int)']),
      sqlStep(2, ['CREATE TABLE u (a int)', 'SELECT pg_sleep(60)']),
    ]);
    const stop = new AbortController();
    const cancel = new AbortController();
    const running = on.up(plan, { signal: stop.signal, cancel: cancel.signal });
    running.catch(() => {});
    await sleep(400);
    stop.abort();
    await sleep(100);
    cancel.abort();
    await expect(running).rejects.toMatchObject({ code: 'run-paused' });
    expect(await on.value(`SELECT to_regclass('u')`)).toBeNull();
    expect(await on.ledger.unfinished()).toMatchObject({ state: 'paused' });
  });
});

describe('down', () => {
  it('goes back with the inverses from the end', async () => {
    const on = await stage();
    const plan = withInverse(
      planOf('20260101000000_a', [
        sqlStep(1, ['CREATE TABLE t (a int)']),
        sqlStep(2, ['ALTER TABLE t ADD b int']),
      ]),
      [['DROP TABLE t'], ['ALTER TABLE t DROP b']],
    );
    const { run } = await on.up(plan);
    const back = await on.down(run);
    expect(back).toMatchObject({
      state: 'rolled_back',
      steps: [{ step: 's2' }, { step: 's1' }],
      conflicts: [],
    });
    expect(await on.value(`SELECT to_regclass('t')`)).toBeNull();
    expect(await on.ledger.applied()).toEqual([]);
    expect(await on.ledger.unfinished()).toBeNull();
    await expect(on.down(run)).rejects.toMatchObject({ code: 'rollback-unavailable' });
    // And forward again, as a run of its own.
    await on.up(plan);
  });

  it('goes back from a failed run over the steps that stand alone', async () => {
    const on = await stage();
    const plan = withInverse(
      planOf('20260101000000_a', [sqlStep(1, ['CREATE TABLE t (a int)']), sqlStep(2, ['SELECT nosuch'])]),
      [['DROP TABLE t'], ['SELECT must_not_run']],
    );
    await expect(on.up(plan)).rejects.toThrow();
    const open = await on.ledger.unfinished();
    if (open === null) throw new Error('the run is not open');
    expect(await on.down(open)).toMatchObject({ steps: [{ step: 's1' }] });
    expect(await on.value(`SELECT to_regclass('t')`)).toBeNull();
  });

  it('takes the written down from the end, and refuses without any way back before anything is touched', async () => {
    const on = await stage();
    const steps = [sqlStep(1, ['CREATE TABLE t (a int)']), sqlStep(2, ['ALTER TABLE t ADD b int'])];
    const none = await on.up(planOf('20260101000000_a', steps));
    await expect(on.down(none.run)).rejects.toMatchObject({ code: 'rollback-unavailable', exitCode: 3 });
    expect(await on.ledger.run(none.run)).toMatchObject({ state: 'completed' });
    await on.connection.script('DROP TABLE t');
    const written = planOf('20260102000000_b', steps, {
      down: {
        file: 'down.sql',
        groups: [{ transactional: true, actions: [{ type: 'sql', sql: 'DROP TABLE t', at: null }] }],
      },
    });
    const { run } = await on.up(written);
    expect(await on.down(run)).toMatchObject({ state: 'rolled_back', steps: [{ step: 'down1' }] });
    expect(await on.value(`SELECT to_regclass('t')`)).toBeNull();
  });

  it('goes on where a failed way back stopped', async () => {
    const on = await stage();
    const plan = withInverse(
      planOf('20260101000000_a', [
        sqlStep(1, ['CREATE TABLE t (a int)']),
        sqlStep(2, ['ALTER TABLE t ADD b int']),
      ]),
      [['SELECT 1 FROM blocker', 'DROP TABLE t'], ['ALTER TABLE t DROP b']],
    );
    const { run } = await on.up(plan);
    await expect(on.down(run)).rejects.toMatchObject({
      details: { hint: expect.stringContaining('goes on from there') },
    });
    const open = await on.ledger.unfinished();
    expect(open).toMatchObject({ id: run, state: 'rolling_back' });
    await expect(on.up(plan, { resume: open })).rejects.toMatchObject({ code: 'run-unfinished' });
    await on.connection.script('CREATE TABLE blocker ()');
    expect(await on.down(run)).toMatchObject({ steps: [{ step: 's1' }] });
    expect(await on.ledger.unfinished()).toBeNull();
  });

  it('puts captured rows back, and leaves and lists those that the application has changed since', async () => {
    const on = await stage();
    await on.connection.script(
      'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)',
    );
    const base = planOf('20260101000000_a', [
      sqlStep(1, ['UPDATE t SET a = a + 1 WHERE id < 3', 'DELETE FROM t WHERE id = 3'], {
        captures: ['public.t'],
        inverse: [{ type: 'undo', capture: '20260101000000_s1' }],
      }),
    ]);
    const { run } = await on.up(base, { proof: proofOf(base) });
    expect((await on.ledger.run(run))?.steps[0]?.rows).toBe(3);
    await on.connection.script('UPDATE t SET a = 99 WHERE id = 2');
    const back = await on.down(run);
    expect(back.conflicts).toMatchObject([{ table: 'public.t' }]);
    expect(on.types()).toContain('warning');
    expect(await on.connection.rows('SELECT id, a FROM t ORDER BY id')).toEqual([
      [1, 10],
      [2, 99],
      [3, 30],
    ]);
  });

  it('refuses what was purged', async () => {
    const on = await stage();
    const plan = withInverse(planOf('20260101000000_a', [sqlStep(1, ['CREATE TABLE t (a int)'])]), [
      ['DROP TABLE t'],
    ]);
    const { run } = await on.up(plan);
    await on.ledger.setStage(plan.migration, 'purged');
    const [applied] = await on.ledger.applied();
    await expect(on.down(run, { applied: applied ?? null })).rejects.toMatchObject({
      code: 'rollback-window-over',
    });
  });
});
