-- Inheritance with overridden defaults, several parents, own checks, and what ONLY the parent has.
CREATE TABLE thing (id int DEFAULT 1, name text NOT NULL DEFAULT 'thing', size int CHECK (size > 0), CONSTRAINT alone CHECK (id < 99) NO INHERIT);
CREATE TABLE priced (price numeric(8,2) DEFAULT 0, name text DEFAULT 'priced', CONSTRAINT cheap CHECK (price < 1000));
CREATE TABLE gadget (name text DEFAULT 'gadget', weight int) INHERITS (thing);
CREATE TABLE shop_gadget (shelf int DEFAULT 5, name text DEFAULT 'in the shop') INHERITS (gadget, priced);
CREATE TABLE plain () INHERITS (thing);
CREATE TABLE late (id int DEFAULT 8, name text NOT NULL, size int CONSTRAINT thing_size_check CHECK (size > 0), extra int);
ALTER TABLE late INHERIT thing;
ALTER TABLE plain ALTER id SET DEFAULT 2, ALTER name DROP DEFAULT, ALTER size SET STATISTICS 44;
ALTER TABLE ONLY thing ALTER size SET DEFAULT 3;
CREATE INDEX ON gadget (size);
CREATE INDEX ON thing (size);
CREATE VIEW things AS SELECT tableoid::regclass::text AS kind, * FROM thing;
CREATE VIEW only_things AS SELECT * FROM ONLY thing;
CREATE RULE away AS ON DELETE TO plain DO INSTEAD NOTHING;
-- change
ALTER TABLE thing ADD colour text DEFAULT 'red';
ALTER TABLE thing ALTER name SET DEFAULT 'a thing';
ALTER TABLE plain ALTER colour SET DEFAULT 'blue';
ALTER TABLE priced ADD CONSTRAINT dear CHECK (price > -1);
ALTER TABLE thing RENAME size TO volume;
ALTER TABLE shop_gadget ALTER price SET DEFAULT 9;
