/** `assess` with statements that run on a scratch copy. */

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Assessment, StatementFacts } from '../../src/assess/model.ts';
import { ORDINARY } from '../../src/assess/rates.ts';
import { type FerrataEvent, silent } from '../../src/events.ts';
import { readMigrations } from '../../src/source/native.ts';
import { type AssessOptions, assessFiles } from '../../src/workflow/assess.ts';
import { readSamples, rehearsedStatements } from '../../src/workflow/assess-rates.ts';
import { rehearseMigrations } from '../../src/workflow/rehearse.ts';
import { newestMajor } from '../support/servers.ts';
import { type Made, makeProject } from './support.ts';

const OPTIONS: AssessOptions = { trace: 'on', stats: 'none', baseline: null, writeBaseline: null };

interface Tracing extends Made {
  readonly offline: Pick<Made, 'settings'>;
  /** A role: by what it owns, copies of this project are told from those of others. */
  readonly mark: string;
  /** SQL that makes something of its own. */
  readonly marked: string;
}

interface Traced {
  readonly assessments: readonly Assessment[];
  readonly events: readonly FerrataEvent[];
}

/** Copies on the test's own server: nothing has to be started. */
async function projectOn(major: number): Promise<Tracing> {
  const project = await makeProject(major);
  const { environment } = project.settings;
  const policy = { ...environment.policy, scratchUrl: environment.url };
  const mark = `mark_${randomBytes(6).toString('hex')}`;
  const marked = `CREATE TABLE ${mark} (); ALTER TABLE ${mark} OWNER TO ${mark};`;
  await project.connection.script(`CREATE ROLE ${mark}`);
  const settings = { ...project.settings, environment: { ...environment, policy } };
  const offline = { settings: { ...settings, environment: { ...settings.environment, url: null } } };
  return { ...project, settings, offline, mark, marked };
}

async function assess(
  { settings }: Pick<Made, 'settings'>,
  words: readonly string[],
  options: Partial<AssessOptions> = {},
): Promise<Traced> {
  const events: FerrataEvent[] = [];
  const outcome = await assessFiles(settings, { words, stdin: null }, { ...OPTIONS, ...options }, (event) =>
    events.push(event),
  );
  expect(outcome.errors).toEqual([]);
  return { assessments: outcome.files.map(({ assessment }) => assessment), events };
}

function warnings({ events }: Traced): readonly string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
}

/** Scratch databases on the project's server that hold its mark. Told without connecting to those of other tests. */
async function copies({ connection, mark }: Tracing): Promise<readonly unknown[]> {
  return connection.rows(
    `SELECT d.datname FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.refobjid
     WHERE r.rolname = $1 AND d.datname LIKE 'ferrata\\_scratch\\_%'`,
    [mark],
  );
}

function modeOn(facts: StatementFacts | undefined, relation: string): string | undefined {
  return facts?.locks.find((lock) => lock.relation === relation)?.mode;
}

describe.each(newestMajor())('PostgreSQL %i', (major) => {
  it('pending migrations, loose files and applied ones, each from its own start', async () => {
    const project = await projectOn(major);
    await project.migration(
      '1_base',
      `${project.marked} CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(50)); CREATE INDEX t_b ON t (b);`,
    );
    await project.up();
    await project.migration(
      '2_table',
      'CREATE TABLE later (id int, a int); ALTER TABLE t ADD COLUMN c text;',
    );
    await project.migration(
      '3_block',
      `DO $$ BEGIN EXECUTE 'ALTER TABLE t ALTER a TYPE bigint'; END $$;
       ALTER TABLE later ALTER a TYPE bigint;
       ALTER TABLE t ALTER COLUMN b TYPE varchar(100);`,
    );
    const loose = join(project.settings.root, 'loose.sql');
    await writeFile(
      loose,
      'ALTER TABLE t ALTER COLUMN a SET NOT NULL;\nALTER TABLE later ADD COLUMN x int;\n',
    );

    const traced = await assess(project, []);
    expect(warnings(traced)).toEqual([]);
    const [second, third] = traced.assessments;
    expect(second?.statements.map(({ source }) => source)).toEqual(['traced', 'traced']);
    const [block, later, wider] = third?.statements ?? [];
    expect(block).toMatchObject({ source: 'traced', rewrites: ['public.t'], blocks: 'reads and writes' });
    expect(modeOn(block, 'public.t')).toBe('AccessExclusiveLock');
    // Made by the migration before this one: it was committed.
    expect(later).toMatchObject({ source: 'traced', rewrites: ['public.later'] });
    expect(wider).toMatchObject({ source: 'traced', rewrites: [], scans: [], builds: [], validates: [] });
    expect(wider?.locks).toEqual([{ relation: 'public.t', mode: 'AccessExclusiveLock', role: 'target' }]);

    // A loose file starts from the database, which has no pending migration.
    const alone = (await assess(project, [loose])).assessments[0]?.statements;
    expect(alone?.[0]).toMatchObject({ source: 'traced', scans: ['public.t'] });
    expect(alone?.[1]).toMatchObject({ source: 'static', fails: { sqlstate: '42P01' } });
    // One that is applied starts from those before it.
    const applied = (await assess(project, ['1'])).assessments[0]?.statements;
    expect(applied?.map(({ source, fails }) => [source, fails])).toEqual([
      ['traced', undefined],
      ['traced', undefined],
      ['traced', undefined],
      ['traced', undefined],
    ]);
    expect(await copies(project)).toEqual([]);
  });

  it('without a database: the history is replayed; files alone are run from nothing', async () => {
    const project = await projectOn(major);
    const { offline } = project;
    await project.migration('1_base', 'CREATE TABLE t (id int PRIMARY KEY, a int REFERENCES t);');
    await project.migration('2_change', 'ALTER TABLE t ALTER COLUMN a TYPE bigint;');
    const [, change] = (await assess(offline, [])).assessments;
    expect(change?.statements[0]).toMatchObject({ source: 'traced', rewrites: ['public.t'] });
    const only = (await assess(offline, ['2'])).assessments;
    expect(only[0]?.statements[0]).toMatchObject({ source: 'traced', rewrites: ['public.t'] });

    const empty = { settings: { ...offline.settings, migrations: join(project.settings.root, 'none') } };
    const folder = join(project.settings.root, 'sql');
    await mkdir(folder);
    await writeFile(
      join(folder, 'V1__a.sql'),
      'CREATE TABLE u (id int); ALTER TABLE elsewhere ADD COLUMN x int;',
    );
    await writeFile(join(folder, 'V2__b.sql'), 'ALTER TABLE u ALTER COLUMN id TYPE bigint;');
    const files = (await assess(empty, [folder])).assessments.flatMap(({ statements }) => statements);
    expect(files).toMatchObject([
      { source: 'traced' },
      { source: 'static', untraced: expect.stringContaining('schema is not known') },
      { source: 'traced', rewrites: ['public.u'] },
    ]);
  });

  it('a copy that cannot be made: static, and said; asked for, an error', async () => {
    const project = await projectOn(major);
    const { offline } = project;
    await project.migration('0_mark', project.marked);
    await project.migration('1_base', 'CREATE TABLE t (id int) TABLESPACE nowhere;');
    await project.migration('2_change', 'ALTER TABLE t ALTER COLUMN id TYPE bigint;');
    const traced = await assess(offline, ['2'], { trace: 'auto' });
    expect(traced.assessments[0]?.statements[0]).toMatchObject({ source: 'static', rewrites: ['public.t'] });
    expect(warnings(traced)).toEqual([expect.stringContaining('The migration 1_base cannot be replayed')]);
    await expect(assess(offline, ['2'])).rejects.toMatchObject({ code: 'scratch-unavailable' });
    expect(await copies(project)).toEqual([]);
    const off = await assess(offline, ['2'], { trace: 'off' });
    expect(warnings(off)).toEqual([]);
  });

  it('what changes the server runs on a server of our own alone', async () => {
    const shared = await projectOn(major);
    await shared.connection.script(`CREATE TABLE t (id int); ${shared.marked}`);
    await shared.migration('1_wide', 'CREATE ROLE made_by_nobody; ALTER TABLE t ADD COLUMN a int;');
    const [on] = (await assess(shared, [])).assessments;
    expect(on?.statements).toMatchObject([
      { source: 'static', untraced: expect.stringContaining('CREATE ROLE') },
      { source: 'traced' },
    ]);
    const roles = await shared.connection.rows(`SELECT 1 FROM pg_roles WHERE rolname = 'made_by_nobody'`);
    expect(roles).toEqual([]);
    expect(await copies(shared)).toEqual([]);

    // Servers of older majors are not in this project's folder: theirs would not be a server of our own.
    if (major !== Math.max(...newestMajor())) return;
    const { environment } = shared.settings;
    const policy = { ...environment.policy, scratchUrl: null };
    const own = { settings: { ...shared.settings, environment: { ...environment, policy } } };
    const [alone] = (await assess(own, [])).assessments;
    expect(alone?.statements).toMatchObject([{ source: 'traced' }, { source: 'traced' }]);
  });

  it('settings of the target decide on the copy', async () => {
    const project = await projectOn(major);
    const name = project.connection.server.database;
    await project.connection.script(
      `CREATE TABLE t (at timestamp); ALTER DATABASE ${name} SET TimeZone = 'Europe/Berlin'`,
    );
    await project.migration('1_zone', 'ALTER TABLE t ALTER COLUMN at TYPE timestamptz;');
    const [zone] = (await assess(project, [])).assessments;
    expect(zone?.statements[0]).toMatchObject({ source: 'traced', rewrites: ['public.t'] });
    await project.connection.script(`ALTER DATABASE ${name} SET TimeZone = 'UTC'`);
    const [utc] = (await assess(project, [])).assessments;
    expect(utc?.statements[0]).toMatchObject({ source: 'traced', rewrites: [] });
    // Of a target that nobody has seen the zone is not known: nothing is made out to be cheap.
    await project.migration('0_base', 'CREATE TABLE t (at timestamp);');
    const [, unseen] = (await assess(project.offline, [])).assessments;
    expect(unseen?.statements[0]).toMatchObject({ source: 'traced', rewrites: ['public.t'] });
  });
});

it('past runs and rehearsals on real rows speak of how long it takes', async () => {
  const project = await projectOn(Math.max(...newestMajor()));
  await project.connection.script(`CREATE TABLE big (id int PRIMARY KEY, a int, b text);
    INSERT INTO big SELECT n, n, repeat('x', 40) FROM generate_series(1, 120000) n; ANALYZE big`);
  await project.migration('1_rewrite', 'ALTER TABLE big ALTER COLUMN a TYPE bigint;');
  await project.up();
  const samples = await readSamples(project.connection, ORDINARY);
  expect(samples.map(({ kind }) => kind)).toContain('rewrite');
  for (const { ratio } of samples) expect(ratio).toBeGreaterThan(0);

  await project.migration('2_more', 'ALTER TABLE big ALTER COLUMN a TYPE numeric;');
  const selection = { ids: ['2_more'], all: false, together: false, data: 'sample', write: false } as const;
  await rehearseMigrations(project.settings, selection, silent);
  const [, more] = await readMigrations(project.settings);
  if (more === undefined) throw new Error('the migration is not there');
  const rehearsed = await rehearsedStatements(project.settings, more);
  expect(rehearsed.get(1)).toMatchObject({
    ms: expect.any(Number),
    rows: { 'public.big': expect.any(Number) },
  });
  const [assessed] = (await assess(project, ['2'])).assessments;
  const { ms, rows } = rehearsed.get(1) ?? { ms: 0, rows: {} };
  const there = rows['public.big'] ?? 0;
  if (there >= 1000) {
    expect(assessed?.statements[0]?.estimate?.workMs[1]).toBe(Math.round(ms * (120_000 / there)));
  }
});
