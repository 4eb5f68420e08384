-- name: ListOrders :many
SELECT * FROM orders WHERE customer_id = :customer;

-- name: SetNote :exec
UPDATE orders SET note = :note WHERE id = :id;

-- name: AddOrder :one
INSERT INTO orders (customer_id, total) VALUES (:customer, :total) RETURNING id;

-- name: CloseOrder :exec
SELECT close_order(:id);

-- name: ByState :many
SELECT id, total FROM orders WHERE state = :state;

-- name: FindCustomer :one
SELECT id FROM customers WHERE email = :email;
