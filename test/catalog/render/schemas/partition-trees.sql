-- Partitions three deep, by every method, with what they inherit and what is theirs alone.
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE event (
  tenant int NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, n bigint, note text DEFAULT 'x',
  PRIMARY KEY (tenant, at, kind), CHECK (n > 0)
) PARTITION BY LIST (tenant);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1, 2) PARTITION BY RANGE (at);
CREATE TABLE event_1_2023 PARTITION OF event_1 FOR VALUES FROM ('2023-01-01 00:00+00') TO ('2024-01-01 00:00+00') PARTITION BY HASH (kind);
CREATE TABLE event_1_2023_0 PARTITION OF event_1_2023 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE event_1_2023_1 PARTITION OF event_1_2023 (note DEFAULT 'y', CONSTRAINT own CHECK (n < 1000)) FOR VALUES WITH (MODULUS 2, REMAINDER 1) WITH (fillfactor = 70);
CREATE TABLE event_1_rest PARTITION OF event_1 DEFAULT;
-- Columns in another order, then attached.
CREATE TABLE event_3 (note text, n bigint CHECK (n > 0), kind text NOT NULL, gone int, at timestamptz NOT NULL, tenant int NOT NULL) PARTITION BY RANGE (at, kind);
ALTER TABLE event_3 DROP gone;
ALTER TABLE event_3 ADD CONSTRAINT event_n_check CHECK (n > 0);
ALTER TABLE event ATTACH PARTITION event_3 FOR VALUES IN (3, NULL);
CREATE TABLE event_3_a PARTITION OF event_3 FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2023-01-01', 'm');
CREATE UNLOGGED TABLE event_3_b PARTITION OF event_3 FOR VALUES FROM ('2023-01-01', 'm') TO (MAXVALUE, MAXVALUE);
CREATE TABLE event_rest PARTITION OF event DEFAULT;
CREATE INDEX event_kind ON event (kind) WHERE n > 5;
CREATE INDEX event_1_note ON event_1 (note);
CREATE INDEX event_only ON ONLY event (n);
CREATE INDEX event_rest_n ON event_rest (n);
ALTER INDEX event_only ATTACH PARTITION event_rest_n;
CREATE TRIGGER stamp BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TRIGGER own BEFORE INSERT ON event_1_2023_0 FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE detail (id int PRIMARY KEY, tenant int, at timestamptz, kind text, FOREIGN KEY (tenant, at, kind) REFERENCES event);
ALTER TABLE event_1_2023 ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON event_1_2023 USING (tenant = 1);
COMMENT ON TABLE event_1_2023_1 IS 'a leaf';
-- change
ALTER TABLE event ADD extra int DEFAULT 7;
ALTER TABLE event ALTER n SET NOT NULL;
ALTER TABLE event DETACH PARTITION event_3;
ALTER TABLE event_1 DETACH PARTITION event_1_2023;
ALTER TABLE event_1 DETACH PARTITION event_1_rest;
DROP TABLE event_1_rest;
DROP INDEX event_kind;
ALTER TABLE event_rest RENAME TO event_others;
CREATE TABLE event_9 PARTITION OF event FOR VALUES IN (9);
