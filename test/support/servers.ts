/**
 * The servers that the tests of one run share. Each test makes databases of its own in them.
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createConnector } from '../../src/postgres/connect.ts';
import type { Connector } from '../../src/postgres/connection.ts';
import type {} from './global-setup.ts';

export interface TestServer {
  readonly major: number;
  readonly port: number;
  /** The superuser's database `postgres`. */
  readonly connector: Connector;
  /** With the password; for tests of URLs and of the command line. */
  readonly url: (database: string) => string;
  /** A new empty database; it goes with the server. */
  createDatabase(): Promise<Connector>;
}

/** The majors that run in this vitest run. */
export function testMajors(): readonly number[] {
  return inject('servers').map((server) => server.major);
}

/**
 * The oldest and the newest major that run: for tests that cost much, and whose majors between teach little. With
 * FERRATA_TEST_MAJORS set all that it names.
 */
export function outerMajors(): readonly number[] {
  const majors = testMajors();
  if (process.env.FERRATA_TEST_MAJORS !== undefined) return majors;
  return [...new Set([Math.max(...majors), Math.min(...majors)])];
}

/** The newest major that runs: for what costs much and hardly differs. With FERRATA_TEST_MAJORS set all that it names. */
export function newestMajor(): readonly number[] {
  const majors = testMajors();
  return process.env.FERRATA_TEST_MAJORS === undefined ? [Math.max(...majors)] : majors;
}

/**
 * The shared server of this major. Where it is not on this machine (never with CI=true) the newest one that runs, and
 * the reason is printed: look at `major` before asserting on a version.
 */
export async function testServer(major: number): Promise<TestServer> {
  const servers = inject('servers');
  const shared = servers.find((server) => server.major === major) ?? servers[0];
  if (shared === undefined) throw new Error('No PostgreSQL server runs: see the message of the test set-up.');
  if (shared.major !== major) {
    console.warn(`PostgreSQL ${major} is not here; this test runs on ${shared.major}.`);
  }
  const url = (database: string): string =>
    shared.url.replace(/\/[^/]*$/, `/${encodeURIComponent(database)}`);
  const connector = createConnector(shared.url);
  return {
    major: shared.major,
    port: shared.port,
    connector,
    url,
    createDatabase: async () => {
      const name = `t_${randomBytes(6).toString('hex')}`;
      const connection = await connector.connect('test');
      try {
        await connection.script(`CREATE DATABASE ${name}`);
      } finally {
        await connection.close();
      }
      return connector.forDatabase(name);
    },
  };
}
