import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../../src/events.ts';
import type { Connection, Connector } from '../../../src/postgres/connection.ts';
import { createBackup } from '../../../src/prepare/backup/index.ts';
import { type TestServer, testServer } from '../../support/servers.ts';

export interface Bench {
  readonly server: TestServer;
  readonly settings: { readonly directory: string };
  readonly source: Connector;
  readonly target: Connector;
  sql(connector: Connector, text: string): Promise<readonly (readonly (string | null)[])[]>;
  /** As `createBackup`, of `source`. */
  backup(name: string, extra?: Partial<Parameters<typeof createBackup>[0]>): ReturnType<typeof createBackup>;
  scratch(): Promise<{ connector: Connector; drop(): Promise<void> }>;
}

/** A source database with `schema` in it, an empty target, a folder for backups that goes when the work is done. */
export async function bench(
  schema: string,
  work: (bench: Bench) => Promise<void>,
  major = 18,
): Promise<void> {
  const server = await testServer(major);
  const [source, target] = [await server.createDatabase(), await server.createDatabase()];
  const directory = await mkdtemp(join(tmpdir(), 'ferrata-backup-'));
  const settings = { directory };
  const sql: Bench['sql'] = (connector, text) =>
    using(connector, async (connection) => (await connection.script(text)).at(-1) ?? []);
  await sql(source, schema);
  try {
    await work({
      server,
      settings,
      source,
      target,
      sql,
      backup: (name, extra = {}) =>
        createBackup({ connector: source, settings, kind: 'snapshot', name, reporter: silent, ...extra }),
      scratch: async () => ({ connector: await server.createDatabase(), drop: async () => {} }),
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export async function using<T>(
  connector: Connector,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connector.connect('test');
  return work(connection).finally(() => connection.close());
}

/** Types and values that a copy may get wrong. */
export const EDGE_SCHEMA: string = `
  CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'glücklich');
  CREATE TYPE pair AS (a int, b text);
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TABLE "Odd ""Name""" (
    id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT BY 7) PRIMARY KEY, "Sel ect" text, big numeric, f float8, f4 float4,
    ts timestamptz, d date, i interval, b bytea, j jsonb, js json, u uuid, m mood, ms mood[], p pair, ps pair[],
    q positive, s numrange, r int4range, mr int8multirange, arr int[], txt text[], bits varbit, net inet, cash money,
    x xml, tsv tsvector, cls regclass, c "char", n name, pt point,
    twice text GENERATED ALWAYS AS ("Sel ect" || "Sel ect") STORED);
  INSERT INTO "Odd ""Name""" ("Sel ect", big, f, f4, ts, d, i, b, j, js, u, m, ms, p, ps, q, s, r, mr, arr, txt, bits, net,
      cash, x, tsv, cls, c, n, pt)
  VALUES
    (E'tab\\there\\nnew\\\\line \\u00e9 😀', 1e-30, 'NaN', '-0', 'infinity', '-infinity', '1 mon -3 days 04:05:06.789',
     '\\x00ff0a5c', '{"a": [1, null, "\\u2028"]}', '{"b":1,  "a":2, "a":3}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
     'so "so"', '{sad,NULL,glücklich}', '(1,"x,y")', ARRAY[ROW(NULL, '')::pair, NULL], 5, '[1.5,)', 'empty',
     '{[1,3),[7,9)}', '[0:2]={1,NULL,3}', ARRAY['', NULL, 'NULL', '{}', '"'], B'1010', '::1/64', 12.34, '<a>1</a>',
     'fat:2 cat:1A', 'pg_class', 'z', 'nam', '(1,2)'),
    ('', 'NaN', 'Infinity', 1.17549435e-38, '4713-01-01 00:00:00+00 BC', '5874897-12-31', '-178000000 years', '', 'null',
     'null', NULL, NULL, '{}', ROW(NULL, NULL)::pair, '{}', NULL, NULL, NULL, '{}', '{}', '{}', '', NULL, -0.01, '', '',
     NULL, '', '', NULL),
    (NULL, 'Infinity'::numeric, 4.9e-324, 3.4028235e38, '294276-12-31 23:59:59.999999+00', NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  CREATE TABLE nothing ();
  INSERT INTO nothing SELECT FROM generate_series(1, 3);
  CREATE TABLE measures (at date NOT NULL, v int, PRIMARY KEY (at)) PARTITION BY RANGE (at);
  CREATE TABLE measures_2026 PARTITION OF measures FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE TABLE measures_rest PARTITION OF measures DEFAULT;
  INSERT INTO measures VALUES ('2026-02-03', 1), ('1999-01-01', 2);
  CREATE TABLE base (a int); CREATE TABLE heir (b int) INHERITS (base);
  INSERT INTO base VALUES (1), (2); INSERT INTO heir VALUES (3, 4);
`;

/** Kinds of objects for which a restore needs pg_dump's view of the schema, as long as the catalog engine lacks them. */
export const EXOTIC_SCHEMA: string = `
  CREATE TYPE span AS RANGE (subtype = float8);
  CREATE TABLE spans (s span, ss span[]);
  INSERT INTO spans VALUES ('[1.5,)', '{"[1,2)"}');
  CREATE MATERIALIZED VIEW wide AS SELECT upper(s) AS u FROM spans;
  CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');
`;
