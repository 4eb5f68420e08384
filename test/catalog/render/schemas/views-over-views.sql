-- Views over views over materialised views, with triggers, rules, privileges and comments on the way.
DO $$ BEGIN CREATE ROLE sx_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE sale (id int PRIMARY KEY, shop text NOT NULL, at date, amount numeric(10,2), tags text[]);
CREATE FUNCTION vat(amount numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$ SELECT amount * 0.2 $$;
CREATE VIEW sale_vat (id, shop, "when", amount, vat) AS SELECT s.id, s.shop, s.at, s.amount, vat(s.amount) FROM sale s;
CREATE MATERIALIZED VIEW per_shop WITH (fillfactor = 80) AS
  SELECT shop, date_trunc('month', "when") AS month, sum(amount) AS total, count(*) FILTER (WHERE vat > 10) AS dear FROM sale_vat GROUP BY 1, 2;
CREATE UNIQUE INDEX per_shop_key ON per_shop (shop, month);
CREATE INDEX per_shop_total ON per_shop (total DESC NULLS LAST) WHERE dear > 0;
CREATE STATISTICS per_shop_st (ndistinct) ON shop, month FROM per_shop;
CREATE VIEW best WITH (security_barrier) AS SELECT p.*, rank() OVER (PARTITION BY month ORDER BY total DESC) AS place FROM per_shop p;
CREATE MATERIALIZED VIEW best_ever AS SELECT shop, max(total) AS most FROM best WHERE place = 1 GROUP BY shop WITH NO DATA;
CREATE VIEW report AS SELECT b.shop, e.most, s.amount FROM best b JOIN best_ever e USING (shop) LEFT JOIN sale_vat s ON s.shop = b.shop;
CREATE VIEW tall AS SELECT id, shop, amount FROM sale WHERE amount > 100 WITH CASCADED CHECK OPTION;
CREATE VIEW taller AS SELECT * FROM tall WHERE amount > 1000 WITH LOCAL CHECK OPTION;
ALTER VIEW tall ALTER shop SET DEFAULT 'here';
CREATE FUNCTION redirect() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER redirect INSTEAD OF INSERT OR UPDATE OR DELETE ON report FOR EACH ROW EXECUTE FUNCTION redirect('a', 'b');
CREATE TRIGGER each AFTER INSERT ON tall FOR EACH STATEMENT EXECUTE FUNCTION redirect();
CREATE RULE swallow AS ON UPDATE TO best DO INSTEAD NOTHING;
CREATE FUNCTION top(n int) RETURNS SETOF best LANGUAGE sql STABLE AS $$ SELECT * FROM best WHERE place <= n $$;
CREATE VIEW top_three AS SELECT * FROM top(3);
GRANT SELECT ON report, best_ever, sale_vat TO sx_reader;
GRANT SELECT (shop), UPDATE (shop) ON tall TO sx_reader WITH GRANT OPTION;
COMMENT ON VIEW report IS 'r';
COMMENT ON COLUMN per_shop.dear IS 'those with much VAT';
COMMENT ON COLUMN report.most IS 'm';
COMMENT ON TRIGGER redirect ON report IS 't';
COMMENT ON INDEX per_shop_key IS 'i';
-- change
ALTER TABLE sale ADD note text;
ALTER VIEW taller RENAME TO tallest;
DROP VIEW report;
DROP VIEW sale_vat CASCADE;
CREATE VIEW sale_vat AS SELECT s.id, s.shop, s.amount AS net FROM sale s;
DROP FUNCTION IF EXISTS top(int) CASCADE;
