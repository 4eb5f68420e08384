import type { MatrixRow } from './row.ts';

const R = 'CREATE TABLE t (id int, at date NOT NULL, a int) PARTITION BY RANGE (at);';
const P = `${R} CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE TABLE t2 PARTITION OF t FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');`;

export const rows: readonly MatrixRow[] = [
  { name: 'partitioned table made', base: '', change: `${P} CREATE TABLE td PARTITION OF t DEFAULT` },
  {
    name: 'list and hash and two levels',
    base: '',
    change: `CREATE TABLE l (a text, b int) PARTITION BY LIST (a); CREATE TABLE l1 PARTITION OF l FOR VALUES IN ('x', NULL) PARTITION BY HASH (b); CREATE TABLE l10 PARTITION OF l1 FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE l11 PARTITION OF l1 FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
  },
  {
    name: 'partition by expression',
    base: '',
    change: `CREATE TABLE e (a text, b int) PARTITION BY RANGE (lower(a), b); CREATE TABLE e1 PARTITION OF e FOR VALUES FROM ('a', MINVALUE) TO ('b', MAXVALUE)`,
  },
  {
    name: 'partition added',
    base: P,
    change: "CREATE TABLE t3 PARTITION OF t FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
  },
  { name: 'partition dropped', base: P, change: 'DROP TABLE t2' },
  { name: 'partition detached', base: P, change: 'ALTER TABLE t DETACH PARTITION t2' },
  {
    name: 'partition attached',
    base: `${P} CREATE TABLE t3 (id int, at date NOT NULL, a int)`,
    change: "ALTER TABLE t ATTACH PARTITION t3 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
  },
  {
    name: 'partition bound changed',
    base: P,
    change:
      "ALTER TABLE t DETACH PARTITION t2; ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM ('2021-01-01') TO ('2023-01-01')",
  },
  {
    name: 'partition with other column order',
    base: `${R} CREATE TABLE t3 (a int, id int, at date NOT NULL)`,
    change: "ALTER TABLE t ATTACH PARTITION t3 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
  },
  { name: 'primary key on partitions', base: P, change: 'ALTER TABLE t ADD PRIMARY KEY (id, at)' },
  {
    name: 'primary key on partitions dropped',
    base: `${P} ALTER TABLE t ADD PRIMARY KEY (id, at); ALTER TABLE t1 RENAME CONSTRAINT t1_pkey TO other`,
    change: 'ALTER TABLE t DROP CONSTRAINT t_pkey',
  },
  { name: 'index on partitions', base: P, change: 'CREATE INDEX ti ON t (a)' },
  {
    name: 'index on partitions dropped',
    base: `${P} CREATE INDEX ti ON t (a); ALTER INDEX t1_a_idx RENAME TO mine`,
    change: 'DROP INDEX ti',
  },
  { name: 'index on only', base: P, change: 'CREATE INDEX ti ON ONLY t (a)' },
  {
    name: 'index attached',
    base: `${P} CREATE INDEX ti ON ONLY t (a); CREATE INDEX i1 ON t1 (a); CREATE INDEX i2 ON t2 (a)`,
    change: 'ALTER INDEX ti ATTACH PARTITION i1; ALTER INDEX ti ATTACH PARTITION i2',
  },
  { name: 'check on partitions', base: P, change: 'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)' },
  {
    name: 'check on one partition',
    base: P,
    change:
      'ALTER TABLE t1 ADD CONSTRAINT c CHECK (a > 0); ALTER TABLE t1 ALTER a SET DEFAULT 5; ALTER TABLE t1 ALTER id SET NOT NULL',
  },
  {
    name: 'foreign key of partitions',
    base: `${P} CREATE TABLE p (id int PRIMARY KEY)`,
    change: 'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p ON DELETE CASCADE',
  },
  {
    name: 'foreign key to partitions',
    base: `${P} ALTER TABLE t ADD PRIMARY KEY (id, at)`,
    change: 'CREATE TABLE u (id int, at date, FOREIGN KEY (id, at) REFERENCES t)',
  },
  {
    name: 'trigger on partitions',
    base: `${P} CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`,
    change: 'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
  },
  { name: 'column added to partitions', base: P, change: "ALTER TABLE t ADD b text NOT NULL DEFAULT 'x'" },
  { name: 'column dropped from partitions', base: P, change: 'ALTER TABLE t DROP a' },
  {
    name: 'column type on partitions',
    base: `${P} CREATE INDEX ON t (a)`,
    change: 'ALTER TABLE t ALTER a TYPE bigint',
  },
  { name: 'column renamed on partitions', base: P, change: 'ALTER TABLE t RENAME a TO z' },
  {
    name: 'default and not null on partitions',
    base: P,
    change: 'ALTER TABLE t ALTER a SET DEFAULT 1, ALTER a SET NOT NULL',
  },
  {
    name: 'partition renamed',
    base: P,
    change: 'ALTER TABLE t1 RENAME TO t_2020',
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'everything on partitions from nothing',
    base: '',
    change: `${P} ALTER TABLE t ADD PRIMARY KEY (id, at), ADD UNIQUE (at, a); CREATE INDEX ON t (a); ALTER TABLE t ADD CHECK (a > 0); CREATE TABLE u (id int, at date, FOREIGN KEY (id, at) REFERENCES t); CREATE TABLE p (id int PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p; COMMENT ON TABLE t1 IS 'p'`,
  },
  {
    name: 'partitioned table dropped',
    base: `${P} ALTER TABLE t ADD PRIMARY KEY (id, at); CREATE INDEX ON t (a)`,
    change: 'DROP TABLE t',
  },
  {
    name: 'plain table becomes partitioned',
    base: 'CREATE TABLE t (id int, at date NOT NULL, a int)',
    change: `ALTER TABLE t RENAME TO t_old; ${R} CREATE TABLE td PARTITION OF t DEFAULT`,
  },
  {
    name: 'inheritance',
    base: "CREATE TABLE p (a int CHECK (a > 0), b text DEFAULT 'x')",
    change:
      "CREATE TABLE c (z int) INHERITS (p); ALTER TABLE c ALTER b SET DEFAULT 'y'; ALTER TABLE c ADD CHECK (z > 0)",
  },
  {
    name: 'inherited table with merged column and check',
    base: 'CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0))',
    change: 'CREATE TABLE c (a int, CONSTRAINT k CHECK (a > 0), z int) INHERITS (p)',
  },
  {
    name: 'inherits from two',
    base: 'CREATE TABLE p (a int); CREATE TABLE q (b int)',
    change: 'CREATE TABLE c () INHERITS (q, p)',
  },
  {
    name: 'inheritance added',
    base: 'CREATE TABLE p (a int CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (a int CONSTRAINT k CHECK (a > 0), b int)',
    change: 'ALTER TABLE c INHERIT p',
  },
  {
    name: 'column of the parent added and dropped',
    base: 'CREATE TABLE p (a int, b int); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE p ADD n int DEFAULT 3; ALTER TABLE p DROP b',
    cosmetic: 'columns come back last',
  },
  {
    name: 'inheritance ended',
    base: 'CREATE TABLE p (a int CHECK (a > 0)); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE c NO INHERIT p',
    cosmetic: 'a column that is handed down anew comes last',
  },
  {
    name: 'inheritance ended, the columns its own before',
    base: 'CREATE TABLE p (a int NOT NULL CHECK (a > 0)); CREATE TABLE c (a int, z int, CONSTRAINT p_a_check CHECK (a > 0)) INHERITS (p)',
    change: 'ALTER TABLE c NO INHERIT p',
  },
  {
    name: 'type of the parent column',
    base: 'CREATE TABLE p (a int, b int); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE p ALTER a TYPE bigint',
  },
  {
    name: 'check of the parent',
    base: 'CREATE TABLE p (a int, b int); CREATE TABLE c (z int) INHERITS (p)',
    change: 'ALTER TABLE p ADD CONSTRAINT k CHECK (a > 0)',
  },
];
