/** Two schemas from any two places, compared; and the SQL between them, run. */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { diffHeading, printDiff } from '../../src/cli/print/diff.ts';
import { createPalette } from '../../src/cli/print/palette.ts';
import { sqlScript } from '../../src/cli/print/sql-script.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import { isFerrataError } from '../../src/errors.ts';
import { silent } from '../../src/events.ts';
import { baseline } from '../../src/workflow/baseline.ts';
import { type DiffRequest, diffSchemas, type SchemaDiff } from '../../src/workflow/diff.ts';
import { rehearseMigrations } from '../../src/workflow/rehearse.ts';
import { testMajors, testServer } from '../support/servers.ts';

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

describe('migrations', () => {
  const history = {
    'migrations/001_people/up.sql': 'CREATE TABLE people (id int PRIMARY KEY, name text);',
    'migrations/002_rename/up.sql':
      'ALTER TABLE people RENAME TO persons; ALTER TABLE persons RENAME name TO full_name;',
    'migrations/003_gone/up.sql': 'DROP TABLE persons; CREATE TABLE pets (id int);',
  };

  it('one of them is the state after it; two of them are one database, where renames are known', async () => {
    const p = await place(history);
    const diff = await p.diff({ from: '001_people', to: 'migrations/002_rename' });
    expect(diff.sameDatabase).toBe(true);
    expect(diff.from).toMatchObject({ source: 'migrations', label: '001_people' });
    // The name of its NOT NULL constraint stays on 18, and is no longer the one that the server would choose.
    const seen = diff.differences.filter((d) => d.property !== 'notNullName');
    expect(seen.map((d) => [d.property, d.before, d.after])).toEqual([
      ['name', 'public.people.name', 'public.persons.full_name'],
      ['name', 'public.people', 'public.persons'],
    ]);
    const { url, run } = await p.database('CREATE TABLE people (id int PRIMARY KEY, name text);');
    await run(script(diff));
    expect((await p.diff({ from: '002', to: url })).outcome).toBe('equal');
  });

  it('backwards as well', async () => {
    const p = await place(history);
    const diff = await p.diff({ from: 'gone', to: '001' });
    expect(diff.from.label).toBe('003_gone');
    expect(diff.differences.map((d) => `${d.object} ${String(d.after)}`)).toEqual([
      'public.people present',
      'public.pets absent',
    ]);
    expect(diff.sql.some((statement) => statement.destroysData)).toBe(true);
    expect(script(diff)).toMatch(/^-- destroys data: table public\.pets\nDROP TABLE public\.pets;$/m);
  });

  it('the whole folder is the state at its end', async () => {
    const p = await place(history);
    const { url } = await p.database('CREATE TABLE pets (id int);');
    expect((await p.diff({ from: 'migrations', to: url })).outcome).toBe('equal');
    expect((await p.diff({ from: url, to: '003_gone' })).outcome).toBe('equal');
  });

  it('what does not run is told with its place', async () => {
    const p = await place({
      ...history,
      'migrations/004_bad/up.sql': 'CREATE TABLE ok (id int);\nALTER TABLE nowhere ADD a int;\n',
    });
    await expect(p.diff({ from: 'migrations', to: 'empty' })).rejects.toMatchObject({
      code: 'sql-failed',
      details: { location: { file: 'migrations/004_bad/up.sql', line: 2 } },
    });
    expect((await p.diff({ from: '003', to: 'migrations/003_gone' })).outcome).toBe('equal');
  });

  it('a long history says how far it is', async () => {
    const files: Record<string, string> = {};
    for (let n = 1; n <= 120; n++) {
      files[`migrations/${String(n).padStart(4, '0')}_t/up.sql`] =
        `CREATE TABLE t${n} (id int PRIMARY KEY, a text);`;
    }
    const p = await place(files);
    const messages: string[] = [];
    const diff = await diffSchemas(p.settings, { from: 'migrations', to: 'empty', cwd: p.root }, (event) => {
      if (event.type === 'scratch') messages.push(event.message);
    });
    expect(diff.differences).toHaveLength(120);
    expect(messages).toContain('replaying 120 migrations');
  });
});

describe('a proof', () => {
  it('gives back the schema that it starts from and the one that it leads to', async () => {
    const p = await place({
      'migrations/001_people/up.sql': 'CREATE TABLE people (id int PRIMARY KEY, name text);',
      'migrations/002_born/up.sql': 'ALTER TABLE people ADD born date;',
    });
    const { url } = await p.database('');
    const settings = { ...p.settings, environment: { ...p.settings.environment, url } };
    const environment = async (): Promise<Settings> => settings;
    await rehearseMigrations(
      settings,
      { ids: [], all: false, together: false, data: 'none', write: false },
      silent,
    );
    const diff = await p.diff({ from: 'proof:002_born@start', to: 'proof:002_born', environment });
    expect(diff.from).toMatchObject({ source: 'proof', label: 'proof of 002_born (start)' });
    expect(diff.differences.map((d) => d.object)).toEqual(['public.people.born']);
    const start = await p.diff({ from: 'proof:001', to: '001_people', environment });
    expect(start.outcome).toBe('equal');
  });

  it('of a schema that only the database has is found by running the migration on a copy', async () => {
    const p = await place({ 'migrations/001_more/up.sql': 'ALTER TABLE old ADD more int;' });
    const { url, run } = await p.database('CREATE TABLE old (id int);');
    const settings = { ...p.settings, environment: { ...p.settings.environment, url } };
    const environment = async (): Promise<Settings> => settings;
    await rehearseMigrations(
      settings,
      { ids: [], all: false, together: false, data: 'none', write: false },
      silent,
    );
    const diff = await p.diff({ from: url, to: 'proof:001_more@end', environment });
    expect(diff.differences.map((d) => d.object)).toEqual(['public.old.more']);
    expect((await p.diff({ from: url, to: 'proof:001@start', environment })).outcome).toBe('equal');

    await run('ALTER TABLE old ADD other int');
    await expect(p.diff({ from: url, to: 'proof:001_more', environment })).rejects.toMatchObject({
      code: 'proof-schema-unknown',
    });
  });
});

describe('a saved schema', () => {
  it('is compared with later, and renames are known in the database that it came from', async () => {
    const p = await place();
    const { url, run } = await p.database(OLD);
    const file = join(p.root, 'then.json');
    await p.diff({ from: 'empty', to: url, save: file, sql: false });
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect((await p.diff({ from: 'then.json', to: url })).outcome).toBe('equal');
    await run('ALTER TABLE people RENAME TO persons');
    const diff = await p.diff({ from: 'then.json', to: url });
    const seen = diff.differences.filter((d) => d.property !== 'notNullName');
    expect(seen.map((d) => [d.object, d.property])).toEqual([['public.people', 'name']]);
  });

  it('that was edited is refused', async () => {
    const p = await place({ 'a.sql': OLD });
    const file = join(p.root, 'saved.json');
    await p.diff({ from: 'empty', to: 'a.sql', save: file, sql: false });
    await writeFile(file, (await readFile(file, 'utf8')).replace('"happy"', '"merry"'));
    await expect(p.diff({ from: 'saved.json', to: 'a.sql' })).rejects.toMatchObject({
      code: 'schema-file-invalid',
    });
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -100));
    await expect(p.diff({ from: 'saved.json', to: 'a.sql' })).rejects.toMatchObject({
      code: 'diff-source-unknown',
    });
  });
});

describe('what the ledger recorded', () => {
  it('is compared with what is there now', async () => {
    const p = await place();
    const { url, run } = await p.database(OLD);
    const settings = { ...p.settings, environment: { ...p.settings.environment, url } };
    const environment = async (): Promise<Settings> => settings;
    await baseline(settings, { to: null, write: false }, silent);
    expect((await p.diff({ from: 'recorded', to: 'development', environment })).outcome).toBe('equal');
    await run('ALTER TABLE people ADD later int');
    const diff = await p.diff({ from: 'recorded:development', to: 'development', environment });
    expect(diff.from).toMatchObject({ source: 'recorded', label: 'recorded in development' });
    expect(diff.differences.map((d) => d.object)).toEqual(['public.people.later']);
    await run(script(await p.diff({ from: 'development', to: 'recorded', environment })));
    expect((await p.diff({ from: 'recorded', to: 'development', environment })).outcome).toBe('equal');
  });
});

describe('what is left out', () => {
  const role = `r_${Math.random().toString(36).slice(2, 10)}`;
  const LEFT = `CREATE TABLE t (id int, a text); CREATE VIEW v AS SELECT id FROM t; GRANT SELECT ON v TO PUBLIC;
    COMMENT ON TABLE t IS 'left'; COMMENT ON VIEW v IS 'left view';`;
  const RIGHT = `CREATE ROLE ${role}; CREATE TABLE t (id int, a text); CREATE VIEW v AS SELECT id, a FROM t;
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    ALTER TABLE t OWNER TO ${role}; ALTER VIEW v OWNER TO ${role}; ALTER FUNCTION f() OWNER TO ${role};
    GRANT INSERT ON t TO PUBLIC; REVOKE ALL ON FUNCTION f() FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
    CREATE TABLE n (id int); COMMENT ON TABLE n IS 'new'; COMMENT ON COLUMN t.a IS 'right';`;

  it('is neither a difference nor in the SQL; what is there keeps its own', async () => {
    const p = await place();
    const [from, to] = [await p.database(LEFT), await p.database(RIGHT)];
    const ignore = ['owners', 'privileges', 'comments'] as const;
    const diff = await p.diff({ from: from.url, to: to.url, ignore });
    expect(diff.ignored).toEqual(['comments', 'owners', 'privileges']);
    expect(diff.differences.map((d) => `${d.object} ${d.property}`)).toEqual([
      'public.f() presence',
      'public.n presence',
      'public.v columns',
      'public.v definition',
    ]);
    await from.run(script(diff));
    const left = await p.diff({ from: from.url, to: to.url, ignore });
    expect(left.outcome).toBe('equal');
    const kept = await p.diff({ from: 'empty', to: from.url });
    expect(kept.sql.map(({ sql }) => sql)).toEqual(
      expect.arrayContaining(["COMMENT ON VIEW public.v IS 'left view'"]),
    );
    expect(kept.sql.some(({ sql }) => /GRANT SELECT ON .*v TO PUBLIC/.test(sql))).toBe(true);
    expect(kept.sql.some(({ sql }) => sql.includes(role) || sql.includes("'right'"))).toBe(false);
  });

  it('each class by itself', async () => {
    const p = await place();
    const [from, to] = [await p.database(LEFT), await p.database(RIGHT.replace(/CREATE ROLE \w+;/, ''))];
    const properties = async (ignore: DiffRequest['ignore']): Promise<Set<string>> =>
      new Set(
        (await p.diff({ from: from.url, to: to.url, ...(ignore && { ignore }) })).differences.map(
          (d) => d.property,
        ),
      );
    expect(await properties([])).toEqual(
      new Set(['presence', 'columns', 'definition', 'owner', 'privileges', 'comment']),
    );
    expect(await properties(['owners'])).toEqual(
      new Set(['presence', 'columns', 'definition', 'privileges', 'comment']),
    );
    expect(await properties(['comments'])).toEqual(
      new Set(['presence', 'columns', 'definition', 'owner', 'privileges']),
    );
  });

  it('schemas that were not asked for', async () => {
    const p = await place();
    const from = await p.database(
      'CREATE SCHEMA app; CREATE TABLE app.a (id int); CREATE TABLE public.b (id int);',
    );
    const to = await p.database(
      'CREATE SCHEMA app; CREATE TABLE app.a (id bigint); CREATE TABLE public.b (id bigint); CREATE DOMAIN public.d AS int; CREATE TABLE app.n (x public.d);',
    );
    const diff = await p.diff({ from: from.url, to: to.url, schemas: ['app'] });
    expect(diff.differences.map((d) => d.object)).toEqual(['app.a.id', 'app.n']);
    expect(diff.refusals).toEqual([
      {
        object: 'column app.n.x',
        reason: 'it needs domain public.d, outside of the schemas that were asked for',
      },
    ]);
    const other = await p.diff({ from: from.url, to: to.url, schemas: ['public'] });
    await from.run(script(other));
    expect((await p.diff({ from: from.url, to: to.url, schemas: ['public'] })).outcome).toBe('equal');
    await from.run(script(await p.diff({ from: from.url, to: to.url, schemas: ['app'] })));
    expect((await p.diff({ from: from.url, to: to.url })).outcome).toBe('equal');
  });
});

describe('passwords', () => {
  const foreign = (password: string): string => `
    CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h');
    CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" 'me', password '${password}', api_token '${password}');
    CREATE FUNCTION check_password(password text) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE hashed text; BEGIN hashed := md5(password); RETURN password = 'letmein'; END $$;`;

  it('of foreign servers are not shown, and what holds one is held back; code is not touched', async () => {
    const p = await place();
    const [from, to] = [
      await p.database(foreign('first-secret')),
      await p.database(foreign('second-secret')),
    ];
    const changed = await p.diff({ from: from.url, to: to.url });
    const whole = await p.diff({ from: 'empty', to: to.url });
    for (const diff of [changed, whole]) {
      const said = `${JSON.stringify(diff)}${script(diff)}${printDiff(diff, { palette: createPalette(false), width: 80, all: true })}`;
      expect(said).not.toMatch(/first-secret|second-secret/);
    }
    expect(whole.refusals.map(({ object }) => object)).toEqual([expect.stringMatching(/^user mapping /)]);
    expect(script(whole)).toContain("RETURN password = 'letmein'");
    expect(script(whole)).toContain('-- refused: user mapping');
  });
});

describe('a subscription', () => {
  it('is held back: its connection string holds a password', async () => {
    const p = await place();
    const name = `s_${Math.random().toString(36).slice(2, 10)}`;
    const to = await p.database(
      `CREATE SUBSCRIPTION ${name} CONNECTION 'host=nowhere dbname=x user=u password=very-secret' PUBLICATION p WITH (connect = false);`,
    );
    const diff = await p.diff({ from: 'empty', to: to.url });
    expect(diff.outcome).toBe('different');
    expect(diff.refusals).not.toEqual([]);
    expect(`${JSON.stringify(diff)}${script(diff)}`).not.toContain('very-secret');
    const without = await p.diff({ from: 'empty', to: to.url, ignore: ['replication'] });
    expect(without).toMatchObject({ outcome: 'equal', refusals: [] });
    await to.run(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`);
    await to.run(`DROP SUBSCRIPTION ${name}`);
  });
});

describe('a side that is none', () => {
  it.each([
    ['developmant', 'diff-source-unknown', /Did you mean development/],
    ['nowhere/at/all.sql', 'diff-source-unknown', /no file or folder/],
    ['proof:none', 'diff-source-unknown', /no proof of none/],
    ['recorded', 'diff-source-unknown', /Nothing is recorded/],
    ['other.json', 'diff-source-unknown', /neither a proof nor a saved schema/],
    ['folder', 'diff-source-unknown', /holds no migrations/],
    ['archive.sql', 'diff-source-unknown', /archive of pg_dump/],
    ['latin.sql', 'diff-source-unknown', /not UTF-8/],
  ])('%s', async (word, code, said) => {
    const p = await place({ 'other.json': '{}', 'folder/x.txt': '', 'archive.sql': 'PGDMP\u0001' });
    await writeFile(join(p.root, 'latin.sql'), Buffer.from([0x2d, 0x2d, 0x20, 0xe9, 0x0a]));
    await expect(p.diff({ from: word, to: 'empty' })).rejects.toSatisfy(
      (error) =>
        isFerrataError(error) && error.code === code && said.test(`${error.message} ${error.details.hint}`),
    );
  });
});

describe('two major versions', () => {
  const majors = testMajors();

  it.each(majors.filter((major) => major !== 18))('18 and %i of one schema are equal', async (major) => {
    const p = await place({ 'new.sql': NEW }, 18);
    const old = await p.database(NEW, major);
    const diff = await p.diff({ from: 'new.sql', to: old.url });
    // The scratch server is the test's own of 18. What the versions themselves do differently is named.
    expect([diff.from.major, diff.to.major]).toEqual([18, major]);
    expect(diff.differences.filter((d) => d.note === undefined)).toEqual([]);
    expect(diff.outcome).toBe(major >= 15 ? 'equal' : 'different');
    const shown = printDiff(diff, { palette: createPalette(false), width: 80, all: false });
    expect(shown).toContain(`PostgreSQL 18 against ${major}`);
    if (major < 15) expect(shown.replace(/\s+/g, ' ')).toContain('gives public to pg_database_owner');
  });

  it.each(majors)('on %i the SQL between two schemas runs', async (major) => {
    const p = await place({}, major);
    const [from, to] = [await p.database(OLD), await p.database(NEW)];
    await from.run(script(await p.diff({ from: from.url, to: to.url })));
    expect((await p.diff({ from: from.url, to: to.url })).outcome).toBe('equal');
    await from.run(script(await p.diff({ from: from.url, to: (await p.database(OLD)).url })));
  });
});
