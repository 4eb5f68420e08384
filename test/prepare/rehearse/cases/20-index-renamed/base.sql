CREATE TABLE t (id int PRIMARY KEY, a int, v text);
CREATE INDEX t_a ON t (a);
