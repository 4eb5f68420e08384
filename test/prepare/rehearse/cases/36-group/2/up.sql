ALTER TABLE orders ADD COLUMN customer_id int REFERENCES customers;
