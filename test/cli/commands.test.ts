/** What every command has in common: help, one JSON document, colours, exit codes, streams, widths. */
import { describe, expect, it } from 'vitest';
import { commandNames, ferrata, ferrataJson } from './ferrata.ts';
import { project } from './project.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ESCAPE = /\u001b\[/;

describe('every command', () => {
  it('has help with options and an example, and is in the overview', async () => {
    const cwd = process.cwd();
    const names = await commandNames();
    expect(names.length).toBeGreaterThanOrEqual(22);
    const overview = await ferrata(['--help'], { cwd });
    expect(overview.code).toBe(0);
    expect(overview.stderr).toBe('');
    const helps = await Promise.all(names.map((name) => ferrata([name, '--help'], { cwd })));
    for (const [index, name] of names.entries()) {
      expect(overview.stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
      const help = helps[index];
      expect(help?.code, name).toBe(0);
      expect(help?.stderr, name).toBe('');
      expect(help?.stdout).toMatch(new RegExp(`Examples:\n {2}\\$ .*ferrata ${name}`));
      for (const option of ['--json', '--config', '--env', '--url', '--no-color']) {
        expect(help?.stdout, name).toContain(option);
      }
      expect(help?.stdout, `${name}: a promise without a meaning`).not.toMatch(/undefined|\[object/);
    }
  });

  it('says its version, alone and quickly, and what comes with no command', async () => {
    const cwd = process.cwd();
    const [version, nothing, help, helpOn] = await Promise.all([
      ferrata(['--version'], { cwd }),
      ferrata([], { cwd }),
      ferrata(['help'], { cwd }),
      ferrata(['help', 'up'], { cwd }),
    ]);
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(nothing.code).toBe(2);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('Commands:') });
    expect(helpOn).toMatchObject({ code: 0, stdout: expect.stringContaining('--dry-run') });
  });

  it('refuses what it does not know, with exit code 2 and a way out', async () => {
    const cwd = process.cwd();
    const [typo, stranger, flag, extra, value] = await Promise.all([
      ferrata(['statuss'], { cwd }),
      ferrata(['frobnicate'], { cwd }),
      ferrata(['up', '--dry-rn'], { cwd }),
      ferrata(['up', 'extra'], { cwd }),
      ferrata(['down', '--steps', 'many'], { cwd }),
    ]);
    expect(typo).toMatchObject({ code: 2, stdout: '' });
    expect(typo.stderr).toContain('[usage]');
    expect(typo.stderr).toContain('Did you mean `ferrata status`?');
    expect(stranger).toMatchObject({ code: 2, stderr: expect.stringContaining('ferrata --help') });
    expect(flag.code).toBe(2);
    expect(flag.stderr).toContain('--dry-rn');
    expect(flag.stderr).toContain('--dry-run');
    expect(extra.code).toBe(2);
    expect(value).toMatchObject({ code: 2, stderr: expect.stringContaining('`many`') });
  });

  it('prints errors as JSON on standard output under --json', async () => {
    const cwd = process.cwd();
    const { code, value, events } = await ferrataJson(['frobnicate'], { cwd });
    expect(code).toBe(2);
    expect(events).toEqual([]);
    expect(value).toEqual({
      ferrata: 1,
      error: { code: 'usage', message: expect.any(String), why: null, hint: expect.any(String), at: null },
    });
  });
});

const ADD = '20260101000000_add_note';

describe('a whole session', () => {
  it('walks through the commands: text on stdout, progress on stderr, one JSON document each', async () => {
    const { json, run, rows } = await project({
      base: 'CREATE TABLE orders (id int PRIMARY KEY, total numeric NOT NULL DEFAULT 0); INSERT INTO orders VALUES (1, 5);',
      migrations: { [ADD]: { 'up.sql': `ALTER TABLE orders ADD COLUMN note text DEFAULT 'none';\n` } },
    });
    const check = async (
      args: readonly string[],
      key: string,
      // biome-ignore lint/suspicious/noExplicitAny: looks into any document
      look: (value: any) => void = () => {},
      code = 0,
    ) => {
      const outcome = await json(args);
      expect(outcome.code, `${args.join(' ')}: ${JSON.stringify(outcome.value)}`).toBe(code);
      expect(Object.keys(outcome.value)).toEqual(['ferrata', key]);
      expect(outcome.value.ferrata).toBe(1);
      for (const event of outcome.events) expect(event.type, args.join(' ')).toEqual(expect.any(String));
      look(outcome.value[key]);
    };
    await check(['status'], 'status', (status) => {
      expect(status).toMatchObject({ environment: 'development', pending: 1, unfinished: null, lease: null });
      expect(status.migrations).toMatchObject([{ id: ADD, state: 'pending' }]);
    });
    await check(['assess'], 'assessments', ([assessment]) =>
      expect(assessment).toMatchObject({ migration: ADD, type: 'ddl', risk: 'low' }),
    );
    await check(['plan'], 'plans', ([plan]) => expect(plan.steps).toHaveLength(1));
    await check(['rehearse'], 'proofs', ([proof]) =>
      expect(proof).toMatchObject({
        migration: ADD,
        outcome: 'proved',
        rollbackPoints: [{ schema: 'equal', data: 'equal' }],
        redo: 'equal',
        error: null,
      }),
    );
    await check(['backup', 'create', '--name', 'before'], 'backup', (backup) =>
      expect(backup).toMatchObject({ name: 'before', verifiedAt: null }),
    );
    await check(['backup', 'verify', 'before'], 'backup', (backup) =>
      expect(backup.verifiedAt).toEqual(expect.any(String)),
    );
    await check(['backup', 'list'], 'backups', (backups) => expect(backups).toHaveLength(1));
    await check(['up', '--dry-run'], 'up', (up) => {
      expect(up).toMatchObject({ dryRun: true, planned: [{ migration: ADD, outcome: 'proved' }], runs: [] });
    });
    expect(await rows(`SELECT to_regclass('ferrata.run')`), 'a dry run writes nothing').toEqual([[null]]);
    await check(['up'], 'up', (up) =>
      expect(up.runs).toMatchObject([{ migration: ADD, state: 'completed', verification: { ok: true } }]),
    );
    await check(['verify'], 'verification', (verification) => expect(verification.ok).toBe(true));
    await check(['report'], 'report', (report) => expect(report).toMatchObject({ ferrata: 1 }));
    await check(['drift'], 'drift', (drift) => expect(drift.outcome).toBe('equal'));
    await check(['check'], 'problems', (problems) => expect(problems).toEqual([]));
    await check(['repair'], 'repair', (repair) => expect(repair).toEqual({ findings: [], mended: [] }));
    await check(['unlock'], 'unlock', (unlock) => expect(unlock).toEqual({ holder: null, taken: false }));
    await check(['purge', '--dry-run'], 'purge', (purge) => expect(purge).toMatchObject({ due: [] }));
    await check(['servers'], 'servers', (servers) => expect(servers.length).toBeGreaterThan(0));
    await check(['down', '--dry-run'], 'down', (down) =>
      expect(down).toMatchObject({ dryRun: true, planned: [{ migration: ADD }] }),
    );
    await check(['down'], 'down', (down) =>
      expect(down.takenBack).toMatchObject([{ migration: ADD, schema: 'equal', conflicts: [] }]),
    );
    await check(['drift'], 'drift', (drift) => expect(drift.outcome).toBe('equal'));
    expect(await rows('SELECT * FROM orders')).toEqual([[1, '5']]);

    const text = await run(['up']);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^completed 20260101000000_add_note/);
    expect(text.stdout).not.toMatch(/rehearse|step-/);
    expect(text.stderr).toContain('done');
    expect(text.stdout + text.stderr).not.toMatch(ESCAPE);
    const quiet = await run(['down', '--quiet']);
    expect(quiet).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('taken back') });
  });

  it('colours only where they are wanted', async () => {
    const { run } = await project({ migrations: { [ADD]: 'CREATE TABLE t (a int);' } });
    const coloured = { env: { FORCE_COLOR: '1' } };
    expect((await run(['status'], coloured)).stdout).toMatch(ESCAPE);
    expect((await run(['status', '--no-color'], coloured)).stdout).not.toMatch(ESCAPE);
    expect((await run(['status'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout).not.toMatch(ESCAPE);
    expect((await run(['status', '--json'], coloured)).stdout).not.toMatch(ESCAPE);
    expect((await run(['up', '--to', 'nothing', '--no-color'], coloured)).stderr).not.toMatch(ESCAPE);
  });

  it('ends quietly when nobody reads on', async () => {
    const { start, write } = await project();
    for (let n = 10; n < 14; n++) await write(`migrations/${n}_m${n}/up.sql`, 'SELECT 1;');
    const child = await start(['status', '--json']);
    child.process.stdout?.once('data', () => child.process.stdout?.destroy());
    child.process.stdout?.destroy();
    const { code, stderr } = await child.ended;
    expect(stderr).not.toMatch(/EPIPE|Error/);
    expect(code).toBe(0);
    const progress = await start(['rehearse']);
    progress.process.stderr?.destroy();
    expect(await progress.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('proved') });
  });

  it('asks nobody where there is no terminal', async () => {
    const { run } = await project({
      migrations: { [ADD]: 'CREATE TABLE t (a int);' },
      files: {
        'ferrata.config.yaml':
          'environments:\n  staging:\n    policy: { proof: auto, backup: off }\n  production: {}\n',
      },
    });
    for (const args of [
      ['up', '--env', 'staging'],
      ['down', '--env', 'staging'],
      ['rollback', '--to', '0', '--env', 'staging'],
      ['baseline', '--env', 'production'],
      ['reset', ADD],
    ]) {
      const { code, stderr, stdout } = await run(args, { input: 'y\n' });
      expect(code, args.join(' ')).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toContain('[confirmation-needed]');
      expect(stderr).toContain('--yes');
    }
    expect(await run(['up', '--env', 'staging', '--yes'])).toMatchObject({ code: 0 });
  });
});

describe('settings', () => {
  it('takes the database from --url, the config’s environment, DATABASE_URL, in this order', async () => {
    const { run, json, url, write } = await project({ migrations: { [ADD]: 'CREATE TABLE t (a int);' } });
    const database = async (args: readonly string[], env: Record<string, string>) =>
      (await json(['status', ...args], { env })).value.status?.database;
    const own = new URL(url).pathname;
    const other = url.replace(own, '/postgres');
    expect(await database([], {})).toContain(own);
    expect(await database(['--url', other], {})).toMatch(/\/postgres$/);
    await write('conf/other.yaml', 'migrations: ../migrations\nenvironments:\n  staging: env:STAGING_URL\n');
    const config = ['--config', 'conf/other.yaml', '--env', 'staging'];
    expect(await database(config, { STAGING_URL: other })).toMatch(/\/postgres$/);
    expect(await database([...config, '--url', url], { STAGING_URL: other })).toContain(own);
    const missing = await run(['status', ...config]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('STAGING_URL');
    const stranger = await run(['status', '--config', 'conf/other.yaml', '--env', 'stagin']);
    expect(stranger.code).toBe(2);
    expect(stranger.stderr).toContain('did you mean staging?');
    expect((await run(['status', '--config', 'nowhere.yaml'])).code).toBe(2);
  });

  it('names the key and the allowed values of a wrong configuration', async () => {
    const { run } = await project({
      files: { 'ferrata.config.yaml': 'environments:\n  production:\n    policy:\n      proof: maybe\n' },
    });
    const { code, stderr } = await run(['status']);
    expect(code).toBe(2);
    expect(stderr).toContain('[config-invalid]');
    expect(stderr).toContain('environments.production.policy.proof');
    expect(stderr).toContain('required, auto, off');
  });

  it('never shows the password', async () => {
    const { run } = await project({ migrations: { [ADD]: 'CREATE TABLE t (a int);' } });
    const secret = 'sup3rs3cret';
    for (const args of [['status'], ['up', '--json'], ['drift']]) {
      const { code, stdout, stderr } = await run([
        ...args,
        '--url',
        `postgres://nobody:${secret}@127.0.0.1:1/x`,
      ]);
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain(secret);
    }
    const { stdout, stderr } = await run(['up', '--url', `postgres://nobody:${secret}@127.0.0.1:1/x`], {
      env: { FERRATA_DEBUG: '1' },
    });
    expect(stdout + stderr).not.toContain(secret);
  });
});
