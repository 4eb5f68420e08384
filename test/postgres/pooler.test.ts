import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnector } from '../../src/postgres/connect.ts';
import { hasPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { testServer } from '../support/servers.ts';

/** PgBouncer waits this long before it tries its server again, and its clients wait with it. */
const RETRY = { server_login_retry: '1' };

const there = await hasPgBouncer();

describe.runIf(there)('through PgBouncer in transaction mode', () => {
  let pooler: PgBouncer;

  beforeAll(async () => {
    pooler = await startPgBouncer((await testServer(18)).url('postgres'), {
      ...RETRY,
      default_pool_size: '1',
    });
  });

  afterAll(async () => {
    await pooler.stop();
  });

  it('the pooler is noticed', async () => {
    const connection = await pooler.connector('postgres').connect();
    expect(connection.server.pooled).toBe(true);
    await connection.close();
  });

  it('queries, transactions and copies of two clients share one server connection', async () => {
    const database = await (await testServer(18)).createDatabase();
    const direct = await database.connect();
    const name = direct.server.database;
    await direct.script('CREATE TABLE t (a int)');
    const [one, two] = await Promise.all([
      pooler.connector(name).connect('one'),
      pooler.connector(name).connect('two'),
    ]);
    for (let n = 0; n < 5; n++) {
      await one.transaction(() => one.query('INSERT INTO t VALUES ($1)', [n]));
      await two.query('INSERT INTO t VALUES ($1::int4)', [n]);
      expect(await two.rows("SELECT current_setting('application_name')")).toEqual([['ferrata:two']]);
    }
    const copy = await one.copyFrom('COPY t FROM STDIN');
    copy.end('7\n');
    await new Promise((resolve, reject) => copy.once('finish', resolve).once('error', reject));
    expect(await two.rows('SELECT count(*)::int4 FROM t')).toEqual([[11]]);
    await Promise.all([one.close(), two.close(), direct.close()]);
  });

  it('a missing database and an unreachable server have their codes', async () => {
    await expect(pooler.connector('nowhere').connect()).rejects.toMatchObject({
      code: 'server-database-missing',
    });
    const stray = await startPgBouncer('postgres://postgres:x@127.0.0.1:1/postgres', RETRY);
    await expect(stray.connector('postgres').connect()).rejects.toMatchObject({ code: 'server-unreachable' });
    await stray.stop();
  });

  it('a pooler that never gets through to its server is given up on', async () => {
    const stray = await startPgBouncer('postgres://postgres:x@127.0.0.1:1/postgres', {
      server_login_retry: '60',
    });
    const connector = createConnector(`${stray.url('postgres')}?connect_timeout=1`);
    await expect(connector.connect()).rejects.toMatchObject({ code: 'server-unreachable' });
    await stray.stop();
  });
});
