CREATE TABLE t (id int);
\connect other
SELECT 1;
