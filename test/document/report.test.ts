import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildReport, reportToHtml, reportToMarkdown, writeReport } from '../../src/document/index.ts';
import { registerSecret } from '../../src/postgres/redact.ts';
import { backup, plan, run } from './sample.ts';

const now = new Date('2026-11-21T10:00:00Z');
const input = { run, backup, server: 'db.example:5432/shop', serverVersion: '18.4', now };

test('a report holds every step, planned and actual, and every rollback point', () => {
  const report = buildReport(input);
  expect(report).toMatchObject({ ferrata: 1, state: 'completed', ms: 68_300, environment: 'production' });
  expect(report.steps.map((step) => [step.step, step.plannedMs, step.actualMs, step.rows])).toEqual([
    ['s1', 4, 9, null],
    ['s2', 61_200, 64_100, 512_340],
    ['s3', 2_400, 3_900, null],
  ]);
  expect(report.proof?.rollbackPoints.map((point) => point.afterStep)).toEqual(['s1', 's2', 's3']);
  expect(report.writes).toEqual([{ table: 'public.orders', rows: 9_000 }]);
  expect(report.verification?.results).toHaveLength(3);
  expect(report.backup).toMatchObject({ rows: 512_340, verifiedAt: '2026-11-21T09:31:44.000Z' });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test('it says how to go back now, and until when', () => {
  expect(buildReport(input).rollback).toEqual({
    status: 'open',
    until: '2026-11-24T09:36:20.420Z',
    command: 'ferrata down --env production',
    explanation: 'A way back without loss is promised until the end of the window.',
    sql: [
      'DROP INDEX CONCURRENTLY public.orders_status',
      '-- puts back the rows captured as 20261121093000_s2',
      'ALTER TABLE public.orders DROP COLUMN status',
    ],
  });
  const late = buildReport({ ...input, now: new Date('2026-12-24T00:00:00Z') });
  expect(late.rollback.status).toBe('over');
  const older = buildReport({ ...input, newest: false, previous: '20261101000000_before' });
  expect(older.rollback.command).toBe('ferrata rollback --to 20261101000000_before --env production');
});

test('a failed run says where it stands, and only what has run is in the way back', () => {
  const failed = {
    ...run,
    state: 'failed' as const,
    error: 'lock-timeout: orders is busy',
    finishedAt: null,
    windowUntil: null,
    verification: null,
    steps: run.steps
      .slice(0, 2)
      .map((step, n) => (n === 1 ? { ...step, state: 'failed' as const, error: 'busy' } : step)),
  };
  const report = buildReport({ ...input, run: failed });
  expect(report.rollback).toMatchObject({
    status: 'unfinished',
    sql: ['ALTER TABLE public.orders DROP COLUMN status'],
  });
  expect(report.rollback.explanation).toContain('failed after 1 of 3 steps');
  expect(report.steps.map((step) => step.state)).toEqual(['done', 'failed', 'planned']);
  expect(reportToMarkdown(report)).toContain('lock-timeout: orders is busy');
});

test('nothing from the database becomes markup', () => {
  const nasty = '<script>alert("1")</script>|`*_[x](javascript:y)&';
  const [first] = plan.steps;
  const report = buildReport({
    ...input,
    run: {
      ...run,
      migration: `20260101000000_${nasty}`,
      owner: nasty,
      environment: nasty,
      error: nasty,
      plan: {
        ...plan,
        steps:
          first === undefined
            ? []
            : [{ ...first, title: nasty, forward: [{ type: 'sql', sql: nasty, at: null }] }],
      },
    },
  });
  const html = reportToHtml(report);
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  expect(html).not.toMatch(/(src|href)\s*=|url\(|@import|https?:/);
  const outside = reportToMarkdown(report).replace(/```[\s\S]*?```/g, '');
  expect(outside).not.toMatch(/(^|[^\\])<script/);
  // Every row of a table has as many cells as its head.
  for (const block of outside.split('\n\n').filter((part) => part.startsWith('|'))) {
    const cells = block.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
    expect(new Set(cells).size, block).toBe(1);
  }
});

test('secrets are in no form of it', async () => {
  registerSecret('hunter2-hunter2');
  const report = buildReport({
    ...input,
    run: { ...run, error: 'could not connect to postgres://app:s3cr3t-word@db/shop; hunter2-hunter2' },
  });
  const directory = await mkdtemp(join(tmpdir(), 'ferrata-report-'));
  try {
    const written = await writeReport(directory, report);
    expect((await readdir(join(directory, 'reports'))).sort()).toEqual([
      `${run.id}.html`,
      `${run.id}.json`,
      `${run.id}.md`,
    ]);
    for (const path of Object.values(written)) {
      const text = await readFile(path, 'utf8');
      expect(text).toContain(run.id);
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain('s3cr3t');
    }
    expect(JSON.parse(await readFile(written.json, 'utf8'))).toEqual(report);
  } finally {
    await rm(directory, { recursive: true });
  }
});
