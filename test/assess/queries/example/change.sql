ALTER TABLE orders ADD COLUMN state text;
CREATE INDEX CONCURRENTLY orders_state_idx ON orders (state);
DROP INDEX CONCURRENTLY orders_customer_idx;
ALTER TABLE orders DROP COLUMN note CASCADE;
