/** ALTER TABLE … ADD COLUMN (manual: ALTER TABLE; tablecmds.c, ATExecAddColumn). */
import type { FactFamily } from './model.ts';

export const addColumn = {
  title: 'ALTER TABLE … ADD COLUMN',
  fixture: [
    {
      since: 13,
      sql: `
CREATE SCHEMA elsewhere;
CREATE TABLE r (id int PRIMARY KEY, code text UNIQUE, note text);
INSERT INTO r SELECT n, 'c' || n FROM generate_series(1, 50) n;
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(50), c text, d date, e int NOT NULL DEFAULT 1);
CREATE INDEX t_a ON t (a);
INSERT INTO t SELECT n, n, 'b', 'c', '2020-01-01' FROM generate_series(1, 50) n;
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION wild() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION calm() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS int;
CREATE DOMAIN required AS int NOT NULL;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE pair AS (x int, y int);
CREATE TYPE duo AS (x int, y int);
-- a tree of tables
CREATE TABLE parent (id int, a int, b varchar(50));
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent SELECT n, n, 'b' FROM generate_series(1, 20) n;
INSERT INTO child SELECT n, n, 'b' FROM generate_series(21, 40) n;
-- partitions
CREATE TABLE part (id int NOT NULL, a int, b varchar(50)) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (100);
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (100) TO (200);
INSERT INTO part SELECT n, n, 'b' FROM generate_series(1, 150) n;
`,
    },
    {
      since: 13,
      sql: `
CREATE TABLE empty (id int);
CREATE TABLE keyless (a int, b text);
INSERT INTO keyless SELECT n, 'b' FROM generate_series(1, 50) n;
CREATE TABLE partkey (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
CREATE TABLE partkey1 PARTITION OF partkey FOR VALUES FROM (0) TO (100);
INSERT INTO partkey SELECT n, n FROM generate_series(1, 50) n;
CREATE EXTENSION file_fdw;
CREATE SERVER fs FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE ft (id int) SERVER fs OPTIONS (filename '/dev/null');
CREATE VIEW v AS SELECT id FROM t;
`,
    },
  ],
  rows: [
    {
      id: 'add-column.plain',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN, no default',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int'],
    },
    {
      id: 'add-column.constant',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … DEFAULT constant',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int NOT NULL DEFAULT 5'],
    },
    {
      id: 'add-column.stable',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … DEFAULT stable expression',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now()'],
    },
    {
      id: 'add-column.volatile',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … DEFAULT volatile expression',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid()'],
    },
    {
      id: 'add-column.volatile-function',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: "ADD COLUMN … DEFAULT a function of one's own, volatile",
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int DEFAULT wild()'],
    },
    {
      id: 'add-column.notnull',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … NOT NULL without default',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['empty'] },
      examples: ['ALTER TABLE empty ADD COLUMN x int NOT NULL'],
    },
    {
      id: 'add-column.serial',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … serial',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x serial'],
    },
    {
      id: 'add-column.identity',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … IDENTITY',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS IDENTITY'],
    },
    {
      id: 'add-column.stored',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … GENERATED … STORED',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2) STORED'],
    },
    {
      id: 'add-column.virtual',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … GENERATED … VIRTUAL',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      since: 18,
      examples: ['ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2) VIRTUAL'],
    },
    {
      id: 'add-column.virtual-check',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … VIRTUAL with CHECK',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['t'] },
      since: 18,
      examples: ['ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2) VIRTUAL CHECK (x > 0)'],
    },
    {
      id: 'add-column.virtual-notnull',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … VIRTUAL NOT NULL',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['t'] },
      since: 18,
      examples: ['ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2) VIRTUAL NOT NULL'],
    },
    {
      id: 'add-column.domain',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN of a domain with a CHECK',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x positive'],
    },
    {
      id: 'add-column.domain-default',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN of a domain with a CHECK, with default',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x positive DEFAULT 5'],
    },
    {
      id: 'add-column.domain-notnull',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN of a domain with NOT NULL, with default',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x required DEFAULT 5'],
    },
    {
      id: 'add-column.domain-plain',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN of a domain without constraints',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x plain DEFAULT 5'],
    },
    {
      id: 'add-column.enum',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN of an enum',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      examples: ["ALTER TABLE t ADD COLUMN x mood DEFAULT 'sad'"],
    },
    {
      id: 'add-column.check',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … CHECK',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int CHECK (x > 0)'],
    },
    {
      id: 'add-column.check-default',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … DEFAULT … CHECK',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int DEFAULT 1 CHECK (x > 0)'],
    },
    {
      id: 'add-column.references',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … REFERENCES',
      roles: { target: { mode: 'AccessExclusiveLock' }, referenced: { mode: 'ShareRowExclusiveLock' } },
      on: { target: ['t'], referenced: ['r'] },
      examples: ['ALTER TABLE t ADD COLUMN x int REFERENCES r'],
    },
    {
      id: 'add-column.references-null',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … DEFAULT NULL REFERENCES',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'scan' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
      },
      on: { target: ['t'], referenced: ['r'] },
      examples: ['ALTER TABLE t ADD COLUMN x int DEFAULT NULL REFERENCES r'],
    },
    {
      id: 'add-column.references-default',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … DEFAULT … REFERENCES',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'scan' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
      },
      on: { target: ['t'], referenced: ['r'] },
      examples: ['ALTER TABLE t ADD COLUMN x int DEFAULT 1 REFERENCES r'],
    },
    {
      id: 'add-column.references-not-enforced',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … DEFAULT … REFERENCES … NOT ENFORCED',
      roles: { target: { mode: 'AccessExclusiveLock' }, referenced: { mode: 'ShareRowExclusiveLock' } },
      on: { target: ['t'], referenced: ['r'] },
      since: 18,
      examples: ['ALTER TABLE t ADD COLUMN x int DEFAULT 1 REFERENCES r NOT ENFORCED'],
    },
    {
      id: 'add-column.check-not-enforced',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … CHECK NOT ENFORCED',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      since: 18,
      examples: ['ALTER TABLE t ADD COLUMN x int CHECK (x > 0) NOT ENFORCED'],
    },
    {
      id: 'add-column.references-self',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … REFERENCES itself',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int REFERENCES t'],
    },
    {
      id: 'add-column.references-partitioned',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … REFERENCES a partitioned table',
      roles: { target: { mode: 'AccessExclusiveLock' }, referenced: { mode: 'ShareRowExclusiveLock' } },
      on: { target: ['t'], referenced: ['partkey', 'partkey1'] },
      examples: ['ALTER TABLE t ADD COLUMN x int REFERENCES partkey'],
    },
    {
      id: 'add-column.unique',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … UNIQUE',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'build' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN x int UNIQUE'],
    },
    {
      id: 'add-column.primary',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN … PRIMARY KEY',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['keyless'] },
      examples: ['ALTER TABLE keyless ADD COLUMN x int GENERATED ALWAYS AS IDENTITY PRIMARY KEY'],
    },
    {
      id: 'add-column.inherited',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN, inherited',
      roles: { target: { mode: 'AccessExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['parent'], partition: ['child'] },
      examples: ['ALTER TABLE parent ADD COLUMN x int'],
    },
    {
      id: 'add-column.partitioned',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN, partitioned',
      roles: { target: { mode: 'AccessExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['part'], partition: ['part1', 'part2'] },
      examples: ['ALTER TABLE part ADD COLUMN x int DEFAULT 1'],
    },
    {
      id: 'add-column.partitioned-volatile',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN volatile, partitioned',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'rewrite' },
      },
      on: { target: ['part'], partition: ['part1', 'part2'] },
      examples: ['ALTER TABLE part ADD COLUMN x float DEFAULT random()'],
    },
    {
      id: 'add-column.partitioned-fk',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN REFERENCES, partitioned',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        referenced: { mode: 'ShareRowExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['part'], referenced: ['r'], partition: ['part1', 'part2'] },
      examples: ['ALTER TABLE part ADD COLUMN x int REFERENCES r'],
    },
    {
      id: 'add-column.partitioned-fk-default',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN DEFAULT REFERENCES, partitioned',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['part'], referenced: ['r'], partition: ['part1', 'part2'] },
      examples: ['ALTER TABLE part ADD COLUMN x int DEFAULT 1 REFERENCES r'],
    },
    {
      id: 'add-column.ifnotexists',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN IF NOT EXISTS that is there',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD COLUMN IF NOT EXISTS a int'],
    },
    {
      id: 'add-column.foreign-table',
      node: 'AlterTableStmt',
      of: 'AT_AddColumn',
      form: 'ADD COLUMN to a foreign table',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['ft'] },
      examples: ['ALTER FOREIGN TABLE ft ADD COLUMN x int'],
    },
    {
      id: 'add-column.view',
      node: 'ViewStmt',
      form: 'OR REPLACE VIEW with another column (AT_AddColumnToView inside)',
      roles: { target: { mode: 'AccessExclusiveLock' }, source: { mode: 'AccessShareLock' } },
      on: { target: ['v'], source: ['t'] },
      examples: ['CREATE OR REPLACE VIEW v AS SELECT id, a FROM t'],
    },
  ],
} as const satisfies FactFamily;
