-- from 14
-- Bodies that the server itself understands (BEGIN ATOMIC, RETURN): dependencies it knows and enforces.
CREATE TABLE account (id int PRIMARY KEY, balance numeric DEFAULT 0, owner text);
CREATE FUNCTION fee(x numeric) RETURNS numeric IMMUTABLE RETURN x * 0.01;
CREATE FUNCTION total() RETURNS numeric LANGUAGE sql STABLE BEGIN ATOMIC SELECT sum(balance - fee(balance)) FROM account; END;
CREATE VIEW rich AS SELECT id, balance, total() AS all_of_it FROM account WHERE balance > fee(1000);
CREATE FUNCTION rich_ids() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT r.id FROM rich r ORDER BY r.balance DESC; END;
CREATE FUNCTION pick(n int DEFAULT 1) RETURNS TABLE (a int, b text) LANGUAGE sql
  BEGIN ATOMIC SELECT r.id, a.owner FROM rich_ids() r (id) JOIN account a USING (id) LIMIT n; END;
CREATE PROCEDURE transfer(source int, target int, amount numeric) LANGUAGE sql BEGIN ATOMIC
  UPDATE account SET balance = balance - amount - fee(amount) WHERE id = source;
  UPDATE account SET balance = balance + amount WHERE id = target;
  INSERT INTO account (id, owner) SELECT 0, 'bank; END' WHERE NOT EXISTS (SELECT FROM account WHERE id = 0);
END;
CREATE VIEW picked AS SELECT p.a, p.b FROM pick(3) p;
CREATE TABLE audit (id int DEFAULT 1, total numeric DEFAULT total(), CHECK (fee(id) >= 0));
-- change
DROP VIEW picked;
ALTER TABLE account RENAME balance TO amount;
CREATE OR REPLACE FUNCTION fee(x numeric) RETURNS numeric IMMUTABLE RETURN x * 0.02;
DROP FUNCTION pick(int);
ALTER TABLE account ALTER owner SET DEFAULT 'nobody';
CREATE OR REPLACE FUNCTION rich_ids() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT id FROM account; END;
