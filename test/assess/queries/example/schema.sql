CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  status text NOT NULL DEFAULT 'new',
  note text,
  total numeric(10, 2)
);
CREATE INDEX orders_customer_idx ON orders (customer_id);
CREATE VIEW open_orders AS SELECT id, status, note FROM orders WHERE status <> 'done';
CREATE VIEW open_notes AS SELECT id, note FROM open_orders WHERE note IS NOT NULL;
CREATE FUNCTION close_order(o bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE orders SET status = 'done', note = 'closed' WHERE id = o;
END $$;
CREATE PUBLICATION feed FOR TABLE orders;
