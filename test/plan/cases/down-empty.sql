CREATE TABLE a (id int);
-- down
-- nothing to undo
