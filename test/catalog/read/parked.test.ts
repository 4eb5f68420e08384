import { describe, expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import { fingerprintCatalog } from '../../../src/catalog/fingerprint.ts';
import { PARK_COMMENT_PREFIX, type ParkMemo } from '../../../src/catalog/model.ts';
import { parkMemo } from '../../../src/catalog/parked.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { quoteLiteral } from '../../../src/sql/quote.ts';
import { testMajors, testServer } from '../../support/servers.ts';

const comment = (memo: ParkMemo) => quoteLiteral(PARK_COMMENT_PREFIX + JSON.stringify(memo));

async function open(major: number, sql: string): Promise<Connection> {
  const server = await testServer(major);
  const connection = await (await server.createDatabase()).connect('test');
  await connection.script(sql);
  return connection;
}

const hash = async (connection: Connection) => fingerprintCatalog(await readCatalog(connection)).hash;

const TABLE = `CREATE TABLE t (id int PRIMARY KEY, "Old" serial, b text DEFAULT 'x', c int);
  COMMENT ON COLUMN t."Old" IS 'it''s old'; ALTER TABLE t ALTER "Old" DROP NOT NULL, ALTER "Old" DROP DEFAULT;
  CREATE INDEX t_c ON t (c)`;

const COLUMN_MEMO: ParkMemo = {
  v: 1,
  parkId: 'a1b2',
  kind: 'column',
  schema: 'public',
  table: 't',
  column: 'Old',
  comment: "it's old",
  relations: [{ kind: 'sequence', parked: 'ferrata_parked_a1b2_1', name: 't_Old_seq' }],
};

describe.each([...testMajors()])('PostgreSQL %i: a parked column', (major) => {
  test('counts as dropped, and comes back in its place', async () => {
    const connection = await open(major, TABLE);
    const before = await readCatalog(connection);
    await connection.script(
      `ALTER TABLE t RENAME COLUMN "Old" TO ferrata_parked_a1b2;
       ALTER SEQUENCE "t_Old_seq" RENAME TO ferrata_parked_a1b2_1;
       COMMENT ON COLUMN t.ferrata_parked_a1b2 IS ${comment(COLUMN_MEMO)}`,
    );
    const parked = await readCatalog(connection);
    const dropped = await open(major, `${TABLE}; ALTER TABLE t DROP "Old"`);
    expect(fingerprintCatalog(parked).hash).toBe(await hash(dropped));
    const [item] = parked.parked;
    expect(item?.root).toBe('column public.t."Old"');
    const wanted = ['column public.t."Old"', 'sequence public."t_Old_seq"'];
    for (const key of wanted) {
      const object = item?.objects.find(({ kind, identity }) => `${kind} ${identity}` === key);
      expect(object?.properties).toEqual(before.objects.get(key)?.properties);
    }
    expect(item?.objects.length).toBe(wanted.length);
    for (const sql of item?.unpark ?? []) await connection.script(sql);
    expect(compareCatalogs(before, await readCatalog(connection)).differences).toEqual([]);
    await connection.close();
    await dropped.close();
  });

  test('of a partitioned table is parked in its partitions too', async () => {
    const setup = `CREATE TABLE t (id int, "Old" int, b int) PARTITION BY LIST (id);
      CREATE TABLE t1 PARTITION OF t DEFAULT`;
    const connection = await open(major, setup);
    const before = await readCatalog(connection);
    const memo = { ...COLUMN_MEMO, comment: null, relations: [] };
    await connection.script(
      `ALTER TABLE t RENAME COLUMN "Old" TO ferrata_parked_a1b2;
       COMMENT ON COLUMN t.ferrata_parked_a1b2 IS ${comment(memo)}`,
    );
    const dropped = await open(major, `${setup}; ALTER TABLE t DROP "Old"`);
    const parked = await readCatalog(connection);
    expect(fingerprintCatalog(parked).hash).toBe(await hash(dropped));
    expect(parked.parked.length).toBe(1);
    for (const sql of parked.parked[0]?.unpark ?? []) await connection.script(sql);
    expect(compareCatalogs(before, await readCatalog(connection)).outcome).toBe('equal');
    await connection.close();
    await dropped.close();
  });

  test('without a readable memo is an ordinary column', async () => {
    const connection = await open(major, 'CREATE TABLE t (id int, ferrata_parked_zz int)');
    expect((await readCatalog(connection)).objects.has('column public.t.ferrata_parked_zz')).toBe(true);
    await connection.close();
    expect(parkMemo('ferrata:parked {"v":1')).toBeNull();
    expect(parkMemo('ferrata:parked {"v":2}')).toBeNull();
    expect(parkMemo(PARK_COMMENT_PREFIX + JSON.stringify({ ...COLUMN_MEMO, column: null }))).toBeNull();
    expect(parkMemo(PARK_COMMENT_PREFIX + JSON.stringify(COLUMN_MEMO))).toEqual(COLUMN_MEMO);
  });
});

describe.each([...testMajors()])('PostgreSQL %i: a parked table', (major) => {
  test('counts as dropped, and its objects have the names that they get back', async () => {
    const other = `CREATE TABLE o (id int PRIMARY KEY); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN RETURN NEW; END'`;
    const table = `CREATE TABLE "T" (id serial PRIMARY KEY, o int REFERENCES o, b text, n int GENERATED ALWAYS AS IDENTITY);
      COMMENT ON TABLE "T" IS 'mine'; CREATE INDEX "T_b" ON "T" (b) WHERE id > 0;
      ALTER TABLE "T" REPLICA IDENTITY USING INDEX "T_pkey"; ALTER TABLE "T" CLUSTER ON "T_pkey";
      CREATE TRIGGER g BEFORE INSERT ON "T" FOR EACH ROW EXECUTE FUNCTION tf();
      CREATE POLICY y ON "T" USING (EXISTS (SELECT FROM o WHERE o.id = "T".o));
      CREATE RULE r AS ON DELETE TO "T" DO ALSO INSERT INTO o VALUES (old.id);
      GRANT SELECT ON "T" TO pg_monitor; CREATE STATISTICS st ON b, o FROM "T"`;
    const connection = await open(major, `${other}; ${table}`);
    const before = await readCatalog(connection);
    const relations = [
      { kind: 'index', parked: 'ferrata_parked_k1_1', name: 'T_pkey' },
      { kind: 'index', parked: 'ferrata_parked_k1_2', name: 'T_b' },
      { kind: 'sequence', parked: 'ferrata_parked_k1_3', name: 'T_id_seq' },
      { kind: 'sequence', parked: 'ferrata_parked_k1_4', name: 'T_n_seq' },
    ] as const;
    const memo: ParkMemo = {
      v: 1,
      parkId: 'k1',
      kind: 'table',
      schema: 'public',
      table: 'T',
      column: null,
      comment: 'mine',
      relations,
    };
    await connection.script(
      `CREATE SCHEMA ferrata_attic; ${relations
        .map(({ kind, parked, name }) => `ALTER ${kind} "${name}" RENAME TO ${parked};`)
        .join('')}
       ALTER TABLE "T" RENAME TO ferrata_parked_k1; ALTER TABLE ferrata_parked_k1 SET SCHEMA ferrata_attic;
       COMMENT ON TABLE ferrata_attic.ferrata_parked_k1 IS ${comment(memo)}`,
    );
    const after = await readCatalog(connection);
    const never = await open(major, other);
    // The statistics stay in the schema, and go away with the table: they are parked with it.
    expect(fingerprintCatalog(after).hash).toBe(await hash(never));
    const [item] = after.parked;
    const parked = new Map(item?.objects.map((object) => [`${object.kind} ${object.identity}`, object]));
    for (const [key, { properties }] of before.objects) {
      if (after.objects.has(key)) continue;
      expect(parked.get(key)?.properties, key).toEqual(properties);
    }
    expect(item?.dependencies).toContainEqual({ from: 'trigger public."T".g', to: 'function public.tf()' });
    for (const sql of item?.unpark ?? []) await connection.script(sql);
    expect(compareCatalogs(before, await readCatalog(connection)).differences).toEqual([]);
    await connection.close();
    await never.close();
  });
});
