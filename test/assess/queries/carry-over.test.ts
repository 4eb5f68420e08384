/**
 * A scratch copy without a row that has been given the target's statistics plans as the target does: the same nodes, and
 * costs that differ by next to nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { carryOver, readStartNames } from '../../../src/assess/queries/carry-over.ts';
import { readStatistics } from '../../../src/assess/queries/statistics.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { outerMajors, testMajors, testServer } from '../../support/servers.ts';

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
  CREATE DOMAIN short AS varchar(20);
  CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL, mood mood, nick short, tags text[], born date);
  CREATE UNIQUE INDEX customers_email ON customers (lower(email));
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, status varchar(10), total numeric(10,2), at timestamptz);
  CREATE INDEX orders_customer ON orders (customer_id);
  CREATE INDEX orders_at ON orders (at);
  CREATE INDEX orders_open ON orders (id) WHERE status = 'new';
  CREATE TABLE events (id int, day date NOT NULL, kind text) PARTITION BY RANGE (day);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2020-02-01') TO ('2020-03-01');
  CREATE INDEX events_kind ON events (kind)`;

const ROWS = `
  INSERT INTO customers SELECT n, 'c' || n || '@example.org', (ARRAY['sad', 'ok', 'happy'])[1 + n % 3]::mood, 'n' || n % 7,
    ARRAY['t' || n % 5, 't' || n % 11], date '1980-01-01' + n % 9000 FROM generate_series(1, 5000) n;
  INSERT INTO orders SELECT n, 1 + n % 5000, CASE WHEN n % 100 = 0 THEN 'new' ELSE 'done' END, n % 997, timestamptz '2020-01-01' + n * interval '1 minute'
    FROM generate_series(1, 40000) n;
  INSERT INTO events SELECT n, date '2020-01-01' + n % 60, 'k' || n % 40 FROM generate_series(1, 20000) n`;

const QUERIES = [
  "SELECT * FROM orders WHERE status = 'new'",
  "SELECT * FROM orders WHERE status = 'done' AND total > 900",
  "SELECT count(*) FROM orders WHERE at > timestamptz '2020-01-27'",
  "SELECT * FROM customers WHERE lower(email) = 'c77@example.org'",
  "SELECT * FROM customers WHERE mood = 'sad' AND nick = 'n3'",
  "SELECT * FROM customers WHERE born < date '1981-01-01' ORDER BY born",
  "SELECT * FROM customers WHERE tags @> ARRAY['t3']",
  "SELECT c.nick, sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.status = 'new' GROUP BY c.nick",
  'SELECT id FROM orders WHERE id = 5',
  "SELECT count(*) FROM events WHERE kind = 'k7'",
  "SELECT * FROM events WHERE day = date '2020-01-05'",
];

interface Node {
  readonly 'Node Type': string;
  readonly 'Total Cost': number;
  readonly 'Plan Rows': number;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Node[];
}

async function explain(connection: Connection, sql: string): Promise<Node> {
  const [row] = await connection.rows<[readonly { readonly Plan: Node }[]]>(`EXPLAIN (FORMAT JSON) ${sql}`);
  return row?.[0][0]?.Plan as Node;
}

function shape(node: Node): string {
  const below = (node.Plans ?? []).map(shape).join(', ');
  return `${node['Node Type']} ${node['Index Name'] ?? ''} (${below})`;
}

describe.each([...new Set([...outerMajors(), ...testMajors().filter((major) => major === 15)])])(
  'PostgreSQL %i',
  (major) => {
    let target: Connection;
    let copy: Connection;
    let directory: string;

    beforeAll(async () => {
      const server = await testServer(major);
      const [full, empty] = [await server.createDatabase(), await server.createDatabase()];
      target = await full.connect('test');
      await target.script(SCHEMA);
      await target.script(ROWS);
      await target.script('VACUUM ANALYZE');
      // Parallel plans depend on sizes at a threshold; they are another matter.
      await target.script('SET max_parallel_workers_per_gather = 0; SET jit = off');
      const [row] = await target.rows<[string]>('SHOW data_directory');
      directory = row?.[0] ?? '';
      const writer = await empty.connect('test');
      await writer.script(SCHEMA);
      const tables = ['public.customers', 'public.orders', 'public.events'];
      const statistics = await readStatistics(target, tables, true);
      const carried = await carryOver(writer, statistics, await readStartNames(writer), directory);
      expect(carried).toMatchObject({ sizes: true });
      expect(carried.columns).toBeGreaterThan(12);
      await writer.close();
      copy = await empty.connect('test');
      await copy.script('SET max_parallel_workers_per_gather = 0; SET jit = off');
    });

    afterAll(async () => {
      await target?.close();
      await copy?.close();
    });

    test.each(QUERIES)('%s', async (sql) => {
      const [wanted, got] = [await explain(target, sql), await explain(copy, sql)];
      expect(shape(got)).toBe(shape(wanted));
      // What an empty index does not show: its height.
      expect(Math.abs(got['Total Cost'] - wanted['Total Cost'])).toBeLessThan(
        Math.max(2, wanted['Total Cost'] * 0.02),
      );
      expect(Math.abs(got['Plan Rows'] - wanted['Plan Rows'])).toBeLessThan(
        Math.max(2, wanted['Plan Rows'] * 0.02),
      );
    });

    test('without its files the copy plans with the rows and not with the pages', async () => {
      const server = await testServer(major);
      const writer = await (await server.createDatabase()).connect('test');
      try {
        await writer.script(
          `${SCHEMA}; INSERT INTO customers VALUES (1, 'a'); INSERT INTO orders VALUES (1, 1, 'new', 1, now())`,
        );
        const statistics = await readStatistics(target, ['public.orders'], true);
        const carried = await carryOver(writer, statistics, await readStartNames(writer), null);
        expect(carried.sizes).toBe(false);
        const all = await explain(writer, 'SELECT * FROM orders');
        expect(all['Plan Rows']).toBe(40_000);
        expect(shape(await explain(writer, 'SELECT * FROM orders WHERE customer_id = 5'))).toContain(
          'orders_customer',
        );
      } finally {
        await writer.close();
      }
    });

    test('values are left out where they are not wanted', async () => {
      const statistics = await readStatistics(target, ['public.customers'], false);
      const text = JSON.stringify(statistics);
      expect(text).not.toContain('example.org');
      expect(text).not.toContain('happy');
      expect(statistics.relations.find(({ name }) => name === 'customers')?.columns).toHaveLength(6);
    });
  },
);
