-- Defaults, checks, indexes and views whose text is easily printed in a way that does not read back.
CREATE TABLE e (
  a int DEFAULT -1, b bigint DEFAULT -9223372036854775808, c numeric DEFAULT -1.5e-7, d text DEFAULT E'\\x\n\t''"', e timestamptz DEFAULT now() + interval '1 mon -2 days 03:04:05.678',
  f interval DEFAULT '1 year 2 mons', g bytea DEFAULT '\x00ff'::bytea, h text[] DEFAULT ARRAY['a,b', 'c"d', NULL, '{}'], i jsonb DEFAULT '{"a": "\u00e9\\"}', j date DEFAULT 'infinity',
  k int4range DEFAULT '(1,5]', l bit varying(5) DEFAULT B'101', m "char" DEFAULT 'x', n name DEFAULT 'n', o money, p xml, q int[][] DEFAULT '{{1,2},{3,4}}', r regclass DEFAULT 'pg_class'::regclass,
  s oid DEFAULT 5, t time(2) with time zone DEFAULT '01:02:03.456+05:30', u double precision DEFAULT 'NaN', v uuid DEFAULT gen_random_uuid(), w boolean DEFAULT (NOT (1 > 2)), x text DEFAULT CASE WHEN now() > '2020-01-01' THEN 'a' ELSE NULL END
);
ALTER TABLE e ADD CHECK (a BETWEEN 1 AND 9 OR (b IS NOT NULL AND NOT (c <> 4))), ADD CHECK (d LIKE 'a\%%' ESCAPE '\' OR d ~* '^\d+$' OR d SIMILAR TO '(a|b)+'),
  ADD CHECK ((a, b) < (3, 4)), ADD CHECK (a = ANY (ARRAY[1, 2]) OR a <> ALL ('{3,4}'::int[])), ADD CHECK (e AT TIME ZONE 'Europe/Berlin' > '2000-01-01'), ADD CHECK (a IS DISTINCT FROM b AND (w IS NOT TRUE) IS NOT UNKNOWN),
  ADD CHECK (extract(year FROM e AT TIME ZONE 'UTC') > 1999 AND overlay(d PLACING 'x' FROM 2 FOR 1) <> '' AND position('a' IN d) > 0 AND trim(BOTH 'x' FROM d) <> ''), ADD CHECK (i -> 'a' ->> 'b' IS NULL AND i #>> '{a,b}' IS NULL AND i @> '{"x": 1}'),
  ADD CHECK (COALESCE(NULLIF(GREATEST(a, 3), LEAST(a, 4)), 5) > 0), ADD CHECK (- a > 0 AND @ a > 0), ADD CHECK (d COLLATE "C" < 'x' COLLATE "C"), ADD CHECK (h[1] = 'a' AND h[2:3] <> '{}' AND q[1][2] = 3), ADD CHECK (xmlexists('//a' PASSING p));
CREATE INDEX ON e (((a + 1) * 2 - a / 3 % 4), (d || 'x' COLLATE "C"), (i ->> 'k')) WHERE a > 0 AND (b IS NULL OR c > 1) AND d NOT IN ('x', 'y''z');
CREATE VIEW eg AS SELECT a, b, grouping(a, b) AS level, percentile_cont(0.5) WITHIN GROUP (ORDER BY c) AS middle, string_agg(DISTINCT d, ', ' ORDER BY d) AS all_d
  FROM e TABLESAMPLE BERNOULLI (50) REPEATABLE (3) GROUP BY GROUPING SETS ((a, b), ROLLUP (a), ()) HAVING count(*) > 1 ORDER BY 1 DESC NULLS FIRST OFFSET 1 ROWS FETCH FIRST 3 ROWS ONLY;
CREATE VIEW eu AS (SELECT a FROM e UNION ALL (SELECT b::int FROM e EXCEPT SELECT 3)) INTERSECT SELECT 1 FROM e FULL JOIN eg USING (a) NATURAL JOIN (VALUES (1, 'x')) AS z (a, y);
CREATE RULE er AS ON UPDATE TO e WHERE OLD.a <> NEW.a DO INSTEAD (UPDATE e SET b = 3 WHERE a = OLD.a; DELETE FROM e USING eg WHERE eg.a = e.a);
-- change
ALTER TABLE e ALTER a SET DEFAULT - (-2), ALTER d SET DEFAULT 'a' || E'\\' || U&'\00e9', ALTER f SET DEFAULT interval '3' day, ALTER h SET DEFAULT '{}', ALTER r DROP DEFAULT;
ALTER TABLE e RENAME a TO "A a";
DROP VIEW eu;
DROP RULE er ON e;
ALTER TABLE e DROP CONSTRAINT e_d_check;
