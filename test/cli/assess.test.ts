import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseBaseline } from '../../src/assess/baseline.ts';
import { parseStats } from '../../src/assess/stats.ts';
import { ferrata, type Outcome } from './ferrata.ts';
import { project } from './project.ts';

interface Folder {
  readonly root: string;
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
  /** `ferrata assess … --no-trace` without a database. */
  assess(args: readonly string[], input?: string): Promise<Outcome>;
}

async function folder(files: Readonly<Record<string, string>>): Promise<Folder> {
  const root = await mkdtemp(join(tmpdir(), 'ferrata-assess-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  return {
    root,
    write,
    read: (path) => readFile(join(root, path), 'utf8'),
    assess: (args, input) =>
      ferrata(['assess', ...args, '--no-trace'], {
        cwd: root,
        ...(input === undefined ? {} : { input }),
      }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into it freely
const json = ({ stdout }: Outcome): any => JSON.parse(stdout);

const DROP = 'ALTER TABLE t DROP COLUMN a;\n';
const SCAN = 'ALTER TABLE t ALTER COLUMN a SET NOT NULL;\n';

describe('what is chosen', () => {
  it('a folder: its .sql files by number, without ways back; one that is broken stops no other', async () => {
    const made = await folder({
      'db/V2__b.sql': 'CREATE TABLE b (id int);',
      'db/V10__c.sql': 'SELEC 1;',
      'db/V1__a.sql': '-- nothing yet',
      'db/x/3.up.sql': 'SELECT 1;',
      'db/x/3.down.sql': 'SELECT 1;',
      'db/x/4/up.sql': 'SELECT 1;',
      'db/x/4/down.sql': 'SELECT 1;',
      'db/.hidden/5.sql': 'SELECT 1;',
      'db/readme.md': 'no SQL',
      'latin.sql': Buffer.from('-- caf\xe9\nSELECT 1;', 'latin1').toString('latin1'),
    });
    const run = await made.assess(['db', '--json']);
    expect(run.code).toBe(2);
    const value = json(run);
    expect(value.assessments.map(({ file }: { file: string }) => file)).toEqual([
      'db/V1__a.sql',
      'db/V2__b.sql',
      'db/x/3.up.sql',
      'db/x/4/up.sql',
    ]);
    expect(value.errors).toMatchObject([
      { file: 'db/V10__c.sql', code: 'sql-syntax', at: { file: 'db/V10__c.sql', line: 1, column: 1 } },
    ]);
    const text = await made.assess(['db']);
    expect(text.code).toBe(2);
    expect(text.stdout).toMatch(
      /\[sql-syntax\].*db\/V10__c\.sql:1:1.*5 files: .*1 file could not be assessed/s,
    );
    const one = await made.assess(['db/V10__c.sql', '--json']);
    expect([one.code, json(one).error.code]).toEqual([2, 'sql-syntax']);
  });

  it('a file is read in the light of those before it', async () => {
    const made = await folder({
      'db/1.sql': 'CREATE TABLE t (id int PRIMARY KEY, a varchar(50));',
      'db/2.sql': 'ALTER TABLE t ALTER COLUMN a TYPE varchar(100);',
      'db/3.sql': 'ALTER TABLE t ALTER COLUMN a TYPE varchar(20);',
    });
    const { assessments } = json(await made.assess(['db', '--json']));
    expect(
      assessments.map(({ statements }: { statements: { rewrites: string[] }[] }) => statements[0]?.rewrites),
    ).toEqual([[], [], ['public.t']]);
  });

  it('a later file settles what an earlier one leaves open', async () => {
    const made = await folder({
      'db/1.sql': 'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;',
      'db/2.sql': 'ALTER TABLE t VALIDATE CONSTRAINT k;',
    });
    const ids = async (path: string): Promise<string[]> =>
      json(await made.assess([path, '--json'])).assessments.flatMap(
        ({ findings }: { findings: { id: string }[] }) => findings.map(({ id }) => id),
      );
    expect(await ids('db')).not.toContain('not-valid-never-validated');
    expect(await ids('db/1.sql')).toContain('not-valid-never-validated');
  });

  it('standard input', async () => {
    const made = await folder({});
    const run = await made.assess(['-', '--format', 'gitlab'], DROP);
    expect(run.code).toBe(0);
    expect(json(run)).toMatchObject([{ location: { path: '<stdin>' } }, {}]);
  });
});

describe('exit codes', () => {
  it('are 0 with findings, and 4 where --fail-on or the configuration asks for it', async () => {
    const made = await folder({ 'a.sql': SCAN, 'ok.sql': 'SELECT 1;' });
    expect((await made.assess(['a.sql'])).code).toBe(0);
    expect((await made.assess(['a.sql', '--fail-on', 'danger'])).code).toBe(4);
    expect((await made.assess(['a.sql', '--fail-on', 'critical'])).code).toBe(0);
    expect((await made.assess(['ok.sql', '--fail-on', 'info,high'])).code).toBe(0);
    await made.write('ferrata.config.yaml', 'assess: { failOn: medium }\n');
    expect((await made.assess(['a.sql'])).code).toBe(4);
    expect((await made.assess(['a.sql', '--fail-on', 'never'])).code).toBe(0);
    expect((await made.assess(['a.sql', '--fail-on', 'hgih'])).code).toBe(2);
  });
});

describe('rules in the configuration', () => {
  it('are switched off and weighed; an id that does not exist is refused with the nearest', async () => {
    const made = await folder({
      'a.sql': `${SCAN}${DROP}`,
      'ferrata.config.yaml': 'assess:\n  rules: { set-not-null-scan: off, drop-column: info }\n',
    });
    const { assessments } = json(await made.assess(['a.sql', '--json']));
    const found = assessments[0].findings.map(({ id, severity }: { id: string; severity: string }) => [
      id,
      severity,
    ]);
    expect(Object.fromEntries(found)).toMatchObject({ 'drop-column': 'info' });
    expect(Object.fromEntries(found)).not.toHaveProperty('set-not-null-scan');
    await made.write('ferrata.config.yaml', 'assess: { rules: { drop-colum: off } }\n');
    const refused = json(await made.assess(['a.sql', '--json']));
    expect(refused.error).toMatchObject({ code: 'config-invalid' });
    expect(refused.error.message).toContain('did you mean drop-column?');
  });
});

describe('allowances', () => {
  it('are in the JSON with their reasons, fail nothing, and are refused without one', async () => {
    const made = await folder({ 'a.sql': `-- ferrata:allow drop-column gone since May\n${DROP}` });
    const value = json(await made.assess(['a.sql', '--json']));
    expect(value.assessments[0].allowed).toMatchObject([
      { id: 'drop-column', line: 2, reason: 'gone since May' },
    ]);
    await made.write('a.sql', `-- ferrata:allow drop-column\n${DROP}`);
    const refused = await made.assess(['a.sql']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/\[allow-invalid\].*does not say why drop-column may stand.*a\.sql:1:4/s);
  });
});

describe('a baseline', () => {
  it('leaves old findings out, also when lines move; new ones fail; gone ones are told', async () => {
    const made = await folder({
      'db/a.sql': DROP,
      'db/b.sql': SCAN,
      'ferrata.config.yaml': 'assess: { failOn: warning }\n',
    });
    expect((await made.assess(['db'])).code).toBe(4);
    const written = await made.assess(['db', '--write-baseline', 'old.json']);
    expect([written.code, written.stderr]).toEqual([0, expect.stringContaining('old.json')]);
    const { findings } = parseBaseline(await made.read('old.json'), 'old.json');
    expect(new Set(findings.map(({ file }) => file))).toEqual(new Set(['db/a.sql', 'db/b.sql']));

    await made.write('db/a.sql', `-- moved\n\nALTER  TABLE t\n DROP column a;\n`);
    const again = await made.assess(['db', '--baseline', 'old.json']);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(again.stdout).toMatch(/nothing found; \d+ in the baseline$/m);

    await made.write('db/a.sql', 'ALTER TABLE t DROP COLUMN b;\n');
    const changed = await made.assess(['db', '--baseline', 'old.json']);
    expect(changed.code).toBe(4);
    expect(changed.stderr).toMatch(/old\.json: \d+ entr(y is|ies are) not found any more/);

    // Of files that were not looked at, nothing is known: their entries stay.
    const part = await made.assess(['db/b.sql', '--baseline', 'old.json', '--write-baseline', 'old.json']);
    expect(part.code).toBe(0);
    expect(parseBaseline(await made.read('old.json'), '').findings).toEqual(findings);
    await made.assess(['db', '--write-baseline', 'old.json']);
    await made.write('ferrata.config.yaml', 'assess: { failOn: warning, baseline: old.json }\n');
    expect((await made.assess(['db'])).code).toBe(0);
    expect((await made.assess(['db', '--baseline', 'none.json'])).stderr).toContain(
      '[findings-file-invalid]',
    );
  });
});

describe('statistics', () => {
  it('of production count, not the sizes of the database at hand; and are left aside with --no-stats', async () => {
    const made = await project({
      base: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT n, n FROM generate_series(1, 500) n; ANALYZE t;',
      files: { 'a.sql': SCAN },
    });
    const pulled = await made.run(['stats', 'pull', '--env', 'production', '--seconds', '1']);
    expect(pulled.code).toBe(0);
    expect(pulled.stdout).toMatch(/ferrata\.stats\.json {2}1 relation of production.*public\.t +500 rows/s);
    const path = join(made.root, 'ferrata.stats.json');
    const stats = await parseStats(await readFile(path, 'utf8'), path);
    const big = structuredClone(stats) as { relations: Record<string, { rows: number; bytes: number }> };
    Object.assign(big.relations['public.t'] ?? {}, { rows: 70_000_000, bytes: 9_000_000_000 });
    await made.write('ferrata.stats.json', JSON.stringify(big));

    const rows = async (args: readonly string[]) => {
      const { value, events } = await made.json(['assess', 'a.sql', '--no-trace', ...args]);
      return { rows: value.assessments[0].relations[0].rows, stats: value.stats, events };
    };
    const judged = await rows([]);
    expect(judged).toMatchObject({
      rows: 70_000_000,
      stats: { file: 'ferrata.stats.json', environment: 'production' },
    });
    expect(judged.events).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(/sizes and load of production from ferrata\.stats/),
      }),
    );
    // The database that they were pulled from knows better.
    expect((await rows(['--env', 'production'])).rows).toBe(500);
    expect(await rows(['--no-stats'])).toMatchObject({ rows: 500, stats: undefined });
    expect((await made.run(['assess', 'a.sql', '--stats', 'none.json'])).code).toBe(2);
    expect((await made.run(['stats'])).code).toBe(2);
    expect((await made.run(['stats', 'pull', '--seconds', 'x'])).code).toBe(2);
  });
});
