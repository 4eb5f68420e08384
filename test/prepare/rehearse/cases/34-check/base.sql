CREATE TABLE t (id int PRIMARY KEY, s text NOT NULL CONSTRAINT known CHECK (s IN ('a', 'b')));
