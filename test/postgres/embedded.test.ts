import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stopEmbedded, useEmbedded } from '../../src/postgres/embedded.ts';
import { findServers } from '../../src/postgres/programs.ts';
import { type Child, runs, startChild } from '../support/child.ts';

const CHILD = fileURLToPath(new URL('./children/embedded.ts', import.meta.url));

let directory: string;
let major: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ferrata-embedded-'));
  await chmod(directory, 0o755); // so that the data stays in the folder, and goes with it
  major = (await findServers(null))[0]?.major ?? 0;
});

afterEach(async () => {
  await stopEmbedded(directory, major);
  await rm(directory, { recursive: true, force: true });
});

async function goes(pid: number): Promise<boolean> {
  for (let n = 0; n < 200 && runs(pid); n++) await sleep(50);
  return !runs(pid);
}

async function pidOf(child: Child): Promise<number> {
  return Number((await child.line()).split(' ')[0]);
}

const say = (child: Child, word: string): boolean => child.process.stdin?.write(`${word}\n`) ?? false;

describe('the development server', () => {
  it('keeps its data from one use to the next, with fsync', async () => {
    const first = await useEmbedded(directory);
    const connection = await first.connector.connect();
    expect(await connection.rows('SHOW fsync')).toEqual([['on']]);
    await connection.script('CREATE TABLE kept (a int)');
    await connection.close();
    await first.release();
    await first.release();
    expect(runs(first.server.pid)).toBe(false);
    const second = await useEmbedded(directory);
    const again = await second.connector.connect();
    expect(await again.rows("SELECT to_regclass('kept')::text")).toEqual([['kept']]);
    await again.close();
    await second.release();
  });

  it('is shared by processes that start at once, and stopped by the last one', async () => {
    const children = [1, 2, 3].map(() => startChild(CHILD, [directory]));
    const pids = await Promise.all(children.map(pidOf));
    expect(new Set(pids).size).toBe(1);
    const pid = pids[0] ?? 0;
    for (const [index, child] of children.entries()) {
      expect(runs(pid)).toBe(true);
      say(child, 'release');
      await child.line();
      expect(runs(pid)).toBe(index < 2);
      say(child, 'exit');
      expect(await child.ended()).toBe(0);
    }
  });

  it('stops when its only user exits or is terminated without releasing it', async () => {
    const exiting = startChild(CHILD, [directory]);
    const pid = await pidOf(exiting);
    say(exiting, 'exit');
    await exiting.ended();
    expect(await goes(pid)).toBe(true);

    const terminated = startChild(CHILD, [directory]);
    const next = await pidOf(terminated);
    terminated.process.kill('SIGTERM');
    expect(await terminated.ended()).toBe('SIGTERM');
    expect(await goes(next)).toBe(true);
  });

  it('is taken over after kill -9 of its user, data and all', async () => {
    const killed = startChild(CHILD, [directory]);
    const pid = await pidOf(killed);
    killed.process.kill('SIGKILL');
    await killed.ended();
    expect(runs(pid)).toBe(true);
    const heir = startChild(CHILD, [directory]);
    expect(await heir.line()).toBe(`${pid} 2`);
    say(heir, 'release');
    await heir.line();
    expect(runs(pid)).toBe(false);
    say(heir, 'exit');
    await heir.ended();
    expect(await readdir(join(directory, 'postgres', String(major), 'clients'))).toEqual([]);
  });

  it('recovers after kill -9 of the server itself', async () => {
    const first = await useEmbedded(directory);
    const connection = await first.connector.connect();
    await connection.script('CREATE TABLE kept (a int)');
    process.kill(first.server.pid, 'SIGKILL');
    await expect(connection.query('SELECT pg_sleep(60)')).rejects.toMatchObject({
      code: 'server-connection-lost',
    });
    await connection.close();
    const second = await useEmbedded(directory);
    expect(second.server.pid).not.toBe(first.server.pid);
    const again = await second.connector.connect();
    expect(await again.rows("SELECT to_regclass('kept')::text")).toEqual([['kept']]);
    await again.close();
    await first.release();
    await second.release();
    expect(runs(second.server.pid)).toBe(false);
  });

  it('goes on after the last release when it is kept, until it is stopped', async () => {
    const embedded = await useEmbedded(directory);
    embedded.keep();
    await embedded.release();
    expect(runs(embedded.server.pid)).toBe(true);
    const next = await useEmbedded(directory);
    expect(next.server.pid).toBe(embedded.server.pid);
    await next.release();
    expect(runs(embedded.server.pid)).toBe(true);
    expect(await stopEmbedded(directory, major)).toBe(true);
    expect(runs(embedded.server.pid)).toBe(false);
    expect(await stopEmbedded(directory, major)).toBe(false);
  });

  it('names what to install when no server of the major is here', async () => {
    await expect(useEmbedded(directory, 9)).rejects.toMatchObject({
      code: 'server-programs-missing',
      details: { hint: expect.stringContaining('ferrata servers install 9') },
    });
  });
});
