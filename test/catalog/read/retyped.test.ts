/**
 * A schema that was typed in, read, written down and typed in again has the same fingerprint, whatever expression is in
 * it: else a scratch copy would never equal its target.
 */
import { describe, expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import { mayBeRetyped, retyped } from '../../../src/catalog/deparsed.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { renderDifference } from '../../../src/catalog/render/index.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { testMajors, testServer } from '../../support/servers.ts';

const TABLE = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'AND');
  CREATE DOMAIN code AS varchar(8);
  CREATE TYPE "Odd ""type" AS ENUM ('x');
  CREATE TABLE t (
    i int, s smallint, b bigint, n numeric(10,2), f double precision, r real, ok boolean,
    v varchar, v5 varchar(5), c char(3), x text, m mood, d code, o "Odd ""type", "AND" int, "a b" varchar,
    day date, ts timestamp, tz timestamptz, h time, span interval,
    j json, jb jsonb, u uuid, ip inet, xs text[], vs varchar[], ms mood[], ii int[], rg int4range, bt bit(3), vb varbit,
    by bytea, pt point, mo money, na name, ch "char"
  )`;

/** Conditions; each becomes a CHECK, a partial index's predicate, a policy, a trigger's WHEN and a view's WHERE. */
const CONDITIONS = [
  "v IN ('a', 'b')",
  "v NOT IN ('a', 'b')",
  "v5 IN ('a', 'b', NULL)",
  "c IN ('a', 'b')",
  "x IN ('a', 'b')",
  "d IN ('a', 'b')",
  "d::text IN ('a', 'b')",
  "m IN ('sad', 'ok')",
  "m::text IN ('sad', 'AND')",
  "o IN ('x')",
  "na IN ('a', 'b')",
  "ch IN ('a', 'b')",
  '"a b" IN (\'a\', \'b\') AND "AND" IN (1, 2)',
  'i IN (1, 2, 3)',
  's IN (1, 2)',
  'b IN (1, 2)',
  'n IN (1, 2.5)',
  'f IN (1, 2.5)',
  'i IN (1, 2.5)',
  "v IN ('it''s', E'back\\\\slash', ') AND (')",
  "v = ANY (ARRAY['a', 'b'])",
  "v = ANY (ARRAY['a', 'b']::varchar[])",
  "v = ANY (ARRAY['a', 'b']::varchar(3)[])",
  "v = ANY ('{a,b}')",
  "v = ANY ('{a,b}'::text[])",
  "x = ANY (ARRAY['a', 'b']::varchar[])",
  'x <> ALL (ARRAY[v, v5, c::varchar])',
  "v LIKE ANY (ARRAY['a%', 'b%'])",
  "v ~* ANY (ARRAY['a', 'b'])",
  "vs && ARRAY['a', 'b']::varchar[]",
  "vs <@ ARRAY['a', 'b']::text[]::varchar[]",
  "vs::text[] <@ ARRAY['a', 'b']",
  "xs <@ ARRAY['a', 'b']::varchar[]::text[]",
  "ms <@ ARRAY['sad', 'ok']::mood[]",
  'ii <@ ARRAY[1, 2]::bigint[]::int[]',
  "cardinality(ARRAY[ARRAY['a', 'b']::varchar[], ARRAY['c', 'd']::varchar[]]::text[]) > 1",
  'i BETWEEN 1 AND 5',
  'i BETWEEN 1 AND 5 AND n > 2',
  'n > 2 AND i BETWEEN 1 AND 5',
  'i BETWEEN 1 AND 5 AND n BETWEEN 1 AND 2 AND f BETWEEN 1 AND 2',
  'i BETWEEN SYMMETRIC 5 AND 1',
  'i NOT BETWEEN 1 AND 5 OR n > 2',
  'i NOT BETWEEN SYMMETRIC 1 AND 5',
  'i > 1 AND (n > 2 AND (f > 3 AND r > 4))',
  '((i > 1 AND n > 2) AND f > 3) AND r > 4',
  'i > 1 OR (n > 2 OR (f > 3 OR r > 4))',
  'i > 1 AND (n > 2 OR (f > 3 AND r > 4 AND (ok AND NOT ok)))',
  'NOT (i > 1 AND (n > 2 AND f > 3))',
  '(i > 1 AND (n > 2 AND f > 3)) IS TRUE',
  '(ok AND (i > 1 AND n > 2)) = (ok OR (i > 1 OR n > 2))',
  "CASE WHEN ok AND (i > 1 AND n > 2) THEN v IN ('a', 'b') ELSE i BETWEEN 1 AND 2 AND ok END",
  'coalesce(i > 1 AND (n > 2 AND ok), false) AND ok',
  "CASE v WHEN 'a' THEN 1 WHEN 'b' THEN 2 END > 0",
  "coalesce(v, 'x') = 'x'",
  "nullif(v, 'a') IS NOT NULL",
  "greatest(v, 'a') > least(v5, 'b')",
  '(i, n) IN ((1, 2), (3, 4))',
  '(i, n) > (1, 2)',
  '(i, b) = (1, 2)',
  '(i, v) IS NOT NULL',
  "(i, v) IS DISTINCT FROM (1, 'a')",
  "v IS DISTINCT FROM 'a'",
  "v || 'x' = 'ax'",
  "v || i = 'a1'",
  "i::text = '1'",
  'i = -1 AND n = -1.5 AND f = -1e10 AND b = -9223372036854775808',
  '-i < - 3 AND @ i > 2 AND i <> 3',
  "day >= '2020-01-01' AND day < date '2021-01-01'",
  "day BETWEEN '2020-01-01' AND '2020-12-31' AND ts > '2020-01-01 10:00'",
  "tz > '2020-01-01 10:00+02'",
  "tz AT TIME ZONE 'UTC' > ts",
  "ts AT TIME ZONE 'Europe/Oslo' > tz",
  'extract(year FROM day) > 2000',
  "date_part('year', ts) > 2000",
  "date_trunc('day', ts) = ts",
  "span > interval '1 day' AND span > interval '2' hour AND span > '1-2'::interval year to month",
  "h > '10:00' AND h < time '11:00'",
  "day + 1 > '2020-01-01' AND ts + interval '1 day' > ts",
  '(day, day + 1) OVERLAPS (day - 1, day)',
  "substring(v FROM 1 FOR 2) = 'ab'",
  "substring(v FROM 'a(.)') = 'b'",
  "substring(v FROM 'a#\"b#\"c' FOR '#') = 'b'",
  "position('a' IN v) > 0",
  "overlay(v PLACING 'x' FROM 1 FOR 2) = 'x'",
  "trim(BOTH 'x' FROM v) = trim(LEADING FROM v) OR trim(TRAILING 'y' FROM x) = btrim(v)",
  "v LIKE 'a\\_%' AND v NOT LIKE 'b%' AND v ILIKE 'c%' ESCAPE '!'",
  "v SIMILAR TO '(a|b)%'",
  "v ~ '^[a-z]+$' AND v !~ E'\\\\d' AND x ~* 'q'",
  'v COLLATE "C" > \'a\' AND x = v COLLATE "POSIX"',
  'length(v) BETWEEN 1 AND 5 AND char_length(x) < 10 AND octet_length(v) < 9',
  'lower(v) = v AND upper(v5::text) <> v5',
  "xs[1] = 'a' AND ii[2:3] = ARRAY[1, 2] AND ii[:2] IS NOT NULL",
  'array_length(ii, 1) > 1 AND 1 = ANY (ii) AND array_position(ii, NULL) IS NULL',
  "jb ? 'a' AND jb ->> 'b' = 'c' AND (jb -> 'd' ->> 0)::int > 1",
  "jb @> '{\"a\": [1, 2]}' AND jb #>> '{a,0}' = 'x'",
  "j ->> 'a' IN ('x', 'y')",
  "(jb ->> 'a')::varchar IN ('x', 'y')",
  "jsonb_typeof(jb) = 'object'",
  "u = '00000000-0000-0000-0000-000000000000'",
  "ip << '10.0.0.0/8' AND ip <> '10.0.0.1'::inet",
  "rg && '[1,5)' AND rg @> 3 AND NOT isempty(rg) AND rg <@ int4range(1, 9, '[]')",
  "bt = B'101' AND vb = b'1' AND bt & B'001' = B'001'",
  "by = '\\x00ff' AND by <> 'abc'::bytea",
  "pt <@ box '((0,0),(1,1))'",
  "mo > '1.50'::money",
  'i % 2 = 0 AND i / 2 * 2 = i AND i ^ 2 > 1 AND i # 3 > 1 AND i << 2 > 1 AND ~i < 0',
  'i::bigint::numeric::float8 > 1 AND n::int > 1 AND CAST(v AS int) > 1',
  "v::varchar(3) = 'abc' AND x::char(3) = c AND v5 = 'a'::bpchar",
  'ok IS NOT TRUE AND ok IS UNKNOWN AND NOT ok IS FALSE',
  'num_nonnulls(i, v) = 1 AND num_nulls(i, n) > 0',
  'current_date > day OR current_user = na OR localtimestamp > ts OR now() > tz',
  "current_setting('app.user', true) = v OR session_user = x",
  "x = 'a' AND x <> 'b' OR x = 'c' AND (x <> 'd' OR x = 'e')",
  "concat(v, x) = format('%s', i)",
  "to_tsvector('english', coalesce(v, '') || ' ' || coalesce(x, '')) @@ to_tsquery('english', 'a & b')",
  "md5(v) = encode(by, 'hex') AND starts_with(x, 'a')",
  't.* IS NOT NULL',
  "row(i, v) = row(1, 'a'::varchar)",
  "make_interval(days => i) > '1 day' AND make_date(year => i, month => 1, day => 1) > day",
  "concat_ws(',', VARIADIC xs) = x",
  "xs = string_to_array(v, ',') AND ii = '{1,2}'",
  'i = 1 AND TRUE OR FALSE AND NULL IS NULL',
];

/** Queries that are views. */
const QUERIES = [
  'SELECT * FROM t',
  "SELECT i, CASE WHEN v IN ('a', 'b') THEN 'x' ELSE v END AS w FROM t",
  'SELECT a.i, b.v FROM t a JOIN t b USING (i)',
  'SELECT * FROM t a NATURAL JOIN (SELECT i, v AS w FROM t) b',
  "SELECT a.i FROM t a LEFT JOIN t b ON a.i = b.i AND b.v IN ('a', 'b') AND b.n BETWEEN 1 AND 2 AND b.ok",
  'SELECT a.i, b.i AS j FROM t a, LATERAL (SELECT i FROM t x WHERE x.i = a.i LIMIT 1) b',
  'SELECT i, (SELECT max(n) FROM t x WHERE x.i = t.i AND (x.ok AND (x.n > 1 AND x.f > 2))) AS mx FROM t',
  "SELECT i FROM t WHERE EXISTS (SELECT 1 FROM t x WHERE x.i = t.i AND x.v IN ('a', 'b')) AND i IN (SELECT i FROM t)",
  'SELECT i FROM t WHERE (i, n) IN (SELECT i, n FROM t) AND i = ANY (SELECT 1) AND i <> ALL (ARRAY(SELECT 2))',
  'SELECT i, count(*) FILTER (WHERE ok AND (n > 1 AND f > 1)) AS c, array_agg(v ORDER BY x DESC NULLS LAST) AS a FROM t GROUP BY i HAVING count(*) > 1 AND (sum(n) > 1 AND max(f) > 1)',
  'SELECT i, n, count(*) FROM t GROUP BY GROUPING SETS ((i, n), (i), ())',
  'SELECT i, n, grouping(i) AS g FROM t GROUP BY ROLLUP (i, n)',
  'SELECT row_number() OVER (PARTITION BY v ORDER BY i) AS a, sum(n) OVER w AS b, lag(i, 1, 0) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS c FROM t WINDOW w AS (PARTITION BY v ORDER BY i RANGE BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING EXCLUDE TIES)',
  'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f) AS p, mode() WITHIN GROUP (ORDER BY v) AS m FROM t',
  'SELECT DISTINCT ON (i) i, v FROM t ORDER BY i, n DESC NULLS LAST, v USING <',
  'SELECT DISTINCT v FROM t LIMIT 5 OFFSET 2',
  'SELECT i FROM t ORDER BY i FETCH FIRST 3 ROWS WITH TIES',
  'SELECT i FROM t UNION ALL SELECT s FROM t EXCEPT (SELECT 1 INTERSECT SELECT 2) ORDER BY 1',
  "(SELECT v FROM t WHERE v IN ('a', 'b')) UNION SELECT x FROM t WHERE i BETWEEN 1 AND 2 AND ok",
  'WITH c AS (SELECT i FROM t WHERE ok AND (n > 1 AND f > 1)) SELECT * FROM c',
  'WITH RECURSIVE c(k, p) AS (SELECT 1, ARRAY[1] UNION ALL SELECT k + 1, p || k FROM c WHERE k < 5 AND (k > 0 AND k <> 3)) SELECT * FROM c',
  'WITH c AS MATERIALIZED (SELECT 1 AS one), d AS NOT MATERIALIZED (SELECT 2 AS two) SELECT * FROM c, d',
  "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS q (k, w)",
  "VALUES (1, 'a'::varchar), (2, 'b')",
  'SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g (k, ord)',
  'SELECT * FROM unnest(ARRAY[1, 2], ARRAY[3]) AS q (a, b)',
  'SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS q (a, b)',
  "SELECT * FROM json_to_recordset('[]') AS q (a int, b varchar(5))",
  'SELECT t.i, q.one FROM t NATURAL LEFT JOIN (SELECT 1 AS one) q',
  'SELECT i FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1)',
  'SELECT i FROM ONLY t AS q FOR UPDATE OF q SKIP LOCKED',
  'SELECT t AS whole, t.v, (t.*)::text AS txt FROM t',
  'SELECT i AS "AND", v AS "sel ect", 1 AS "Ünï", \'x\' AS "a""b" FROM t',
  "SELECT NULL AS n, 'x' AS u, 1.50 AS d, true AS b, '2020-01-01'::date AS day, B'101' AS bits, ARRAY[]::text[] AS e, ARRAY['a', v] AS arr, ROW(1, 'a')::text AS rw FROM t",
  'SELECT xmlelement(name a, xmlattributes(v AS b), x) AS e, xmlforest(v, x AS y) AS f FROM t',
  "SELECT json_build_object('a', v, 'b', ARRAY[v, x]) AS j, jsonb_agg(t) AS g FROM t GROUP BY v, x",
  "SELECT a.v || coalesce(b.x, 'none') AS w FROM (t a LEFT JOIN t b ON b.i = a.i) RIGHT JOIN t c ON c.i = b.i FULL JOIN t d ON d.i = c.i CROSS JOIN t e",
  'SELECT (SELECT count(*) FROM t) AS a, ARRAY(SELECT v FROM t WHERE ok ORDER BY 1) AS b',
  "SELECT q.i, q.w FROM (SELECT i, v AS w FROM t WHERE v NOT IN ('a', 'b') OR (ok OR (n > 1 OR f > 1))) q",
];

async function typed(connection: Connection, sql: string): Promise<string | null> {
  try {
    await connection.script(sql);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each([...testMajors()])('typed in again on PostgreSQL %i', (major) => {
  test('every expression has the same text', async () => {
    const server = await testServer(major);
    const [one, other] = await Promise.all([server.createDatabase(), server.createDatabase()]);
    const [from, to] = await Promise.all([one.connect('test'), other.connect('test')]);
    const refused: string[] = [];
    try {
      await from.script(TABLE);
      await from.script(
        'CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$; SET check_function_bodies = off',
      );
      for (const [index, condition] of CONDITIONS.entries()) {
        const problem = await typed(
          from,
          `ALTER TABLE t ADD CONSTRAINT c${index} CHECK (${condition}) NOT VALID`,
        );
        if (problem !== null) refused.push(`${condition}: ${problem}`);
        await typed(from, `CREATE VIEW c${index} AS SELECT i FROM t WHERE ${condition}`);
        await typed(from, `CREATE POLICY c${index} ON t USING (${condition})`);
        await typed(from, `CREATE INDEX c${index} ON t (i) WHERE ${condition}`);
        if (major >= 14) {
          await typed(from, `CREATE STATISTICS s${index} ON i, (${condition}) FROM t`);
          await typed(
            from,
            `CREATE FUNCTION f${index}(q boolean DEFAULT ${condition.replaceAll('t.*', '1')}) RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM t WHERE ${condition}; END`,
          );
        }
      }
      for (const [index, query] of QUERIES.entries()) {
        const problem = await typed(from, `CREATE VIEW q${index} AS ${query}`);
        if (problem !== null) refused.push(`${query}: ${problem}`);
        await typed(from, `CREATE MATERIALIZED VIEW m${index} AS ${query}`);
      }
      expect(refused).toEqual([]);
      const wanted = await readCatalog(from);
      const rendering = renderDifference(await readCatalog(to), wanted, {
        sameDatabase: false,
        currentUser: to.server.user,
      });
      expect(rendering.refusals).toEqual([]);
      await to.script(rendering.statements.map(({ sql }) => sql).join(';\n'));
      const copy = await readCatalog(to);
      expect(compareCatalogs(wanted, copy).differences).toEqual([]);
    } finally {
      await Promise.all([from.close(), to.close()]);
    }
  });
});

describe("text that is not the server's", () => {
  test.each(['(a AND b', "SELECT 'x ((AND", 'f(x[1)]'])('%s stays as it is', (text) => {
    expect(retyped(text)).toBe(text);
  });

  test.each([
    ['((a) AND ((b) OR (c)))', '((a) AND ((b) OR (c)))'],
    ['(((a) AND (b)) AND (c))', '((a) AND (b) AND (c))'],
    ['((a) OR ((b) OR (c)))', '((a) OR (b) OR (c))'],
    ['(NOT ((a) AND ((b) AND (c))))', '(NOT ((a) AND (b) AND (c)))'],
    ['(((a) AND (b)) = ((c) AND (d)))', '(((a) AND (b)) = ((c) AND (d)))'],
    ['f(((a) AND (b)), ((c) AND (d)))', 'f(((a) AND (b)), ((c) AND (d)))'],
    ["(' AND (' = ((x) AND ((y) AND (z))))", "(' AND (' = ((x) AND (y) AND (z)))"],
    [
      '(v = ANY ((ARRAY[\'a]\'::t, E\'b\\\\\'::t])::"T x"."y[]"[]))',
      '(v = ANY (ARRAY[(\'a]\'::t)::"T x"."y[]", (E\'b\\\\\'::t)::"T x"."y[]"]))',
    ],
    ['((ARRAY[1, 2])::bigint)', '((ARRAY[1, 2])::bigint)'],
  ])('%s', (text, wanted) => {
    expect(mayBeRetyped(text)).toBe(true);
    expect(retyped(text)).toBe(wanted);
  });
});
