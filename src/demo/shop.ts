/** The demo's database: a small shop, filled by the server itself. */

/** Nine tables with foreign keys, two views, an enum and a trigger. */
export const SHOP_SCHEMA = `
CREATE TYPE order_status AS ENUM ('new', 'paid', 'packed', 'shipped', 'delivered', 'cancelled');

CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE addresses (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
  street text NOT NULL,
  city text NOT NULL,
  country char(2) NOT NULL DEFAULT 'AT'
);
CREATE TABLE categories (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  parent_id int REFERENCES categories,
  name text NOT NULL UNIQUE
);
CREATE TABLE products (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  category_id int NOT NULL REFERENCES categories,
  sku text NOT NULL UNIQUE,
  title text NOT NULL,
  price numeric(10, 2) NOT NULL CHECK (price > 0),
  reorder_level int NOT NULL DEFAULT 10,
  supplier_note text
);
CREATE TABLE inventory (
  product_id int PRIMARY KEY REFERENCES products ON DELETE CASCADE,
  in_stock int NOT NULL CHECK (in_stock >= 0)
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  status order_status NOT NULL DEFAULT 'new',
  total numeric(12, 2) NOT NULL DEFAULT 0,
  coupon text,
  placed_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_customer_idx ON orders (customer_id);
CREATE TABLE order_items (
  order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
  line int NOT NULL,
  product_id int NOT NULL REFERENCES products,
  quantity int NOT NULL CHECK (quantity > 0),
  price numeric(10, 2) NOT NULL,
  PRIMARY KEY (order_id, line)
);
CREATE TABLE payments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id bigint NOT NULL REFERENCES orders,
  amount numeric(12, 2) NOT NULL,
  paid_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE shipments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id bigint NOT NULL UNIQUE REFERENCES orders,
  carrier text NOT NULL,
  shipped_at timestamptz NOT NULL DEFAULT now()
);
CREATE VIEW open_orders AS
  SELECT o.id, o.customer_id, c.email, o.status, o.total, o.placed_at
  FROM orders o JOIN customers c ON c.id = o.customer_id
  WHERE o.status NOT IN ('delivered', 'cancelled');
CREATE VIEW revenue_by_day AS
  SELECT date_trunc('day', placed_at) AS day, count(*) AS orders, sum(total) AS revenue
  FROM orders WHERE status <> 'cancelled' GROUP BY 1;
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders
  FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
`;

/** Fills the shop: `orders` orders with one to two items each, and what they refer to. */
export function shopData(orders: number): string {
  const customers = Math.max(100, Math.round(orders / 10));
  return `
INSERT INTO customers (email, name)
  SELECT 'customer' || n || '@example.com', 'Customer ' || n FROM generate_series(1, ${customers}) n;
INSERT INTO addresses (customer_id, street, city)
  SELECT n, n || ' Ridge Road', 'Innsbruck' FROM generate_series(1, ${customers}) n;
INSERT INTO categories (name) SELECT 'Category ' || n FROM generate_series(1, 20) n;
INSERT INTO products (category_id, sku, title, price, reorder_level, supplier_note)
  SELECT 1 + n % 20, 'SKU-' || n, 'Product ' || n, 1 + n % 100, 5 + n % 30, CASE WHEN n % 3 = 0 THEN 'call before noon' END
  FROM generate_series(1, 1000) n;
INSERT INTO inventory SELECT id, 1000000 FROM products;
INSERT INTO orders (customer_id, status, total, coupon, placed_at, updated_at)
  SELECT 1 + n % ${customers}, (enum_range(NULL::order_status))[1 + n % 6], (n % 500) + 0.99,
         CASE WHEN n % 7 = 0 THEN 'SUMMER' || n % 50 END, now() - n * interval '1 minute', now()
  FROM generate_series(1, ${orders}) n;
INSERT INTO order_items SELECT n, 1, 1 + n % 1000, 1 + n % 4, 1 + n % 100 FROM generate_series(1, ${orders}) n;
INSERT INTO payments (order_id, amount) SELECT n, (n % 500) + 0.99 FROM generate_series(1, ${orders}, 2) n;
INSERT INTO shipments (order_id, carrier) SELECT n, 'Post' FROM generate_series(1, ${orders}, 4) n;
ANALYZE;
`;
}

/** The change of the demo: a column away, two columns more, a backfill, an index, a view. */
export const GOOD_MIGRATION = `-- Orders get a priority; the coupon moves out of the orders table.
ALTER TABLE orders ADD COLUMN priority smallint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN channel text;
ALTER TABLE orders DROP COLUMN coupon;
UPDATE products SET reorder_level = reorder_level * 2 WHERE category_id = 3;
CREATE VIEW urgent_orders AS
  SELECT id, customer_id, total FROM orders WHERE priority > 0 AND status = 'new';
CREATE INDEX CONCURRENTLY orders_placed_idx ON orders (placed_at);
`;

/** Looks harmless, and so does its down. */
export const BAD_UP = `ALTER TABLE products DROP COLUMN supplier_note;
ALTER TABLE products ALTER COLUMN reorder_level TYPE bigint, ALTER COLUMN reorder_level DROP DEFAULT;
`;
export const BAD_DOWN = `ALTER TABLE products ALTER COLUMN reorder_level TYPE int;
ALTER TABLE products ADD COLUMN supplier_note text;
`;
