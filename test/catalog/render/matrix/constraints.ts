import type { MatrixRow } from './row.ts';

const T = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text);';
const P = 'CREATE TABLE p (id int PRIMARY KEY, k int UNIQUE);';

export const rows: readonly MatrixRow[] = [
  { name: 'check added', base: T, change: 'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0 AND b IS NOT NULL)' },
  {
    name: 'check dropped',
    base: 'CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0))',
    change: 'ALTER TABLE t DROP CONSTRAINT c',
  },
  {
    name: 'check changed',
    base: 'CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0))',
    change: 'ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (a > 1)',
  },
  {
    name: 'check renamed',
    base: 'CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0))',
    change: 'ALTER TABLE t RENAME CONSTRAINT c TO d',
    back: { lacks: [/DROP|ADD/] },
  },
  { name: 'check not valid', base: T, change: 'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID' },
  {
    name: 'check validated',
    base: `${T} ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID`,
    change: 'ALTER TABLE t VALIDATE CONSTRAINT c',
  },
  { name: 'check no inherit', base: T, change: 'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NO INHERIT' },
  {
    name: 'check not enforced',
    base: T,
    change: 'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT ENFORCED',
    minMajor: 18,
  },
  {
    name: 'check by a function',
    base: T,
    change:
      'CREATE FUNCTION ok(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 > 0 $$; ALTER TABLE t ADD CONSTRAINT c CHECK (ok(a))',
  },
  {
    name: 'check by a function of the row',
    base: '',
    change: `${T} CREATE FUNCTION ok(t) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1.a > 0 $$; ALTER TABLE t ADD CONSTRAINT c CHECK (ok(t))`,
  },
  {
    name: 'constraint comment',
    base: `${T} ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)`,
    change: `COMMENT ON CONSTRAINT c ON t IS 'why'`,
  },
  {
    name: 'two constraints swap names',
    base: 'CREATE TABLE t (a int CONSTRAINT x CHECK (a > 0), b int CONSTRAINT y CHECK (b > 0))',
    change:
      'ALTER TABLE t RENAME CONSTRAINT x TO z; ALTER TABLE t RENAME CONSTRAINT y TO x; ALTER TABLE t RENAME CONSTRAINT z TO y',
    back: { lacks: [/DROP|ADD/] },
  },
  { name: 'primary key added', base: 'CREATE TABLE t (a int)', change: 'ALTER TABLE t ADD PRIMARY KEY (a)' },
  { name: 'primary key dropped', base: T, change: 'ALTER TABLE t DROP CONSTRAINT t_pkey' },
  {
    name: 'primary key changed',
    base: T,
    change: 'ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (id, a)',
  },
  {
    name: 'primary key renamed',
    base: T,
    change: 'ALTER TABLE t RENAME CONSTRAINT t_pkey TO pk',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'primary key with foreign keys to it rebuilt',
    base: `${P} CREATE TABLE t (p int REFERENCES p)`,
    change:
      'ALTER TABLE t DROP CONSTRAINT t_p_fkey; ALTER TABLE p DROP CONSTRAINT p_pkey; ALTER TABLE p ADD CONSTRAINT p_pkey PRIMARY KEY (id) DEFERRABLE',
  },
  { name: 'unique added', base: T, change: 'ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b)' },
  {
    name: 'unique nulls not distinct',
    base: T,
    change: 'ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a)',
    minMajor: 15,
  },
  {
    name: 'unique including, fillfactor, deferrable',
    base: T,
    change: `ALTER TABLE t ADD CONSTRAINT u UNIQUE (a) INCLUDE (b) WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED; COMMENT ON CONSTRAINT u ON t IS 'c'; COMMENT ON INDEX u IS 'i'`,
  },
  {
    name: 'unique deferrable changed',
    base: 'CREATE TABLE t (a int CONSTRAINT u UNIQUE)',
    change: 'ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (a) DEFERRABLE',
  },
  {
    name: 'unique fillfactor',
    base: 'CREATE TABLE t (a int CONSTRAINT u UNIQUE)',
    change: 'ALTER INDEX u SET (fillfactor = 50)',
  },
  {
    name: 'unique constraint becomes a unique index',
    base: 'CREATE TABLE t (a int CONSTRAINT u UNIQUE)',
    change: 'ALTER TABLE t DROP CONSTRAINT u; CREATE UNIQUE INDEX u ON t (a)',
  },
  {
    name: 'unique index becomes a constraint',
    base: 'CREATE TABLE t (a int); CREATE UNIQUE INDEX u ON t (a)',
    change: 'ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u',
  },
  { name: 'foreign key added', base: `${P} ${T}`, change: 'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p' },
  {
    name: 'foreign key actions',
    base: `${P} CREATE TABLE t (a int REFERENCES p)`,
    change:
      'ALTER TABLE t DROP CONSTRAINT t_a_fkey; ALTER TABLE t ADD CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES p (k) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL',
  },
  {
    name: 'foreign key deferrable',
    base: `${P} CREATE TABLE t (a int REFERENCES p)`,
    change: 'ALTER TABLE t ALTER CONSTRAINT t_a_fkey DEFERRABLE INITIALLY DEFERRED',
    back: { lacks: [/DROP/] },
  },
  {
    name: 'foreign key not valid',
    base: `${P} ${T}`,
    change: 'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p NOT VALID',
  },
  {
    name: 'foreign key validated',
    base: `${P} ${T} ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p NOT VALID`,
    change: 'ALTER TABLE t VALIDATE CONSTRAINT f',
  },
  {
    name: 'foreign key not enforced',
    base: `${P} CREATE TABLE t (a int CONSTRAINT f REFERENCES p)`,
    change: 'ALTER TABLE t ALTER CONSTRAINT f NOT ENFORCED',
    minMajor: 18,
  },
  {
    name: 'foreign key set null of one column',
    base: 'CREATE TABLE p (a int, b int, PRIMARY KEY (a, b))',
    change: 'CREATE TABLE t (a int, b int, FOREIGN KEY (a, b) REFERENCES p ON DELETE SET NULL (b))',
    minMajor: 15,
  },
  {
    name: 'foreign key renamed',
    base: `${P} CREATE TABLE t (a int REFERENCES p)`,
    change: 'ALTER TABLE t RENAME CONSTRAINT t_a_fkey TO f',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'foreign key target renamed',
    base: `${P} CREATE TABLE t (a int REFERENCES p)`,
    change: 'ALTER TABLE p RENAME TO q',
    back: { lacks: [/DROP|ADD/] },
  },
  {
    name: 'referenced table dropped',
    base: `${P} CREATE TABLE t (a int REFERENCES p)`,
    change: 'DROP TABLE p CASCADE',
  },
  {
    name: 'exclusion',
    base: 'CREATE TABLE t (r int4range, a int)',
    change: 'ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (r WITH &&) WHERE (a > 0) DEFERRABLE',
  },
  {
    name: 'constraint in a moved schema',
    base: `CREATE SCHEMA s; ${P} CREATE TABLE s.t (a int REFERENCES p CHECK (a > 0), UNIQUE (a))`,
    change: 'ALTER TABLE s.t SET SCHEMA public; ALTER TABLE public.t RENAME CONSTRAINT t_a_key TO uu',
  },
  {
    name: 'view by primary key',
    base: `${T} CREATE VIEW v AS SELECT id, a, count(*) FROM t GROUP BY id`,
    change: 'DROP VIEW v; ALTER TABLE t DROP CONSTRAINT t_pkey',
  },
  {
    name: 'temporal key',
    base: 'CREATE EXTENSION btree_gist',
    change:
      'CREATE TABLE t (id int, v daterange, PRIMARY KEY (id, v WITHOUT OVERLAPS)); CREATE TABLE u (id int, v daterange, FOREIGN KEY (id, PERIOD v) REFERENCES t (id, PERIOD v))',
    minMajor: 18,
  },
];
