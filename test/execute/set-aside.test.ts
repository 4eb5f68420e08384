/**
 * The same migration parks twice: up, a written down that builds anew, up again. The derived way back was rendered on
 * a copy that parked once; on the real database its SQL must bring back the newest, not what lay there before.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareCatalogs } from '../../src/catalog/compare.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { renderDifference } from '../../src/catalog/render/index.ts';
import { runActions } from '../../src/execute/action.ts';
import { listParked } from '../../src/execute/attic/attic.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';
import { planActions } from './attic-support.ts';

describe.each([18, 15])('parking twice on PostgreSQL %i', (major) => {
  let connection: Connection;
  let copy: Connection;

  beforeEach(async () => {
    const server = await testServer(major);
    const open = async (connector: Connector) => connector.connect('test');
    connection = await open(await server.createDatabase());
    copy = await open(await server.createDatabase());
  });
  afterEach(async () => {
    await connection.close();
    await copy.close();
  });

  async function up(on: Connection, sql: string): Promise<void> {
    const actions = await planActions(sql);
    const source = { file: 'up.sql', text: sql };
    await on.transaction(() => runActions(actions, { connection: on, source, capture: 'c', captures: [] }));
  }

  /** The way back as a rehearsal derives it, on a copy that parks for the first time. */
  async function derivedBack(base: string, change: string): Promise<string> {
    await copy.script(base);
    const before = await readCatalog(copy);
    await up(copy, change);
    const rendering = renderDifference(await readCatalog(copy), before, { sameDatabase: true });
    expect(rendering.refusals).toEqual([]);
    return rendering.statements.map(({ sql }) => sql).join(';\n');
  }

  it('brings the newest table back', async () => {
    const base =
      'CREATE TABLE orders (id serial PRIMARY KEY, note text UNIQUE); CREATE INDEX orders_note ON orders (note)';
    const change = 'DROP TABLE orders';
    const back = await derivedBack(base, change);
    await connection.script(`${base}; INSERT INTO orders (note) VALUES ('old')`);
    const before = await readCatalog(connection);
    for (const generation of ['first', 'second', 'third']) {
      await up(connection, change);
      await connection.script(`${base}; INSERT INTO orders (note) VALUES ('${generation}')`);
    }
    await up(connection, change);
    expect(await listParked(connection)).toHaveLength(4);
    await connection.script(back);
    expect(await connection.rows('SELECT note FROM orders')).toEqual([['third']]);
    expect(compareCatalogs(before, await readCatalog(connection)).outcome).toBe('equal');
  });

  it('brings the newest column back', async () => {
    const base = 'CREATE TABLE orders (id int PRIMARY KEY, number serial, note text)';
    const change = 'ALTER TABLE orders DROP COLUMN number';
    const back = await derivedBack(base, change);
    await connection.script(`${base}; INSERT INTO orders VALUES (1, 10, 'a')`);
    for (const value of [20, 30]) {
      await up(connection, change);
      await connection.script(
        `ALTER TABLE orders ADD COLUMN number serial; UPDATE orders SET number = ${value}`,
      );
    }
    const before = await readCatalog(connection);
    await up(connection, change);
    await connection.script(back);
    expect(await connection.rows('SELECT number FROM orders')).toEqual([[30]]);
    expect(compareCatalogs(before, await readCatalog(connection)).outcome).not.toBe('different');
  });
});
