/** What hangs on a changed object: every kind of dependent, from a real server's catalogs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changesOf } from '../../../src/assess/impact/changes.ts';
import { readDependencyGraph } from '../../../src/assess/impact/graph.ts';
import type { Dependent } from '../../../src/assess/impact/model.ts';
import { byPhysical, dependentsOfChange } from '../../../src/assess/impact/tree.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { testServer } from '../../support/servers.ts';

const SCHEMA = `
  CREATE TYPE status AS ENUM ('new', 'done');
  CREATE FUNCTION next_code() RETURNS text LANGUAGE sql AS 'SELECT ''x''';
  CREATE TABLE customers (id int PRIMARY KEY, email text, code text DEFAULT next_code());
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, state status, note text, price int,
    twice int GENERATED ALWAYS AS (price * 2) STORED, CONSTRAINT dear CHECK (price > 0));
  CREATE INDEX orders_note_idx ON orders (lower(note));
  CREATE STATISTICS orders_stats ON note, price FROM orders;
  CREATE VIEW noted AS SELECT id, note FROM orders WHERE note IS NOT NULL;
  CREATE VIEW noted_twice AS SELECT n.id FROM noted n JOIN noted m USING (id);
  CREATE MATERIALIZED VIEW summary AS SELECT count(*) AS n FROM noted_twice;
  CREATE VIEW prices AS SELECT twice FROM orders;
  CREATE POLICY own ON orders USING (note = current_user);
  CREATE FUNCTION by_text(x int) RETURNS text LANGUAGE sql AS 'SELECT o.note FROM orders o WHERE o.id = x';
  CREATE FUNCTION caller() RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN
    FOR r IN SELECT id FROM customers LOOP RETURN by_text(r.id); END LOOP; RETURN NULL; END $$;
  CREATE FUNCTION dynamic() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'UPDATE orders SET note = NULL'; END $$;
  CREATE FUNCTION elsewhere() RETURNS void LANGUAGE plpgsql AS $$ DECLARE note text; BEGIN note := 'x'; END $$;
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := upper(NEW.note); RETURN NEW; END $$;
  CREATE TRIGGER orders_stamp BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION stamp();
  CREATE TRIGGER orders_of AFTER UPDATE OF note ON orders FOR EACH ROW EXECUTE FUNCTION stamp();
  CREATE PUBLICATION everything FOR ALL TABLES;
  CREATE SCHEMA other;
  CREATE TABLE other.orders (note text);
  CREATE FUNCTION other.reads() RETURNS text LANGUAGE sql SET search_path = other AS 'SELECT note FROM orders'`;

const NEWER = `
  CREATE FUNCTION by_tree() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT note FROM orders; END;
  CREATE PUBLICATION columns FOR TABLE orders (id, note)`;

/** One line a dependent: its place in the tree by indentation. */
function lines(dependents: readonly Dependent[], depth = 0): string[] {
  return dependents.flatMap(({ object, how, fate, breaks, dependents: below }) => [
    `${'  '.repeat(depth)}${object} [${how}, ${fate}${breaks ? ', breaks' : ''}]`,
    ...lines(below, depth + 1),
  ]);
}

describe.each([18, 15, 13])('PostgreSQL %i', (major) => {
  let connection: Connection;

  beforeAll(async () => {
    connection = await (await (await testServer(major)).createDatabase()).connect('test');
    await connection.script(SCHEMA);
    if (major >= 15) await connection.script(NEWER);
  });
  afterAll(() => connection?.close());

  /** The trees of what `sql` changes, by change; the database is as before afterwards. */
  async function impact(sql: string): Promise<Readonly<Record<string, readonly string[]>>> {
    const before = await readCatalog(connection);
    const graph = await readDependencyGraph(connection, before);
    await connection.script('BEGIN');
    try {
      await connection.script(sql);
      const after = await readCatalog(connection, { inTransaction: true });
      const around = { graph, before, after: byPhysical(after) };
      return Object.fromEntries(
        changesOf(before, after, 's1').map((change) => [
          `${change.object}: ${change.what}`,
          lines(dependentsOfChange(change, around)),
        ]),
      );
    } finally {
      await connection.script('ROLLBACK');
    }
  }

  test('a column: views on views, bodies, triggers, policies, indexes, publications', async () => {
    const trees = await impact(
      `DROP FUNCTION IF EXISTS by_tree(); DROP PUBLICATION IF EXISTS columns; ALTER TABLE orders DROP COLUMN note CASCADE`,
    );
    const newer = major >= 15;
    expect(trees['column public.orders.note: dropped']).toEqual([
      'function public.by_text(integer) [names, stays, breaks]',
      '  function public.caller() [names, stays]',
      ...(newer ? ['function public.by_tree() [needs, dropped]'] : []),
      'function public.dynamic() [mentions, stays]',
      'function public.stamp() [names, stays, breaks]',
      '  trigger public.orders.orders_stamp [needs, stays]',
      'index public.orders_note_idx [needs, dropped]',
      'policy public.orders.own [needs, dropped]',
      ...(newer ? ['publication columns [needs, dropped]'] : []),
      'publication everything [publishes, stays]',
      'statistics public.orders_stats [needs, dropped]',
      'trigger public.orders.orders_of [needs, dropped]',
      'view public.noted [needs, dropped]',
      '  view public.noted_twice [needs, dropped]',
      '    materialized view public.summary [needs, dropped]',
    ]);
  });

  test('a column that others are computed from, and a key that others refer to', async () => {
    const price = await impact('ALTER TABLE orders DROP COLUMN price CASCADE');
    expect(price['column public.orders.price: dropped']).toEqual([
      'column public.orders.twice [needs, dropped]',
      '  view public.prices [needs, dropped]',
      'constraint public.orders.dear [needs, dropped]',
      'publication everything [publishes, stays]',
      'statistics public.orders_stats [needs, dropped]',
    ]);
    const key = await impact('ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE');
    expect(key['constraint public.customers.customers_pkey: dropped']).toEqual([
      'constraint public.orders.orders_customer_id_fkey [needs, dropped]',
    ]);
  });

  test('a table that gets another name: the server follows, bodies do not', async () => {
    const trees = await impact('ALTER TABLE orders RENAME TO purchases');
    const tree = trees['table public.orders: renamed to public.purchases'] ?? [];
    expect(tree).toContain('function public.by_text(integer) [names, stays, breaks]');
    expect(tree).toContain('view public.noted [needs, changed]');
    expect(tree.join('\n')).not.toContain('other.reads');
    // Its own parts are no dependents.
    expect(tree.join('\n')).not.toContain('orders_note_idx');
  });

  test('a function that a default calls, a type that a column has', async () => {
    const code = await impact('DROP FUNCTION next_code() CASCADE');
    expect(code['function public.next_code(): dropped']).toEqual([
      'column public.customers.code [needs, changed]',
    ]);
    const type = await impact("ALTER TYPE status ADD VALUE 'open'");
    expect(type['enum public.status: label open is new']).toEqual([
      'column public.orders.state [needs, stays]',
    ]);
  });

  test('what is not changed is not told: comments, order, children that follow', async () => {
    const trees = await impact(`COMMENT ON TABLE orders IS 'x'; CREATE TABLE child () INHERITS (customers)`);
    expect(Object.keys(trees)).toEqual(['table public.child: created']);
    await connection.script('CREATE TABLE heir () INHERITS (customers)');
    const both = await impact('ALTER TABLE customers ALTER email TYPE varchar(50)');
    expect(Object.keys(both)).toEqual(['column public.customers.email: type: text → character varying(50)']);
    const renamed = await impact('ALTER TABLE customers RENAME email TO mail');
    expect(Object.keys(renamed)).toEqual(['column public.customers.email: renamed to public.customers.mail']);
    await connection.script('DROP TABLE heir');
  });
});
