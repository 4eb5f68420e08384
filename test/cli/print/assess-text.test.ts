import { describe, expect, it } from 'vitest';
import type { Interval } from '../../../src/assess/model.ts';
import { parseFailOn } from '../../../src/cli/print/assess/fail-on.ts';
import { printOutcome } from '../../../src/cli/print/assess/text.ts';
import { intervalWords } from '../../../src/cli/print/assess/words.ts';
import { createPalette } from '../../../src/cli/print/palette.ts';
import { outcome } from './outcome.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ESCAPES = /\u001b\[[0-9;]*m/g;
const plain = createPalette(false);

const SQL = `CREATE INDEX orders_note ON orders (note);
ALTER TABLE orders
  ADD CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id);
-- ferrata:allow drop-column nobody reads it
ALTER TABLE orders DROP COLUMN old_note;
-- ferrata:allow drop-table not here any more
DO $$ BEGIN PERFORM 1; END $$;
`;

const print = async (
  files: Readonly<Record<string, string>>,
  options: { readonly width?: number; readonly verbose?: boolean; readonly colour?: boolean } = {},
) =>
  printOutcome(await outcome({ files, rows: { orders: 2_000_000, customers: 50_000 } }), {
    palette: createPalette(options.colour === true),
    width: options.width ?? 100,
    verbose: options.verbose ?? false,
  });

describe('one file', () => {
  it('says per statement what is locked and blocked, and apart what is work', async () => {
    const text = await print({ 'a.sql': SQL });
    const lines = text.split('\n');
    expect(lines[0]).toMatch(/^a\.sql {2}critical risk, destructive, reversible$/);
    expect(text).toContain('orders: about 2,000,000 rows, 200.0 MB, 2 indexes');
    const heading = lines.findIndex((line) => /^ {2}line {2}statement +locks +blocks +work$/.test(line));
    expect(heading).toBeGreaterThan(0);
    const column = (name: string) => lines[heading]?.indexOf(name) ?? -1;
    expect(lines[heading + 1]?.slice(column('locks'))).toMatch(/^ShareLock orders +writes +scans orders$/);
    expect(
      lines.find((line) => line.includes('orders_note,') || /builds/.test(line))?.indexOf('builds'),
    ).toBe(column('work'));
    expect(text).toMatch(
      /writes to orders blocked ≈ [\d.]+ s \([\d.]+–[\d.]+\); work ≈ [\d.]+ s \([\d.]+–[\d.]+\)/,
    );
    expect(text).toContain('not known from its text');
  });

  it('shows the place with a caret, and SQL to paste', async () => {
    const text = await print({ 'a.sql': SQL });
    expect(text).toContain(
      [
        '    a.sql:1:1',
        '    1 | CREATE INDEX orders_note ON orders (note);',
        `      | ^${'~'.repeat('CREATE INDEX orders_note ON orders (note)'.length - 1)}`,
      ].join('\n'),
    );
    expect(text).toMatch(/instead:\n {6}CREATE INDEX CONCURRENTLY orders_note ON orders \(note\);\n/);
  });

  it('sets the caret under wide characters, behind tabs and in long lines', async () => {
    const long = `SELECT ${'1, '.repeat(80)}1; `;
    for (const [before, sql] of [
      ['', '/* 漢字 */ DROP TABLE t'],
      ['', '\tDROP TABLE t'],
      [long, 'DROP TABLE t'],
    ] as const) {
      const lines = (await print({ 'a.sql': before + sql })).split('\n');
      const at = lines.findIndex((line) => /^ {6}\| +\^/.test(line));
      const cells = (text: string) => text.replaceAll(/[漢字]/g, 'xx');
      const above = cells(lines[at - 1] ?? '');
      expect(above.slice(lines[at]?.indexOf('^'))).toMatch(/^DROP TABLE t/);
      expect(above.length).toBeLessThanOrEqual(100);
    }
  });

  it.each([60, 72, 80, 120])('fits into %i columns, but for SQL that is to be copied', async (width) => {
    const text = await print({ 'a.sql': SQL }, { width });
    let instead = false;
    for (const line of text.split('\n')) {
      if (line === '    instead:') instead = true;
      else if (!/^ {6}/.test(line)) instead = false;
      if (!instead) expect(line.length, line).toBeLessThanOrEqual(width);
    }
    expect(/^ {2}line {2}statement/m.test(text)).toBe(width >= 80);
  });

  it('is coloured only where colours are wanted, and says the same', async () => {
    const [coloured, bare] = [await print({ 'a.sql': SQL }, { colour: true }), await print({ 'a.sql': SQL })];
    expect(bare).not.toMatch(ESCAPES);
    expect(coloured).toMatch(ESCAPES);
    expect(coloured.replaceAll(ESCAPES, '')).toBe(bare);
    // A colour ends on its line: it would run on into the next column.
    const table = coloured.split('\n').filter((line) => line.includes('orders') && line.startsWith('  '));
    for (const line of table) {
      const open = line.match(ESCAPES)?.at(-1) ?? '';
      expect(open === '' || open.endsWith('[39m') || open.endsWith('[22m')).toBe(true);
    }
  });

  it('counts what is allowed, shows it when asked, and warns of what is not needed', async () => {
    const text = await print({ 'a.sql': SQL });
    expect(text).toContain('1 finding allowed (--verbose shows them)');
    expect(text).not.toContain('nobody reads it');
    expect(text).toMatch(/warning a\.sql:6:4 ferrata:allow drop-table: there is no such finding here/);
    expect(await print({ 'a.sql': SQL }, { verbose: true })).toContain(
      'allowed drop-column (line 5): nobody reads it',
    );
  });
});

describe('many files', () => {
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [
      `m/${String(n).padStart(3, '0')}.sql`,
      n === 77 ? 'TRUNCATE orders' : n % 2 === 0 ? `CREATE INDEX i${n} ON orders (c${n})` : 'SELECT 1',
    ]),
  );

  it('one kind of finding over a hundred files does not drown the one that is alone', async () => {
    const text = await print(files);
    expect(text.split('\n').length).toBeLessThan(200);
    expect(text).toMatch(/\[index-create-blocking\]\s+100 times in\s+100 files/);
    expect(text.match(/instead:\n {6}CREATE INDEX CONCURRENTLY/g)).toHaveLength(2);
    expect(text).toMatch(/also m\/004\.sql:1, .* and 88 more/s);
    expect(text).toMatch(/\[truncate\] once/);
    expect(text).toContain('m/077.sql:1:1');
    expect(text).toMatch(/and \d+ more files with findings/);
    expect(text.split('\n').at(-1)).toMatch(/^200 files: .*risk; 1\d\d danger/);
  });

  it('are shown whole when asked', async () => {
    const text = await print(files, { verbose: true });
    expect(text.match(/instead:\n {6}CREATE INDEX CONCURRENTLY/g)).toHaveLength(100);
  });

  it('a few are shown whole, with a summary', async () => {
    const text = await print({ 'a.sql': SQL, 'b.sql': 'SELECT 1' });
    expect(text).toContain('b.sql  low risk');
    expect(text.split('\n').at(-1)).toMatch(/^2 files: 1 critical, 1 low risk; /);
  });
});

describe('durations', () => {
  it.each([
    [[20, 40, 90], '≈ 40 ms (20–90)'],
    [[0, 1, 10], '< 10 ms'],
    [[400, 1200, 9000], '≈ 1.2 s (0.4–9)'],
    [[30_000, 90_000, 400_000], '≈ 90 s (30–400)'],
    [[60_000, 600_000, 7_200_000], '≈ 10 min (1–120)'],
    [[3_600_000, 36_000_000, 72_000_000], '≈ 10 h (1–20)'],
  ] as readonly (readonly [Interval, string])[])('%j is %s', (interval, words) => {
    expect(intervalWords(interval)).toBe(words);
  });
});

describe('--fail-on', () => {
  it.each([
    ['danger', { severity: 'danger', risk: null }],
    ['high', { severity: null, risk: 'high' }],
    ['danger,critical', { severity: 'danger', risk: 'critical' }],
    ['warning,danger', { severity: 'warning', risk: null }],
    ['never', { severity: null, risk: null }],
  ])('%s', (given, parsed) => {
    expect(parseFailOn([given])).toEqual(parsed);
  });

  it.each([
    ['dangr', /did you mean danger/],
    ['', /needs a word/],
    ['never,high', /stands alone/],
  ])('%s is refused', (given, message) => {
    expect(() => parseFailOn([given])).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
    );
  });
});

it('nothing to assess is said', () => {
  const nothing = { files: [], errors: [], stats: null, baseline: null, written: null };
  expect(printOutcome(nothing, { palette: plain, width: 80, verbose: false })).toMatch(
    /no migration is pending/,
  );
});
