/** Publications and subscriptions (manual, CREATE and ALTER PUBLICATION, CREATE and ALTER SUBSCRIPTION). */
import type { MatrixRow } from './row.ts';

const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE TABLE u (id int PRIMARY KEY);';
const SUB = (name: string) =>
  `CREATE SUBSCRIPTION ${name} CONNECTION 'host=nowhere password=geheim' PUBLICATION p1 WITH (connect = false, slot_name = NONE);`;

export const rows: readonly MatrixRow[] = [
  {
    name: 'publication tables added and dropped',
    base: `${T} CREATE TABLE x (a int); CREATE PUBLICATION p FOR TABLE t, x`,
    change: 'ALTER PUBLICATION p ADD TABLE u; ALTER PUBLICATION p DROP TABLE x',
    back: { has: [/ALTER PUBLICATION p/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'publication emptied and filled',
    base: `${T} CREATE PUBLICATION p FOR TABLE t`,
    change: 'ALTER PUBLICATION p DROP TABLE t',
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'publication options',
    base: `${T} CREATE PUBLICATION p FOR TABLE t`,
    change: "ALTER PUBLICATION p SET (publish = 'insert, delete', publish_via_partition_root = true)",
    back: { has: [/ALTER PUBLICATION p SET \(/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'publication that publishes nothing',
    base: T,
    change: "CREATE PUBLICATION p FOR TABLE t WITH (publish = '')",
  },
  {
    name: 'publication of generated columns',
    base: `${T} CREATE PUBLICATION p FOR TABLE t`,
    change: 'ALTER PUBLICATION p SET (publish_generated_columns = stored)',
    minMajor: 18,
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'publication of all tables becomes one of some',
    base: `${T} CREATE PUBLICATION p FOR ALL TABLES; COMMENT ON PUBLICATION p IS 'c'`,
    change: "DROP PUBLICATION p; CREATE PUBLICATION p FOR TABLE t; COMMENT ON PUBLICATION p IS 'c'",
  },
  {
    name: 'publication columns and filter changed',
    base: `${T} CREATE PUBLICATION p FOR TABLE t (id, a) WHERE (id > 5), u`,
    change: 'ALTER PUBLICATION p SET TABLE t (id, b) WHERE (id > 7), u',
    minMajor: 15,
    back: { has: [/ALTER PUBLICATION p/], lacks: [/^DROP PUBLICATION/, /^CREATE/] },
  },
  {
    name: 'publication of schemas',
    base: `${T} CREATE SCHEMA x; CREATE SCHEMA y; CREATE PUBLICATION p FOR TABLES IN SCHEMA x`,
    change:
      'ALTER PUBLICATION p ADD TABLES IN SCHEMA y; ALTER PUBLICATION p DROP TABLES IN SCHEMA x; ALTER PUBLICATION p ADD TABLE t',
    minMajor: 15,
    back: { has: [/ALTER PUBLICATION p/], lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'publication renamed',
    base: `${T} CREATE PUBLICATION p FOR TABLE t`,
    change: 'ALTER PUBLICATION p RENAME TO "P 2"',
    back: { lacks: [/^DROP/, /^CREATE/] },
  },
  {
    name: 'published table renamed, moved',
    base: `${T} CREATE SCHEMA x; CREATE PUBLICATION p FOR TABLE t, u`,
    change: 'ALTER TABLE t RENAME TO t2; ALTER TABLE u SET SCHEMA x',
    back: { lacks: [/PUBLICATION/] },
  },
  {
    name: 'published column dropped with its list',
    base: `${T} CREATE PUBLICATION p FOR TABLE t (id, a), u`,
    change: 'ALTER PUBLICATION p SET TABLE t (id), u; ALTER TABLE t DROP a',
    minMajor: 15,
    cosmetic: 'a comes back last',
  },
  {
    name: 'published schema dropped',
    base: `${T} CREATE SCHEMA x; CREATE TABLE x.a (id int); CREATE PUBLICATION p FOR TABLES IN SCHEMA x, TABLE t`,
    change: 'DROP SCHEMA x CASCADE',
    minMajor: 15,
  },
  {
    name: 'published table made again',
    base: `${T} CREATE PUBLICATION p FOR TABLE t, u`,
    change: 'ALTER PUBLICATION p DROP TABLE t; DROP TABLE t; CREATE VIEW t AS SELECT 1 AS id',
    back: { lacks: [/^CREATE PUBLICATION/] },
  },
  {
    name: 'subscription dropped',
    base: SUB('sub'),
    change: 'DROP SUBSCRIPTION sub',
    refuses: { direction: 'back', reason: 'never read' },
  },
  {
    name: 'subscription options',
    base: SUB('sub1'),
    change: `ALTER SUBSCRIPTION sub1 SET (synchronous_commit = 'local', binary = true, streaming = true); ALTER SUBSCRIPTION sub1 SET (slot_name = 'slot1'); ALTER SUBSCRIPTION sub1 SET PUBLICATION p1, p2 WITH (refresh = false); COMMENT ON SUBSCRIPTION sub1 IS 'c'`,
    minMajor: 14,
    refuses: { direction: 'anew', reason: 'never read' },
  },
  {
    name: 'subscription renamed',
    base: SUB('sub2'),
    change: 'ALTER SUBSCRIPTION sub2 RENAME TO sub3',
    refuses: { direction: 'forward', reason: 'never read' },
  },
];
