CREATE TABLE t (id int PRIMARY KEY, a int, v text);
CREATE INDEX t_i ON t (a, v DESC);
