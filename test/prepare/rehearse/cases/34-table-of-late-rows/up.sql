CREATE TABLE log (id int PRIMARY KEY, what text);
