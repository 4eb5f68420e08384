/** Drift on the command line: told, watched, mended, accepted; exit codes, widths, one JSON document each. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { type Project, project } from './project.ts';

vi.setConfig({ testTimeout: 240_000 });

const FIRST = '20260101000000_first';
const SQL =
  'CREATE TABLE orders (id int PRIMARY KEY, total numeric);\nCREATE INDEX orders_total ON orders (total);\n';

const NARROW = { env: { COLUMNS: '60' } };
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ESCAPE = /\u001b\[/;

/** Lines of a terminal of 60 columns; SQL that is copied from it is never broken. */
function tooWide(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.length > 60 && !/^ {2}(ALTER|CREATE|DROP|COMMENT) /.test(line));
}

async function drifted(major: number): Promise<Project> {
  const made = await project({ major, migrations: { [FIRST]: SQL } });
  expect(await made.run(['up'])).toMatchObject({ code: 0 });
  expect(await made.run(['drift', '--watch-ddl', '--keep', '30'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^watched .*30 days/s),
  });
  for (const sql of ['ALTER TABLE orders ADD COLUMN note text', 'DROP INDEX orders_total'])
    await made.rows(sql);
  return made;
}

it.each([[18], [13]])('is told with its culprits, and mended (PostgreSQL %i)', async (major) => {
  const made = await drifted(major);
  const told = await made.run(['drift'], NARROW);
  expect(told).toMatchObject({ code: 4, stderr: '' });
  expect(tooWide(told.stdout)).toEqual([]);
  expect(told.stdout).not.toMatch(ESCAPE);
  const flat = told.stdout.replace(/\s+/g, ' ');
  expect(flat).toContain(`since up ${FIRST} (run `);
  expect(flat).toMatch(
    /- index public.orders_total .*by postgres \(ferrata:test, 127.0.0.1\) .* UTC: DROP INDEX orders_total/,
  );
  expect(flat).toContain('ALTER TABLE orders ADD COLUMN note text');
  const { value } = await made.json(['drift']);
  expect(
    value.drift.differences.map((d: { suspects: { statement: string }[] }) => d.suspects[0]?.statement),
  ).toEqual(['ALTER TABLE orders ADD COLUMN note text', 'DROP INDEX orders_total']);

  const refused = await made.run(['schema', 'repair']);
  expect(refused).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('[data-loss]') });
  const dry = await made.run(['schema', 'repair', '--dry-run', '--quiet'], NARROW);
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(tooWide(dry.stdout)).toEqual([]);
  expect(dry.stdout).toContain(
    '  -- destroys data (column public.orders.note):\n  ALTER TABLE public.orders DROP COLUMN note;\n',
  );
  const repaired = await made.json(['schema', 'repair', '--allow-data-loss']);
  expect(repaired.code).toBe(0);
  expect(repaired.value.schemaRepair).toMatchObject({ check: 'equal', recorded: false, pending: [] });
  const { file } = repaired.value.schemaRepair;
  expect(await readFile(join(made.root, file), 'utf8')).toContain('CREATE INDEX orders_total');
  expect(await made.run(['rehearse'])).toMatchObject({ code: 0, stdout: expect.stringContaining('proved') });
  expect(await made.run(['up'])).toMatchObject({ code: 0 });
  expect(await made.run(['drift'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^equal/) });
  expect(
    await made.rows(`SELECT attname::text FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0
                     AND NOT attisdropped AND attname NOT LIKE 'ferrata_parked%' ORDER BY 1`),
  ).toEqual([['id'], ['total']]);
  expect(await made.rows(`SELECT to_regclass('orders_total') IS NOT NULL`)).toEqual([[true]]);
});

it('is accepted; without the watch it says how to have it', async () => {
  const made = await drifted(18);
  expect(await made.run(['drift', '--unwatch-ddl'])).toMatchObject({ code: 0 });
  const told = await made.run(['drift']);
  expect(told).toMatchObject({ code: 4, stdout: expect.stringContaining('ferrata drift --watch-ddl') });
  expect(told.stdout).not.toContain(' by postgres');
  const accepted = await made.run(['schema', 'repair', '--accept']);
  expect(accepted).toMatchObject({ code: 0, stdout: expect.stringContaining('recorded as applied here') });
  expect(await made.run(['drift'])).toMatchObject({ code: 0 });
  expect((await made.json(['status'])).value.status).toMatchObject({ pending: 0, problems: [] });
  expect((await made.run(['schema', 'repair'])).stdout).toContain('Nothing to repair.');
});

it('prints SQL that psql takes, and refuses what makes no sense', async () => {
  const made = await project({ migrations: { [FIRST]: SQL } });
  expect(await made.run(['drift', '--watch-ddl'])).toMatchObject({ code: 2 });
  expect(await made.run(['up'])).toMatchObject({ code: 0 });
  const dry = await made.run(['drift', '--watch-ddl', '--dry-run'], NARROW);
  expect(dry).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^BEGIN;\n.*\nCOMMIT;\n$/s),
  });
  const connection = await made.connect();
  await connection.script(dry.stdout).finally(() => connection.close());
  expect((await made.json(['drift'])).value.drift.watch).toMatchObject({ enabled: true, keepDays: 90 });
  for (const args of [
    ['drift', '--keep', '3'],
    ['drift', '--watch-ddl', '--keep', 'long'],
    ['drift', '--watch-ddl', '--unwatch-ddl'],
    ['drift', '--dry-run'],
    ['schema'],
    ['schema', 'mend'],
    ['schema', 'repair', 'all'],
    ['schema', 'repair', '--no-write'],
  ]) {
    expect({ args, ...(await made.run(args)) }).toMatchObject({
      args,
      code: 2,
      stderr: expect.stringContaining('[usage]'),
    });
  }
});
