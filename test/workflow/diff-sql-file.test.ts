/** Files of SQL as a side: hand-written ones with their mistakes, and what pg_dump of every version writes. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import type { FerrataEvent } from '../../src/events.ts';
import { findClient } from '../../src/postgres/programs.ts';
import { diffSchemas, type SchemaDiff } from '../../src/workflow/diff.ts';
import { connectsElsewhere, plainSql } from '../../src/workflow/diff-psql.ts';
import { testServer } from '../support/servers.ts';

async function diff(
  sql: string,
  to = 'empty',
  major = 18,
  more: { readonly other?: string; readonly ownServer?: boolean } = {},
): Promise<{ readonly diff: SchemaDiff; readonly events: readonly FerrataEvent[] }> {
  const root = await mkdtemp(join(tmpdir(), 'ferrata-diff-sql-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const url = (await testServer(major)).url('postgres');
  const environments = {
    development: { url, ...(more.ownServer === true ? {} : { policy: { scratchUrl: url } }) },
  };
  if (more.other !== undefined) await writeFile(join(root, 'other.sql'), more.other);
  await writeFile(join(root, 'ferrata.config.json'), JSON.stringify({ environments }));
  await writeFile(join(root, 'schema.sql'), sql);
  const settings = await loadSettings({ cwd: root, env: 'development', processEnv: {} });
  const events: FerrataEvent[] = [];
  const result = await diffSchemas(settings, { from: 'schema.sql', to, cwd: root }, (event) =>
    events.push(event),
  );
  return { diff: result, events };
}

const objects = (result: SchemaDiff): string[] => [
  ...new Set(result.differences.map((d) => `${d.kind} ${d.object}`)),
];

describe('what only psql understands', () => {
  it('is blanked out in place', () => {
    const file = `\\restrict abc\nCREATE TABLE t (a text);\n  \\echo 'done; really'\nCOPY t (a) FROM stdin;\nit's; \\\\. "\n\\N\n\\.\n\nSELECT 1;\n`;
    const plain = plainSql(file);
    expect(plain.text).toHaveLength(file.length);
    expect(plain.text.split('\n').map((line) => line.trim())).toEqual([
      '',
      'CREATE TABLE t (a text);',
      '',
      '',
      '',
      '',
      '',
      '',
      'SELECT 1;',
      '',
    ]);
    expect(plain.copies).toBe(1);
    expect(plain.commands).toEqual(['\\restrict abc', "\\echo 'done; really'"]);
  });

  it.each([
    ['an empty block', 'COPY t FROM stdin;\n\\.\nSELECT 1;', 'SELECT 1;'],
    ['a block to the end of the file', 'SELECT 1;\nCOPY t FROM STDIN WITH (FORMAT csv);\na;b\n', 'SELECT 1;'],
    ['CSV with a line of its own', 'copy "T; x" (a, b)\n  from stdin;\n\\.x\n\\.\nSELECT 2;', 'SELECT 2;'],
    ['Windows line ends', 'COPY t FROM stdin;\r\na\r\n\\.\r\nSELECT 3;', 'SELECT 3;'],
  ])('%s', (_, file, left) => {
    const plain = plainSql(file);
    expect(plain.text.trim()).toBe(left);
    expect(plain.copies).toBe(1);
  });

  it.each([
    "COPY t FROM '/tmp/file';",
    'COPY t TO stdout;',
    'CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN\n\\echo; COPY t FROM stdin;\nEND $$;',
    "SELECT 'COPY t FROM stdin;', E'\\n';",
    '-- COPY t FROM stdin;\n/* \\restrict */ SELECT 1;',
    '\\i other.sql',
    '\\set name value',
    'SELECT 1 \\gexec',
  ])('is not taken for it: %s', (file) => {
    expect(plainSql(file)).toEqual({ text: file, copies: 0, commands: [] });
  });

  it('one database is one database', () => {
    expect(connectsElsewhere(['\\connect app'])).toBe(false);
    expect(connectsElsewhere(['\\connect app', '\\c app', '\\connect -reuse-previous=on "app"'])).toBe(true);
    expect(connectsElsewhere(['\\connect app', '\\connect other'])).toBe(true);
  });
});

describe('a file of SQL', () => {
  it('that the server refuses is told with file, line and column', async () => {
    await expect(
      diff('CREATE TABLE t (id int);\n\nCREATE TABLE u (\n  id int,\n  v nosuchtype\n);\n'),
    ).rejects.toMatchObject({
      code: 'sql-failed',
      details: {
        location: { file: 'schema.sql', line: 5, column: 5, text: '  v nosuchtype' },
        sqlState: '42704',
      },
    });
  });

  it('so is an error without a position, behind what psql alone understands and characters of several bytes', async () => {
    const file = `\\restrict x\n-- größer 🎈\nCREATE TABLE "größe" (id int);\nCREATE TABLE t (id int);\n  CREATE TABLE t (id int);\n`;
    await expect(diff(file)).rejects.toMatchObject({
      code: 'sql-failed',
      details: { location: { line: 5, column: 3 }, sqlState: '42P07' },
    });
  });

  it('that is no SQL is told with the place', async () => {
    await expect(diff('CREATE TABLE t (id int);\nCREATE TABEL u (id int);')).rejects.toMatchObject({
      code: 'sql-syntax',
      details: { location: { file: 'schema.sql', line: 2, column: 8 } },
    });
    await expect(diff('SELECT 1;\n\\i other.sql\n')).rejects.toMatchObject({
      code: 'sql-psql-command',
      details: { location: { line: 2, column: 1 } },
    });
  });

  it('may open transactions of its own, and do what none can hold', async () => {
    const { diff: result } = await diff(`
      BEGIN; CREATE TABLE t (id int, a text); COMMIT;
      CREATE INDEX CONCURRENTLY t_a ON t (a);
      CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'; CREATE TABLE u (x e DEFAULT 'b');
      VACUUM t;
      BEGIN; CREATE TABLE never (id int); ROLLBACK;`);
    expect(objects(result)).toEqual(['enum public.e', 'table public.t', 'table public.u']);
  });

  it('a value of an enum may be added and used without transactions', async () => {
    const { diff: result } = await diff(
      `CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'; CREATE TABLE u (x e DEFAULT 'b');`,
    );
    expect(objects(result)).toEqual(['enum public.e', 'table public.u']);
  });

  it('names roles: they are made on a server that was started for it, for each file anew', async () => {
    const { diff: result, events } = await diff(
      `CREATE ROLE app; CREATE ROLE twice LOGIN; CREATE TABLE t (id int); ALTER TABLE t OWNER TO app; GRANT SELECT ON t TO other;`,
      'other.sql',
      18,
      {
        ownServer: true,
        other:
          'CREATE ROLE twice; DROP ROLE twice; CREATE ROLE app; CREATE TABLE t (id int); ALTER TABLE t OWNER TO app;',
      },
    );
    expect(result.differences.map((d) => `${d.object} ${d.property}`)).toEqual(['public.t privileges']);
    expect(events.map((event) => (event.type === 'scratch' ? event.message : ''))).toContainEqual(
      expect.stringMatching(/^starting PostgreSQL/),
    );
  });

  it('that names a role which the scratch server does not have says what to do', async () => {
    await expect(
      diff('CREATE TABLE t (id int);\nALTER TABLE t OWNER TO nobody_at_all;'),
    ).rejects.toMatchObject({
      code: 'sql-failed',
      details: { location: { line: 2 }, hint: expect.stringContaining('--no-owner') },
    });
  });

  it('that is empty is an empty schema', async () => {
    expect((await diff('-- nothing\n')).diff.outcome).toBe('equal');
  });

  it('of several databases is refused', async () => {
    await expect(diff('CREATE DATABASE a;\n\\connect a\nSELECT 1;\n\\connect b\n')).rejects.toMatchObject({
      code: 'sql-psql-command',
    });
  });
});

/** The head of a plain dump, by version; taken from what pg_dump of that version writes. */
const HEAD: Readonly<Record<number, string>> = {
  13: `--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
`,
  17: `--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
`,
  18: `--
-- PostgreSQL database dump
--

\\restrict 5vXQ1gDm1nUxZyq0J8b3

-- Dumped from database version 18.1
-- Dumped by pg_dump version 18.1

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
`,
};

const BODY = `
--
-- Name: app; Type: DATABASE; Schema: -; Owner: dumped_owner
--

CREATE DATABASE app WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C';
ALTER DATABASE app OWNER TO dumped_owner;
\\connect app
ALTER DATABASE app SET work_mem TO '8MB';

--
-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: -
--

CREATE SCHEMA public;
CREATE FUNCTION public.later() RETURNS integer
    LANGUAGE plpgsql
    AS $$
BEGIN
  -- names what comes later; has a line that looks like one of psql's:
  \\. RETURN (SELECT count(*) FROM public.t);
END
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.t (
    id integer NOT NULL,
    a text
);
ALTER TABLE public.t OWNER TO dumped_owner;
CREATE SEQUENCE public.t_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.t_id_seq OWNER TO dumped_owner;
ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);
COPY public.t (id, a) FROM stdin;
1	it's "quoted"; $$ and \\\\ more
2	\\N
\\.
SELECT pg_catalog.setval('public.t_id_seq', 2, true);
ALTER TABLE ONLY public.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (id);
GRANT SELECT ON TABLE public.t TO dumped_reader;
`;

describe('dumps', () => {
  it.each([13, 17, 18])('of the format of %i are read', async (version) => {
    const end = version === 18 ? '\\unrestrict 5vXQ1gDm1nUxZyq0J8b3\n' : '';
    const sql = `${HEAD[version] ?? ''}${BODY.replaceAll('\\. RETURN', 'RETURN')}${end}`
      .replaceAll('dumped_owner', 'pg_monitor')
      .replaceAll('dumped_reader', 'pg_read_all_stats');
    const { diff: result, events } = await diff(sql);
    expect(objects(result)).toEqual([
      'database current',
      'function public.later()',
      'sequence public.t_id_seq',
      'table public.t',
    ]);
    expect(JSON.stringify(events)).toContain('the rows of 1 COPY blocks are left out');
  });

  it('a setting that the server does not have is passed over, and told', async () => {
    const { diff: result, events } = await diff(`${HEAD[17]}CREATE TABLE public.t (id int);`, 'empty', 15);
    expect(objects(result)).toEqual(['table public.t']);
    expect(events.filter((event) => event.type === 'warning')).toMatchObject([
      { message: expect.stringMatching(/^schema\.sql:8: .*transaction_timeout/) },
    ]);
  });

  it('by pg_dump itself, with and without rows, are equal to their database', async (context) => {
    const client = await findClient('pg_dump', 15);
    if (client === null) {
      console.warn('skipped: no pg_dump of 15 or newer is installed');
      context.skip();
      return;
    }
    const server = await testServer(15);
    const connector = await server.createDatabase();
    const connection = await connector.connect('test');
    const role = `r_${Math.random().toString(36).slice(2, 8)}`;
    await connection.script(`
      CREATE ROLE ${role};
      CREATE SCHEMA "Odd. name"; CREATE EXTENSION IF NOT EXISTS plpgsql;
      CREATE TABLE "Odd. name"."T" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a;b" text DEFAULT E'\\\\.', m money);
      INSERT INTO "Odd. name"."T" ("a;b") VALUES (E'one\\n\\\\.\\ntwo'), ('$$;'), (NULL);
      CREATE TABLE p (id int, d date) PARTITION BY RANGE (d);
      CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      CREATE VIEW v AS SELECT * FROM p; CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM p; CREATE MATERIALIZED VIEW empty_mv AS SELECT 1 AS one WITH NO DATA;
      CREATE FUNCTION atomic(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT x + 1; SELECT x + 2; END;
      ALTER TABLE p OWNER TO ${role}; GRANT SELECT (id) ON p TO PUBLIC; COMMENT ON TABLE p IS 'a; \\echo comment';
      ALTER DEFAULT PRIVILEGES FOR ROLE ${role} GRANT SELECT ON TABLES TO PUBLIC;
      ALTER DATABASE ${connection.server.database} SET work_mem = '8MB';`);
    const url = server.url(connection.server.database);
    await connection.close();
    for (const more of [['--schema-only'], ['--create', '--clean', '--if-exists'], ['--inserts']]) {
      const { stdout } = await promisify(execFile)(client.path, more, {
        env: { ...process.env, ...connector.clientEnvironment() },
      });
      const { diff: result } = await diff(stdout, url, 15);
      // Without --create a dump does not say what the database itself is set to.
      const wanted = more.includes('--create') ? [] : ['database current'];
      expect({ more, objects: objects(result) }).toEqual({ more, objects: wanted });
    }
  });
});
