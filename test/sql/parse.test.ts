import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { FerrataError } from '../../src/errors.ts';
import { sameTree } from '../../src/sql/deparse.ts';
import { caretLines } from '../../src/sql/locate.ts';
import { parseScript } from '../../src/sql/parse.ts';

/** A folder of cases: `<name>.sql`, and beside it the statements (or the error) as they must come out. */
describe('cases', () => {
  const folder = new URL('./cases/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  it.each(names)('%s', async (name) => {
    const source = readFileSync(new URL(name, folder), 'utf8');
    const expected = new URL(name.replace('.sql', '.yaml'), folder);
    await expect(stringify(await outcome(source, name))).toMatchFileSnapshot(expected.pathname);
  });
});

async function outcome(source: string, file: string): Promise<unknown> {
  try {
    const script = await parseScript(source, file);
    return script.statements.map(({ kind, text, line, column }) => ({ kind, line, column, text }));
  } catch (error) {
    if (!(error instanceof FerrataError)) throw error;
    const at = error.details.location;
    return { ...error.toJSON(), caret: at === undefined ? [] : caretLines(at) };
  }
}

const PIECES = [
  'SELECT 1',
  "SELECT 'äöü€😀', E'\\'', $$;$$, $a$ ' $a$",
  'CREATE TABLE "ö;" (a int, b text DEFAULT \';\')',
  "INSERT INTO t VALUES (1, 'a''b'), (2, U&'d\\0061t')",
  'DO $body$ BEGIN PERFORM 1; END $body$',
  'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END',
  'CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c)',
  'ALTER TABLE t ADD COLUMN x int, DROP COLUMN y',
  "COMMENT ON TABLE t IS '-- no comment /* nor this'",
  'SELECT a /* inner ; */ FROM t -- tail ;\n WHERE b',
];
const BETWEEN = [
  ';',
  '; ',
  ';\n',
  ' ;\n\n',
  '; -- c ; 😀\n',
  '; /* a /* b */ ; */ ',
  ';;\n;',
  '-- x\n;',
  ';\t\r\n',
];

describe('splitting', () => {
  it('gives the same statements, wherever they stand', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...BETWEEN)), { maxLength: 8 }),
        fc.boolean(),
        async (parts, mark) => {
          const source = (mark ? '\ufeff' : '') + parts.map(([piece, gap]) => piece + gap).join('');
          const script = await parseScript(source, 'x.sql');
          expect(script.statements.map((statement) => statement.text)).toEqual(parts.map(([piece]) => piece));
          for (const { start, end, text, line, column } of script.statements) {
            expect(script.text.slice(start, end)).toBe(text);
            const before = script.text.slice(0, start).split('\n');
            expect([line, column]).toEqual([before.length, Array.from(before.at(-1) ?? '').length + 1]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('joins back to the same trees', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...BETWEEN)), {
          minLength: 1,
          maxLength: 8,
        }),
        async (parts) => {
          const first = await parseScript(parts.map(([piece, gap]) => piece + gap).join(''), 'x');
          const again = await parseScript(first.statements.map(({ text }) => text).join(';\n'), 'x');
          expect(again.statements.length).toBe(first.statements.length);
          for (const [index, statement] of first.statements.entries()) {
            expect(again.statements[index]?.kind).toBe(statement.kind);
            expect(sameTree(again.statements[index]?.node, statement.node)).toBe(true);
          }
        },
      ),
      { numRuns: 80 },
    );
  });

  it('finds the place of an error, whatever stands in front of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...BETWEEN)), { maxLength: 5 }),
        async (parts) => {
          const front = `${parts.map(([piece, gap]) => piece + gap).join('')}\nSELECT 'ö😀', `;
          const error = await parseScript(`${front}) 1`, 'x.sql').catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(FerrataError);
          const { location } = (error as FerrataError).details;
          expect(location?.column).toBe(14);
          expect(location?.line).toBe(front.replaceAll('\r\n', '\n').split('\n').length);
          expect(location?.text).toBe("SELECT 'ö😀', ) 1");
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('size', () => {
  const many = Array.from({ length: 30_000 }, (_, n) => `INSERT INTO t (a, b) VALUES (${n}, 'ä text ${n}')`);

  it.each([';\n', '; '])('takes megabytes (joined by %j)', async (gap) => {
    const started = performance.now();
    const script = await parseScript(many.join(gap), 'big.sql');
    expect(script.statements.length).toBe(many.length);
    expect(script.statements[29_999]?.text).toBe(many[29_999]);
    // Quadratic work would take minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('takes one statement of several megabytes', async () => {
    const text = `INSERT INTO t VALUES ('${'x'.repeat(5_000_000)}')`;
    const { statements } = await parseScript(`${text}; -- end`, 'big.sql');
    expect(statements.map((statement) => statement.text.length)).toEqual([text.length]);
  });

  it('refuses what is nested too deeply, and lives on', async () => {
    await expect(parseScript(`SELECT 1${'+1'.repeat(60_000)}`, 'x')).rejects.toThrow('nested too deeply');
    expect((await parseScript('SELECT 1', 'x')).statements.length).toBe(1);
  });
});

it('refuses a NUL character and says why', async () => {
  await expect(parseScript('S\0E\0L\0', 'x')).rejects.toMatchObject({ code: 'sql-syntax' });
});
