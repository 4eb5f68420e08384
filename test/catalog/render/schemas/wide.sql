-- As many columns as a table can have.
DO $$ BEGIN
  EXECUTE 'CREATE TABLE wide (' || (SELECT string_agg(format('c%s %s', n, CASE n % 8 WHEN 0 THEN 'text' WHEN 1 THEN 'int NOT NULL' WHEN 2 THEN 'smallint DEFAULT 3'
    WHEN 3 THEN 'boolean' ELSE 'int' END), ', ') FROM generate_series(1, 1600) n) || ')';
END $$;
ALTER TABLE wide ADD CONSTRAINT c CHECK (c1600 IS NOT NULL OR c1 > 0);
CREATE INDEX wide_i ON wide (c1599, c1);
CREATE VIEW wide_v AS SELECT * FROM wide;
COMMENT ON COLUMN wide.c1600 IS 'the last one';
-- change
DROP VIEW wide_v;
ALTER TABLE wide ALTER c1600 SET NOT NULL, ALTER c7 TYPE bigint, ALTER c2 DROP DEFAULT;
COMMENT ON COLUMN wide.c1600 IS NULL;
