CREATE TABLE users (id int PRIMARY KEY, role text NOT NULL CONSTRAINT known CHECK (role IN ('admin', 'owner', 'editor', 'viewer')));
