ALTER TABLE t ALTER COLUMN mood TYPE boolean USING mood = 'cross', ALTER COLUMN at TYPE timestamptz USING timestamptz 'epoch' + at * interval '1 second';
DROP TYPE mood;
ALTER TABLE t RENAME COLUMN at TO seen_at;
ALTER TABLE t ALTER COLUMN "Odd Name" TYPE numeric(8, 1);
