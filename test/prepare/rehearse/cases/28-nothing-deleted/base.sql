CREATE TABLE roles (id int PRIMARY KEY, name text);
