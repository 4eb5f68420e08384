CREATE TABLE a (id int);
CREATE TABEL b (id int);
