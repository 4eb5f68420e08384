/** What is wrong between the folder and the ledger: `check` finds it, `up` stops at it, and both say what to do. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Project, project } from './project.ts';

const A = '20260101000000_a';
const B = '20260102000000_b';
const C = '20260103000000_c';

const TEXT = 'CREATE TABLE a (\n  id int PRIMARY KEY\n);\n';

/** Two that are applied, and one that waits. */
async function applied(): Promise<Project> {
  const made = await project({
    migrations: { [A]: TEXT, [B]: 'CREATE TABLE b (id int PRIMARY KEY);' },
    files: {
      'ferrata.config.yaml': 'environments: { development: { policy: { proof: off, verify: off } } }',
    },
  });
  expect(await made.run(['up'])).toMatchObject({ code: 0 });
  await made.write(`migrations/${C}/up.sql`, 'CREATE TABLE c (id int PRIMARY KEY);');
  return made;
}

const CASES: readonly {
  readonly what: string;
  readonly code: string;
  readonly exit: number;
  readonly change: (made: Project) => Promise<void>;
  readonly about: string;
  readonly hint: RegExp;
}[] = [
  {
    what: 'an applied one was edited',
    code: 'migration-edited',
    exit: 1,
    change: (made) => made.write(`migrations/${A}/up.sql`, 'CREATE TABLE a (id bigint PRIMARY KEY);'),
    about: A,
    hint: /new migration/,
  },
  {
    what: 'the down.sql of an applied one was edited',
    code: 'migration-edited',
    exit: 1,
    change: (made) => made.write(`migrations/${A}/down.sql`, 'DROP TABLE a;'),
    about: A,
    hint: /new migration/,
  },
  {
    what: 'an applied one is missing',
    code: 'migration-missing',
    exit: 1,
    change: (made) => rm(join(made.root, 'migrations', A), { recursive: true }),
    about: A,
    hint: /version control/,
  },
  {
    what: 'two have the same number',
    code: 'migration-duplicate',
    exit: 2,
    change: (made) => made.write(`migrations/20260103000000_other/up.sql`, 'CREATE TABLE d (id int);'),
    about: '20260103000000_other',
    hint: /20260103000001_other/,
  },
  {
    what: 'one was merged late',
    code: 'migration-late',
    exit: 1,
    change: (made) => made.write('migrations/20260101120000_late/up.sql', 'CREATE TABLE d (id int);'),
    about: '20260101120000_late',
    hint: /20260102000001_late/,
  },
  {
    what: 'a dependency is nowhere',
    code: 'migration-dependency',
    exit: 1,
    change: (made) => made.write(`migrations/${C}/migration.yaml`, 'depends_on: [20250101000000_x]'),
    about: C,
    hint: /depends_on/,
  },
  {
    what: 'a dependency comes later',
    code: 'migration-dependency',
    exit: 1,
    change: async (made) => {
      await made.write(`migrations/${C}/migration.yaml`, 'depends_on: [20260104000000_d]');
      await made.write('migrations/20260104000000_d/up.sql', 'CREATE TABLE d (id int);');
    },
    about: C,
    hint: /Rename one of the two/,
  },
];

describe('a wrong history', () => {
  for (const { what, code, exit, change, about, hint } of CASES) {
    it(`${what}: check finds it, up stops`, async () => {
      const made = await applied();
      await change(made);
      const checked = await made.json(['check']);
      expect(checked.code).toBe(exit);
      expect(checked.value.problems).toMatchObject([
        { code, severity: 'error', migration: about, hint: expect.stringMatching(hint) },
      ]);
      const text = await made.run(['check']);
      expect(text).toMatchObject({ code: exit, stdout: expect.stringContaining(`[${code}]`) });
      for (const args of [
        ['up', '--dry-run'],
        ['up', '--force', '--reason', 'please'],
      ]) {
        const up = await made.run(args);
        expect(up.code, args.join(' ')).toBe(exit);
        expect(up.stderr).toContain(`[${code}]`);
        expect(up.stderr).toContain(about);
        expect(up.stderr.replace(/\s+/g, ' ')).toMatch(hint);
      }
      expect(await made.rows(`SELECT to_regclass('c'), to_regclass('d')`)).toEqual([[null, null]]);
    });
  }

  it('line ends and a byte order mark are no edit', async () => {
    const made = await applied();
    await made.write(`migrations/${A}/up.sql`, `\uFEFF${TEXT.replaceAll('\n', '\r\n')}`);
    expect(await made.run(['check'])).toMatchObject({ code: 0, stdout: expect.stringContaining('agree') });
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
  });

  it('two branches that touch one table are a warning, which depends_on settles', async () => {
    const made = await applied();
    await made.write(`migrations/${C}/up.sql`, 'ALTER TABLE a ADD COLUMN x int;');
    await made.write('migrations/20260104000000_d/up.sql', 'ALTER TABLE a ADD COLUMN y int;');
    const { code, value } = await made.json(['check']);
    expect(code).toBe(0);
    expect(value.problems).toMatchObject([{ code: 'branches-touch-table', severity: 'warning' }]);
    await made.write('migrations/20260104000000_d/migration.yaml', `depends_on: [${C}]`);
    expect((await made.json(['check'])).value.problems).toEqual([]);
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
  });

  it('a folder that was renamed is both missing and late; renamed back, all is well', async () => {
    const made = await applied();
    const folder = (id: string) => join(made.root, 'migrations', id);
    await rename(folder(A), folder('20260101000000_renamed'));
    const { code, value } = await made.json(['check']);
    expect(code).toBe(1);
    expect(value.problems.map((problem: { code: string }) => problem.code).sort()).toEqual([
      'migration-late',
      'migration-missing',
    ]);
    await rename(folder('20260101000000_renamed'), folder(A));
    expect(await made.run(['up'])).toMatchObject({ code: 0 });
  });
});
