INSERT INTO customers (email) SELECT 'c' || n || '@example.org' FROM generate_series(1, 2000) n;
INSERT INTO orders (customer_id, status, note, total)
  SELECT 1 + n % 2000, CASE WHEN n % 50 = 0 THEN 'new' ELSE 'done' END, repeat('note ', 20), n FROM generate_series(1, 20000) n;
