/**
 * Starts the servers that all tests of one run share: the newest and PostgreSQL 15, on free ports, in temporary folders.
 * Everything is gone afterwards, even when the run is killed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findServers } from '../../src/postgres/programs.ts';
import { type RunningServer, startScratchServer } from '../../src/postgres/server.ts';

export interface SharedServer {
  readonly major: number;
  readonly port: number;
  readonly url: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: readonly SharedServer[];
  }
}

const WANTED = [18, 15];

const SETTINGS = {
  max_connections: '200',
  max_prepared_transactions: '10',
  // Files run in parallel, each with databases of its own.
  max_wal_senders: '10',
  wal_level: 'logical',
  jit: 'off',
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'ferrata-tests-'));
  const servers: RunningServer[] = [];
  const stopAll = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const found = await findServers(null);
    for (const major of WANTED) {
      const programs = found.find((server) => server.major === major);
      if (programs === undefined)
        missing(
          major,
          found.map((server) => server.version),
        );
      else servers.push(await startScratchServer(programs, directory, SETTINGS));
    }
  } catch (error) {
    await stopAll();
    throw error;
  }
  project.provide(
    'servers',
    servers.map((server) => ({ major: server.major, port: server.port, url: server.url() })),
  );
  return stopAll;
}

function missing(major: number, found: readonly string[]): void {
  const message =
    `PostgreSQL ${major} is not on this machine (found: ${found.join(', ') || 'none'}). ` +
    'scripts/install-test-tools.sh installs what the tests need.';
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(`\n${message} The tests that need it run on what is there.\n`);
}
