/**
 * Starts the servers that all tests of one run share, on free ports, in temporary folders: the majors of WANTED, or
 * those of FERRATA_TEST_MAJORS (`all`, or a list like `14,16`; the newest and 15 come along, since most tests want them).
 * Everything is gone afterwards, even when the run is killed.
 */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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

/** The oldest and newest supported ones; 15, for which Debian has a client; 17, before NOT NULL had names. */
const WANTED = [18, 17, 15, 13];
const EVERY = [18, 17, 16, 15, 14, 13];

function wantedMajors(asked = process.env.FERRATA_TEST_MAJORS ?? ''): readonly number[] {
  if (asked === '') return WANTED;
  if (asked === 'all') return EVERY;
  const majors = asked.split(',').map(Number);
  const unknown = majors.filter((major) => !EVERY.includes(major));
  if (unknown.length > 0) throw new Error(`FERRATA_TEST_MAJORS: all, or some of ${EVERY.join(',')}`);
  return EVERY.filter((major) => majors.includes(major) || major === 18 || major === 15);
}

const SETTINGS = {
  max_connections: '200',
  max_prepared_transactions: '10',
  // Files run in parallel, each with databases of its own.
  max_wal_senders: '10',
  wal_level: 'logical',
  jit: 'off',
};

/** Where Linux keeps files in memory: copying and removing data directories costs a third less there. */
const MEMORY = '/dev/shm';
/** What the tests of one run need at most, with room to spare. */
const ROOM_BYTES = 8 * 1024 ** 3;

/** Temporary folders of the tests, and of what they start, go to memory where there is room. */
async function useMemory(): Promise<void> {
  if (process.env.TMPDIR !== undefined) return;
  const { bavail, bsize } = await statfs(MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  if (bavail * bsize >= ROOM_BYTES) process.env.TMPDIR = MEMORY;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await useMemory();
  const directory = await mkdtemp(join(tmpdir(), 'ferrata-tests-'));
  const servers: RunningServer[] = [];
  const stopAll = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const found = await findServers(resolve('.ferrata'));
    const versions = found.map((server) => server.version);
    const starts = wantedMajors().map(async (major) => {
      const programs = found.find((server) => server.major === major);
      if (programs === undefined) missing(major, versions);
      else servers.push(await startScratchServer(programs, directory, SETTINGS));
    });
    const failed = (await Promise.allSettled(starts)).find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    servers.sort((a, b) => b.major - a.major);
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
    '`bash scripts/install-test-tools.sh && npm run test:servers` installs what the tests need.';
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(`\n${message} The tests that need it run on what is there.\n`);
}
