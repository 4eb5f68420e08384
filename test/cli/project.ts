/** A project of its own for a test: a folder with migrations, and a database. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Connection } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';
import { ferrata, ferrataJson, type Outcome, type RunOptions, type Started, start } from './ferrata.ts';

export interface ProjectFiles {
  /** up.sql by migration id; or every file of the migration's folder by name. */
  readonly migrations?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  /** Other files by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Run in the database before anything else. */
  readonly base?: string;
  readonly major?: number;
}

export interface Project {
  readonly root: string;
  readonly url: string;
  /** DATABASE_URL points to the project's own database. */
  run(args: readonly string[], more?: Partial<RunOptions>): Promise<Outcome>;
  json(args: readonly string[], more?: Partial<RunOptions>): ReturnType<typeof ferrataJson>;
  start(args: readonly string[], more?: Partial<RunOptions>): Promise<Started>;
  write(path: string, text: string): Promise<void>;
  /** A query in the project's database: rows as arrays. */
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
  connect(): Promise<Connection>;
}

/** Makes the project; it is gone when the test has ended. */
export async function project(given: ProjectFiles = {}): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), 'ferrata-project-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const write = async (path: string, text: string): Promise<void> => {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  await mkdir(join(root, 'migrations'));
  for (const [id, content] of Object.entries(given.migrations ?? {})) {
    const files = typeof content === 'string' ? { 'up.sql': content } : content;
    for (const [name, text] of Object.entries(files)) await write(`migrations/${id}/${name}`, text);
  }
  for (const [path, text] of Object.entries(given.files ?? {})) await write(path, text);
  const server = await testServer(given.major ?? 18);
  const connector = await server.createDatabase();
  const connect = () => connector.connect('test');
  const first = await connect();
  const url = server.url(first.server.database);
  try {
    if (given.base !== undefined) await first.script(given.base);
  } finally {
    await first.close();
  }
  const options = (more: Partial<RunOptions> = {}): RunOptions => ({
    cwd: root,
    ...more,
    env: { DATABASE_URL: url, ...more.env },
  });
  return {
    root,
    url,
    write,
    connect,
    run: (args, more) => ferrata(args, options(more)),
    json: (args, more) => ferrataJson(args, options(more)),
    start: (args, more) => start(args, options(more)),
    rows: async (sql) => {
      const connection = await connect();
      try {
        return await connection.rows(sql);
      } finally {
        await connection.close();
      }
    },
  };
}
