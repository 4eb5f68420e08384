import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FerrataError } from '../../src/errors.ts';
import { createConnector } from '../../src/postgres/connect.ts';
import type { Connector } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';

async function failure(work: Promise<unknown>): Promise<FerrataError> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FerrataError);
  return error as FerrataError;
}

/** A database, and a role without any privilege that can log in to it. */
async function withRole(major: number): Promise<{ owner: Connector; role: string; stranger: Connector }> {
  const server = await testServer(major);
  const owner = await server.createDatabase();
  const connection = await owner.connect();
  const role = `r_${connection.server.database}`;
  await connection.script(`CREATE ROLE ${role} LOGIN PASSWORD 'opensesame'`);
  const url = server.url(connection.server.database).replace(/\/\/.*@/, `//${role}:opensesame@`);
  await connection.close();
  return { owner, role, stranger: createConnector(url) };
}

describe('connecting', () => {
  it('says that nothing listens', async () => {
    const error = await failure(createConnector('postgres://u:verysecret@127.0.0.1:1/db').connect());
    expect(error.code).toBe('server-unreachable');
    expect(error.message).toBe(
      '127.0.0.1:1/db can not be reached: nothing listens there (connection refused)',
    );
    expect(error.details.hint).toContain('127.0.0.1:1/db');
    expect(JSON.stringify([error.message, error.details])).not.toContain('verysecret');
  });

  it('says that the host is not known', async () => {
    const error = await failure(createConnector('postgres://u@no-such-host.invalid/db').connect());
    expect(error.code).toBe('server-unreachable');
    expect(error.details.hint).toContain('host name');
  });

  it('gives up on a server that does not answer, and on one that hangs up', async () => {
    const mute = createServer((socket) => {
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    const silent = await failure(
      createConnector(`postgres://u@127.0.0.1:${port}/db?connect_timeout=1`).connect(),
    );
    expect(silent).toMatchObject({ code: 'server-unreachable' });
    expect(silent.message).toContain('no answer in time');
    mute.close();

    const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(rude, 'listening');
    const { port: rudePort } = rude.address() as { port: number };
    const hungUp = await failure(createConnector(`postgres://u@127.0.0.1:${rudePort}/db`).connect());
    expect(hungUp.code).toBe('server-unreachable');
    rude.close();
  });

  it('names the user when the password is wrong, missing, or the role is not there', async () => {
    const server = await testServer(18);
    for (const credentials of ['postgres:wrong-password', 'postgres', 'nobody_here:x12345']) {
      const url = server.url('postgres').replace(/\/\/.*@/, `//${credentials}@`);
      const error = await failure(createConnector(url).connect());
      expect(error.code).toBe('server-login');
      expect(error.message).toContain(`127.0.0.1:${server.port}/postgres refuses the login`);
      expect(error.details.hint).toContain(`user "${credentials.split(':')[0]}"`);
    }
  });

  it('names the database that is missing', async () => {
    const server = await testServer(18);
    const error = await failure(server.connector.forDatabase('nowhere').connect());
    expect(error.code).toBe('server-database-missing');
    expect(error.message).toContain('"nowhere" does not exist');
    expect(error.details.hint).toContain('createdb nowhere');
  });

  it('says when the server has no SSL and the URL asks for it, and does without when it only prefers it', async () => {
    const server = await testServer(18);
    const strict = await failure(createConnector(`${server.url('postgres')}?sslmode=require`).connect());
    expect(strict.code).toBe('server-unreachable');
    expect(strict.details.hint).toContain('sslmode=disable');
    const connection = await createConnector(`${server.url('postgres')}?sslmode=prefer`).connect();
    await connection.close();
  });

  it('tries the hosts of the URL in their order', async () => {
    const server = await testServer(18);
    const url = server.url('postgres').replace('@', '@127.0.0.1:1,');
    const connector = createConnector(url);
    const connection = await connector.connect();
    expect(connection.server.label).toBe(`127.0.0.1:1,127.0.0.1:${server.port}/postgres`);
    await connection.close();
  });

  it('refuses what is no PostgreSQL URL without repeating it', async () => {
    for (const url of [
      'mysql://u:verysecret@h/d',
      'postgres//u:verysecret@h/d',
      '',
      'postgres://u:verysecret@h:port/d',
    ]) {
      const error = await failure((async () => createConnector(url))());
      expect(error.code).toBe('config-invalid');
      expect(JSON.stringify([error.message, error.details])).not.toContain('verysecret');
    }
  });

  it('reads passwords with special characters, escaped or not, and libpq pairs', async () => {
    const server = await testServer(18);
    const admin = await server.connector.connect();
    const password = "p@ss#w%rd+'&:é";
    await admin.script(`CREATE ROLE special LOGIN PASSWORD '${password.replace("'", "''")}'`);
    const urls = [
      `postgres://special:${password}@127.0.0.1:${server.port}/postgres`,
      `postgres://special:${encodeURIComponent(password)}@127.0.0.1:${server.port}/postgres`,
      `host=127.0.0.1 port=${server.port} user=special dbname=postgres password='${password.replace("'", "\\'")}'`,
    ];
    for (const url of urls) {
      const connection = await createConnector(url).connect();
      expect(connection.server.user).toBe('special');
      await connection.close();
    }
    await admin.script('DROP ROLE special');
    await admin.close();
  });
});

describe.each([18, 15])('a statement on PostgreSQL %i', (major) => {
  it('fails with the position, DETAIL and HINT of the server', async () => {
    const connection = await (await (await testServer(major)).createDatabase()).connect();
    await connection.script('CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1)');
    expect((await failure(connection.script('SELECT 1;\nSELECT nme FROM t'))).toJSON()).toEqual({
      code: 'sql-failed',
      message: 'column "nme" does not exist',
      why: null,
      hint: 'Perhaps you meant to reference the column "t.name".',
      at: null,
    });
    const missing = await failure(connection.query('SELECT nme FROM t'));
    expect(missing.details).toMatchObject({ sqlState: '42703', data: { position: 8 } });
    const duplicate = await failure(connection.query('INSERT INTO t VALUES (1)'));
    expect(duplicate.details).toMatchObject({
      sqlState: '23505',
      why: 'Key (id)=(1) already exists.',
      data: { table: 't', constraint: 't_pkey' },
    });
    await connection.close();
  });

  it.each([
    ['SELECT * FROM s.t', 'GRANT USAGE ON SCHEMA s TO'],
    ['CREATE TABLE s.u (a int)', 'GRANT USAGE, CREATE ON SCHEMA s TO'],
    ['SELECT * FROM open', 'GRANT SELECT ON open TO'],
    ['INSERT INTO open VALUES (1)', 'GRANT INSERT ON open TO'],
    ['UPDATE open SET a = 1', 'GRANT SELECT, UPDATE ON open TO'],
    ['TRUNCATE open', 'GRANT TRUNCATE ON open TO'],
    ['ALTER TABLE open ADD b int', 'ALTER TABLE open OWNER TO'],
    ['CREATE SCHEMA mine', 'GRANT CREATE ON DATABASE t_'],
    ['SELECT nextval(\'"Seq"\')', 'GRANT USAGE, SELECT, UPDATE ON SEQUENCE "Seq" TO'],
    ['SELECT f()', 'GRANT EXECUTE ON FUNCTION f TO'],
    ['CREATE DATABASE other', 'CREATEDB'],
    ['CREATE ROLE other', 'CREATEROLE'],
    ['SET ROLE postgres', 'GRANT postgres TO|SET ROLE'],
  ])('%s without the privilege names what is missing', async (sql, hint) => {
    const { owner, role, stranger } = await withRole(major);
    const setup = await owner.connect();
    await setup.script(
      'CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE TABLE open (a int); CREATE SEQUENCE "Seq"; ' +
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION f FROM PUBLIC",
    );
    const connection = await stranger.connect();
    const error = await failure(connection.query(sql));
    expect(error.code).toBe('server-privilege');
    expect(error.details.hint).toMatch(new RegExp(hint.replace(/[()]/g, '\\$&')));
    expect(error.details.hint).toContain(role);
    // The GRANT that is named is the one that helps.
    const grant = /GRANT [^;]+;/.exec(error.details.hint ?? '')?.[0];
    if (grant !== undefined && !grant.includes('<owner>')) {
      await setup.script(grant);
      const again = await connection.query(sql).then(
        () => null,
        (thrown: FerrataError) => thrown,
      );
      expect(again?.message).not.toBe(error.message);
    }
    await connection.close();
    await setup.close();
  });

  it('meets a lock timeout, a statement timeout and a cancel with the right code', async () => {
    const database = await (await testServer(major)).createDatabase();
    const [one, two] = await Promise.all([database.connect(), database.connect()]);
    await one.script('CREATE TABLE t (a int)');
    await one.transaction(async () => {
      await one.script('LOCK TABLE t');
      const locked = two.transaction(async () => {
        await two.script("SET LOCAL lock_timeout = '50ms'; SELECT * FROM t");
      });
      expect(await failure(locked)).toMatchObject({ code: 'lock-timeout', details: { sqlState: '55P03' } });
    });
    const slow = two.transaction(async () => {
      await two.script("SET LOCAL statement_timeout = '50ms'");
      await two.query('SELECT pg_sleep(60)');
    });
    expect(await failure(slow)).toMatchObject({ code: 'statement-timeout', details: { sqlState: '57014' } });
    const cancelled = failure(two.query('SELECT pg_sleep(60)'));
    await one.query('SELECT pg_sleep(0.2), pg_cancel_backend($1)', [two.pid]);
    expect(await cancelled).toMatchObject({ code: 'sql-failed', details: { sqlState: '57014' } });
    const copy = await failure(two.script('COPY t FROM STDIN'));
    expect(copy.code).toBe('sql-failed');
    await Promise.all([one.close(), two.close()]);
  });

  it('notices a lost connection, while busy and while idle, and stays lost', async () => {
    const database = await (await testServer(major)).createDatabase();
    const [one, two] = await Promise.all([database.connect(), database.connect()]);
    const busy = failure(two.query('SELECT pg_sleep(60)'));
    await one.query('SELECT pg_sleep(0.2), pg_terminate_backend($1)', [two.pid]);
    expect((await busy).code).toBe('server-connection-lost');
    expect((await failure(two.query('SELECT 1'))).code).toBe('server-connection-lost');
    await two.close();
    const idle = await database.connect();
    await one.query('SELECT pg_terminate_backend($1)', [idle.pid]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await failure(idle.query('SELECT 1'))).code).toBe('server-connection-lost');
    await idle.close();
    await one.close();
  });

  it('says that nobody knows whether a COMMIT happened when the connection broke at it', async () => {
    const database = await (await testServer(major)).createDatabase();
    const [one, two] = await Promise.all([database.connect(), database.connect()]);
    await one.script(`
      CREATE TABLE t (a int);
      CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dies()`);
    const error = await failure(two.transaction(() => two.query('INSERT INTO t VALUES (1)')));
    expect(error).toMatchObject({ code: 'server-connection-lost', details: { data: { atCommit: true } } });
    await Promise.all([one.close(), two.close()]);
  });
});
