ALTER TABLE t ADD COLUMN label text;
UPDATE t SET label = name;
