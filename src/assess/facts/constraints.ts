/** ALTER TABLE: constraints (manual: ALTER TABLE, notes). */
import type { FactFamily } from './model.ts';

export const constraints = {
  title: 'ALTER TABLE: constraints',
  fixture: [
    {
      since: 13,
      sql: `
CREATE UNIQUE INDEX iparent_a ON iparent (a);
CREATE TABLE u (id int NOT NULL, a int);
INSERT INTO u SELECT n, n FROM generate_series(1, 50) n;
CREATE UNIQUE INDEX u_a ON u (a);
CREATE UNIQUE INDEX u_id ON u (id);
CREATE UNIQUE INDEX proved_a ON proved (a);
CREATE TABLE spans (k int4range, during int4range);
INSERT INTO spans SELECT int4range(n, n + 1), int4range(n, n + 1) FROM generate_series(1, 50) n;
CREATE TABLE r2 (id int PRIMARY KEY);
INSERT INTO r2 SELECT n FROM generate_series(0, 200) n;
CREATE TABLE fk3 (id int, r_id int REFERENCES r2);
CREATE TABLE fkpart (id int NOT NULL, r_id int, CONSTRAINT fkpart_r FOREIGN KEY (r_id) REFERENCES r) PARTITION BY RANGE (id);
CREATE TABLE fkpart1 PARTITION OF fkpart FOR VALUES FROM (0) TO (100);
INSERT INTO fkpart SELECT n, n FROM generate_series(1, 50) n;
CREATE TABLE fktop (id int, k int, CONSTRAINT fktop_k FOREIGN KEY (k) REFERENCES partkey);
CREATE TABLE cparent (a int, CONSTRAINT cparent_c CHECK (a > 0), CONSTRAINT cparent_u UNIQUE (a));
CREATE TABLE cchild () INHERITS (cparent);
INSERT INTO cparent SELECT n FROM generate_series(1, 20) n;
INSERT INTO cchild SELECT n FROM generate_series(1, 20) n;
ALTER TABLE cparent ADD CONSTRAINT cparent_nv CHECK (a > -1) NOT VALID;
ALTER TABLE cparent ADD CONSTRAINT cparent_fk FOREIGN KEY (a) REFERENCES r NOT VALID;
CREATE TABLE pkp (id int PRIMARY KEY, a int, CONSTRAINT pkp_c CHECK (a > 0)) PARTITION BY RANGE (id);
CREATE TABLE pkp1 PARTITION OF pkp FOR VALUES FROM (0) TO (100);
INSERT INTO pkp SELECT n, n FROM generate_series(1, 50) n;
ALTER TABLE pkp ADD CONSTRAINT pkp_nv CHECK (a > -1) NOT VALID;
CREATE TABLE nv (id int, r_id int);
INSERT INTO nv SELECT n, n FROM generate_series(1, 50) n;
ALTER TABLE nv ADD CONSTRAINT nv_r FOREIGN KEY (r_id) REFERENCES r NOT VALID;
CREATE TABLE nvp (id int, k int);
INSERT INTO nvp SELECT n, n FROM generate_series(1, 50) n;
ALTER TABLE nvp ADD CONSTRAINT nvp_k FOREIGN KEY (k) REFERENCES partkey NOT VALID;
`,
    },
    {
      since: 18,
      sql: `
CREATE TABLE ne (id int, r_id int, CONSTRAINT ne_r FOREIGN KEY (r_id) REFERENCES r NOT ENFORCED);
INSERT INTO ne SELECT n, n FROM generate_series(1, 50) n;
`,
    },
  ],
  rows: [
    {
      id: 'check.add',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD CHECK',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)'],
    },
    {
      id: 'check.not-valid',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD CHECK … NOT VALID',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID'],
    },
    {
      id: 'check.not-enforced',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD CHECK … NOT ENFORCED',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      since: 18,
      examples: ['ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED'],
    },
    {
      id: 'check.inherited',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD CHECK, inherited',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'scan' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['parent'], partition: ['child'] },
      examples: ['ALTER TABLE parent ADD CONSTRAINT k CHECK (a > 0)'],
    },
    {
      id: 'check.no-inherit',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD CHECK … NO INHERIT',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['parent'] },
      examples: ['ALTER TABLE ONLY parent ADD CONSTRAINT k CHECK (a > 0) NO INHERIT'],
    },
    {
      id: 'check.no-inherit-heirs',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD CHECK … NO INHERIT without ONLY',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'scan' },
        partition: { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['parent'], partition: ['child'] },
      versions: [{ to: 17, roles: { partition: null } }],
      examples: ['ALTER TABLE parent ADD CONSTRAINT k CHECK (a > 0) NO INHERIT'],
    },
    {
      id: 'check.partitioned',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD CHECK, partitioned',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['part'], partition: ['part1', 'part2'] },
      examples: ['ALTER TABLE part ADD CONSTRAINT k CHECK (a > 0)'],
    },
    {
      id: 'check.partitioned-not-valid',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD CHECK NOT VALID, partitioned',
      roles: { target: { mode: 'AccessExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['part'], partition: ['part1', 'part2'] },
      examples: ['ALTER TABLE part ADD CONSTRAINT k CHECK (a > 0) NOT VALID'],
    },
    {
      id: 'not-null-constraint.add',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD NOT NULL',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['t'] },
      since: 18,
      examples: ['ALTER TABLE t ADD CONSTRAINT k NOT NULL a'],
    },
    {
      id: 'not-null-constraint.add-proved',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD NOT NULL after a validated CHECK',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['proved'] },
      since: 18,
      examples: ['ALTER TABLE proved ADD CONSTRAINT k NOT NULL a'],
    },
    {
      id: 'not-null-constraint.not-valid',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD NOT NULL … NOT VALID',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['t'] },
      since: 18,
      examples: ['ALTER TABLE t ADD CONSTRAINT k NOT NULL a NOT VALID'],
    },
    {
      id: 'not-null-constraint.inherited',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD NOT NULL inherited',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'scan' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['parent'], partition: ['child'] },
      since: 18,
      examples: ['ALTER TABLE parent ADD CONSTRAINT k NOT NULL a'],
    },
    {
      id: 'foreign-key.add',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY',
      roles: {
        target: { mode: 'ShareRowExclusiveLock', work: 'scan' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
      },
      on: { target: ['t'], referenced: ['r'] },
      examples: ['ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r'],
    },
    {
      id: 'foreign-key.not-valid',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY … NOT VALID',
      roles: { target: { mode: 'ShareRowExclusiveLock' }, referenced: { mode: 'ShareRowExclusiveLock' } },
      on: { target: ['t'], referenced: ['r'] },
      examples: ['ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r NOT VALID'],
    },
    {
      id: 'foreign-key.not-enforced',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY … NOT ENFORCED',
      roles: { target: { mode: 'ShareRowExclusiveLock' }, referenced: { mode: 'ShareRowExclusiveLock' } },
      on: { target: ['t'], referenced: ['r'] },
      since: 18,
      examples: ['ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r NOT ENFORCED'],
    },
    {
      id: 'foreign-key.self',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY to itself',
      roles: { target: { mode: 'ShareRowExclusiveLock', work: 'scan' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES t'],
    },
    {
      id: 'foreign-key.to-partitioned',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY to a partitioned table',
      roles: {
        target: { mode: 'ShareRowExclusiveLock', work: 'scan' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
      },
      on: { target: ['t'], referenced: ['partkey', 'partkey1'] },
      examples: ['ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES partkey'],
    },
    {
      id: 'foreign-key.from-partitioned',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY, partitioned',
      roles: {
        target: { mode: 'ShareRowExclusiveLock' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
        partition: { mode: 'ShareRowExclusiveLock', work: 'scan' },
      },
      on: { target: ['part'], referenced: ['r2'], partition: ['part1', 'part2'] },
      examples: ['ALTER TABLE part ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r2'],
    },
    {
      id: 'foreign-key.from-partitioned-not-valid',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY NOT VALID, partitioned',
      roles: {
        target: { mode: 'ShareRowExclusiveLock' },
        referenced: { mode: 'ShareRowExclusiveLock' },
        partition: { mode: 'ShareRowExclusiveLock' },
      },
      on: { target: ['part'], referenced: ['r2'], partition: ['part1', 'part2'] },
      since: 18,
      examples: ['ALTER TABLE part ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r2 NOT VALID'],
    },
    {
      id: 'foreign-key.only',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY, ONLY, with heirs',
      roles: {
        target: { mode: 'ShareRowExclusiveLock', work: 'scan' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
      },
      on: { target: ['parent'], referenced: ['r'] },
      examples: ['ALTER TABLE ONLY parent ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r'],
    },
    {
      id: 'primary-key.inherited-nullable',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY, nullable column, with heirs',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'build' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['parent'], partition: ['child'] },
      examples: ['ALTER TABLE parent ADD CONSTRAINT k PRIMARY KEY (a)'],
    },
    {
      id: 'primary-key.partitioned-nullable',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY, nullable column, partitioned',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'build' },
      },
      on: { target: ['gpart'], partition: ['gpart1'] },
      examples: ['ALTER TABLE gpart ADD CONSTRAINT k PRIMARY KEY (id)'],
    },
    {
      id: 'primary-key.inherited',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY, with heirs',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'build' },
        partition: { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['iparent'], partition: ['ichild'] },
      examples: ['ALTER TABLE iparent ADD CONSTRAINT k PRIMARY KEY (a)'],
    },
    {
      id: 'exclusion.inherited',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD EXCLUDE, with heirs',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'build' },
        partition: { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['iparent'], partition: ['ichild'] },
      versions: [{ to: 17, roles: { partition: null } }],
      examples: ['ALTER TABLE iparent ADD CONSTRAINT k EXCLUDE USING btree (a WITH =)'],
    },
    {
      id: 'unique.using-inherited',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD UNIQUE USING INDEX, with heirs',
      roles: { target: { mode: 'AccessExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['iparent'], partition: ['ichild'] },
      versions: [{ to: 17, roles: { partition: null } }],
      examples: ['ALTER TABLE iparent ADD CONSTRAINT k UNIQUE USING INDEX iparent_a'],
    },
    {
      id: 'foreign-key.inherited',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD FOREIGN KEY, with heirs',
      roles: {
        target: { mode: 'ShareRowExclusiveLock', work: 'scan' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
        partition: { mode: 'ShareRowExclusiveLock' },
      },
      on: { target: ['parent'], referenced: ['r'], partition: ['child'] },
      versions: [{ to: 17, roles: { partition: null } }],
      examples: ['ALTER TABLE parent ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r'],
    },
    {
      id: 'unique.add',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD UNIQUE',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'build' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD CONSTRAINT k UNIQUE (a)'],
    },
    {
      id: 'unique.using',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD UNIQUE USING INDEX',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['u'] },
      examples: ['ALTER TABLE u ADD CONSTRAINT k UNIQUE USING INDEX u_a'],
    },
    {
      id: 'unique.inherited',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD UNIQUE, with heirs',
      roles: {
        target: { mode: 'AccessExclusiveLock', work: 'build' },
        partition: { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['parent'], partition: ['child'] },
      versions: [{ to: 17, roles: { partition: null } }],
      examples: ['ALTER TABLE parent ADD CONSTRAINT k UNIQUE (a)'],
    },
    {
      id: 'unique.partitioned',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD UNIQUE, partitioned',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'build' },
      },
      on: { target: ['part'], partition: ['part1', 'part2'] },
      versions: [{ to: 17, roles: { partition: { mode: 'ShareLock', work: 'build' } } }],
      examples: ['ALTER TABLE part ADD CONSTRAINT k UNIQUE (id)'],
    },
    {
      id: 'unique.nulls',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD UNIQUE NULLS NOT DISTINCT',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'build' } },
      on: { target: ['t'] },
      since: 15,
      examples: ['ALTER TABLE t ADD CONSTRAINT k UNIQUE NULLS NOT DISTINCT (a)'],
    },
    {
      id: 'unique.overlaps',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD UNIQUE WITHOUT OVERLAPS',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'build' } },
      on: { target: ['spans'] },
      since: 18,
      examples: ['ALTER TABLE spans ADD CONSTRAINT k UNIQUE (k, during WITHOUT OVERLAPS)'],
    },
    {
      id: 'primary-key.add',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY, nullable column',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'build' } },
      on: { target: ['keyless'] },
      examples: ['ALTER TABLE keyless ADD CONSTRAINT k PRIMARY KEY (a)'],
    },
    {
      id: 'primary-key.add-notnull',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY, NOT NULL column',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'build' } },
      on: { target: ['u'] },
      examples: ['ALTER TABLE u ADD CONSTRAINT k PRIMARY KEY (id)'],
    },
    {
      id: 'primary-key.using',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY USING INDEX, NOT NULL column',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['u'] },
      examples: ['ALTER TABLE u ADD CONSTRAINT k PRIMARY KEY USING INDEX u_id'],
    },
    {
      id: 'primary-key.using-nullable',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY USING INDEX, nullable column',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'scan' } },
      on: { target: ['u'] },
      examples: ['ALTER TABLE u ADD CONSTRAINT k PRIMARY KEY USING INDEX u_a'],
    },
    {
      id: 'primary-key.using-proved',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY USING INDEX, after a validated CHECK',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['proved'] },
      examples: ['ALTER TABLE proved ADD CONSTRAINT k PRIMARY KEY USING INDEX proved_a'],
    },
    {
      id: 'primary-key.partitioned',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD PRIMARY KEY, partitioned',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'build' },
      },
      on: { target: ['part'], partition: ['part1', 'part2'] },
      versions: [{ to: 17, roles: { partition: { mode: 'ShareLock', work: 'build' } } }],
      examples: ['ALTER TABLE part ADD CONSTRAINT k PRIMARY KEY (id)'],
    },
    {
      id: 'exclusion.add',
      node: 'AlterTableStmt',
      of: 'AT_AddConstraint',
      form: 'ADD EXCLUDE',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'build' } },
      on: { target: ['t'] },
      examples: ['ALTER TABLE t ADD CONSTRAINT k EXCLUDE USING btree (a WITH =)'],
    },
  ],
} as const satisfies FactFamily;
