/** Partitions that come and go (manual: 5.12, ALTER TABLE, CREATE TABLE). */
import type { FactFamily } from './model.ts';

export const partitions = {
  title: 'Partitions that come and go',
  fixture: [
    {
      since: 13,
      sql: `
CREATE TABLE loose (id int NOT NULL, a int, b varchar(50));
CREATE TABLE looseck (id int NOT NULL, a int, b varchar(50), CHECK (id >= 1000 AND id < 1100));
CREATE TABLE loosecknv (id int NOT NULL, a int, b varchar(50));
INSERT INTO loose SELECT n, n FROM generate_series(1000, 1050) n;
INSERT INTO looseck SELECT n, n FROM generate_series(1000, 1050) n;
INSERT INTO loosecknv SELECT n, n FROM generate_series(1000, 1050) n;
ALTER TABLE loosecknv ADD CHECK (id >= 1000 AND id < 1100) NOT VALID;
CREATE TABLE plist (k text, a int) PARTITION BY LIST (k);
CREATE TABLE plistnn (k text, a int, CHECK (k = 'x'));
CREATE TABLE plistck (k text, a int, CHECK (k IS NOT NULL AND k = 'x'));
INSERT INTO plistnn SELECT 'x', n FROM generate_series(1, 20) n;
INSERT INTO plistck SELECT 'x', n FROM generate_series(1, 20) n;
CREATE TABLE dpart (id int NOT NULL, a int) PARTITION BY RANGE (id);
CREATE TABLE dpart1 PARTITION OF dpart FOR VALUES FROM (0) TO (100);
CREATE TABLE dpart_def PARTITION OF dpart DEFAULT;
INSERT INTO dpart SELECT n, n FROM generate_series(1, 150) n;
CREATE TABLE dloose (id int NOT NULL, a int);
INSERT INTO dloose SELECT n, n FROM generate_series(1000, 1050) n;
CREATE TABLE epart (id int NOT NULL, a int) PARTITION BY RANGE (id);
CREATE TABLE epart_def PARTITION OF epart (CHECK (id < 1000)) DEFAULT;
INSERT INTO epart SELECT n, n FROM generate_series(1, 150) n;
CREATE TABLE eloose (id int NOT NULL, a int);
CREATE TABLE ipart (id int NOT NULL, a int) PARTITION BY RANGE (id);
CREATE INDEX ipart_a ON ipart (a);
CREATE TABLE iloose (id int NOT NULL, a int);
INSERT INTO iloose SELECT n, n FROM generate_series(1000, 1050) n;
CREATE TABLE ilooseidx (id int NOT NULL, a int);
CREATE INDEX ilooseidx_a ON ilooseidx (a);
INSERT INTO ilooseidx SELECT n, n FROM generate_series(1000, 1050) n;
CREATE TABLE fkloose (id int NOT NULL, r_id int);
INSERT INTO fkloose SELECT n, 1 FROM generate_series(1000, 1050) n;
CREATE TABLE fkloosehas (id int NOT NULL, r_id int, CONSTRAINT fkpart_r FOREIGN KEY (r_id) REFERENCES r);
INSERT INTO fkloosehas SELECT n, 1 FROM generate_series(1000, 1050) n;
CREATE TABLE pkloose (id int PRIMARY KEY, a int);
CREATE TABLE hpart (id int) PARTITION BY HASH (id);
CREATE TABLE hpart0 PARTITION OF hpart FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hloose (id int);
CREATE TABLE subp (id int NOT NULL, a int, b varchar(50)) PARTITION BY RANGE (id);
CREATE TABLE subp1 PARTITION OF subp FOR VALUES FROM (2000) TO (2050);
INSERT INTO subp SELECT n, n FROM generate_series(2000, 2040) n;
CREATE TABLE trloose (id int NOT NULL);
CREATE TABLE opart (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE opart1 PARTITION OF opart FOR VALUES FROM (0) TO (100);
CREATE INDEX opart_id ON ONLY opart (id);
CREATE INDEX opart1_id ON opart1 (id);
CREATE TABLE pref (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE pref1 PARTITION OF pref FOR VALUES FROM (0) TO (100);
CREATE TABLE pref2 PARTITION OF pref FOR VALUES FROM (100) TO (200);
INSERT INTO pref SELECT n FROM generate_series(1, 150) n;
CREATE TABLE fkpref (id int, k int, CONSTRAINT fkpref_k FOREIGN KEY (k) REFERENCES pref);
INSERT INTO fkpref SELECT n, 120 FROM generate_series(1, 20) n;
CREATE TABLE fpart (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE fpart1 PARTITION OF fpart FOR VALUES FROM (0) TO (100);
CREATE TABLE cpart (id int NOT NULL, a int) PARTITION BY RANGE (id);
CREATE TABLE cpart1 PARTITION OF cpart FOR VALUES FROM (0) TO (100);
INSERT INTO cpart SELECT n, n FROM generate_series(1, 50) n;
`,
    },
  ],
  rows: [
    {
      id: 'partition.attach',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['part'], partition: ['loose'] },
      examples: ['ALTER TABLE part ATTACH PARTITION loose FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-proved',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION with a CHECK that proves its bound',
      roles: { target: { mode: 'ShareUpdateExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['part'], partition: ['looseck'] },
      examples: ['ALTER TABLE part ATTACH PARTITION looseck FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-check-not-valid',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION with a CHECK NOT VALID',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['part'], partition: ['loosecknv'] },
      examples: ['ALTER TABLE part ATTACH PARTITION loosecknv FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-check-nullable',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION with a CHECK without IS NOT NULL',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['plist'], partition: ['plistnn'] },
      examples: ["ALTER TABLE plist ATTACH PARTITION plistnn FOR VALUES IN ('x')"],
    },
    {
      id: 'partition.attach-list-proved',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION LIST with a CHECK that proves',
      roles: { target: { mode: 'ShareUpdateExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['plist'], partition: ['plistck'] },
      examples: ["ALTER TABLE plist ATTACH PARTITION plistck FOR VALUES IN ('x')"],
    },
    {
      id: 'partition.attach-default-there',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION beside a default partition',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
        'default partition': { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['dpart'], partition: ['dloose'], 'default partition': ['dpart_def'] },
      examples: ['ALTER TABLE dpart ATTACH PARTITION dloose FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-default-proved',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION beside a default partition with a CHECK',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
        'default partition': { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['epart'], partition: ['eloose'], 'default partition': ['epart_def'] },
      examples: ['ALTER TABLE epart ATTACH PARTITION eloose FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-default',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION … DEFAULT',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['part'], partition: ['loose'] },
      examples: ['ALTER TABLE part ATTACH PARTITION loose DEFAULT'],
    },
    {
      id: 'partition.attach-indexed',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION, parent indexed',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'build' },
      },
      on: { target: ['ipart'], partition: ['iloose'] },
      examples: ['ALTER TABLE ipart ATTACH PARTITION iloose FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-indexed-has',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION, parent indexed, partition too',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['ipart'], partition: ['ilooseidx'] },
      examples: ['ALTER TABLE ipart ATTACH PARTITION ilooseidx FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-foreign-key',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION, parent with a foreign key',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        referenced: { mode: 'ShareRowExclusiveLock', work: 'scan' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['fkpart'], referenced: ['r'], partition: ['fkloose'] },
      examples: ['ALTER TABLE fkpart ATTACH PARTITION fkloose FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-foreign-key-has',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION, parent and partition with a foreign key',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        referenced: { mode: 'AccessExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['fkpart'], referenced: ['r'], partition: ['fkloosehas'] },
      examples: ['ALTER TABLE fkpart ATTACH PARTITION fkloosehas FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-referenced',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION to a table that foreign keys refer to',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
        source: { mode: 'ShareRowExclusiveLock' },
      },
      on: { target: ['partkey'], partition: ['pkloose'], source: ['fktop', 'nvp'] },
      versions: [{ to: 14, roles: { source: { mode: 'AccessShareLock' } } }],
      examples: ['ALTER TABLE partkey ATTACH PARTITION pkloose FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-hash',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION, HASH',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['hpart'], partition: ['hloose'] },
      examples: ['ALTER TABLE hpart ATTACH PARTITION hloose FOR VALUES WITH (MODULUS 2, REMAINDER 1)'],
    },
    {
      id: 'partition.attach-partitioned',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION that is partitioned',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['part'], partition: ['subp', 'subp1'] },
      examples: ['ALTER TABLE part ATTACH PARTITION subp FOR VALUES FROM (2000) TO (2100)'],
    },
    {
      id: 'partition.attach-trigger',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ATTACH PARTITION, parent with trigger',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['trpart'], partition: ['trloose'] },
      examples: ['ALTER TABLE trpart ATTACH PARTITION trloose FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'partition.attach-index',
      node: 'AlterTableStmt',
      of: 'AT_AttachPartition',
      form: 'ALTER INDEX … ATTACH PARTITION',
      roles: {
        target: { mode: 'ShareUpdateExclusiveLock' },
        index: { mode: 'AccessExclusiveLock' },
        source: { mode: 'AccessShareLock' },
      },
      on: { target: ['opart_id'], index: ['opart1_id'], source: ['opart', 'opart1'] },
      examples: ['ALTER INDEX opart_id ATTACH PARTITION opart1_id'],
    },
    {
      id: 'partition.detach',
      node: 'AlterTableStmt',
      of: 'AT_DetachPartition',
      form: 'DETACH PARTITION',
      roles: { target: { mode: 'AccessExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['part'], partition: ['part1'] },
      versions: [{ to: 13, roles: { partition: { mode: 'ShareUpdateExclusiveLock' } } }],
      examples: ['ALTER TABLE part DETACH PARTITION part1'],
    },
    {
      id: 'partition.detach-default',
      node: 'AlterTableStmt',
      of: 'AT_DetachPartition',
      form: 'DETACH PARTITION beside a default partition',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock' },
        'default partition': { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['dpart'], partition: ['dpart1'], 'default partition': ['dpart_def'] },
      versions: [{ to: 13, roles: { partition: { mode: 'ShareUpdateExclusiveLock' } } }],
      examples: ['ALTER TABLE dpart DETACH PARTITION dpart1'],
    },
    {
      id: 'partition.detach-foreign-key',
      node: 'AlterTableStmt',
      of: 'AT_DetachPartition',
      form: 'DETACH PARTITION, with a foreign key',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        referenced: { mode: 'ShareRowExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['fkpart'], referenced: ['r'], partition: ['fkpart1'] },
      versions: [{ to: 13, roles: { partition: { mode: 'ShareUpdateExclusiveLock' } } }],
      examples: ['ALTER TABLE fkpart DETACH PARTITION fkpart1'],
    },
    {
      id: 'partition.detach-referenced',
      node: 'AlterTableStmt',
      of: 'AT_DetachPartition',
      form: 'DETACH PARTITION of a table that foreign keys refer to',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        partition: { mode: 'AccessExclusiveLock' },
        source: { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { target: ['pref'], partition: ['pref1'], source: ['fkpref'] },
      versions: [{ to: 13, roles: { partition: { mode: 'AccessExclusiveLock', work: 'scan' } } }],
      examples: ['ALTER TABLE pref DETACH PARTITION pref1'],
    },
    {
      id: 'partition.finalize',
      node: 'AlterTableStmt',
      of: 'AT_DetachPartitionFinalize',
      form: 'DETACH PARTITION … FINALIZE',
      roles: { target: { mode: 'ShareUpdateExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['fpart'], partition: ['fpart1'] },
      since: 14,
      examples: [
        {
          sql: 'ALTER TABLE fpart DETACH PARTITION fpart1 FINALIZE',
          interrupted: {
            sql: 'ALTER TABLE fpart DETACH PARTITION fpart1 CONCURRENTLY',
            holding: 'SELECT * FROM fpart',
          },
        },
      ],
    },
    {
      id: 'partition.detach-concurrently',
      node: 'AlterTableStmt',
      of: 'AT_DetachPartition',
      form: 'DETACH PARTITION … CONCURRENTLY',
      roles: { target: { mode: 'ShareUpdateExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['cpart'], partition: ['cpart1'] },
      outside: true,
      since: 14,
      examples: [
        {
          sql: 'ALTER TABLE cpart DETACH PARTITION cpart1 CONCURRENTLY',
          after:
            'DROP TABLE cpart1; CREATE TABLE cpart1 PARTITION OF cpart FOR VALUES FROM (0) TO (100); INSERT INTO cpart SELECT n, n FROM generate_series(1, 50) n',
        },
      ],
    },
    {
      id: 'create-partition.plain',
      node: 'CreateStmt',
      form: 'CREATE TABLE … PARTITION OF',
      roles: { parent: { mode: 'AccessExclusiveLock' } },
      on: { parent: ['part'] },
      examples: ['CREATE TABLE n PARTITION OF part FOR VALUES FROM (3000) TO (3100)'],
    },
    {
      id: 'create-partition.beside-default',
      node: 'CreateStmt',
      form: 'CREATE TABLE … PARTITION OF, beside a default partition',
      roles: {
        parent: { mode: 'AccessExclusiveLock' },
        'default partition': { mode: 'AccessExclusiveLock', work: 'scan' },
      },
      on: { parent: ['dpart'], 'default partition': ['dpart_def'] },
      examples: ['CREATE TABLE n PARTITION OF dpart FOR VALUES FROM (3000) TO (3100)'],
    },
    {
      id: 'create-partition.beside-default-proved',
      node: 'CreateStmt',
      form: 'CREATE TABLE … PARTITION OF, beside a default partition whose CHECK proves',
      roles: {
        parent: { mode: 'AccessExclusiveLock' },
        'default partition': { mode: 'AccessExclusiveLock' },
      },
      on: { parent: ['epart'], 'default partition': ['epart_def'] },
      examples: ['CREATE TABLE n PARTITION OF epart FOR VALUES FROM (1000) TO (1100)'],
    },
    {
      id: 'create-partition.default',
      node: 'CreateStmt',
      form: 'CREATE TABLE … PARTITION OF … DEFAULT',
      roles: { parent: { mode: 'AccessExclusiveLock' } },
      on: { parent: ['part'] },
      examples: ['CREATE TABLE n PARTITION OF part DEFAULT'],
    },
    {
      id: 'create-partition.foreign-key',
      node: 'CreateStmt',
      form: 'CREATE TABLE … PARTITION OF a table with a foreign key',
      roles: { referenced: { mode: 'ShareRowExclusiveLock' }, parent: { mode: 'AccessExclusiveLock' } },
      on: { referenced: ['r'], parent: ['fkpart'] },
      examples: ['CREATE TABLE n PARTITION OF fkpart FOR VALUES FROM (3000) TO (3100)'],
    },
    {
      id: 'create-partition.referenced',
      node: 'CreateStmt',
      form: 'CREATE TABLE … PARTITION OF a table that foreign keys refer to',
      roles: { parent: { mode: 'AccessExclusiveLock' }, source: { mode: 'ShareRowExclusiveLock' } },
      on: { parent: ['partkey'], source: ['fktop', 'nvp'] },
      versions: [{ to: 14, roles: { source: { mode: 'AccessShareLock' } } }],
      examples: ['CREATE TABLE n PARTITION OF partkey FOR VALUES FROM (3000) TO (3100)'],
    },
    {
      id: 'create-partition.trigger',
      node: 'CreateStmt',
      form: 'CREATE TABLE … PARTITION OF a table with trigger',
      roles: { parent: { mode: 'AccessExclusiveLock' } },
      on: { parent: ['trpart'] },
      examples: ['CREATE TABLE n PARTITION OF trpart FOR VALUES FROM (3000) TO (3100)'],
    },
    {
      id: 'drop-partition.plain',
      node: 'DropStmt',
      of: 'OBJECT_TABLE',
      form: 'DROP TABLE of a partition',
      roles: { target: { mode: 'AccessExclusiveLock' }, parent: { mode: 'AccessExclusiveLock' } },
      on: { target: ['part1'], parent: ['part'] },
      examples: ['DROP TABLE part1'],
    },
    {
      id: 'drop-partition.beside-default',
      node: 'DropStmt',
      of: 'OBJECT_TABLE',
      form: 'DROP TABLE of a partition, beside a default partition',
      roles: {
        target: { mode: 'AccessExclusiveLock' },
        parent: { mode: 'AccessExclusiveLock' },
        'default partition': { mode: 'AccessExclusiveLock' },
      },
      on: { target: ['dpart1'], parent: ['dpart'], 'default partition': ['dpart_def'] },
      examples: ['DROP TABLE dpart1'],
    },
    {
      id: 'drop-partition.foreign-key',
      node: 'DropStmt',
      of: 'OBJECT_TABLE',
      form: 'DROP TABLE of a partition with a foreign key',
      roles: { target: { mode: 'AccessExclusiveLock' }, parent: { mode: 'AccessExclusiveLock' } },
      on: { target: ['fkpart1'], parent: ['fkpart'] },
      examples: ['DROP TABLE fkpart1'],
    },
    {
      id: 'drop-partition.partitioned',
      node: 'DropStmt',
      of: 'OBJECT_TABLE',
      form: 'DROP TABLE, partitioned',
      roles: { target: { mode: 'AccessExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['part'], partition: ['part1', 'part2'] },
      examples: ['DROP TABLE part'],
    },
    {
      id: 'drop-partition.heirs',
      node: 'DropStmt',
      of: 'OBJECT_TABLE',
      form: 'DROP TABLE … CASCADE, with heirs',
      roles: { target: { mode: 'AccessExclusiveLock' }, partition: { mode: 'AccessExclusiveLock' } },
      on: { target: ['parent'], partition: ['child'] },
      examples: ['DROP TABLE parent CASCADE'],
    },
    {
      id: 'drop-partition.heir',
      node: 'DropStmt',
      of: 'OBJECT_TABLE',
      form: 'DROP TABLE of an heir',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['child'] },
      examples: ['DROP TABLE child'],
    },
  ],
} as const satisfies FactFamily;
