import { describe, expect, it } from 'vitest';
import {
  baselineToJson,
  fingerprinter,
  normaliseStatement,
  parseBaseline,
} from '../../src/assess/baseline.ts';

const fingerprint = (sql: string, file = 'a.sql', id = 'drop-column'): string =>
  fingerprinter(file)(id, normaliseStatement(sql));

describe('a fingerprint', () => {
  it('stays the same when white space, comments and the case of words change', () => {
    const one = fingerprint('ALTER TABLE t DROP COLUMN a');
    expect(fingerprint('alter table t -- gone\n  drop /* really */ column a')).toBe(one);
  });

  it.each([
    ['another column', fingerprint('ALTER TABLE t DROP COLUMN b')],
    ['a quoted name in other case', fingerprint('ALTER TABLE t DROP COLUMN "A"')],
    ['another file', fingerprint('ALTER TABLE t DROP COLUMN a', 'b.sql')],
    ['another rule', fingerprint('ALTER TABLE t DROP COLUMN a', 'a.sql', 'rename-column')],
  ])('differs: %s', (_, other) => {
    expect(other).not.toBe(fingerprint('ALTER TABLE t DROP COLUMN a'));
  });

  it('keeps strings as they are', () => {
    expect(fingerprint("UPDATE t SET a = 'X  y'")).not.toBe(fingerprint("UPDATE t SET a = 'x y'"));
  });

  it('tells the first of its like from the second', () => {
    const next = fingerprinter('a.sql');
    const [first, second] = [next('truncate', 'truncate t'), next('truncate', 'truncate t')];
    expect(first).not.toBe(second);
    expect(first).toBe(fingerprint('TRUNCATE t', 'a.sql', 'truncate'));
  });
});

describe('the file', () => {
  const entry = (file: string, id: string) => ({
    id,
    file,
    statement: 'x',
    fingerprint: fingerprint('x', file, id),
  });
  const entries = [entry('b.sql', 'x'), entry('a.sql', 'z'), entry('a.sql', 'y'), entry('a.sql', 'y')];

  it('has a fixed order, one finding per line, and each once', () => {
    const text = baselineToJson(entries);
    expect(baselineToJson([...entries].reverse())).toBe(text);
    expect(parseBaseline(text, 'f').findings.map(({ file, id }) => `${file} ${id}`)).toEqual([
      'a.sql y',
      'a.sql z',
      'b.sql x',
    ]);
    expect(text.split('\n').filter((line) => line.includes('"fingerprint"'))).toHaveLength(3);
    expect(parseBaseline(baselineToJson([]), 'f').findings).toEqual([]);
  });

  it.each([
    '',
    '[]',
    '{"ferrata":1}',
    '{"ferrata":2,"findings":[]}',
    '{"ferrata":1,"findings":[{"id":"x"}]}',
  ])('is refused when it holds %s', (text) => {
    expect(() => parseBaseline(text, 'old.json')).toThrow(
      expect.objectContaining({
        code: 'findings-file-invalid',
        message: expect.stringContaining('old.json'),
      }),
    );
  });
});
