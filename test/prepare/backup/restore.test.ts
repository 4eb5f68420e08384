import { expect, test } from 'vitest';
import { silent } from '../../../src/events.ts';
import { createConnector } from '../../../src/postgres/connect.ts';
import { createBackup, listBackups, restoreBackup, verifyBackup } from '../../../src/prepare/backup/index.ts';
import { bench } from './support.ts';

const SHOP = `
  CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL);
  CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id int NOT NULL REFERENCES customers ON DELETE CASCADE, parent int REFERENCES orders, note text);
  CREATE INDEX ON orders (note);
  CREATE TABLE log (at timestamptz DEFAULT now(), what text);
  CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO public.log (what) VALUES (TG_OP || ' ' || TG_TABLE_NAME); RETURN NULL; END $$;
  CREATE TRIGGER remember AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION remember();
  CREATE TRIGGER always AFTER INSERT OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION remember();
  ALTER TABLE customers ENABLE ALWAYS TRIGGER always;
  INSERT INTO customers (name) VALUES ('Ada'), ('Bob');
  INSERT INTO orders (customer_id, parent, note) VALUES (1, NULL, 'a'), (1, 1, 'b'), (2, 3, 'c');
  CREATE VIEW big AS SELECT * FROM orders;
  CREATE MATERIALIZED VIEW per_customer AS SELECT customer_id, count(*) FROM orders GROUP BY 1;
  CREATE MATERIALIZED VIEW total AS SELECT sum(count) FROM per_customer;`;

const STATE = `SELECT 'c', c::text FROM customers c UNION ALL SELECT 'o', o::text FROM orders o
  UNION ALL SELECT 'l', l::text FROM log l UNION ALL SELECT 't', t::text FROM total t ORDER BY 1, 2`;

const restore = (
  settings: { directory: string },
  target: Parameters<typeof restoreBackup>[0]['target'],
  extra: object,
) => restoreBackup({ settings, name: 'b', target, yes: false, reporter: silent, ...extra });

test('a whole database comes back: constraints, triggers, views, sequences', async () => {
  await bench(SHOP, async ({ backup, settings, source, target, sql, scratch }) => {
    await backup('b');
    await restore(settings, target, {});
    expect(await sql(target, STATE)).toEqual(await sql(source, STATE));
    const next = `INSERT INTO customers (name) VALUES ('Cid') RETURNING id`;
    expect(await sql(target, next)).toEqual([['3']]);
    await expect(sql(target, 'INSERT INTO orders (customer_id) VALUES (99)')).rejects.toThrow(/foreign key/);
    expect(await sql(target, `SELECT what FROM log ORDER BY at DESC LIMIT 1`)).toEqual([
      ['INSERT customers'],
    ]);
    await verifyBackup({ settings, name: 'b', provider: scratch, reporter: silent });
  });
});

test('rows are not overwritten without yes, and with it they are backed up first', async () => {
  await bench(SHOP, async ({ backup, settings, source, sql }) => {
    await backup('b');
    const before = await sql(source, STATE);
    await sql(source, `UPDATE orders SET note = 'changed'; INSERT INTO customers (name) VALUES ('new');`);
    await expect(restore(settings, source, {})).rejects.toMatchObject({
      code: 'backup-target-not-empty',
      details: { data: { tables: ['public.customers', 'public.log', 'public.orders'] } },
    });
    const changed = await sql(source, STATE);
    const outcome = await restore(settings, source, { yes: true });
    expect(await sql(source, STATE)).toEqual(before);
    // Keys that were given out are not given out again.
    expect(await sql(source, `SELECT nextval('customers_id_seq')`)).toEqual([['4']]);
    expect(
      await sql(source, `SELECT tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname`),
    ).toEqual([['A'], ['O']]);
    const safety = outcome.safetyBackup ?? '';
    expect((await listBackups(settings)).map((one) => one.name)).toContain(safety);
    await restore(settings, source, { name: safety, yes: true });
    expect(await sql(source, STATE)).toEqual(changed);
  });
});

test('a single table comes back: into one that is there, and where it is gone', async () => {
  await bench(SHOP, async ({ backup, settings, source, sql }) => {
    await backup('b');
    const before = await sql(source, STATE);
    await sql(source, `UPDATE orders SET note = NULL`);
    await sql(source, `TRUNCATE log`);
    await restore(settings, source, { tables: ['public.orders', 'log'], yes: true });
    expect(await sql(source, STATE)).toEqual(before);
    await sql(source, `DROP TABLE log`);
    await restore(settings, source, { tables: ['log'] });
    expect(await sql(source, STATE)).toEqual(before);
    await sql(source, `DROP TABLE orders CASCADE`);
    await restore(settings, source, { tables: ['public.orders'] });
    expect(
      await sql(
        source,
        `SELECT count(*), (SELECT count(*) FROM pg_trigger WHERE tgname = 'remember') FROM orders`,
      ),
    ).toEqual([['3', '1']]);
    await expect(sql(source, 'INSERT INTO orders (customer_id) VALUES (99)')).rejects.toThrow(/foreign key/);
    await expect(restore(settings, source, { tables: ['nope'] })).rejects.toMatchObject({ code: 'usage' });
  });
});

test('rows that no longer fit are refused, and nothing is changed', async () => {
  await bench(SHOP, async ({ backup, settings, source, sql }) => {
    await backup('b');
    await sql(source, `DELETE FROM customers WHERE id = 2`);
    const now = await sql(source, STATE);
    await expect(restore(settings, source, { tables: ['public.orders'], yes: true })).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('would refer to nothing'),
    });
    expect(await sql(source, STATE)).toEqual(now);
    await sql(source, `ALTER TABLE orders DROP COLUMN note CASCADE`);
    await expect(restore(settings, source, { tables: ['public.orders'], yes: true })).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('note'),
    });
  });
});

test('a role without special rights restores in an order that keeps foreign keys', async () => {
  await bench(SHOP, async ({ server, settings, source, sql }) => {
    const name = source.label.replace(/^.*\//, '');
    const role = `r_${name}`;
    await sql(
      source,
      `CREATE ROLE ${role} LOGIN PASSWORD 'restores-by-itself'; GRANT CREATE, USAGE ON SCHEMA public TO ${role}`,
    );
    await sql(
      source,
      `DO $$ DECLARE r record; BEGIN
         FOR r IN SELECT c.oid::regclass AS name FROM pg_class c WHERE relkind IN ('r', 'v', 'm') AND relnamespace = 'public'::regnamespace
         LOOP EXECUTE format('ALTER TABLE %s OWNER TO ${role}', r.name); END LOOP; END $$; ALTER FUNCTION remember OWNER TO ${role}`,
    );
    const url = new URL(server.url(name));
    url.username = role;
    url.password = 'restores-by-itself';
    const own = createConnector(url.href);
    await createBackup({ connector: own, settings, kind: 'snapshot', name: 'b', reporter: silent });
    const before = await sql(source, STATE);
    await sql(source, `UPDATE orders SET note = 'x'; UPDATE customers SET name = 'y'`);
    await restore(settings, own, { yes: true });
    expect(await sql(source, STATE)).toEqual(before);
    // Deleting customers alone would take the orders along.
    await expect(restore(settings, own, { yes: true, tables: ['public.customers'] })).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('public.orders would lose rows'),
    });
  });
});

test('some tables alone: backed up, verified, restored into an empty database', async () => {
  await bench(SHOP, async ({ backup, settings, target, sql, scratch }) => {
    const manifest = await backup('b', { tables: ['orders'] });
    expect(manifest.tables.map((table) => table.table)).toEqual(['public.orders']);
    await verifyBackup({ settings, name: 'b', provider: scratch, reporter: silent });
    await restore(settings, target, {});
    expect(await sql(target, `SELECT count(*), to_regclass('customers') FROM orders`)).toEqual([['3', null]]);
    await expect(backup('c', { tables: ['orders', 'nope'] })).rejects.toMatchObject({ code: 'usage' });
    await backup('d', { tables: ['orders', 'not_made_yet'], migration: '20260101000000_x' });
    await expect(backup('b')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('already'),
    });
    await expect(backup('../b')).rejects.toMatchObject({ code: 'usage' });
  });
});
