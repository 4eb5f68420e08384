CREATE TABLE n (id int);
SET search_path = other;
DROP TABLE n;
