import { describe, expect, test } from 'vitest';
import { readCatalog } from '../../../src/catalog/read.ts';
import { testMajors, testServer } from '../../support/servers.ts';

const SCHEMA = `
  CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS int; CREATE TYPE r AS (x e, y d); CREATE TYPE rg AS RANGE (subtype = int);
  CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION im(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
  CREATE SEQUENCE q; CREATE SEQUENCE free;
  CREATE TABLE base (id int PRIMARY KEY, u text UNIQUE);
  CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('q'), s serial, n e, m e[], o r, b int REFERENCES base, c int DEFAULT f(),
    g int GENERATED ALWAYS AS (b + 1) STORED, i int GENERATED ALWAYS AS IDENTITY, rr rg, CHECK (im(b) > 0));
  ALTER SEQUENCE free OWNED BY t.b;
  CREATE INDEX ti ON t (im(b));
  CREATE VIEW v AS SELECT b, f() FROM t; CREATE VIEW w AS SELECT * FROM v;
  CREATE MATERIALIZED VIEW mv AS SELECT * FROM w; CREATE INDEX mvi ON mv (b);
  CREATE VIEW grouped AS SELECT id, u FROM base GROUP BY id;
  CREATE FUNCTION takes(t, base[]) RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v';
  CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
  CREATE POLICY y ON t USING (EXISTS (SELECT FROM base WHERE f() = 1));
  CREATE RULE ru AS ON DELETE TO t DO ALSO DELETE FROM base;
  CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT;
  CREATE TABLE child () INHERITS (base);
  CREATE PUBLICATION pu FOR TABLE t;`;
/** From version 14 on. */
const STANDARD = 'CREATE FUNCTION std() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM base; END';

const WANTED: readonly (readonly [string, string])[] = [
  ['table public.t', 'schema public'],
  ['column public.t.id', 'sequence public.q'],
  ['column public.t.s', 'sequence public.t_s_seq'],
  ['sequence public.free', 'column public.t.b'],
  ['column public.t.n', 'enum public.e'],
  ['column public.t.m', 'enum public.e'],
  ['column public.t.o', 'composite public.r'],
  ['column public.t.rr', 'range public.rg'],
  ['composite public.r', 'enum public.e'],
  ['composite public.r', 'domain public.d'],
  ['column public.t.c', 'function public.f()'],
  ['column public.t.g', 'column public.t.b'],
  ['constraint public.t.t_b_fkey', 'constraint public.base.base_pkey'],
  ['constraint public.t.t_b_fkey', 'column public.base.id'],
  ['constraint public.t.t_b_check', 'function public.im(integer)'],
  ['index public.ti', 'function public.im(integer)'],
  ['view public.v', 'column public.t.b'],
  ['view public.v', 'function public.f()'],
  ['view public.w', 'view public.v'],
  ['materialized view public.mv', 'view public.w'],
  ['view public.grouped', 'constraint public.base.base_pkey'],
  ['function public.takes(public.t, public.base[])', 'table public.t'],
  ['function public.takes(public.t, public.base[])', 'table public.base'],
  ['function public.takes(public.t, public.base[])', 'view public.v'],
  ['trigger public.t.g', 'function public.tf()'],
  ['policy public.t.y', 'table public.base'],
  ['policy public.t.y', 'function public.f()'],
  ['rule public.t.ru', 'table public.base'],
  ['table public.p1', 'table public.p'],
  ['table public.child', 'table public.base'],
  ['publication pu', 'table public.t'],
  ['function public.std()', 'table public.base'],
];

test.each([...testMajors()])('PostgreSQL %i: what needs what', async (major) => {
  const server = await testServer(major);
  const connection = await (await server.createDatabase()).connect('test');
  await connection.script(major >= 14 ? SCHEMA + STANDARD : SCHEMA);
  const wanted = WANTED.filter(([from]) => major >= 14 || from !== 'function public.std()');
  const catalog = await readCatalog(connection);
  const edges = new Set(catalog.dependencies.map(({ from, to }) => `${from} → ${to}`));
  expect(wanted.map(([from, to]) => `${from} → ${to}`).filter((edge) => !edges.has(edge))).toEqual([]);
  for (const { from, to } of catalog.dependencies) {
    expect(catalog.objects.has(from), from).toBe(true);
    expect(catalog.objects.has(to), to).toBe(true);
    expect(from).not.toBe(to);
  }
  // The sequence of a serial is needed by its column, and not the other way round.
  expect(edges.has('sequence public.t_s_seq → column public.t.s')).toBe(false);
  expect(cycles(catalog.dependencies)).toEqual([]);
  expect((await readCatalog(connection, { dependencies: false })).dependencies).toEqual([]);
  await connection.close();
});

describe('extensions', () => {
  test.each([...testMajors()])(
    'PostgreSQL %i: members are no objects, what uses them needs the extension',
    async (major) => {
      const server = await testServer(major);
      const connection = await (await server.createDatabase()).connect('test');
      await connection.script(
        `CREATE FUNCTION pl() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
       CREATE TABLE mine (a int); CREATE FUNCTION theirs(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
       ALTER EXTENSION plpgsql ADD FUNCTION theirs(int); ALTER EXTENSION plpgsql ADD TABLE mine;
       CREATE VIEW v AS SELECT a, theirs(a) FROM mine`,
      );
      const catalog = await readCatalog(connection);
      expect([...catalog.objects.keys()].sort()).toEqual([
        'extension plpgsql',
        'function public.pl()',
        'schema public',
        'view public.v',
      ]);
      expect(catalog.dependencies).toContainEqual({ from: 'view public.v', to: 'extension plpgsql' });
      expect(catalog.dependencies).toContainEqual({ from: 'function public.pl()', to: 'extension plpgsql' });
      await connection.close();
    },
  );
});

function cycles(edges: readonly { readonly from: string; readonly to: string }[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (key: string): void => {
    if (state.get(key) === 'open') found.push(key);
    if (state.has(key)) return;
    state.set(key, 'open');
    for (const to of next.get(key) ?? []) visit(to);
    state.set(key, 'done');
  };
  for (const key of next.keys()) visit(key);
  return found;
}
