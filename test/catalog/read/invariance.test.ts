import { describe, expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import { fingerprintCatalog } from '../../../src/catalog/fingerprint.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection, Connector } from '../../../src/postgres/connection.ts';
import { outerMajors, testServer } from '../../support/servers.ts';

const TYPES = `CREATE SCHEMA shop; CREATE TYPE shop.state AS ENUM ('new', 'paid');
  CREATE DOMAIN shop.email AS text CHECK (VALUE LIKE '%@%');`;
const CUSTOMER = `CREATE TABLE shop.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  mail shop.email NOT NULL UNIQUE, since timestamptz NOT NULL DEFAULT '2024-02-03 04:05:06+00', score float8 DEFAULT 0.1,
  wait interval DEFAULT '1 day 02:00:00', raw bytea DEFAULT '\\x00ff', "Mixed Case" date DEFAULT '2024-01-31');`;
const PRODUCT = `CREATE TABLE shop.product (id serial PRIMARY KEY, name text NOT NULL, tags text[] DEFAULT '{}');`;
const ORDERS = `CREATE TABLE shop.orders (id int PRIMARY KEY, state shop.state NOT NULL DEFAULT 'new',
  customer bigint, product int, CHECK (id > 0 AND state <> 'paid'));`;
const KEYS = [
  'ALTER TABLE shop.orders ADD CONSTRAINT oc FOREIGN KEY (customer) REFERENCES shop.customer ON DELETE CASCADE;',
  'ALTER TABLE shop.orders ADD CONSTRAINT op FOREIGN KEY (product) REFERENCES shop.product;',
];
const INDEXES = [
  'CREATE INDEX o1 ON shop.orders (customer);',
  'CREATE INDEX o2 ON shop.orders ((id + 1), state DESC) WHERE id > 5;',
];
const REST = [
  'CREATE VIEW shop.open AS SELECT o.id, c.mail FROM shop.orders o JOIN shop.customer c ON c.id = o.customer;',
  `CREATE FUNCTION shop.one(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT a';`,
  'GRANT SELECT ON shop.orders TO pg_monitor; GRANT UPDATE ON shop.orders TO pg_monitor;',
  `COMMENT ON TABLE shop.product IS 'things';`,
];

const FORWARD = [TYPES, CUSTOMER, PRODUCT, ORDERS, ...KEYS, ...INDEXES, ...REST].join('\n');
const OTHER_ORDER = [
  'CREATE TABLE public.gone (a int); CREATE TABLE public.gone_too (b int);',
  TYPES,
  ORDERS,
  [...INDEXES].reverse().join(''),
  PRODUCT,
  'DROP TABLE public.gone;',
  CUSTOMER,
  [...KEYS].reverse().join(''),
  [...REST]
    .reverse()
    .join('')
    .replace('GRANT SELECT ON shop.orders TO pg_monitor; GRANT UPDATE', 'GRANT UPDATE'),
  'GRANT SELECT ON shop.orders TO pg_monitor; DROP TABLE public.gone_too',
].join('\n');

const SETTINGS = [
  'SET search_path = shop, public',
  `SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET TimeZone = 'Asia/Tokyo'`,
  'SET extra_float_digits = -5; SET bytea_output = escape; SET quote_all_identifiers = on',
  'CREATE TEMP TABLE int4 (a int); CREATE TEMP TABLE orders (a int); SET search_path = pg_temp, shop',
  'SET standard_conforming_strings = off; SET default_transaction_isolation = serializable',
];

async function build(connector: Connector, sql: string): Promise<Connection> {
  const connection = await connector.connect('test');
  await connection.script(sql);
  return connection;
}

describe.each([...outerMajors()])('PostgreSQL %i: the same schema is the same fingerprint', (major) => {
  test('built in another order, among other objects', async () => {
    const server = await testServer(major);
    const one = await build(await server.createDatabase(), FORWARD);
    const other = await build(await server.createDatabase(), OTHER_ORDER);
    try {
      const [a, b] = [await readCatalog(one), await readCatalog(other)];
      expect(compareCatalogs(a, b).differences).toEqual([]);
      expect(fingerprintCatalog(a).hash).toBe(fingerprintCatalog(b).hash);
      expect([...a.objects.keys()].sort()).toEqual([...b.objects.keys()].sort());
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });

  test('read from sessions with other settings, which stay as they were', async () => {
    const server = await testServer(major);
    const connector = await server.createDatabase();
    const plain = await build(connector, FORWARD);
    const expected = fingerprintCatalog(await readCatalog(plain)).hash;
    for (const settings of SETTINGS) {
      const odd = await build(connector, settings);
      const query = `SELECT current_setting('search_path'), current_setting('DateStyle'), current_setting('TimeZone')`;
      const before = await odd.script(query);
      expect(fingerprintCatalog(await readCatalog(odd)).hash, settings).toBe(expected);
      expect(await odd.script(query)).toEqual(before);
      await odd.close();
    }
    await plain.close();
  });

  test('read inside a transaction, which goes on with its settings', async () => {
    const server = await testServer(major);
    const connection = await build(await server.createDatabase(), FORWARD);
    const before = await readCatalog(connection);
    await connection.transaction(async () => {
      await connection.script('SET LOCAL search_path = shop; CREATE TABLE shop.more (a int)');
      const during = await readCatalog(connection, { inTransaction: true });
      expect(compareCatalogs(before, during).differences.map(({ object }) => object)).toEqual(['shop.more']);
      const [rows] = await connection.script(
        `SELECT current_setting('search_path'), to_regclass('more')::text`,
      );
      expect(rows?.[0]).toEqual(['shop', 'more']);
    });
    await connection.close();
  });

  test('a privilege revoked and granted again, a column put back, a table renamed twice', async () => {
    const server = await testServer(major);
    const connection = await build(await server.createDatabase(), FORWARD);
    const before = fingerprintCatalog(await readCatalog(connection)).hash;
    await connection.script(
      `REVOKE ALL ON FUNCTION shop.one FROM PUBLIC; GRANT EXECUTE ON FUNCTION shop.one TO PUBLIC;
       GRANT SELECT ON shop.product TO pg_monitor; REVOKE SELECT ON shop.product FROM pg_monitor;
       ALTER TABLE shop.product RENAME TO p2; ALTER TABLE shop.p2 RENAME TO product;
       ALTER TABLE shop.orders ADD c int; ALTER TABLE shop.orders DROP c`,
    );
    expect(fingerprintCatalog(await readCatalog(connection)).hash).toBe(before);
    await connection.close();
  });

  test('without the ledger, the attic and the capture triggers', async () => {
    const server = await testServer(major);
    const connection = await build(await server.createDatabase(), FORWARD);
    const before = await readCatalog(connection);
    await connection.script(
      `CREATE SCHEMA ferrata; CREATE TABLE ferrata.runs (id int PRIMARY KEY); CREATE SCHEMA ferrata_attic;
       CREATE TABLE ferrata_attic.images (id serial PRIMARY KEY, row jsonb); CREATE VIEW ferrata.v AS SELECT 1 AS a;
       CREATE FUNCTION public.ferrata_capture_x() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE TRIGGER ferrata_capture_x AFTER UPDATE ON shop.orders FOR EACH STATEMENT
         EXECUTE FUNCTION public.ferrata_capture_x()`,
    );
    const after = await readCatalog(connection);
    expect(compareCatalogs(before, after).differences).toEqual([]);
    expect(after.parked).toEqual([]);
    await connection.close();
  });

  test('any role may read it', async () => {
    const server = await testServer(major);
    const connection = await build(await server.createDatabase(), FORWARD);
    const asOwner = fingerprintCatalog(await readCatalog(connection)).hash;
    await connection.script(`SET ROLE pg_monitor`);
    expect(fingerprintCatalog(await readCatalog(connection)).hash).toBe(asOwner);
    await connection.close();
  });
});
