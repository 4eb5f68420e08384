CREATE TABLE t (id int PRIMARY KEY, a int, v text);
CREATE VIEW big AS SELECT id FROM t WHERE a > 10;
COMMENT ON VIEW big IS 'the big ones';
GRANT SELECT ON big TO PUBLIC;
