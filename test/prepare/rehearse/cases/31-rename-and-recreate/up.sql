ALTER TABLE t RENAME TO t_old;
CREATE TABLE t (id serial PRIMARY KEY, v text, w text);
INSERT INTO t (id, v) SELECT id, v FROM t_old;
DROP TABLE t_old;
