import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createConnector } from '../../src/postgres/connect.ts';
import { findServers } from '../../src/postgres/programs.ts';
import { startServer } from '../../src/postgres/server.ts';
import { testServer } from '../support/servers.ts';

it('a standby is known as one and refuses writes with its own code', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ferrata-standby-'));
  await chmod(directory, 0o755);
  const [programs] = await findServers(null);
  if (programs === undefined) throw new Error('There is no PostgreSQL server on this machine.');
  const [primaryData, standbyData] = [join(directory, 'primary'), join(directory, 'standby')];

  const first = await startServer({ programs, dataDir: primaryData, fsync: false });
  const setup = await first.connector().connect();
  await setup.script('CREATE TABLE t (a int)');
  await setup.close();
  await first.stop();
  execFileSync('cp', ['-a', primaryData, standbyData]);
  await copyFile(`${primaryData}.password`, `${standbyData}.password`);
  // An empty file that belongs to the server's account makes it a standby (PostgreSQL manual, 26.2.4).
  execFileSync('cp', ['-a', join(standbyData, 'PG_VERSION'), join(standbyData, 'standby.signal')]);

  const primary = await startServer({ programs, dataDir: primaryData, fsync: false });
  const standby = await startServer({ programs, dataDir: standbyData, fsync: false });
  try {
    const connection = await standby.connector().connect();
    expect(connection.server.inRecovery).toBe(true);
    expect(await connection.rows('SELECT count(*)::int4 FROM t')).toEqual([[0]]);
    await expect(connection.script('INSERT INTO t VALUES (1)')).rejects.toMatchObject({
      code: 'server-read-only',
      details: { sqlState: '25006', hint: expect.stringContaining('primary') },
    });
    await connection.close();

    const both = standby
      .url()
      .replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`);
    const writable = await createConnector(`${both}?target_session_attrs=read-write`).connect();
    expect(writable.server.inRecovery).toBe(false);
    await writable.close();
    await expect(
      createConnector(`${standby.url()}?target_session_attrs=read-write`).connect(),
    ).rejects.toMatchObject({ code: 'server-read-only' });
  } finally {
    await standby.stop();
    await primary.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

it('a database that is read-only by setting refuses writes with the same code', async () => {
  const database = await (await testServer(15)).createDatabase();
  const admin = await database.connect();
  await admin.script(`ALTER DATABASE ${admin.server.database} SET default_transaction_read_only = on`);
  await admin.close();
  const connection = await database.connect();
  await expect(connection.script('CREATE TABLE t (a int)')).rejects.toMatchObject({
    code: 'server-read-only',
    details: { hint: expect.stringContaining('default_transaction_read_only') },
  });
  await connection.close();
});
