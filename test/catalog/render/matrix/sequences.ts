import type { MatrixRow } from './row.ts';

export const rows: readonly MatrixRow[] = [
  {
    name: 'sequence added',
    base: '',
    change: `CREATE SEQUENCE s AS smallint INCREMENT -2 MINVALUE -100 MAXVALUE -1 START -5 CACHE 7 CYCLE; COMMENT ON SEQUENCE s IS 'c'`,
  },
  { name: 'sequence dropped', base: 'CREATE SEQUENCE s', change: 'DROP SEQUENCE s' },
  {
    name: 'sequence options',
    base: 'CREATE SEQUENCE s',
    change: 'ALTER SEQUENCE s INCREMENT 10 CACHE 20 MAXVALUE 1000 CYCLE START 5',
  },
  { name: 'sequence type', base: 'CREATE SEQUENCE s AS int', change: 'ALTER SEQUENCE s AS bigint' },
  { name: 'sequence type smaller', base: 'CREATE SEQUENCE s', change: 'ALTER SEQUENCE s AS smallint' },
  {
    name: 'sequence renamed',
    base: "CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s'))",
    change: 'ALTER SEQUENCE s RENAME TO r',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'sequence moved',
    base: 'CREATE SCHEMA x; CREATE SEQUENCE s',
    change: 'ALTER SEQUENCE s SET SCHEMA x',
  },
  {
    name: 'sequence owned',
    base: 'CREATE SEQUENCE s; CREATE TABLE t (a int)',
    change: 'ALTER SEQUENCE s OWNED BY t.a',
  },
  {
    name: 'sequence owned no more',
    base: 'CREATE TABLE t (a serial)',
    change: 'ALTER SEQUENCE t_a_seq OWNED BY NONE',
  },
  {
    name: 'sequence owned by another',
    base: 'CREATE TABLE t (a serial, b int); CREATE TABLE u (c int)',
    change: 'ALTER SEQUENCE t_a_seq OWNED BY u.c',
  },
  {
    name: 'sequence unlogged',
    base: 'CREATE SEQUENCE s',
    change: 'ALTER SEQUENCE s SET UNLOGGED',
    minMajor: 15,
  },
  {
    name: 'serial added',
    base: 'CREATE TABLE t (a int)',
    change: 'ALTER TABLE t ADD id bigserial PRIMARY KEY',
  },
  { name: 'serial dropped', base: 'CREATE TABLE t (a int, id serial)', change: 'ALTER TABLE t DROP id' },
  {
    name: 'serial made of an int',
    base: 'CREATE TABLE t (id int PRIMARY KEY)',
    change: `CREATE SEQUENCE t_id_seq AS int OWNED BY t.id; ALTER TABLE t ALTER id SET DEFAULT nextval('t_id_seq')`,
  },
  {
    name: 'serial table renamed',
    base: 'CREATE TABLE t (id serial PRIMARY KEY)',
    change: 'ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME id TO uid',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'owner column dropped, sequence used elsewhere',
    base: `CREATE TABLE t (a int, id serial); CREATE TABLE u (x int)`,
    change: `ALTER SEQUENCE t_id_seq OWNED BY NONE; ALTER TABLE u ALTER x SET DEFAULT nextval('t_id_seq'); ALTER TABLE t DROP id`,
  },
  {
    name: 'sequence shared by two tables',
    base: '',
    change: `CREATE SEQUENCE s; CREATE TABLE a (id int DEFAULT nextval('s')); CREATE TABLE b (id int DEFAULT nextval('s')); ALTER SEQUENCE s OWNED BY a.id`,
  },
  {
    name: 'sequence set back into bounds that its old ones do not meet',
    base: 'CREATE SEQUENCE s INCREMENT 4 MINVALUE 5 MAXVALUE 36 START 32; CREATE SEQUENCE r AS int MINVALUE 1; CREATE TABLE t (a bigint GENERATED ALWAYS AS IDENTITY)',
    change:
      'ALTER SEQUENCE s RESTART WITH -24 START WITH -24 INCREMENT BY -4 MINVALUE -36 MAXVALUE -5 CYCLE; ALTER SEQUENCE r AS bigint RESTART 3000000000 START 3000000000 MINVALUE 3000000000; ALTER TABLE t ALTER a SET INCREMENT -1 SET MAXVALUE -1 SET MINVALUE -100 SET START -1 RESTART',
    back: { has: [/RESTART/] },
  },
];
