/** `ferrata diff` as a user runs it: exit codes, formats, what is on which stream. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testServer } from '../support/servers.ts';
import { type Project, project } from './project.ts';

const LEFT = 'CREATE TABLE t (id int PRIMARY KEY, a text); CREATE TABLE gone (id int);';
const RIGHT = `CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, b int); CREATE VIEW v AS SELECT id FROM t;`;
const SAME = 'CREATE TABLE t (a text, id int PRIMARY KEY); CREATE TABLE gone (id int);';

/** With a scratch server at hand, so that none is started. */
async function prepared(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const scratchUrl = (await testServer(18)).url('postgres');
  return project({
    base: LEFT,
    files: {
      'ferrata.config.json': JSON.stringify({ environments: { development: { policy: { scratchUrl } } } }),
      'left.sql': LEFT,
      'right.sql': RIGHT,
      'same.sql': SAME,
      ...files,
    },
  });
}

describe('ferrata diff', () => {
  it('prints what differs and ends with 4; nothing of progress is on stdout', async () => {
    const p = await prepared();
    const { code, stdout, stderr } = await p.run(['diff', '--from', 'development', '--to', 'right.sql']);
    expect(code).toBe(4);
    expect(stdout).toMatchInlineSnapshot(`
      "different: from development to right.sql

      - only in development | + only in right.sql | ~ differs: development → right.sql

      - table public.gone  1 column
      ~ table public.t
        ~ column a
            not null  no → yes
        + column b  integer
      + view public.v  1 column

      4 objects differ: 1 only in development, 2 only in right.sql, 1 changed
      "
    `);
    expect(stderr).toContain('building right.sql: 2 statements');
    expect(stderr).not.toContain('public.gone');
  });

  it('ends with 0 where they are equal, or only cosmetically not', async () => {
    const p = await prepared();
    const equal = await p.run(['diff', '--from', 'left.sql', '--to', 'development', '--quiet']);
    expect(equal).toMatchObject({ code: 0, stderr: '' });
    expect(equal.stdout).toBe('equal: from left.sql to development\n');
    const cosmetic = await p.run(['diff', '--from', 'left.sql', '--to', 'same.sql']);
    expect(cosmetic.code).toBe(0);
    expect(cosmetic.stdout).toContain('equal but for cosmetics');
    expect(cosmetic.stdout).toContain('column order (cosmetic)  a 2 → 1, id 1 → 2');
  });

  it('without sides compares the migrations with the environment', async () => {
    const p = await prepared({ 'migrations/001_t/up.sql': 'CREATE TABLE t (id int PRIMARY KEY, a text);' });
    const { code, stdout } = await p.run(['diff']);
    expect(code).toBe(4);
    expect(stdout).toContain('different: from migrations to development');
    expect(stdout).toContain('+ table public.gone');
    await p.write('migrations/002_gone/up.sql', 'CREATE TABLE gone (id int);');
    expect((await p.run(['diff'])).code).toBe(0);
  });

  it('--format sql runs as it is, and ends with 0', async () => {
    const p = await prepared();
    const { code, stdout } = await p.run([
      'diff',
      '--from',
      'development',
      '--to',
      'right.sql',
      '--format',
      'sql',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('-- destroys data: table public.gone');
    const connection = await p.connect();
    await connection.script(stdout).finally(() => connection.close());
    expect((await p.run(['diff', '--from', 'development', '--to', 'right.sql'])).code).toBe(0);
  });

  it('--exit-code and --no-exit-code say otherwise', async () => {
    const p = await prepared();
    const sides = ['diff', '--from', 'left.sql', '--to', 'right.sql'];
    expect((await p.run([...sides, '--format', 'sql', '--exit-code'])).code).toBe(4);
    expect((await p.run([...sides, '--no-exit-code'])).code).toBe(0);
    expect((await p.run([...sides, '--format', 'json'])).code).toBe(4);
  });

  it('--format sql ends with 1 where something is refused, and says what', async () => {
    const p = await prepared({
      'mapped.sql': `${LEFT} CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
        CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password 'keep-me-out');`,
    });
    const { code, stdout, stderr } = await p.run([
      'diff',
      '--from',
      'left.sql',
      '--to',
      'mapped.sql',
      '--format',
      'sql',
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^-- refused: user mapping FOR \S+ SERVER s: /m);
    expect(stdout).toContain('CREATE SERVER s');
    expect(stdout + stderr).not.toContain('keep-me-out');
  });

  it('--json is the documented shape, whatever stands in bodies', async () => {
    const body = `CREATE FUNCTION f(password text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN password = "x"; RETURN 'a "b" \\c'; END $$;`;
    const p = await prepared({ 'body.sql': `${LEFT} ${body}` });
    const { code, value, events } = await p.json(['diff', '--from', 'development', '--to', 'body.sql']);
    expect(code).toBe(4);
    expect(Object.keys(value)).toEqual([
      'ferrata',
      'from',
      'to',
      'outcome',
      'sameDatabase',
      'ignored',
      'schemas',
      'differences',
      'sql',
      'refusals',
    ]);
    expect(value.from).toEqual({
      source: 'environment',
      label: 'development',
      major: 18,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(value.differences).toEqual([
      {
        kind: 'function',
        object: 'public.f(text)',
        property: 'presence',
        before: 'absent',
        after: 'present',
        cosmetic: false,
        summary: 'returns text, language plpgsql',
      },
    ]);
    expect(value.sql.at(-1)).toMatchObject({ transactional: true, destroysData: false });
    expect(JSON.stringify(value.sql)).toContain('password = \\\\\\"x\\\\\\"'.replaceAll('\\\\\\', '\\'));
    expect(events).toContainEqual({ type: 'scratch', message: 'building body.sql: 3 statements' });
  });

  it('a terminal of 60 columns, and no colours unless asked for', async () => {
    const p = await prepared();
    const narrow = await p.run(['diff', '--from', 'left.sql', '--to', 'right.sql'], {
      env: { COLUMNS: '60' },
    });
    expect(narrow.stdout.split('\n').filter((line) => line.length > 60)).toEqual([]);
    expect(narrow.stdout).not.toContain('\u001b');
    const coloured = await p.run(['diff', '--from', 'left.sql', '--to', 'right.sql'], {
      env: { FORCE_COLOR: '1' },
    });
    expect(coloured.stdout).toContain('\u001b[');
    const off = await p.run(['diff', '--from', 'left.sql', '--to', 'right.sql', '--no-color'], {
      env: { FORCE_COLOR: '1' },
    });
    expect(off.stdout).not.toContain('\u001b');
  });

  it('--ignore, --schema and --save', async () => {
    const p = await prepared({
      'commented.sql': `${LEFT} COMMENT ON TABLE t IS 'x'; CREATE SCHEMA s; CREATE TABLE s.n (id int);`,
    });
    const sides = ['diff', '--from', 'left.sql', '--to', 'commented.sql'];
    const both = await p.run([...sides, '--ignore', 'comments,owners', '--schema', 'public']);
    expect(both).toMatchObject({ code: 0 });
    expect(both.stdout).toContain('Left out: comments, owners.');
    expect(both.stdout).toContain('Only in public.');
    const saved = await p.run([...sides, '--save', 'kept.json', '--no-exit-code']);
    expect(saved.code).toBe(0);
    expect(JSON.parse(await readFile(join(p.root, 'kept.json'), 'utf8'))).toMatchObject({
      ferrata: 1,
      label: 'commented.sql',
    });
    expect((await p.run(['diff', '--from', 'commented.sql', '--to', 'kept.json'])).code).toBe(0);
  });

  it('mistakes are told with what to do', async () => {
    const p = await prepared();
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['--from', 'lift.sql'], 2, /\[diff-source-unknown\] There is no file or folder lift\.sql/],
      [['--from', 'left.sql', '--ignore', 'owner'], 2, /`owner`[\s\S]*owners, privileges/],
      [['--from', 'left.sql', '--format', 'yaml'], 2, /text, sql, json/],
      [['--from', 'left.sql', '--format', 'sql', '--json'], 2, /contradict/],
      [
        ['--from', 'postgres://u:hidden-word@127.0.0.1:1/x', '--to', 'left.sql'],
        1,
        /\[server-unreachable\] 127\.0\.0\.1:1\/x/,
      ],
    ];
    for (const [args, code, said] of cases) {
      const outcome = await p.run(['diff', ...args]);
      expect(outcome.code, args.join(' ')).toBe(code);
      expect(outcome.stderr + outcome.stdout).toMatch(said);
      expect(outcome.stderr + outcome.stdout).not.toContain('hidden-word');
    }
  });

  it('two files need no environment, even where its URL is not set', async () => {
    const scratchUrl = (await testServer(18)).url('postgres');
    const p = await prepared({
      'ferrata.config.json': JSON.stringify({
        environments: {
          production: { url: 'env:NOT_SET_ANYWHERE', policy: { scratchUrl } },
          development: { policy: { scratchUrl } },
        },
      }),
    });
    const outcome = await p.run(['diff', '--from', 'left.sql', '--to', 'left.sql', '--env', 'production']);
    expect(outcome).toMatchObject({ code: 0 });
    const asked = await p.run(['diff', '--from', 'left.sql', '--to', 'production']);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('NOT_SET_ANYWHERE');
  });
});
