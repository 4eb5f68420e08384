-- Tables that refer to themselves and to each other.
CREATE TABLE employee (
  id int PRIMARY KEY,
  boss int DEFAULT 1 REFERENCES employee ON DELETE SET DEFAULT ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
  tenant int NOT NULL,
  deputy int,
  UNIQUE (tenant, id),
  FOREIGN KEY (tenant, deputy) REFERENCES employee (tenant, id) MATCH FULL
);
CREATE TABLE author (id int PRIMARY KEY, best_book int);
CREATE TABLE book (id int PRIMARY KEY, author int NOT NULL REFERENCES author, sequel int REFERENCES book);
ALTER TABLE author ADD CONSTRAINT best FOREIGN KEY (best_book) REFERENCES book ON DELETE SET NULL;
CREATE TABLE x (id int PRIMARY KEY, y int);
CREATE TABLE y (id int PRIMARY KEY, z int);
CREATE TABLE z (id int PRIMARY KEY, x int REFERENCES x);
ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y;
ALTER TABLE y ADD FOREIGN KEY (z) REFERENCES z DEFERRABLE;
CREATE TABLE tree (id int PRIMARY KEY, up int) PARTITION BY RANGE (id);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (0) TO (100);
CREATE TABLE tree_2 PARTITION OF tree DEFAULT;
ALTER TABLE tree ADD CONSTRAINT up FOREIGN KEY (up) REFERENCES tree;
CREATE VIEW chain AS WITH RECURSIVE c AS (SELECT id, boss, 1 AS depth FROM employee WHERE boss IS NULL
  UNION ALL SELECT e.id, e.boss, c.depth + 1 FROM employee e JOIN c ON c.id = e.boss) SELECT * FROM c;
-- change
DROP VIEW chain;
ALTER TABLE employee ALTER id TYPE bigint, ALTER boss TYPE bigint, ALTER deputy TYPE bigint;
ALTER TABLE book RENAME TO work;
ALTER TABLE x ALTER id TYPE bigint;
ALTER TABLE author DROP CONSTRAINT best;
ALTER TABLE tree DROP CONSTRAINT up;
DROP TABLE y CASCADE;
