CREATE TABLE t (id int);
GO
CREATE TABLE u (id int);
