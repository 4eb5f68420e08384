CREATE TABLE t (id int PRIMARY KEY, total int NOT NULL);
