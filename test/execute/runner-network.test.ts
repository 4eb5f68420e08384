import { afterEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/ledger.ts';
import { createConnector } from '../../src/postgres/connect.ts';
import type { Connector } from '../../src/postgres/connection.ts';
import { planOf, proofOf, sqlStep } from '../ledger/support.ts';
import { hasPgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { testServer } from '../support/servers.ts';
import { startProxy, type TcpProxy } from './proxy.ts';
import { Stage } from './support.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function databaseOf(connector: Connector): Promise<string> {
  const connection = await connector.connect();
  const { database } = connection.server;
  await connection.close();
  return database;
}

async function throughProxy(major: number): Promise<{ stage: Stage; proxy: TcpProxy }> {
  const server = await testServer(major);
  const database = await databaseOf(await server.createDatabase());
  const proxy = await startProxy(server.port);
  closing.push(() => proxy.close());
  const url = new URL(server.url(database));
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const stage = await Stage.at(createConnector(url.href));
  closing.push(() => stage.close());
  await stage.connection.script('CREATE TABLE counter (n int); INSERT INTO counter VALUES (0)');
  return { stage, proxy };
}

const COUNT = 'UPDATE counter SET n = n + 1 /* mark */';

describe('a connection that breaks', () => {
  for (const major of [18, 15]) {
    for (const lose of ['loseAnswerTo', 'loseMessage'] as const) {
      it(`in the one message of a step (${lose}): the step happens once (PostgreSQL ${major})`, async () => {
        const { stage, proxy } = await throughProxy(major);
        proxy[lose]('/* mark */');
        const done = await stage.up(planOf('20260101000000_a', [sqlStep(1, [COUNT])]));
        expect(proxy.lost).toBe(1);
        expect(done.state).toBe('completed');
        expect(await stage.value('SELECT n FROM counter')).toBe(1);
        expect(await stage.ledger.run(done.run)).toMatchObject({
          state: 'completed',
          steps: [{ state: 'done' }],
        });
        expect(stage.types()).toContain(lose === 'loseAnswerTo' ? 'step-resumed' : 'step-retried');
      });
    }
  }

  for (const lose of ['loseAnswerTo', 'loseMessage'] as const) {
    it(`at the COMMIT of a step that is watched (${lose}): the step happens once`, async () => {
      const { stage, proxy } = await throughProxy(18);
      const base = planOf('20260101000000_a', [
        sqlStep(1, [COUNT], { captures: ['public.counter'], inverse: [] }),
      ]);
      proxy[lose]('ferrata.record_single');
      await stage.up(base, { proof: proofOf(base) });
      expect(proxy.lost).toBe(1);
      expect(await stage.value('SELECT n FROM counter')).toBe(1);
    });

    it(`at the row that starts a run, and around a step outside a transaction (${lose})`, async () => {
      for (const text of [
        'INSERT INTO ferrata.run',
        'CREATE INDEX CONCURRENTLY',
        "'intended'",
        "'done', pg_catalog.transaction_timestamp()",
      ]) {
        const { stage, proxy } = await throughProxy(18);
        proxy[lose](text);
        const plan = planOf('20260101000000_a', [
          sqlStep(1, ['CREATE INDEX CONCURRENTLY counter_n ON counter (n)'], {
            transactional: false,
            done: { type: 'index-valid', index: { schema: null, name: 'counter_n' } },
          }),
          sqlStep(2, ['VACUUM counter'], { transactional: false, done: { type: 'fingerprint' } }),
        ]);
        const done = await stage.up(plan);
        expect(proxy.lost, text).toBe(1);
        expect(await stage.ledger.run(done.run), text).toMatchObject({
          state: 'completed',
          steps: [{ state: 'done' }, { state: 'done' }],
        });
        expect(
          await stage.value(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'counter_n'::regclass`),
        ).toBe(true);
      }
    });
  }

  it('because the backend was terminated: the step is tried again', async () => {
    const { stage } = await throughProxy(18);
    const running = stage.up(planOf('20260101000000_a', [sqlStep(1, [COUNT, 'SELECT pg_sleep(0.5)'])]));
    await new Promise((resolve) => setTimeout(resolve, 250));
    await stage.connection.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ferrata:run' AND datname = current_database()`,
    );
    expect((await running).state).toBe('completed');
    expect(await stage.value('SELECT n FROM counter')).toBe(1);
  });
});

describe('behind PgBouncer in transaction mode', () => {
  it('steps in transactions run under the lease, settings do not leak, and steps outside one are refused', async () => {
    if (!(await hasPgBouncer())) return;
    const server = await testServer(18);
    const database = await databaseOf(await server.createDatabase());
    const pooler = await startPgBouncer(server.url('postgres'), { default_pool_size: '2' });
    closing.push(() => pooler.stop());
    const connector = pooler.connector(database);
    const stage = await Stage.at(connector, { heartbeatMs: 50 });
    closing.push(() => stage.close());
    for (let n = 0; n < 5; n++) {
      await stage.up(
        planOf(`2026010100000${n}_m`, [
          sqlStep(1, ['SET search_path = pg_catalog', `CREATE TABLE public.t${n} (a int)`]),
          sqlStep(2, [`ALTER TABLE t${n} ADD b int`]),
        ]),
      );
    }
    expect((await stage.ledger.applied()).length).toBe(5);
    const concurrently = planOf('20260102000000_c', [
      sqlStep(1, ['CREATE TABLE c (a int)']),
      sqlStep(2, ['CREATE INDEX CONCURRENTLY c_a ON c (a)'], {
        transactional: false,
        done: { type: 'index-valid', index: { schema: null, name: 'c_a' } },
      }),
    ]);
    await expect(stage.up(concurrently)).rejects.toMatchObject({
      code: 'server-pooled',
      details: { hint: expect.stringContaining('URL of the server itself') },
    });
    expect(await stage.value(`SELECT to_regclass('c')`)).toBeNull();
    await expect(stage.up(planOf('20260103000000_d', [sqlStep(1, ['SELECT nosuch'])]))).rejects.toMatchObject(
      { code: 'sql-failed' },
    );
    const run = await stage.ledger.runOf('20260101000000_m');
    if (run === null) throw new Error('no run');
    const direct = await openLedger(stage.connection, { create: false });
    expect(await direct.unfinished()).toBeNull();
  });
});
