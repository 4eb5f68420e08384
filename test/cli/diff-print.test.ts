/** How differences are printed: read from a real server, for terminals of any width. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareCatalogs } from '../../src/catalog/compare.ts';
import type { Catalog, Difference, Json } from '../../src/catalog/model.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { printDifferences } from '../../src/cli/print/differences.ts';
import { diffLines } from '../../src/cli/print/line-diff.ts';
import { createPalette } from '../../src/cli/print/palette.ts';
import { testServer } from '../support/servers.ts';

const ONE = `
  CREATE TABLE orders (id int PRIMARY KEY, status text DEFAULT 'new', total numeric(10,2), placed timestamptz);
  CREATE INDEX orders_status_idx ON orders (status);
  CREATE TABLE legacy (id int PRIMARY KEY, a text, b text, CHECK (a <> b));
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE FUNCTION total(o orders) RETURNS numeric LANGUAGE plpgsql AS $f$
  DECLARE
    t numeric;
  BEGIN
    t := o.total;
    IF t IS NULL THEN
      t := 0;
    END IF;
    RETURN t;
  END
  $f$;`;
const OTHER = `
  CREATE TABLE orders (id int PRIMARY KEY, placed timestamptz, status varchar(20) NOT NULL DEFAULT 'open', total numeric(10,2), note text);
  ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
  CREATE TYPE mood AS ENUM ('sad', 'angry', 'happy');
  CREATE FUNCTION total(o orders) RETURNS numeric LANGUAGE plpgsql AS $f$
  DECLARE
    t numeric;
  BEGIN
    t := o.total;
    IF t IS NULL THEN
      t := 1;
    END IF;
    RETURN t;
  END
  $f$;
  CREATE VIEW open_orders AS SELECT id FROM orders WHERE status = 'open';`;

async function read(schema: string): Promise<Catalog> {
  const server = await testServer(18);
  const connection = await (await server.createDatabase()).connect('test');
  try {
    await connection.script(schema);
    return await readCatalog(connection);
  } finally {
    await connection.close();
  }
}

const plain = createPalette(false);
const show = (differences: readonly Difference[], width = 80, all = false): string =>
  printDifferences(differences, { palette: plain, width, before: 'staging', after: 'production', all });

describe('differences', () => {
  it('are grouped by object, one line a property, with counts at the end', async () => {
    const { differences } = compareCatalogs(await read(ONE), await read(OTHER));
    expect(show(differences)).toMatchInlineSnapshot(`
      "- only in staging | + only in production | ~ differs: staging → production

      ~ enum public.mood
          labels
              sad
            + angry
              happy
      ~ function public.total(public.orders)
          definition
              …
                  t := o.total;
                  IF t IS NULL THEN
            -       t := 0;
            +       t := 1;
                  END IF;
                  RETURN t;
              …
      - table public.legacy  3 columns, 2 constraints
      ~ table public.orders
          row security  no → yes
        ~ column order (cosmetic)  placed 4 → 2, status 2 → 3, total 3 → 4
        + column note  text
        ~ column status
            default   'new'::text → 'open'::character varying
            not null  no → yes
            type      text → character varying(20)
        - index public.orders_status_idx  USING btree (status)
      + view public.open_orders  1 column

      9 objects differ: 2 only in staging, 2 only in production, 4 changed, 1
        cosmetic"
    `);
  });
});

describe('for any reader', () => {
  it('no line is wider than the terminal, unless one word is', async () => {
    const { differences } = compareCatalogs(await read(ONE), await read(OTHER));
    for (const width of [40, 60, 72]) {
      const wide = show(differences, width)
        .split('\n')
        .filter(
          (line) =>
            line.length > width &&
            line
              .trim()
              .split(/\s+/)
              .some((word) => word.length < width - 24),
        );
      expect(wide, String(width)).toEqual([]);
    }
  });

  it('a renamed object is one line, where it was told by its identity', async () => {
    const server = await testServer(18);
    const connection = await (await server.createDatabase()).connect('test');
    try {
      await connection.script('CREATE TABLE a (id int, one int)');
      const before = await readCatalog(connection);
      await connection.script('ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME COLUMN one TO two');
      const after = await readCatalog(connection);
      const known = compareCatalogs(before, after, { sameDatabase: true }).differences;
      expect(show(known)).toContain('~ table public.a → public.b (renamed)');
      expect(show(known)).toContain('~ column one →');
      const guessed = compareCatalogs(before, after).differences;
      expect(show(guessed)).toContain('- table public.a');
      expect(show(guessed)).not.toContain('renamed');
    } finally {
      await connection.close();
    }
  });

  it('what is too much to read is cut, and says how much there is', () => {
    const many: Difference[] = Array.from({ length: 100 }, (_, n) => ({
      kind: 'table',
      object: `public.t${String(n).padStart(3, '0')}`,
      property: 'presence',
      before: 'absent',
      after: 'present',
      cosmetic: false,
    }));
    expect(show(many)).toContain('… and 40 more objects (--all shows them)');
    expect(show(many)).toContain('100 objects differ: 100 only in production');
    expect(show(many, 80, true)).toContain('public.t099');
    const long = Array.from({ length: 90 }, (_, n) => `line ${n}`).join('\n');
    const body: Difference[] = [
      {
        kind: 'function',
        object: 'public.f()',
        property: 'definition',
        before: 'x',
        after: long,
        cosmetic: true,
      },
    ];
    expect(show(body)).toContain('… and 61 more lines (--all shows them)');
    expect(show(body)).toContain('definition (cosmetic)');
    expect(show(body, 80, true)).toContain('line 89');
  });

  it('privileges are told by who holds them, and not at all where only their owner is another', () => {
    const difference = (property: string, before: Json, after: Json): Difference => ({
      kind: 'table',
      object: 'public.t',
      property,
      before,
      after,
      cosmetic: false,
    });
    const owner = difference('owner', 'a', 'b');
    const own = (name: string): string[] => [`${name}=INSERT/${name}`, `${name}=SELECT/${name}`];
    expect(show([owner, difference('privileges', own('a'), own('b'))])).not.toContain('privileges');
    expect(
      show([owner, difference('privileges', own('a'), [...own('b'), 'r=SELECT*/b', 'r=UPDATE/b'])]),
    ).toContain('r: SELECT*, UPDATE (by b)');
    expect(show([difference('privileges', null, own('a'))])).toContain('+ a: INSERT, SELECT (by a)');
  });

  it('a table of very many columns is cut too', () => {
    const many: Difference[] = Array.from({ length: 1600 }, (_, n) => ({
      kind: 'column',
      object: `public.wide.c${n}`,
      property: 'notNull',
      before: false,
      after: true,
      cosmetic: false,
      parent: 'table public.wide',
    }));
    expect(show(many)).toContain('… and 1560 more (--all shows them)');
    expect(show(many, 80, true).split('\n').length).toBeGreaterThan(3200);
  });

  it('colours are there when asked for', () => {
    const one: Difference[] = [
      {
        kind: 'view',
        object: 'public.v',
        property: 'presence',
        before: 'present',
        after: 'absent',
        cosmetic: false,
      },
    ];
    const view = { width: 80, before: 'a', after: 'b' };
    expect(printDifferences(one, { ...view, palette: createPalette(true) })).toContain('\u001b[31m-');
    expect(printDifferences(one, { ...view, palette: plain })).not.toContain('\u001b');
  });
});

describe('lines of two texts', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });

  it('hold both, in order, and no common line twice', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(before, after, 100);
        if (before.join() === after.join()) {
          expect(diff).toEqual([]);
          return;
        }
        expect(diff.filter((l) => l.mark !== 'added').map((l) => l.text)).toEqual(before);
        expect(diff.filter((l) => l.mark !== 'removed').map((l) => l.text)).toEqual(after);
      }),
    );
  });

  it('leave out what is far from any change', () => {
    const before = Array.from({ length: 40 }, (_, n) => `${n}`);
    const after = before.map((line) => (line === '20' ? 'new' : line));
    expect(diffLines(before, after, 1).map(({ mark, text }) => `${mark} ${text}`)).toEqual([
      'gap ',
      'same 19',
      'removed 20',
      'added new',
      'same 21',
      'gap ',
    ]);
  });

  it('of two very long texts are found in time', () => {
    const before = Array.from({ length: 20_000 }, (_, n) => `a${n}`);
    const after = Array.from({ length: 20_000 }, (_, n) => `b${n}`);
    const started = performance.now();
    expect(diffLines(before, after)).toHaveLength(40_000);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
