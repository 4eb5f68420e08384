import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import { plainBody } from '../../../src/catalog/cosmetic.ts';
import { canonicalJson, fingerprintCatalog } from '../../../src/catalog/fingerprint.ts';
import type { Catalog, CatalogObject, Json } from '../../../src/catalog/model.ts';

function catalog(objects: readonly CatalogObject[], major = 18): Catalog {
  const entries = objects.map((object) => [`${object.kind} ${object.identity}`, object] as const);
  return { major, objects: new Map(entries), dependencies: [], parked: [] };
}

function object(
  kind: CatalogObject['kind'],
  identity: string,
  properties: Readonly<Record<string, Json>> = {},
  more: Partial<CatalogObject> = {},
): CatalogObject {
  return { kind, identity, parent: null, physical: `x:${identity}`, properties, ...more };
}

const lines = (before: Catalog, after: Catalog, sameDatabase = false) =>
  compareCatalogs(before, after, { sameDatabase }).differences.map(
    ({ kind, object: identity, property, before: old, after: current }) =>
      `${kind} ${identity} ${property}: ${JSON.stringify(old)} → ${JSON.stringify(current)}`,
  );

const column = (name: string, position: number, more: Readonly<Record<string, Json>> = {}) =>
  object('column', `s.t.${name}`, { position, type: 'integer', ...more }, { parent: 'table s.t' });

describe('compareCatalogs', () => {
  test('one line for what is on one side alone', () => {
    const table = [
      object('table', 's.t'),
      column('a', 1),
      object('constraint', 's.t.k', {}, { parent: 'table s.t' }),
    ];
    expect(lines(catalog(table), catalog([]))).toEqual(['table s.t presence: "present" → "absent"']);
    expect(lines(catalog([]), catalog(table))).toEqual(['table s.t presence: "absent" → "present"']);
  });

  test('a column that is gone does not move the others', () => {
    const before = [object('table', 's.t'), column('a', 1), column('b', 2), column('c', 3)];
    const after = [object('table', 's.t'), column('b', 1), column('c', 2)];
    expect(lines(catalog(before), catalog(after))).toEqual(['column s.t.a presence: "present" → "absent"']);
  });

  test('the order of columns is cosmetic', () => {
    const before = [object('table', 's.t'), column('a', 1), column('b', 2)];
    const after = [object('table', 's.t'), column('a', 2), column('b', 1)];
    expect(compareCatalogs(catalog(before), catalog(after)).outcome).toBe('cosmetic');
  });

  test('a rename in the same database is one line', () => {
    const at = (table: string): CatalogObject[] => [
      object('table', `s.${table}`, { owner: 'o' }, { physical: 'pg_class:1' }),
      object(
        'column',
        `s.${table}.a`,
        { position: 1 },
        { physical: 'pg_class:1.1', parent: `table s.${table}` },
      ),
      object('view', 's.v', { definition: ` SELECT a FROM s.${table};` }),
      object('constraint', 's.o.k', { references: `s.${table}`, definition: `REFERENCES s.${table}(a)` }),
    ];
    const [before, after] = [catalog(at('t')), catalog(at('u'))];
    expect(lines(before, after, true)).toEqual(['table s.t name: "s.t" → "s.u"']);
    expect(compareCatalogs(before, after, { sameDatabase: true }).outcome).toBe('different');
    expect(lines(before, after).length).toBe(5);
  });

  test('a renamed table with a renamed, a new and a changed column', () => {
    const before = catalog([
      object('table', 's.t', {}, { physical: 'c:1' }),
      object('column', 's.t.a', { position: 1, type: 'integer' }, { physical: 'c:1.1', parent: 'table s.t' }),
    ]);
    const after = catalog([
      object('table', 's.u', {}, { physical: 'c:1' }),
      object('column', 's.u.b', { position: 1, type: 'bigint' }, { physical: 'c:1.1', parent: 'table s.u' }),
      object('column', 's.u.c', { position: 2, type: 'text' }, { physical: 'c:1.2', parent: 'table s.u' }),
    ]);
    expect(lines(before, after, true)).toEqual([
      'column s.t.a name: "s.t.a" → "s.u.b"',
      'column s.t.a type: "integer" → "bigint"',
      'column s.u.c presence: "absent" → "present"',
      'table s.t name: "s.t" → "s.u"',
    ]);
  });

  test('a privilege that only the newer version has is no difference between versions', () => {
    const at = (privileges: readonly string[]) => [object('table', 's.t', { privileges })];
    const old = catalog(at(['o=SELECT/o']), 15);
    expect(lines(old, catalog(at(['o=MAINTAIN/o', 'o=SELECT/o']), 18))).toEqual([]);
    expect(lines(catalog(at(['o=SELECT/o'])), catalog(at(['o=MAINTAIN/o', 'o=SELECT/o'])))).toHaveLength(1);
  });
});

describe('function bodies', () => {
  const body = (text: string, language = 'plpgsql') =>
    plainBody(
      `CREATE OR REPLACE FUNCTION s.f()\n LANGUAGE ${language}\nAS $function$${text}$function$\n`,
      language,
    );
  test.each([
    ['BEGIN RETURN 1; END', 'BEGIN\n  RETURN 1 ;\n\tEND', true],
    ['BEGIN RETURN 1; END', 'BEGIN -- why\n RETURN /* a /* nested */ one */ 1; END', true],
    ["SELECT 'a  b'", "SELECT 'a b'", false],
    ["SELECT '--x'", "SELECT ''", false],
    ['SELECT "a  b"', 'SELECT "a b"', false],
    ['SELECT $x$a  b$x$', 'SELECT $x$a b$x$', false],
    ["SELECT 'a'\n'b'", "SELECT 'a' 'b'", false],
    ['SELECT a - -1', 'SELECT a --1', false],
    ['SELECT a b', 'SELECT ab', false],
    ["SELECT E'\\'  --'", "SELECT E'\\' --'", false],
    ['SELECT f (a , b)', 'SELECT f(a,b)', true],
    ['SELECT 1 /* open', 'SELECT 1', false],
  ])('%j and %j: same is %s', (one, other, same) => {
    expect(body(one) === body(other)).toBe(same);
  });
  test('white space counts in other languages', () => {
    expect(body('if x:\n  y', 'plpython3u')).not.toBe(body('if x:\n y', 'plpython3u'));
  });
});

describe('fingerprints', () => {
  const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        tie('value'),
        { maxKeys: 3 },
      ),
    ),
  })).value;
  const properties = fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    json,
    { maxKeys: 5 },
  );
  const objects = fc.uniqueArray(fc.record({ identity: fc.string(), properties }), {
    selector: ({ identity }) => identity,
    maxLength: 12,
  });
  const shuffled = (value: Json): Json => {
    if (Array.isArray(value)) return (value as readonly Json[]).map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, item]) => [key, shuffled(item)]),
    );
  };
  const build = (list: readonly { identity: string; properties: Readonly<Record<string, Json>> }[]) =>
    catalog(list.map(({ identity, properties: own }) => object('view', identity, own)));

  test('do not depend on the order of objects or of properties', () => {
    fc.assert(
      fc.property(objects, (list) => {
        const reversed = [...list]
          .reverse()
          .map(({ identity, properties: own }) => ({ identity, properties: shuffled(own) as typeof own }));
        const [a, b] = [fingerprintCatalog(build(list)), fingerprintCatalog(build(reversed))];
        expect(b.hash).toBe(a.hash);
        expect(b.cosmeticFree).toBe(a.cosmeticFree);
        expect(new Map(b.objects)).toEqual(new Map(a.objects));
      }),
    );
  });

  test('are equal exactly where a comparison says so', () => {
    fc.assert(
      fc.property(objects, objects, (one, other) => {
        const [a, b] = [build(one), build(other)];
        const equal = compareCatalogs(a, b).outcome === 'equal';
        expect(fingerprintCatalog(a).hash === fingerprintCatalog(b).hash).toBe(equal);
      }),
    );
  });

  test('canonical JSON reads back as the same value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
      }),
    );
  });
});
