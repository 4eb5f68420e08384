CREATE SCHEMA s;
CREATE TABLE s.parent (id serial PRIMARY KEY, a text);
CREATE TABLE s.child (id int PRIMARY KEY, parent int REFERENCES s.parent);
CREATE TABLE beside (id int PRIMARY KEY, parent int REFERENCES s.parent);
CREATE VIEW beside_view AS SELECT b.id, p.a FROM beside b JOIN s.parent p ON p.id = b.parent;
