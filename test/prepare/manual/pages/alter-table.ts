import type { Page } from '../model.ts';

const DISTRIBUTORS = `
  CREATE TABLE distributors (dist_id integer PRIMARY KEY, name varchar(40), address varchar(30), city text, zipcode char(5), street text);
  INSERT INTO distributors VALUES (1, 'Alpine Films', 'Via 1', 'Bolzano', '39100', 'Via Alta'), (2, 'Ferro', NULL, NULL, '39012', 'x');`;

const MEASUREMENT = `
  CREATE TABLE measurement (city_id int NOT NULL, logdate date NOT NULL, peaktemp int) PARTITION BY RANGE (logdate);
  CREATE TABLE measurement_y2016m06 PARTITION OF measurement FOR VALUES FROM ('2016-06-01') TO ('2016-07-01');
  INSERT INTO measurement VALUES (1, '2016-06-10', 21), (2, '2016-06-11', NULL);`;

export const alterTable: Page = {
  page: 'ALTER TABLE',
  examples: [
    { name: 'ADD COLUMN', schema: DISTRIBUTORS, up: 'ALTER TABLE distributors ADD COLUMN phone varchar(30)' },
    {
      name: 'ADD COLUMN with a constant default',
      schema: DISTRIBUTORS,
      up: 'ALTER TABLE distributors ADD COLUMN seen timestamp with time zone DEFAULT now()',
    },
    {
      name: 'ADD COLUMN, then another default',
      schema: DISTRIBUTORS,
      up: "ALTER TABLE distributors ADD COLUMN state varchar(30) DEFAULT 'old', ALTER COLUMN state SET DEFAULT 'current'",
    },
    {
      name: 'DROP COLUMN RESTRICT',
      schema: DISTRIBUTORS,
      up: 'ALTER TABLE distributors DROP COLUMN address RESTRICT',
    },
    {
      name: 'two columns change their type',
      schema: DISTRIBUTORS,
      up: 'ALTER TABLE distributors ALTER COLUMN address TYPE varchar(80), ALTER COLUMN name TYPE varchar(100)',
    },
    {
      name: 'seconds since the epoch become a timestamp, USING',
      schema: `CREATE TABLE foo (id int PRIMARY KEY, foo_timestamp integer); INSERT INTO foo VALUES (1, 1000000000), (2, NULL), (3, 86400)`,
      up: `ALTER TABLE foo ALTER COLUMN foo_timestamp SET DATA TYPE timestamp with time zone
        USING timestamp with time zone 'epoch' + foo_timestamp * interval '1 second'`,
    },
    {
      name: 'the same, where the default does not cast by itself',
      schema: `CREATE TABLE foo (id int PRIMARY KEY, foo_timestamp integer DEFAULT 0); INSERT INTO foo VALUES (1, 1000000000), (2, NULL)`,
      up: `ALTER TABLE foo ALTER COLUMN foo_timestamp DROP DEFAULT,
        ALTER COLUMN foo_timestamp TYPE timestamp with time zone
          USING timestamp with time zone 'epoch' + foo_timestamp * interval '1 second',
        ALTER COLUMN foo_timestamp SET DEFAULT now()`,
    },
    {
      name: 'RENAME COLUMN',
      schema: DISTRIBUTORS,
      up: 'ALTER TABLE distributors RENAME COLUMN address TO city_address',
    },
    { name: 'RENAME TO', schema: DISTRIBUTORS, up: 'ALTER TABLE distributors RENAME TO suppliers' },
    {
      name: 'RENAME CONSTRAINT',
      schema: `${DISTRIBUTORS} ALTER TABLE distributors ADD CONSTRAINT zipchk CHECK (char_length(zipcode) = 5)`,
      up: 'ALTER TABLE distributors RENAME CONSTRAINT zipchk TO zip_check',
    },
    {
      name: 'SET NOT NULL',
      schema: DISTRIBUTORS,
      up: 'ALTER TABLE distributors ALTER COLUMN street SET NOT NULL',
    },
    {
      name: 'DROP NOT NULL',
      schema: `${DISTRIBUTORS} ALTER TABLE distributors ALTER COLUMN street SET NOT NULL`,
      up: 'ALTER TABLE distributors ALTER COLUMN street DROP NOT NULL',
    },
    {
      name: 'ADD CONSTRAINT CHECK',
      schema: DISTRIBUTORS,
      up: 'ALTER TABLE distributors ADD CONSTRAINT zipchk CHECK (char_length(zipcode) = 5)',
    },
    {
      name: 'ADD CONSTRAINT CHECK NO INHERIT',
      schema: `${DISTRIBUTORS} CREATE TABLE distributors_eu () INHERITS (distributors)`,
      up: 'ALTER TABLE distributors ADD CONSTRAINT zipchk CHECK (char_length(zipcode) = 5) NO INHERIT',
    },
    {
      name: 'DROP CONSTRAINT from a table and its children',
      schema: `${DISTRIBUTORS} CREATE TABLE distributors_eu () INHERITS (distributors);
        ALTER TABLE distributors ADD CONSTRAINT zipchk CHECK (char_length(zipcode) = 5)`,
      up: 'ALTER TABLE distributors DROP CONSTRAINT zipchk',
    },
    {
      name: 'DROP CONSTRAINT ONLY',
      schema: `${DISTRIBUTORS} CREATE TABLE distributors_eu () INHERITS (distributors);
        ALTER TABLE distributors ADD CONSTRAINT zipchk CHECK (char_length(zipcode) = 5)`,
      up: 'ALTER TABLE ONLY distributors DROP CONSTRAINT zipchk',
    },
    {
      name: 'ADD FOREIGN KEY',
      schema: `CREATE TABLE addresses (address varchar(30) PRIMARY KEY); INSERT INTO addresses VALUES ('Via 1'); ${DISTRIBUTORS}`,
      up: 'ALTER TABLE distributors ADD CONSTRAINT distfk FOREIGN KEY (address) REFERENCES addresses (address)',
    },
    {
      name: 'ADD FOREIGN KEY NOT VALID, then VALIDATE',
      schema: `CREATE TABLE addresses (address varchar(30) PRIMARY KEY); INSERT INTO addresses VALUES ('Via 1'); ${DISTRIBUTORS}`,
      up: `ALTER TABLE distributors ADD CONSTRAINT distfk FOREIGN KEY (address) REFERENCES addresses (address) NOT VALID;
        ALTER TABLE distributors VALIDATE CONSTRAINT distfk`,
    },
    {
      name: 'ADD UNIQUE over two columns',
      schema: DISTRIBUTORS,
      up: 'ALTER TABLE distributors ADD CONSTRAINT dist_id_zipcode_key UNIQUE (dist_id, zipcode)',
    },
    {
      name: 'ADD PRIMARY KEY',
      schema:
        "CREATE TABLE distributors (dist_id int, name text); INSERT INTO distributors VALUES (1, 'a'), (2, 'b')",
      up: 'ALTER TABLE distributors ADD PRIMARY KEY (dist_id)',
    },
    {
      name: 'SET TABLESPACE',
      schema: DISTRIBUTORS,
      up: 'ALTER TABLE distributors SET TABLESPACE manual_fast',
    },
    {
      name: 'all of a tablespace',
      schema: `CREATE TABLE cinemas (id int PRIMARY KEY, name text) TABLESPACE manual_fast; INSERT INTO cinemas VALUES (1, 'x')`,
      up: 'ALTER TABLE ALL IN TABLESPACE manual_fast SET TABLESPACE pg_default',
    },
    {
      name: 'REPLICA IDENTITY, row security, storage parameters',
      schema: DISTRIBUTORS,
      up: `ALTER TABLE distributors REPLICA IDENTITY FULL, ENABLE ROW LEVEL SECURITY, SET (fillfactor = 70),
        ALTER COLUMN name SET STORAGE EXTERNAL, ALTER COLUMN name SET STATISTICS 7, SET UNLOGGED`,
    },
    {
      name: 'SET SCHEMA',
      schema: `CREATE SCHEMA myschema; CREATE SCHEMA yourschema; CREATE TABLE myschema.distributors (id int PRIMARY KEY, name text); INSERT INTO myschema.distributors VALUES (1, 'a')`,
      up: 'ALTER TABLE myschema.distributors SET SCHEMA yourschema',
    },
    {
      name: 'a primary key made anew over an index built beforehand',
      harmless: true,
      why: 'In the end the key is as it was; the points in between are proved one by one.',
      schema: DISTRIBUTORS,
      up: `CREATE UNIQUE INDEX CONCURRENTLY dist_id_temp_idx ON distributors (dist_id);
        ALTER TABLE distributors DROP CONSTRAINT distributors_pkey,
          ADD CONSTRAINT distributors_pkey PRIMARY KEY USING INDEX dist_id_temp_idx`,
    },
    {
      name: 'ATTACH PARTITION FOR VALUES',
      schema: `${MEASUREMENT} CREATE TABLE measurement_y2016m07 (LIKE measurement); INSERT INTO measurement_y2016m07 VALUES (3, '2016-07-04', 30)`,
      up: "ALTER TABLE measurement ATTACH PARTITION measurement_y2016m07 FOR VALUES FROM ('2016-07-01') TO ('2016-08-01')",
    },
    {
      name: 'ATTACH PARTITION of a list',
      schema: `CREATE TABLE cities (city_id int, name text) PARTITION BY LIST (left(lower(name), 1));
        CREATE TABLE cities_ab (city_id int, name text); INSERT INTO cities_ab VALUES (1, 'Auer'), (2, 'Bozen')`,
      up: "ALTER TABLE cities ATTACH PARTITION cities_ab FOR VALUES IN ('a', 'b')",
    },
    {
      name: 'ATTACH PARTITION of a hash',
      schema: `CREATE TABLE orders (order_id bigint, cust_id int, status text) PARTITION BY HASH (order_id);
        CREATE TABLE orders_p4 (order_id bigint, cust_id int, status text);
        INSERT INTO orders_p4 SELECT i, 1, 'new' FROM generate_series(1, 40) i WHERE satisfies_hash_partition('orders'::regclass, 4, 3, i::bigint)`,
      up: 'ALTER TABLE orders ATTACH PARTITION orders_p4 FOR VALUES WITH (MODULUS 4, REMAINDER 3)',
    },
    {
      name: 'ATTACH PARTITION DEFAULT',
      schema: `CREATE TABLE cities (city_id int, name text) PARTITION BY LIST (name);
        CREATE TABLE cities_partdef (city_id int, name text); INSERT INTO cities_partdef VALUES (1, 'x')`,
      up: 'ALTER TABLE cities ATTACH PARTITION cities_partdef DEFAULT',
    },
    {
      name: 'DETACH PARTITION',
      schema: MEASUREMENT,
      up: 'ALTER TABLE measurement DETACH PARTITION measurement_y2016m06',
    },
    {
      name: 'DETACH PARTITION CONCURRENTLY',
      since: 14,
      schema: MEASUREMENT,
      up: 'ALTER TABLE measurement DETACH PARTITION measurement_y2016m06 CONCURRENTLY',
    },
  ],
};
