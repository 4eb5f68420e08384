/** A primary and a standby that streams from it, for tests of lag. */
import { execFileSync } from 'node:child_process';
import { appendFile, chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServers } from '../../../src/postgres/programs.ts';
import { type RunningServer, startServer } from '../../../src/postgres/server.ts';

export interface Pair {
  readonly primary: RunningServer;
  readonly standby: RunningServer;
  stop(): Promise<void>;
}

export async function streamingPair(): Promise<Pair> {
  const directory = await mkdtemp(join(tmpdir(), 'ferrata-pair-'));
  await chmod(directory, 0o755);
  const [programs] = await findServers(null);
  if (programs === undefined) throw new Error('There is no PostgreSQL server on this machine.');
  const [primaryData, standbyData] = [join(directory, 'primary'), join(directory, 'standby')];
  const first = await startServer({ programs, dataDir: primaryData, fsync: false });
  await first.stop();
  execFileSync('cp', ['-a', primaryData, standbyData]);
  await copyFile(`${primaryData}.password`, `${standbyData}.password`);
  execFileSync('cp', ['-a', join(standbyData, 'PG_VERSION'), join(standbyData, 'standby.signal')]);
  const primary = await startServer({ programs, dataDir: primaryData, fsync: false });
  const { host, port, user, password } = parts(primary.url());
  await appendFile(
    join(standbyData, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${host} port=${port} user=${user} password=${password} application_name=replica_b'\n`,
  );
  const standby = await startServer({ programs, dataDir: standbyData, fsync: false });
  return {
    primary,
    standby,
    stop: async () => {
      await standby.stop();
      await primary.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function parts(url: string): { host: string; port: string; user: string; password: string } {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}
