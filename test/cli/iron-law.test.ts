/** No migration runs before its rollback was proved (DESIGN §4.1): nothing gets round it in silence. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testMajors } from '../support/servers.ts';
import { type Project, project } from './project.ts';

const ID = '20260101000000_change';
const BASE = `CREATE TABLE orders (id int PRIMARY KEY, note text DEFAULT 'none', total int);
  INSERT INTO orders SELECT n, 'n' || n, n FROM generate_series(1, 20) n;`;
const UP = 'ALTER TABLE orders ADD COLUMN paid boolean DEFAULT false;';
const UP_PRODUCTION = ['up', '--env', 'production', '--yes'];

/** Production without the backup gate: that one has tests of its own below. */
function config(policy = ''): Readonly<Record<string, string>> {
  return {
    'ferrata.config.yaml': `environments:
  development: {}
  production:
    policy: { backup: off, scratchOnServer: true${policy === '' ? '' : `, ${policy}`} }
`,
  };
}

async function made(up = UP, policy = '', down?: string): Promise<Project> {
  return project({
    base: BASE,
    migrations: { [ID]: { 'up.sql': up, ...(down === undefined ? {} : { 'down.sql': down }) } },
    files: config(policy),
  });
}

async function refuses(
  given: Project,
  code: string,
  args: readonly string[] = UP_PRODUCTION,
): Promise<string> {
  const before = await given.rows(`SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass`);
  const { code: exit, stderr, stdout } = await given.run(args);
  expect(stderr).toContain(`[${code}]`);
  expect(exit, stderr).toBe(3);
  expect(stdout).toBe('');
  expect(stderr).toContain('next: ');
  expect(await given.rows(`SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass`)).toEqual(
    before,
  );
  expect(await given.rows('SELECT count(*) FROM ferrata.run')).toEqual([['0']]);
  return stderr.replace(/\s+/g, ' ');
}

/** Changes the one proof that lies under `.ferrata/proofs`. */
async function editProof(
  given: Project,
  // biome-ignore lint/suspicious/noExplicitAny: any field may be tampered with
  edit: (proved: any) => void,
): Promise<void> {
  const folder = join(given.root, '.ferrata/proofs', ID);
  const [name = ''] = await readdir(folder);
  const proved = JSON.parse(await readFile(join(folder, name), 'utf8'));
  edit(proved);
  await writeFile(join(folder, name), JSON.stringify(proved));
}

const rehearse = async (given: Project, ...more: readonly string[]): Promise<number | string> =>
  (await given.run(['rehearse', '--env', 'production', ...more])).code;

describe('production', () => {
  it('refuses without a proof, and takes the one of a rehearsal', async () => {
    const given = await made();
    expect(await refuses(given, 'proof-missing')).toContain(`ferrata rehearse ${ID}`);
    const preview = await given.run(['up', '--env', 'production', '--dry-run']);
    expect(preview.code).toBe(3);
    expect(preview.stdout).toContain('shut rollback_tested');
    expect(await rehearse(given)).toBe(0);
    expect((await given.run(['up', '--env', 'production', '--dry-run'])).code).toBe(0);
    expect(await given.run(UP_PRODUCTION)).toMatchObject({ code: 0 });
    expect(await given.run(['down', '--env', 'production', '--yes'])).toMatchObject({ code: 0 });
    expect(await given.rows('SELECT count(*), sum(total) FROM orders')).toEqual([['20', '210']]);
  });

  it('refuses with a refuted one, and shows what does not come back', async () => {
    const given = await made(
      'ALTER TABLE orders DROP COLUMN note;',
      '',
      'ALTER TABLE orders ADD COLUMN note text;',
    );
    const { code, value } = await given.json(['rehearse', '--env', 'production']);
    expect(code).toBe(4);
    expect(value.proofs).toMatchObject([{ outcome: 'refuted', error: null }]);
    const text = await given.run(['rehearse', '--env', 'production']);
    expect(text.stdout).toMatch(/default/);
    expect(text.stdout).toContain('derived rollback');
    const { code: exit, stderr } = await given.run(UP_PRODUCTION);
    expect(exit).toBe(4);
    expect(stderr).toContain('[proof-refuted]');
    expect(await given.rows('SELECT count(note) FROM orders')).toEqual([['20']]);
  });

  it('refuses a proof for another schema', async () => {
    const given = await made();
    expect(await rehearse(given, '--no-write')).toBe(0);
    await given.rows('CREATE INDEX by_hand ON orders (total)');
    await refuses(given, 'proof-missing');
    await given.rows('DROP INDEX by_hand');
    expect(await given.run(UP_PRODUCTION)).toMatchObject({ code: 0 });
  });

  it('refuses a proof for another text', async () => {
    const given = await made();
    expect(await rehearse(given, '--no-write')).toBe(0);
    await given.write(`migrations/${ID}/up.sql`, `${UP}\n-- and nothing else\n`);
    await refuses(given, 'proof-missing');
  });

  it('refuses where plan.json is another plan than the one that was proved', async () => {
    const given = await made();
    expect(await rehearse(given)).toBe(0);
    const path = join(given.root, 'migrations', ID, 'plan.json');
    const plan = JSON.parse(await readFile(path, 'utf8'));
    plan.steps[0].forward[0].sql = 'ALTER TABLE orders ADD COLUMN other int';
    await writeFile(path, JSON.stringify(plan));
    expect(await refuses(given, 'plan-mismatch')).toContain('ferrata rehearse');
  });

  it('refuses a proof whose plan or verdict was tampered with', async () => {
    const given = await made();
    expect(await rehearse(given, '--no-write')).toBe(0);
    await editProof(given, (proved) => {
      proved.plan.steps[0].forward[0].sql = 'ALTER TABLE orders ADD COLUMN other int';
    });
    await refuses(given, 'plan-mismatch');
    await editProof(given, (proved) => {
      proved.proof.startFingerprint = 'another';
    });
    await refuses(given, 'proof-missing');
  });

  it('refuses a proof from another major, and one on weaker data', async () => {
    const given = await made();
    expect(await rehearse(given)).toBe(0);
    await editProof(given, (proved) => {
      proved.proof.serverMajor = 15;
    });
    expect(await refuses(given, 'proof-too-weak')).toContain('ferrata servers install 18');
    const weak = await made(UP, 'proofData: sample');
    expect(await rehearse(weak, '--data', 'synthetic')).toBe(0);
    expect(await refuses(weak, 'proof-too-weak')).toContain('--data sample');
    expect(await rehearse(weak, '--data', 'sample')).toBe(0);
    expect(await weak.run(UP_PRODUCTION)).toMatchObject({ code: 0 });
  });

  it('a rehearsal on another major says so, and is refused', async () => {
    if (!testMajors().includes(15)) return console.warn('PostgreSQL 15 is not here: left out.');
    const given = await project({
      base: BASE,
      migrations: { [ID]: UP },
      major: 15,
      files: config(),
    });
    const other = await project();
    await given.write(
      'ferrata.config.yaml',
      `environments: { production: { policy: { backup: off, scratchUrl: '${other.url}' } } }`,
    );
    const { code, value } = await given.json(['rehearse', '--env', 'production']);
    expect(code, JSON.stringify(value)).toBe(0);
    await refuses(given, 'proof-too-weak');
    // Where the policy takes it, it is a proof for this very schema.
    await given.write(
      'ferrata.config.yaml',
      'environments: { production: { policy: { backup: off, proofOtherMajor: true } } }',
    );
    const allowed = await given.run(UP_PRODUCTION);
    expect(allowed.code, allowed.stderr).toBe(0);
  });

  it('refuses without a verified backup', async () => {
    const given = await made();
    await given.write(
      'ferrata.config.yaml',
      'environments: { production: { policy: { scratchOnServer: true } } }',
    );
    const production = ['--env', 'production'];
    expect(await rehearse(given)).toBe(0);
    await refuses(given, 'backup-missing');
    expect(await given.run(['backup', 'create', '--name', 'b', ...production])).toMatchObject({ code: 0 });
    expect(await refuses(given, 'backup-missing')).toContain('ferrata backup verify');
    expect(await given.run(['backup', 'verify', 'b', ...production])).toMatchObject({ code: 0 });
    expect(await given.run(UP_PRODUCTION)).toMatchObject({ code: 0 });
  });
});

describe('--force', () => {
  it('is refused in production, with and without a reason', async () => {
    const given = await made();
    await refuses(given, 'force-refused', [...UP_PRODUCTION, '--force', '--reason', 'the site is down']);
    const { code, stderr } = await given.run([...UP_PRODUCTION, '--force']);
    expect(code).toBe(2);
    expect(stderr).toContain('--reason');
  });

  it('where the policy allows it, it lands in the audit chain and in the report', async () => {
    const given = await made();
    await given.write(
      'ferrata.config.yaml',
      'environments: { development: { policy: { proof: required } } }',
    );
    await refuses(given, 'proof-missing', ['up']);
    const reason = 'hotfix 4711, approved by Kim';
    expect(await given.run(['up', '--force', '--reason', reason])).toMatchObject({ code: 0 });
    const audit = await given.rows(`SELECT payload FROM ferrata.audit WHERE payload LIKE '%"force"%'`);
    expect(audit).toHaveLength(1);
    for (const part of [reason, ID, 'rollback_tested']) expect(audit[0]?.[0]).toContain(part);
    expect((await given.run(['report'])).stdout).toContain(reason);
  });

  it('does not get past a wrong history or another runner', async () => {
    const given = await made();
    expect(await given.run(['up'])).toMatchObject({ code: 0 });
    await given.write('migrations/20250101000000_late/up.sql', 'CREATE TABLE late (id int);');
    const { code, stderr } = await given.run(['up', '--force', '--reason', 'please']);
    expect(code).toBe(1);
    expect(stderr).toContain('[migration-late]');
  });
});

it('development rehearses by itself, and stops at a refuted rollback', async () => {
  const given = await made(
    'ALTER TABLE orders DROP COLUMN note;',
    '',
    'ALTER TABLE orders ADD COLUMN note text;',
  );
  const { code, stderr } = await given.run(['up']);
  expect(code).toBe(4);
  expect(stderr).toContain('[proof-refuted]');
  expect(await given.rows('SELECT count(note) FROM orders')).toEqual([['20']]);
});
