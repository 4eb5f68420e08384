import fc from 'fast-check';
import { loadModule, scanSync } from 'libpg-query';
import { beforeAll, expect, it } from 'vitest';
import { endOfCode, skipBlank, tokens } from '../../src/sql/lexer.ts';

beforeAll(() => loadModule());

const PARTS = [
  "'a'",
  "'it''s'",
  "E'\\''",
  "e'a\\\\'",
  "E'a'\n'b\\''",
  "'a'\n'b'",
  "N'x'",
  "B'01'",
  "x'1f'",
  "U&'d\\0061'",
  'U&"d\\0061"',
  '"q""r"',
  '"a;b"',
  "$$ ; ' $$",
  '$t$ $$ $t$',
  '$1',
  'abc$d',
  'e1',
  '1.5e10',
  '-- c\n',
  '/* a /* b */ c */',
  ';',
  '(',
  ')',
  ',',
  '::',
  '<=',
  '-',
  '*',
  'größe',
  '漢字',
  ' ',
  '\n',
  '\t',
];

/** PostgreSQL's own scanner says where strings, names and comments begin and end. */
it('cuts strings, quoted names and comments as the server does', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PARTS), { maxLength: 12 }), (parts) => {
      const text = parts.join(' ');
      let real: { readonly start: number; readonly end: number; readonly tokenName: string }[];
      try {
        real = text === '' ? [] : scanSync(text).tokens;
      } catch {
        return;
      }
      const bytes = Buffer.from(text);
      const place = (offset: number): number => bytes.subarray(0, offset).toString().length;
      const mine = [...tokens(text)];
      const wanted = real
        .filter(({ start, end }) =>
          /^(['"$]|[eEbBxXnN]'|[uU]&|--|\/\*)/.test(text.slice(place(start), place(end))),
        )
        .filter(({ start, end }) => !/^\$\d/.test(text.slice(place(start), place(end))))
        .map(({ start, end }) => text.slice(place(start), place(end)).trimEnd());
      const found = mine
        .filter(({ kind }) => kind === 'string' || kind === 'quoted-name' || kind === 'comment')
        .map(({ start, end }) => text.slice(start, end));
      // The scanner joins what a line break separates; here they may be several pieces.
      // N'x' is a keyword and a string to the scanner.
      const bare = (pieces: readonly string[]): string =>
        pieces.join('').replace(/\s+/g, '').replace(/N'/g, "'");
      expect(bare(found)).toBe(bare(wanted));
    }),
    { numRuns: 2000 },
  );
});

it('skips white space and comments', () => {
  expect(skipBlank(' -- a\n /* /* */ */ x', 0)).toBe(19);
  expect(skipBlank('-- a', 0)).toBe(4);
});

it('ends a statement before its trailing comment', () => {
  const end = (text: string): string => text.slice(0, endOfCode(text, 0, text.length));
  expect(end("SELECT '--' ")).toBe("SELECT '--'");
  expect(end('SELECT 1 -- x\n/* y */ ')).toBe('SELECT 1');
  expect(end('SELECT $$ -- $$ -- $$')).toBe('SELECT $$ -- $$');
  expect(end('SELECT 1 /* a */ + 2 -- b')).toBe('SELECT 1 /* a */ + 2');
});
