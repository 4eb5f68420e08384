CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE DOMAIN code AS text CHECK (length(VALUE) < 100);
CREATE TABLE t (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'calm', code code, a text);
