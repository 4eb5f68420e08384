/** Two schemas from any two places, compared; and the SQL between them, run. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { diffHeading } from '../../src/cli/print/diff.ts';
import { sqlScript } from '../../src/cli/print/sql-script.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import { silent } from '../../src/events.ts';
import { type DiffRequest, diffSchemas, type SchemaDiff } from '../../src/workflow/diff.ts';
import { testServer } from '../support/servers.ts';

interface Place {
  readonly root: string;
  readonly settings: Settings;
  write(path: string, text: string): Promise<string>;
  diff(request: DiffRequest): Promise<SchemaDiff>;
  /** A database with this schema; its URL. */
  database(
    schema: string,
    major?: number,
  ): Promise<{ readonly url: string; run(sql: string): Promise<void> }>;
}

/** A project in a folder of its own. Its scratch databases are made on the test's server, which has all extensions. */
async function place(files: Readonly<Record<string, string>> = {}, major = 18): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'ferrata-diff-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const write = async (path: string, text: string): Promise<string> => {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  };
  const server = await testServer(major);
  await write(
    'ferrata.config.json',
    JSON.stringify({
      environments: {
        development: { url: server.url('postgres'), policy: { scratchUrl: server.url('postgres') } },
      },
    }),
  );
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const settings = await loadSettings({ cwd: root, env: 'development', processEnv: {} });
  return {
    root,
    settings,
    write,
    diff: (request) => diffSchemas(settings, { cwd: root, ...request }, silent),
    database: async (schema, wanted = major) => {
      const host = await testServer(wanted);
      const connector = await host.createDatabase();
      const run = async (sql: string): Promise<void> => {
        const connection = await connector.connect('test');
        await connection.script(sql).finally(() => connection.close());
      };
      await run(schema);
      const connection = await connector.connect('test');
      const { database } = connection.server;
      await connection.close();
      return { url: host.url(database), run };
    },
  };
}

const script = (diff: SchemaDiff): string => sqlScript(diff.sql, diff.refusals, diffHeading(diff));

const OLD = `
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE TABLE people (id int PRIMARY KEY, name text, mood mood DEFAULT 'sad');
  CREATE VIEW named AS SELECT id, name FROM people WHERE name IS NOT NULL;`;
const NEW = `
  CREATE TYPE mood AS ENUM ('sad', 'calm', 'happy');
  CREATE TABLE people (id bigint PRIMARY KEY, name varchar(80) NOT NULL, mood mood DEFAULT 'calm', born date);
  CREATE INDEX people_name ON people (lower(name));
  CREATE FUNCTION age(p people) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN date_part('year', later(p.born)); END $$;
  CREATE FUNCTION later(d date) RETURNS interval LANGUAGE plpgsql AS $$ BEGIN RETURN now() - d; END $$;
  CREATE VIEW named AS SELECT id, name FROM people WHERE name IS NOT NULL;`;

describe('diff', () => {
  it('of two databases leads from one to the other, by a script that runs as it is', async () => {
    const p = await place();
    const [from, to] = [await p.database(OLD), await p.database(NEW)];
    const there = await p.diff({ from: from.url, to: to.url });
    expect(there.outcome).toBe('different');
    expect(there.refusals).toEqual([]);
    await from.run(script(there));
    expect((await p.diff({ from: from.url, to: to.url })).outcome).toBe('equal');
  });

  it('of a database with itself is equal, and knows that it is one', async () => {
    const p = await place();
    const { url } = await p.database(OLD);
    const diff = await p.diff({ from: url, to: url });
    expect(diff).toMatchObject({ outcome: 'equal', sameDatabase: true, differences: [], sql: [] });
    expect(script(diff)).toContain('equal: nothing to do');
    expect(diff.from.fingerprint).toBe(diff.to.fingerprint);
  });

  it('of SQL files needs no database', async () => {
    const p = await place({ 'a.sql': OLD, 'b.sql': NEW });
    const diff = await p.diff({ from: 'a.sql', to: 'b.sql' });
    expect(diff.from).toMatchObject({ source: 'sql', label: 'a.sql' });
    expect(diff.differences.map((d) => `${d.kind} ${d.object} ${d.property}`)).toContain(
      'column public.people.id type',
    );
    const { url, run } = await p.database(OLD);
    await run(script(diff));
    expect((await p.diff({ from: 'b.sql', to: url })).outcome).toBe('equal');
  });

  it('from empty is the whole schema', async () => {
    const p = await place({ 'b.sql': NEW });
    const diff = await p.diff({ from: 'empty', to: 'b.sql' });
    const { url, run } = await p.database('');
    await run(script(diff));
    expect((await p.diff({ from: 'b.sql', to: url })).outcome).toBe('equal');
  });
});
