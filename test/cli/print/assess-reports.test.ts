import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fingerprintsOf } from '../../../src/assess/review.ts';
import { RULES, SCRIPT_RULES } from '../../../src/assess/rules/index.ts';
import { githubCommands } from '../../../src/cli/print/assess/github.ts';
import { gitlabReport } from '../../../src/cli/print/assess/gitlab.ts';
import { outcomeJson } from '../../../src/cli/print/assess/json.ts';
import { markdownReport } from '../../../src/cli/print/assess/markdown.ts';
import { sarifLog } from '../../../src/cli/print/assess/sarif.ts';
import { FerrataError } from '../../../src/errors.ts';
import type { AssessOutcome } from '../../../src/workflow/assess.ts';
import { outcome, ROOT } from './outcome.ts';

const HARD = `CREATE INDEX "i,x:1" ON "t%|é" (a);
ALTER TABLE t
  DROP COLUMN "100%";
-- ferrata:allow drop-column nobody reads it
ALTER TABLE t DROP COLUMN b; ALTER TABLE t ALTER COLUMN c SET NOT NULL; -- \`x\` <b>@someone</b>
`;

const broken = new FerrataError('sql-syntax', 'syntax error at or near ":"', {
  location: { file: 'db/bad.sql', line: 3, column: 7 },
  hint: 'Correct the SQL, 100%',
});

const hard = (): Promise<AssessOutcome> =>
  outcome({
    files: { 'db/a b#ü.sql': HARD, 'db/empty.sql': '-- nothing\n' },
    errors: { 'db/bad.sql': broken },
  });

describe('SARIF', () => {
  // The schema is of draft 4, which this reader of schemas knows but for relative addresses.
  const text = readFileSync(join(import.meta.dirname, '../../fixtures/sarif-2.1.0.json'), 'utf8');
  const schema = z.fromJSONSchema(
    JSON.parse(text, (key, value: unknown) =>
      key === 'format' && value === 'uri-reference' ? undefined : value,
    ),
  );
  const lessons = [...RULES, ...SCRIPT_RULES];
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it freely
  const log = async (): Promise<any> =>
    JSON.parse(JSON.stringify(sarifLog(await hard(), ROOT, lessons, '1.2.3')));

  it('is valid', async () => {
    expect(schema.safeParse(await log()).error?.issues ?? []).toEqual([]);
  });

  it.each([
    // biome-ignore lint/suspicious/noExplicitAny: a test breaks what it likes
    ['a level that does not exist', (run: any) => Object.assign(run.results[0], { level: 'danger' })],
    // biome-ignore lint/suspicious/noExplicitAny: as above
    ['a member that does not exist', (run: any) => Object.assign(run.results[0], { id: 'x' })],
    // biome-ignore lint/suspicious/noExplicitAny: as above
    ['no message', (run: any) => Object.assign(run.results[0], { message: undefined })],
    // biome-ignore lint/suspicious/noExplicitAny: as above
    ['no tool', (run: any) => Object.assign(run, { tool: undefined })],
  ])('would not be valid with %s', async (_, spoil) => {
    const value = await log();
    spoil(value.runs[0]);
    expect(schema.safeParse(JSON.parse(JSON.stringify(value))).success).toBe(false);
  });

  it('names rule, place in code points, and address of the file', async () => {
    const [run] = (await log()).runs;
    const found = run.results.find((result: { ruleId: string }) => result.ruleId === 'set-not-null-scan');
    expect(run.tool.driver.rules[found.ruleIndex].id).toBe('set-not-null-scan');
    expect(found.level).toBe('error');
    const { artifactLocation, region } = found.locations[0].physicalLocation;
    expect(artifactLocation).toEqual({ uri: 'db/a%20b%23%C3%BC.sql', uriBaseId: '%SRCROOT%' });
    expect(new URL(artifactLocation.uri, 'file:///root/').pathname).toBe('/root/db/a%20b%23%C3%BC.sql');
    expect(region).toMatchObject({ startLine: 5, startColumn: 30, endLine: 5, endColumn: 71 });
    const dropped = run.results.filter((result: { ruleId: string }) => result.ruleId === 'drop-column');
    expect(dropped.map((result: { suppressions?: unknown }) => result.suppressions)).toEqual([
      undefined,
      [{ kind: 'inSource', justification: 'nobody reads it' }],
    ]);
    expect(dropped[0].locations[0].physicalLocation.region).toMatchObject({
      startLine: 2,
      endLine: 3,
      endColumn: 21,
    });
  });

  it('says that a file could not be read', async () => {
    const [run] = (await log()).runs;
    expect(run.invocations[0]).toMatchObject({
      executionSuccessful: false,
      toolExecutionNotifications: [{ level: 'error', descriptor: { id: 'sql-syntax' } }],
    });
  });
});

describe('GitHub workflow commands', () => {
  it('are one line each, with what would end a command or property escaped', async () => {
    const lines = githubCommands(await hard(), ROOT).split('\n');
    for (const line of lines) expect(line).toMatch(/^::(error|warning|notice) [^:]*::.+$/);
    const syntax = lines.find((line) => line.includes('bad.sql'));
    expect(syntax).toBe(
      '::error file=db/bad.sql,line=3,col=7,title=sql-syntax::syntax error at or near ":"%0ACorrect the SQL, 100%25',
    );
    const index = lines.find((line) => line.includes('[index-create-blocking]'));
    expect(index).toContain('file=db/a b#ü.sql,line=1,endLine=1,col=1,endColumn=35,title=CREATE INDEX');
    expect(index).toContain('%0AInstead:%0ACREATE INDEX CONCURRENTLY "i,x:1" ON "t%25|é" (a);');
    const dropped = lines.find((line) => line.includes('[drop-column]'));
    expect(dropped).toContain('line=2,endLine=3,title=');
  });

  it('come worst first, and end with the summary', async () => {
    const lines = githubCommands(await hard(), ROOT).split('\n');
    const kinds = lines.map((line) => /^::(\w+)/.exec(line)?.[1]);
    expect(kinds.slice(0, 2)).toEqual(['error', 'error']);
    const order = kinds.slice(0, -1).map((kind) => ['error', 'warning', 'notice'].indexOf(kind ?? ''));
    expect(order).toEqual([...order].sort());
    expect(lines.at(-1)).toMatch(/^::notice title=ferrata assess::3 files: .* 1 allowed; 1 file could not/);
  });
});

describe('GitLab code quality', () => {
  const report = async (sql: string) =>
    gitlabReport(await outcome({ files: { 'a.sql': sql } }), ROOT) as readonly {
      readonly check_name: string;
      readonly fingerprint: string;
      readonly severity: string;
      readonly location: { readonly path: string; readonly lines: { readonly begin: number } };
    }[];

  it('has what GitLab asks for, each fingerprint once', async () => {
    const issues = gitlabReport(await hard(), ROOT);
    const shape = z.array(
      z.strictObject({
        description: z.string().min(1),
        check_name: z.string().min(1),
        fingerprint: z.string().regex(/^[0-9a-f]{40}$/),
        severity: z.enum(['info', 'minor', 'major', 'critical', 'blocker']),
        location: z.strictObject({
          path: z.string().regex(/^(?!\/|\.\/)/),
          lines: z.strictObject({ begin: z.int().min(1) }),
        }),
      }),
    );
    const parsed = shape.parse(issues);
    expect(new Set(parsed.map(({ fingerprint }) => fingerprint)).size).toBe(parsed.length);
    expect(parsed.filter(({ check_name }) => check_name === 'drop-column')).toHaveLength(1);
    expect(parsed[0]).toMatchObject({ check_name: 'sql-syntax', severity: 'blocker' });
  });

  it('keeps fingerprints when lines move, and gives twins their own', async () => {
    const drop = 'ALTER TABLE t DROP COLUMN b;';
    const pick = async (sql: string) =>
      (await report(sql)).filter(({ check_name }) => check_name === 'drop-column');
    const [one] = await pick(drop);
    const moved = await pick(`SELECT 1;\n\n-- x\nalter table t\n  drop column b;\n${drop}`);
    expect(moved.map(({ fingerprint }) => fingerprint === one?.fingerprint)).toEqual([true, false]);
    expect(moved.map(({ location }) => location.lines.begin)).toEqual([4, 6]);
  });
});

describe('Markdown', () => {
  it('says what is to be known, and lets no name or code break out', async () => {
    const text = markdownReport(await hard(), ROOT);
    expect(text.startsWith('<!-- ferrata assess -->\n## ')).toBe(true);
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    for (const row of rows) {
      const bars = row.replaceAll('\\|', '').match(/\|/g)?.length;
      expect([6, 7]).toContain(bars);
    }
    expect(text).toContain('`CREATE INDEX "i,x:1" ON "t%\\|é" (a)`');
    expect(text).toContain('```sql\nCREATE INDEX CONCURRENTLY "i,x:1" ON "t%|é" (a);\n```');
    // Outside code nothing is a mark or an element but those of the report itself.
    const prose = text.replaceAll(/```[\s\S]*?```|`[^`]*`/g, '');
    expect([...prose.matchAll(/<\/?(\w+)/g)].map(([, tag]) => tag)).toEqual(
      expect.not.arrayContaining(['b', 'script']),
    );
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  });

  it('stays below what a comment may hold', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [
        `m/${n}.sql`,
        'ALTER TABLE t ALTER COLUMN c SET NOT NULL;'.repeat(3),
      ]),
    );
    const text = markdownReport(await outcome({ files }), ROOT);
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/…and \d+ more parts: the comment would be too long/);
  });
});

describe('JSON', () => {
  it('has the members of the documented shape', async () => {
    const interval = z.tuple([z.number(), z.number(), z.number()]);
    const finding = z.object({
      id: z.string(),
      severity: z.enum(['danger', 'warning', 'info']),
      line: z.int(),
      column: z.int(),
      title: z.string(),
      message: z.string(),
      why: z.string(),
      safeSql: z.array(z.string()),
      docs: z.string(),
    });
    const shape = z.object({
      assessments: z.array(
        z.object({
          migration: z.string().nullable(),
          file: z.string(),
          type: z.enum(['ddl', 'dml', 'combined', 'destructive']),
          risk: z.enum(['low', 'medium', 'high', 'critical']),
          reasons: z.array(z.string()),
          reversible: z.boolean(),
          statements: z.array(
            z.object({
              line: z.int(),
              column: z.int(),
              kind: z.string(),
              transactional: z.boolean(),
              source: z.enum(['static', 'traced']),
              locks: z.array(
                z.object({ relation: z.string(), mode: z.string().regex(/Lock$/), role: z.string() }),
              ),
              rewrites: z.array(z.string()),
              scans: z.array(z.string()),
              builds: z.array(z.string()),
              validates: z.array(z.string()),
              loses: z.array(z.object({ object: z.string(), what: z.string() })),
              blocks: z.enum(['nothing', 'writes', 'reads and writes']),
              estimate: z.object({ lockMs: interval, workMs: interval }).nullable(),
            }),
          ),
          findings: z.array(finding),
          allowed: z.array(finding.extend({ reason: z.string() })),
          baselined: z.array(finding),
          unusedAllows: z.array(z.object({ id: z.string(), line: z.int(), column: z.int() })),
        }),
      ),
      errors: z.array(z.object({ file: z.string(), code: z.string(), message: z.string() })),
    });
    const value = shape.parse(JSON.parse(JSON.stringify(outcomeJson(await hard()))));
    expect(value.assessments.map(({ file }) => file)).toEqual(['db/a b#ü.sql', 'db/empty.sql']);
    expect(value.assessments[0]?.allowed).toMatchObject([
      { id: 'drop-column', line: 5, reason: 'nobody reads it' },
    ]);
    expect(value.errors).toMatchObject([{ file: 'db/bad.sql', code: 'sql-syntax' }]);
  });
});

describe('what is in the baseline', () => {
  it('is left out of reports for people, and suppressed in SARIF', async () => {
    const files = { 'a.sql': 'ALTER TABLE t ALTER COLUMN c SET NOT NULL;' };
    const fresh = await outcome({ files });
    const [file] = fresh.files;
    if (file === undefined) throw new Error('no file');
    const old = fingerprintsOf(file.all, file.source, 'a.sql').map(({ fingerprint }) => fingerprint);
    expect(old.length).toBeGreaterThan(0);
    const known = await outcome({ files, baseline: old });
    expect(known.files[0]?.assessment.findings).toEqual([]);
    expect(gitlabReport(known, ROOT)).toEqual([]);
    expect(githubCommands(known, ROOT)).toMatch(
      /^::notice title=ferrata assess::1 file: .*nothing found; \d+ in the baseline$/,
    );
    const log = JSON.parse(JSON.stringify(sarifLog(known, ROOT, [], '1.0.0')));
    expect(
      log.runs[0].results.every((result: { suppressions?: { kind: string }[] }) =>
        result.suppressions?.every(({ kind }) => kind === 'external'),
      ),
    ).toBe(true);
    expect(log.runs[0].results).toHaveLength(old.length);
  });
});
