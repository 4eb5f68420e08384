CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE TABLE t (id int PRIMARY KEY, mood mood, at int, "Odd Name" numeric(10, 4));
