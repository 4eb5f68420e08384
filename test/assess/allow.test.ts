import { describe, expect, it } from 'vitest';
import { applyAllows, readAllows } from '../../src/assess/allow.ts';
import { FerrataError } from '../../src/errors.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { assess } from './support.ts';

const KNOWN = ['drop-column', 'drop-table', 'set-not-null-scan', 'truncate'];

async function read(sql: string) {
  return readAllows(await parseScript(sql, 'up.sql'), KNOWN);
}

async function refusal(sql: string): Promise<FerrataError> {
  try {
    await read(sql);
  } catch (error) {
    if (error instanceof FerrataError && error.code === 'allow-invalid') return error;
    throw error;
  }
  throw new Error(`not refused: ${sql}`);
}

describe('where an allowance stands', () => {
  it.each([
    ['in front', '-- ferrata:allow drop-column unused\nALTER TABLE t DROP COLUMN a;', 0],
    ['in front, other comments between', '-- ferrata:allow drop-column unused\n-- really\n\nSELECT 1;', 0],
    ['inside', 'ALTER TABLE t\n  -- ferrata:allow drop-column unused\n  DROP COLUMN a;', 0],
    ['behind, on the same line', 'SELECT 1; -- ferrata:allow drop-column unused\nSELECT 2;', 0],
    ['behind the last line of several', 'SELECT 1,\n2; -- ferrata:allow drop-column unused', 0],
    ['behind the second of a line', 'SELECT 1; SELECT 2; -- ferrata:allow drop-column unused\nSELECT 3', 1],
    ['on the next line: the next one', 'SELECT 1;\n-- ferrata:allow drop-column unused\nSELECT 2;', 1],
    ['behind the last statement', 'SELECT 1;\n-- ferrata:allow drop-column unused', null],
    ['as a block', '/* ferrata:allow drop-column unused */ SELECT 1;', 0],
    [
      'in a line of a block',
      'SELECT 1; SELECT 2;\n/*\n * ferrata:allow drop-column unused\n */ SELECT 3;',
      2,
    ],
    ['without a space', '--ferrata:allow drop-column unused\nSELECT 1', 0],
  ])('%s', async (_, sql, statement) => {
    expect(await read(sql)).toMatchObject([{ ids: ['drop-column'], reason: 'unused', statement }]);
  });

  it('is told by line and column', async () => {
    const [allow] = await read('SELECT 1;\n\n  -- ferrata:allow drop-column why not\nSELECT 2;');
    expect(allow).toMatchObject({ line: 3, column: 6 });
  });

  it('is no comment inside a string or a body', async () => {
    expect(await read("SELECT '-- ferrata:allow nonsense'; DO $$ -- ferrata:allow nonsense\n$$")).toEqual([]);
  });
});

describe('ids and reason', () => {
  it.each([
    ['drop-column drop-table both are gone', ['drop-column', 'drop-table'], 'both are gone'],
    ['drop-column, drop-table: both are gone', ['drop-column', 'drop-table'], 'both are gone'],
    ['drop-column, truncate gone', ['drop-column', 'truncate'], 'gone'],
    ['drop-column truncate would be worse', ['drop-column'], 'truncate would be worse'],
    ['drop-column – gone since spring', ['drop-column'], 'gone since spring'],
    ['drop-column (OPS-12)', ['drop-column'], 'OPS-12'],
    ['drop-column re-run is safe', ['drop-column'], 're-run is safe'],
    ['drop-column: drop-table comes next week', ['drop-column'], 'drop-table comes next week'],
    ['drop-column невозможно иначе', ['drop-column'], 'невозможно иначе'],
  ])('%s', async (text, ids, reason) => {
    expect(await read(`-- ferrata:allow ${text}\nSELECT 1`)).toMatchObject([{ ids, reason }]);
  });

  it('prose that begins with the name is prose', async () => {
    expect(await read('-- ferrata: see the docs\n-- ferrata:batch size 5\nSELECT 1')).toEqual([]);
  });
});

describe('what is refused, with the place and what to write', () => {
  it.each([
    ['drop-column', /does not say why drop-column may stand/, 4],
    ['drop-column drop-table', /why drop-column, drop-table/, 4],
    ['drop-column ---', /does not say why/, 4],
    ['drop-colum it is unused', /`drop-colum`; did you mean drop-column\?/, 18],
    ['drop-column drop-tabel it is unused', /`drop-tabel`; did you mean drop-table\?/, 30],
    ['everything is fine', /no finding `everything`/, 18],
    ['', /does not say which finding/, 4],
  ])('ferrata:allow %s', async (text, message, column) => {
    const error = await refusal(`-- ferrata:allow ${text}\nSELECT 1`);
    expect(error.message).toMatch(message);
    expect(error.details.location).toMatchObject({ file: 'up.sql', line: 1, column });
    expect(error.details.hint).toContain('-- ferrata:allow <id> <reason>');
    expect(error.exitCode).toBe(2);
  });

  it.each(['ferrata:ignore drop-column x', 'ferrata:alow drop-column x', 'ferrata: allow drop-column x'])(
    '%s',
    async (text) => {
      await refusal(`-- ${text}\nSELECT 1`);
    },
  );
});

describe('applied', () => {
  const sql = `-- ferrata:allow drop-column nobody reads it
ALTER TABLE t DROP COLUMN a;
ALTER TABLE t DROP COLUMN b; -- ferrata:allow set-not-null-scan drop-column see OPS-1
ALTER TABLE t DROP COLUMN c;`;

  it('takes out what it names where it stands, and tells what it did not need', async () => {
    const script = await parseScript(sql, 'up.sql');
    const { findings } = await assess(sql);
    const dropped = findings.filter((finding) => finding.id === 'drop-column');
    expect(dropped.map((finding) => finding.line)).toEqual([2, 3, 4]);
    const result = applyAllows(script, dropped, readAllows(script, KNOWN));
    expect(result.findings.map((finding) => finding.line)).toEqual([4]);
    expect(result.allowed.map(({ finding, reason }) => [finding.line, reason])).toEqual([
      [2, 'nobody reads it'],
      [3, 'see OPS-1'],
    ]);
    expect(result.unused).toEqual([{ id: 'set-not-null-scan', line: 3, column: 33 }]);
    const off = applyAllows(script, dropped, readAllows(script, KNOWN), (id) => id === 'set-not-null-scan');
    expect(off.unused).toEqual([]);
  });
});
