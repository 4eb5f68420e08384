CREATE VIEW recent AS SELECT id FROM t WHERE at > timestamptz 'now' - interval '1 day';
