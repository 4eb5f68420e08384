UPDATE t SET name = label;
ALTER TABLE t DROP COLUMN label;
