-- Texts that name columns by position: PostgreSQL prints them so where a whole row is joined under a new name.
-- refuses forward: its text names the columns of public.e by position
CREATE TABLE e (a int DEFAULT -1, b bigint, c numeric, d text, h text[], w boolean);
CREATE VIEW ev AS
  WITH RECURSIVE r (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 5), m AS MATERIALIZED (SELECT DISTINCT ON (a) a, b FROM e ORDER BY a, b DESC NULLS LAST)
  SELECT e.a, (SELECT max(n) FROM r) AS most, m.b, count(*) FILTER (WHERE e.w) OVER w AS counted, sum(e.a) OVER (w ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES) AS summed,
    ROW(e.a, e.d)::text AS both, ARRAY(SELECT n FROM r) AS list, EXISTS (SELECT FROM m WHERE m.a = e.a) AS there, g.o
  FROM e LEFT JOIN m USING (a) CROSS JOIN LATERAL unnest(e.h) WITH ORDINALITY AS g (v, o)
  WINDOW w AS (PARTITION BY e.d ORDER BY e.a);
-- change
ALTER TABLE e ALTER d SET DEFAULT 'a' || E'\\\\', ALTER h SET DEFAULT '{}';
ALTER TABLE e RENAME a TO "A a";
