/** Settings of a project for tests that call the workflow itself. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import { silent } from '../../src/events.ts';
import type { Connection } from '../../src/postgres/connection.ts';
import { applyPending } from '../../src/workflow/up.ts';
import { testServer } from '../support/servers.ts';

export interface Made {
  readonly settings: Settings;
  /** Of the superuser, to the project's database. */
  readonly connection: Connection;
  readonly url: string;
  /** The superuser's URL with another user (password `x`). */
  readonly urlAs: (role: string) => string;
  migration(id: string, sql: string): Promise<void>;
  up(): Promise<void>;
}

/** A database on the server of that major and a folder; gone when the test has ended. */
export async function makeProject(major: number): Promise<Made> {
  const root = await mkdtemp(join(tmpdir(), 'ferrata-workflow-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, 'migrations'));
  const server = await testServer(major);
  const connection = await (await server.createDatabase()).connect('application');
  onTestFinished(() => connection.close());
  const url = server.url(connection.server.database);
  const settings = await loadSettings({ cwd: root, config: null, env: null, url, processEnv: {} });
  return {
    settings,
    connection,
    url,
    urlAs: (role) => {
      const other = new URL(url);
      other.username = role;
      other.password = 'x';
      return other.href;
    },
    migration: async (id, sql) => {
      await mkdir(join(root, 'migrations', id), { recursive: true });
      await writeFile(join(root, 'migrations', id, 'up.sql'), sql);
    },
    up: async () => {
      await applyPending(settings, { to: null, dryRun: false, force: null, wait: true }, silent, {
        pause: new AbortController().signal,
      });
    },
  };
}
