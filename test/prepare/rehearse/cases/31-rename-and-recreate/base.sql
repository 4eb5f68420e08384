CREATE TABLE t (id serial PRIMARY KEY, v text);
CREATE INDEX t_v ON t (v);
