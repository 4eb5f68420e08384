/** What comes after `up`: going back in every way, failed runs, failed verifications, the end of the window, backups. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ferrata } from './ferrata.ts';
import { type Project, project } from './project.ts';

const A = '20260101000000_a';
const B = '20260102000000_b';
const C = '20260103000000_c';

async function applied(made: Project): Promise<readonly string[]> {
  const { value } = await made.json(['status']);
  return value.status.migrations
    .filter((one: { state: string }) => one.state === 'applied')
    .map((one: { id: string }) => one.id);
}

describe('going back', () => {
  it('by steps, to a migration, to the start; and forward to one', async () => {
    const made = await project({
      migrations: {
        [A]: 'CREATE TABLE a (id int);',
        [B]: 'CREATE TABLE b (id int);',
        [C]: 'CREATE TABLE c (id int);',
      },
    });
    expect((await made.run(['up', '--to', B])).code).toBe(0);
    expect(await applied(made)).toEqual([A, B]);
    expect((await made.run(['up'])).code).toBe(0);
    expect((await made.run(['down', '--steps', '2'])).stdout).toMatch(new RegExp(`${C}[^]*${B}`));
    expect(await applied(made)).toEqual([A]);
    expect((await made.run(['up'])).code).toBe(0);
    expect((await made.run(['rollback', '--to', A])).code).toBe(0);
    expect(await applied(made)).toEqual([A]);
    expect((await made.run(['down', '--to', '0'])).code).toBe(0);
    expect(await applied(made)).toEqual([]);
    expect(await made.run(['down'])).toMatchObject({ code: 0, stdout: 'Nothing to take back.\n' });
    expect((await made.run(['rollback', '--to', C])).code).toBe(2);
    expect((await made.run(['down', '--steps', '1', '--to', A])).code).toBe(2);
    expect((await made.run(['rollback'])).code).toBe(2);
    expect(await made.rows(`SELECT to_regclass('a'), to_regclass('b'), to_regclass('c')`)).toEqual([
      [null, null, null],
    ]);
  });

  it('keeps what the application has written since, and lists what it leaves alone', async () => {
    const made = await project({
      base: `CREATE TABLE t (id int PRIMARY KEY, v text, gone text); INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y');`,
      migrations: { [A]: 'UPDATE t SET v = upper(v);\nALTER TABLE t DROP COLUMN gone;' },
    });
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
    await made.rows(`UPDATE t SET v = 'changed since' WHERE id = 2`);
    await made.rows(`INSERT INTO t VALUES (3, 'new')`);
    const { code, value } = await made.json(['down']);
    expect(code).toBe(0);
    expect(value.down.takenBack[0].conflicts).toMatchObject([{ table: expect.stringContaining('t') }]);
    expect(await made.rows('SELECT * FROM t ORDER BY id')).toEqual([
      [1, 'a', 'x'],
      [2, 'changed since', 'y'],
      [3, 'new', null],
    ]);
  });

  it('after the window only with force and a reason; after a purge not at all', async () => {
    const made = await project({
      base: `CREATE TABLE gone (id int PRIMARY KEY); INSERT INTO gone VALUES (1);`,
      migrations: { [A]: 'DROP TABLE gone;', [B]: 'CREATE TABLE b (id int);' },
    });
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
    expect((await made.run(['purge', '--yes'])).stdout).toContain('Nothing is past its rollback window.');
    const over = `UPDATE ferrata.run SET window_until = clock_timestamp() - interval '1 hour'`;
    await made.rows(over);
    const late = await made.run(['down', '--to', '0']);
    expect(late.code).toBe(3);
    expect(late.stderr).toContain('[rollback-window-over]');
    expect((await made.run(['rollback', '--to', '0', '--force'])).code).toBe(2);
    const forced = await made.run(['rollback', '--to', '0', '--force', '--reason', 'incident 4711']);
    expect(forced).toMatchObject({ code: 0 });
    expect(await made.rows('SELECT * FROM gone')).toEqual([[1]]);
    expect(
      await made.rows(`SELECT count(*) FROM ferrata.audit WHERE payload LIKE '%incident 4711%'`),
    ).not.toEqual([['0']]);
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
    await made.rows(over);
    expect((await made.run(['purge', '--dry-run'])).stdout).toContain(A);
    expect((await made.run(['purge'])).code).toBe(2);
    expect(await made.run(['purge', '--yes'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('purged'),
    });
    const back = await made.run(['rollback', '--to', '0', '--force', '--reason', 'too late']);
    expect(back.code).toBe(3);
    expect(back.stderr).toMatch(/\[rollback-(unavailable|window-over)\]/);
    expect(back.stderr.replace(/\s+/g, ' ')).toContain('purge');
  });
});

/** Two steps, of which the second one fails while the divisor is 0: on the live database, not on the copy's rows. */
const FAILS = {
  base: 'CREATE TABLE divisor (d int PRIMARY KEY); INSERT INTO divisor VALUES (0);',
  migrations: {
    [A]: `BEGIN; CREATE TABLE a (id int); COMMIT;
BEGIN; INSERT INTO a SELECT n / (SELECT coalesce(max(d), 1) FROM divisor) FROM generate_series(1, 2) n; COMMIT;`,
  },
};

describe('a failed run', () => {
  it('is shown, and goes on, is taken back or is forgotten', async () => {
    const made = await project(FAILS);
    const failed = await made.run(['up']);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('division by zero');
    expect(failed.stderr).toContain(`migrations/${A}/up.sql:2`);
    const { value } = await made.json(['status']);
    expect(value.status.unfinished).toMatchObject({ migration: A, state: 'failed' });
    // It goes on where it stopped, once the reason is gone.
    await made.rows('UPDATE divisor SET d = 1');
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
    expect(await made.rows('SELECT count(*) FROM a')).toEqual([['2']]);
    expect(await made.run(['down'])).toMatchObject({ code: 0 });
    // It is taken back.
    await made.rows('UPDATE divisor SET d = 0');
    expect((await made.run(['up'])).code).toBe(1);
    expect(await made.run(['down'])).toMatchObject({ code: 0 });
    expect(await made.rows(`SELECT to_regclass('a')`)).toEqual([[null]]);
    // It is forgotten; what stands, stands.
    expect((await made.run(['up'])).code).toBe(1);
    const reset = await made.run(['reset', A, '--yes']);
    expect(reset).toMatchObject({ code: 0, stdout: expect.stringContaining('forgotten') });
    expect((await made.json(['status'])).value.status.unfinished).toBeNull();
    expect(await made.rows(`SELECT to_regclass('a') IS NULL`)).toEqual([[false]]);
    expect((await made.run(['reset', A, '--yes'])).code).not.toBe(0);
  });

  it('may not be edited while it is unfinished', async () => {
    const made = await project(FAILS);
    expect((await made.run(['up'])).code).toBe(1);
    await made.write(`migrations/${A}/up.sql`, 'CREATE TABLE a (id int);');
    const { code, stderr } = await made.run(['up']);
    expect(code).toBe(1);
    expect(stderr).toContain('[migration-edited]');
    expect(stderr).toContain('ferrata down');
    expect(await made.run(['down'])).toMatchObject({ code: 0 });
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
  });
});

describe('a failed verification', () => {
  const files = {
    'up.sql': 'ALTER TABLE t ADD COLUMN a int;',
    'verify.sql': `SELECT id AS "row without a" FROM t WHERE a IS NULL;`,
  };
  const base = 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (7);';

  it('fails the run, says why and how to go back', async () => {
    const made = await project({ base, migrations: { [A]: files } });
    const { code, stderr } = await made.run(['up']);
    expect(code).toBe(4);
    expect(stderr).toContain('[verification-failed]');
    expect(stderr).toContain('ferrata down');
    expect((await made.json(['status'])).value.status.unfinished).toMatchObject({ state: 'failed' });
    expect(await made.run(['down'])).toMatchObject({ code: 0 });
    expect(await made.rows('SELECT * FROM t')).toEqual([[7]]);
  });

  it('takes the run back where the policy says so', async () => {
    const made = await project({
      base,
      migrations: { [A]: files },
      files: {
        'ferrata.config.yaml': 'environments: { development: { policy: { onVerifyFailure: rollback } } }',
      },
    });
    const { code, stderr } = await made.run(['up']);
    expect(code).toBe(4);
    expect(stderr).toContain('[verification-failed]');
    expect(await made.rows('SELECT * FROM t')).toEqual([[7]]);
    expect((await made.json(['status'])).value.status).toMatchObject({ unfinished: null, pending: 1 });
  });
});

it('drift names what somebody changed beside ferrata, with exit code 4', async () => {
  const made = await project({ migrations: { [A]: 'CREATE TABLE a (id int PRIMARY KEY, v text);' } });
  expect((await made.run(['drift'])).code).toBe(2);
  expect(await made.run(['up'])).toMatchObject({ code: 0 });
  expect((await made.run(['drift'])).code).toBe(0);
  await made.rows(`ALTER TABLE a ALTER COLUMN v SET DEFAULT 'by hand'`);
  const { code, value } = await made.json(['drift']);
  expect(code).toBe(4);
  expect(value.drift.differences).toMatchObject([
    { kind: 'column', object: 'public.a.v', property: 'default', after: expect.stringContaining('by hand') },
  ]);
  expect((await made.run(['verify', 'schema'])).code).toBe(4);
});

describe('backups', () => {
  it('a damaged one is found; a restore overwrites nothing unasked', async () => {
    const made = await project({
      base: `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, 'v' || n FROM generate_series(1, 500) n;`,
    });
    const key = { env: { FERRATA_BACKUP_KEY: 'correct horse battery staple' } };
    expect(await made.run(['backup', 'create', '--name', 'b'], key)).toMatchObject({ code: 0 });
    expect((await made.run(['backup', 'verify', 'b'])).stderr).toContain('[backup-key]');
    expect((await made.run(['backup', 'verify', 'b'])).code).toBe(2);
    expect(await made.run(['backup', 'verify', 'b'], key)).toMatchObject({ code: 0 });
    await made.rows('DELETE FROM t WHERE id > 100');
    const refused = await made.run(['backup', 'restore', 'b'], key);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('[backup-target-not-empty]');
    expect(refused.stderr).toContain('--yes');
    const into = await project();
    expect(await made.run(['backup', 'restore', 'b', '--into', into.url], key)).toMatchObject({ code: 0 });
    expect(await into.rows('SELECT count(*) FROM t')).toEqual([['500']]);
    expect(await made.run(['backup', 'restore', 'b', '--yes'], key)).toMatchObject({ code: 0 });
    expect(await made.rows('SELECT count(*) FROM t')).toEqual([['500']]);
    const folder = join(made.root, '.ferrata/backups/b');
    const name = (await readdir(folder)).find((file) => file.includes('public.t')) ?? '';
    const bytes = await readFile(join(folder, name));
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    await writeFile(join(folder, name), bytes);
    for (const args of [
      ['backup', 'verify', 'b'],
      ['backup', 'restore', 'b', '--yes'],
    ]) {
      const { code, stderr } = await made.run(args, key);
      expect(code).toBe(4);
      expect(stderr).toContain('[backup-corrupt]');
      expect(stderr).toContain(name);
    }
    expect(await made.rows('SELECT count(*) FROM t')).toEqual([['500']]);
  });
});

it('the first steps, with no database at hand: the embedded server serves, and is gone afterwards', {
  timeout: 180_000,
}, async () => {
  const made = await project();
  const cwd = join(made.root, 'fresh');
  await made.write(
    'fresh/package.json',
    '{\n\t"name": "fresh",\n\t"scripts": { "db:migrate:up": "mine" }\n}\n',
  );
  await made.write('fresh/.gitignore', 'node_modules');
  const run = (args: readonly string[], input = '') => ferrata(args, { cwd, input });
  expect(await run(['init'])).toMatchObject({ code: 0 });
  const manifest = await readFile(join(cwd, 'package.json'), 'utf8');
  expect(JSON.parse(manifest).scripts).toMatchObject({
    'db:migrate:up': 'mine',
    'db:migrate:status': 'ferrata status',
  });
  expect(manifest).toContain('\n\t"scripts"');
  expect(await readFile(join(cwd, '.gitignore'), 'utf8')).toBe('node_modules\n.ferrata/\n');
  const again = await run(['init']);
  expect(again.stdout.match(/kept/g)).toHaveLength(4);
  const created = await run(
    ['create', 'Add notes', '--from', '-', '--json'],
    `CREATE TABLE notes (id int PRIMARY KEY, v text DEFAULT 'x');`,
  );
  expect(JSON.parse(created.stdout)).toMatchObject({
    ferrata: 1,
    file: expect.stringContaining('_add_notes/up.sql'),
  });
  for (const args of [['assess'], ['rehearse'], ['up'], ['status'], ['verify'], ['down']]) {
    const outcome = await run(args);
    expect(outcome.code, `${args}: ${outcome.stderr}`).toBe(0);
  }
  const servers = join(cwd, '.ferrata/postgres');
  for (const major of await readdir(servers)) {
    const pid = await stat(join(servers, major, 'data/postmaster.pid')).catch(() => null);
    expect(pid, 'the server has stopped').toBeNull();
  }
});

it('baseline takes a database over: its schema becomes the first migration, which can be replayed', async () => {
  const base = `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE p (id serial PRIMARY KEY, m mood DEFAULT 'ok');
    CREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p); CREATE VIEW v AS SELECT m FROM p;`;
  const made = await project({ base });
  const { code, value } = await made.json(['baseline']);
  expect(code, JSON.stringify(value)).toBe(0);
  expect(value.baseline).toMatchObject({ written: expect.stringMatching(/_baseline$/) });
  expect((await made.run(['drift'])).stdout).toContain('equal');
  const down = await made.run(['down']);
  expect(down.code).not.toBe(1);
  expect(await made.rows('SELECT count(*) FROM p')).toEqual([['0']]);
  const all = await made.json(['rehearse', '--all']);
  expect(all.code, JSON.stringify(all.value)).toBe(0);
});
