/** Which statements write a table anew: the assessment's word against the server's relfilenode. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/model.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import type { Connection } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';
import { analysed } from './support.ts';

const SCHEMA = `
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS int;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE FUNCTION calm() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION wild() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE TABLE t (id int PRIMARY KEY, si smallint, i int, bi bigint, v10 varchar(10), v varchar, tx text, c5 char(5),
  n62 numeric(6,2), n numeric, ts timestamp, ts0 timestamp(0), tz timestamptz, d date, r real, dp double precision,
  j json, jb jsonb, ci cidr, inn inet, vb5 varbit(5), va varchar(5)[], x xml, ti time, iv interval, p positive, m mood);
INSERT INTO t (id) VALUES (1);
`;

const STATEMENTS = `
ALTER COLUMN v10 TYPE varchar(20)
ALTER COLUMN v10 TYPE varchar(5)
ALTER COLUMN v10 TYPE varchar
ALTER COLUMN v10 TYPE text
ALTER COLUMN v10 TYPE char(10)
ALTER COLUMN v TYPE text
ALTER COLUMN v TYPE varchar(10)
ALTER COLUMN tx TYPE varchar
ALTER COLUMN tx TYPE varchar(10)
ALTER COLUMN c5 TYPE char(10)
ALTER COLUMN c5 TYPE text
ALTER COLUMN c5 TYPE varchar(5)
ALTER COLUMN n62 TYPE numeric(8,2)
ALTER COLUMN n62 TYPE numeric(5,2)
ALTER COLUMN n62 TYPE numeric(8,3)
ALTER COLUMN n62 TYPE numeric
ALTER COLUMN n TYPE numeric(6,2)
ALTER COLUMN si TYPE int
ALTER COLUMN i TYPE bigint
ALTER COLUMN bi TYPE int
ALTER COLUMN i TYPE oid USING i::oid
ALTER COLUMN i TYPE text
ALTER COLUMN v10 TYPE text USING v10
ALTER COLUMN v10 TYPE text USING v10::text
ALTER COLUMN v10 TYPE text USING lower(v10)::text
ALTER COLUMN i TYPE int
ALTER COLUMN i TYPE positive
ALTER COLUMN i TYPE plain
ALTER COLUMN p TYPE int
ALTER COLUMN ts0 TYPE timestamp
ALTER COLUMN ts0 TYPE timestamp(3)
ALTER COLUMN ts TYPE timestamp(0)
ALTER COLUMN ts TYPE date
ALTER COLUMN d TYPE timestamp
ALTER COLUMN r TYPE double precision
ALTER COLUMN dp TYPE real
ALTER COLUMN j TYPE jsonb
ALTER COLUMN jb TYPE json
ALTER COLUMN ci TYPE inet
ALTER COLUMN inn TYPE cidr
ALTER COLUMN vb5 TYPE varbit(9)
ALTER COLUMN vb5 TYPE varbit
ALTER COLUMN va TYPE varchar(9)[]
ALTER COLUMN va TYPE text[]
ALTER COLUMN x TYPE text
ALTER COLUMN ti TYPE timetz
ALTER COLUMN iv TYPE interval(3)
ALTER COLUMN m TYPE text
ALTER COLUMN tx TYPE text COLLATE "C"
ALTER COLUMN v10 TYPE text USING upper(v10)
ADD COLUMN z int
ADD COLUMN z int DEFAULT 5
ADD COLUMN z int NOT NULL DEFAULT 5
ADD COLUMN z timestamptz DEFAULT now()
ADD COLUMN z timestamptz DEFAULT clock_timestamp()
ADD COLUMN z float DEFAULT random()
ADD COLUMN z uuid DEFAULT gen_random_uuid()
ADD COLUMN z int DEFAULT calm()
ADD COLUMN z int DEFAULT wild()
ADD COLUMN z text DEFAULT lower('A') || current_user
ADD COLUMN z serial
ADD COLUMN z int GENERATED ALWAYS AS IDENTITY
ADD COLUMN z int GENERATED ALWAYS AS (id * 2) STORED
ADD COLUMN z positive
ADD COLUMN z plain
ADD COLUMN z mood DEFAULT 'sad'
ADD CONSTRAINT k CHECK (id > 0)
ALTER COLUMN i SET DEFAULT 5
DROP COLUMN i
SET UNLOGGED
SET (fillfactor = 50)
SET ACCESS METHOD heap
`
  .trim()
  .split('\n');

describe.each([18, 15])('PostgreSQL %i', (major) => {
  let connection: Connection;
  let catalog: Catalog;

  beforeAll(async () => {
    connection = await (await (await testServer(major)).createDatabase()).connect();
    await connection.script(SCHEMA);
    catalog = await readCatalog(connection);
  });
  afterAll(() => connection?.close());

  it.each(STATEMENTS)('%s', async (command) => {
    const sql = `ALTER TABLE t ${command}`;
    const said = ((await analysed(sql, catalog))[0]?.facts.rewrites.length ?? 0) > 0;
    expect(said).toBe(await rewrites(connection, sql));
  });
});

async function rewrites(connection: Connection, sql: string): Promise<boolean> {
  const rollback = new Error('rolled back');
  const node = async () =>
    (await connection.rows(`SELECT relfilenode::text FROM pg_class WHERE relname = 't'`))[0]?.[0];
  const before = await node();
  let after: unknown;
  await connection
    .transaction(async () => {
      await connection.script(sql);
      after = await node();
      throw rollback;
    })
    .catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
  return before !== after;
}
