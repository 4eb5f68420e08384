ALTER TYPE e ADD VALUE 'new';
ALTER TYPE e ADD VALUE 'it''s' AFTER 'new';
CREATE TABLE unrelated (id int);
INSERT INTO t VALUES ('new');
UPDATE t SET e = 'it''s';
