/** A migration with a step of every kind, over a few rows: for what must hold wherever a run is interrupted. */

import { POLICY } from './policy.ts';

/** Several batches for each of its backfills, however fast the machine is. */
export const EVERY_KIND_POLICY = {
  ...POLICY,
  lockTimeoutMs: 1_000,
  batchRows: 100,
  batchSize: 60,
  batchTargetMs: 60_000,
} as const;

/** The schema before it. The trigger counts: what happens twice, or not at all, shows. */
export const EVERY_KIND_BASE = `
CREATE TYPE mood AS ENUM ('calm', 'glad');
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO customers SELECT g, 'customer ' || g FROM generate_series(1, 20) g;
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer bigint NOT NULL,
  total int NOT NULL,
  legacy text DEFAULT 'old',
  code text NOT NULL
);
INSERT INTO orders (customer, total, legacy, code) SELECT g % 20 + 1, g, 'legacy ' || g, g::text FROM generate_series(1, 240) g;
CREATE INDEX orders_legacy ON orders (legacy);
CREATE INDEX orders_total ON orders (total);
CREATE TABLE changes (id bigint NOT NULL, n int NOT NULL);
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO changes VALUES (NEW.id, 1); RETURN NULL; END $$;
CREATE TRIGGER counted AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION count_change();
CREATE TABLE gone (id int PRIMARY KEY, note text DEFAULT 'x');
INSERT INTO gone SELECT g, 'note ' || g FROM generate_series(1, 50) g;
CREATE TABLE done (id bigint PRIMARY KEY, at date NOT NULL);
INSERT INTO done SELECT g, date '2026-01-01' + g::int FROM generate_series(1, 120) g;
CREATE TABLE parts (id int NOT NULL, v text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
INSERT INTO parts SELECT g, 'v' || g FROM generate_series(1, 150, 5) g;
ANALYZE;`;

export const EVERY_KIND_ID = '20260101000000_every_kind';

/** Inside and outside of transactions, kept and parked, in one statement and in batches. */
export const EVERY_KIND_UP = `
BEGIN; CREATE TABLE notes (id bigint PRIMARY KEY, body text); INSERT INTO notes SELECT id, name FROM customers; COMMIT;
BEGIN; UPDATE customers SET name = upper(name) WHERE id <= 10; DELETE FROM customers WHERE id = 20; COMMIT;
ALTER TABLE orders ADD COLUMN net numeric;
CREATE INDEX CONCURRENTLY orders_customer ON orders (customer);
UPDATE orders SET net = total * 0.8;
BEGIN; ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID; COMMIT;
BEGIN; ALTER TABLE orders VALIDATE CONSTRAINT positive; COMMIT;
BEGIN; ALTER TYPE mood ADD VALUE 'wild' AFTER 'calm'; COMMIT;
BEGIN; ALTER TABLE orders DROP COLUMN legacy; DROP TABLE gone; COMMIT;
BEGIN; ALTER TABLE orders ALTER COLUMN code TYPE int USING length(code); COMMIT;
DELETE FROM done WHERE at > '2026-01-05';
DROP INDEX CONCURRENTLY orders_total;
ALTER TABLE parts DETACH PARTITION parts_2 CONCURRENTLY;
VACUUM orders;
`;
