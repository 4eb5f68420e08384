/** Domains, enums and other types, sequences, collations. */
import type { FactFamily } from './model.ts';

export const types = {
  title: 'Domains, enums and other types, sequences, collations',
  fixture: [
    {
      since: 13,
      sql: `
CREATE DOMAIN dom AS int;
CREATE TABLE usesdom (id int, d dom);
INSERT INTO usesdom SELECT n, n FROM generate_series(1, 20) n;
CREATE DOMAIN dom2 AS int;
CREATE TABLE usesdom2 (id int, d dom2);
INSERT INTO usesdom2 SELECT n, n FROM generate_series(1, 20) n;
ALTER DOMAIN dom2 ADD CONSTRAINT dom2_c CHECK (VALUE > 0) NOT VALID;
CREATE DOMAIN doma AS int;
CREATE TABLE usesarr (id int, d doma[]);
CREATE DOMAIN domc AS int;
CREATE TYPE compd AS (d domc);
CREATE TABLE usescomp (id int, c compd);
CREATE DOMAIN domd AS int;
CREATE DOMAIN domdd AS domd;
CREATE TABLE usesover (id int, d domdd);
INSERT INTO usesover SELECT n, n FROM generate_series(1, 20) n;
CREATE DOMAIN domp AS int;
CREATE TABLE usesp (id int, d domp) PARTITION BY RANGE (id);
CREATE TABLE usesp1 PARTITION OF usesp FOR VALUES FROM (0) TO (100);
CREATE DOMAIN lonedom AS int;
CREATE TYPE lone AS ENUM ('a');
CREATE SEQUENCE sq2;
CREATE COLLATION colx FROM "C";
`,
    },
  ],
  rows: [
    {
      id: 'domain.create',
      node: 'CreateDomainStmt',
      form: 'CREATE DOMAIN',
      roles: {},
      examples: ['CREATE DOMAIN n AS int CHECK (VALUE > 0)'],
    },
    {
      id: 'domain.check',
      node: 'AlterDomainStmt',
      of: 'C',
      form: 'ALTER DOMAIN … ADD CHECK',
      roles: { target: { mode: 'ShareLock', work: 'scan' } },
      on: { target: ['usesdom'] },
      examples: ['ALTER DOMAIN dom ADD CONSTRAINT k CHECK (VALUE > 0)'],
    },
    {
      id: 'domain.alter-in-catalog',
      node: 'AlterDomainStmt',
      of: ['C', 'X', 'N', 'T'],
      form: 'ALTER DOMAIN that proves nothing',
      roles: {},
      examples: [
        {
          label: 'ALTER DOMAIN … ADD CHECK … NOT VALID',
          sql: 'ALTER DOMAIN dom ADD CONSTRAINT k CHECK (VALUE > 0) NOT VALID',
        },
        { label: 'ALTER DOMAIN … DROP CONSTRAINT', sql: 'ALTER DOMAIN dom2 DROP CONSTRAINT dom2_c' },
        { label: 'ALTER DOMAIN … DROP NOT NULL', sql: 'ALTER DOMAIN required DROP NOT NULL' },
        { label: 'ALTER DOMAIN … SET DEFAULT', sql: 'ALTER DOMAIN dom SET DEFAULT 1' },
      ],
    },
    {
      id: 'domain.validate',
      node: 'AlterDomainStmt',
      of: 'V',
      form: 'ALTER DOMAIN … VALIDATE CONSTRAINT',
      roles: { target: { mode: 'ShareLock', work: 'scan' } },
      on: { target: ['usesdom2'] },
      examples: ['ALTER DOMAIN dom2 VALIDATE CONSTRAINT dom2_c'],
    },
    {
      id: 'domain.notnull',
      node: 'AlterDomainStmt',
      of: 'O',
      form: 'ALTER DOMAIN … SET NOT NULL',
      roles: { target: { mode: 'ShareLock', work: 'scan' } },
      on: { target: ['usesdom'] },
      examples: ['ALTER DOMAIN dom SET NOT NULL'],
    },
    {
      id: 'domain.notnull-add',
      node: 'AlterDomainStmt',
      of: 'C',
      form: 'ALTER DOMAIN … ADD NOT NULL',
      roles: { target: { mode: 'ShareLock', work: 'scan' } },
      on: { target: ['usesdom'] },
      since: 17,
      examples: ['ALTER DOMAIN dom ADD CONSTRAINT k NOT NULL'],
    },
    {
      id: 'domain.array',
      node: 'AlterDomainStmt',
      of: 'C',
      form: 'ALTER DOMAIN … ADD CHECK, columns of its arrays',
      roles: {},
      fails: '0A000',
      examples: ['ALTER DOMAIN doma ADD CONSTRAINT k CHECK (VALUE > 0)'],
    },
    {
      id: 'domain.composite',
      node: 'AlterDomainStmt',
      of: 'C',
      form: 'ALTER DOMAIN … ADD CHECK, columns of composite types',
      roles: {},
      fails: '0A000',
      examples: ['ALTER DOMAIN domc ADD CONSTRAINT k CHECK (VALUE > 0)'],
    },
    {
      id: 'domain.domain',
      node: 'AlterDomainStmt',
      of: 'C',
      form: 'ALTER DOMAIN … ADD CHECK, domains over it',
      roles: { target: { mode: 'ShareLock', work: 'scan' } },
      on: { target: ['usesover'] },
      examples: ['ALTER DOMAIN domd ADD CONSTRAINT k CHECK (VALUE > 0)'],
    },
    {
      id: 'domain.partitioned',
      node: 'AlterDomainStmt',
      of: 'C',
      form: 'ALTER DOMAIN … ADD CHECK, partitioned',
      roles: { target: { mode: 'ShareLock', work: 'scan' } },
      on: { target: ['usesp1'] },
      examples: ['ALTER DOMAIN domp ADD CONSTRAINT k CHECK (VALUE > 0)'],
    },
    {
      id: 'domain.rename-in-catalog',
      node: 'RenameStmt',
      of: ['OBJECT_DOMAIN', 'OBJECT_DOMCONSTRAINT', 'OBJECT_TYPE'],
      form: 'RENAME of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'RENAME of a domain', sql: 'ALTER DOMAIN dom RENAME TO z' },
        { label: 'RENAME CONSTRAINT of a domain', sql: 'ALTER DOMAIN dom2 RENAME CONSTRAINT dom2_c TO z' },
        { label: 'RENAME of a type', sql: 'ALTER TYPE mood RENAME TO z' },
      ],
    },
    {
      id: 'domain.owner-in-catalog',
      node: 'AlterOwnerStmt',
      of: ['OBJECT_DOMAIN', 'OBJECT_TYPE'],
      form: 'OWNER TO of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'OWNER TO of a domain', sql: 'ALTER DOMAIN dom OWNER TO ferrata_facts' },
        { label: 'OWNER TO of a type', sql: 'ALTER TYPE mood OWNER TO ferrata_facts' },
      ],
    },
    {
      id: 'domain.drop-in-catalog',
      node: 'DropStmt',
      of: ['OBJECT_DOMAIN', 'OBJECT_TYPE', 'OBJECT_COLLATION'],
      form: 'DROP of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'DROP DOMAIN', sql: 'DROP DOMAIN lonedom' },
        { label: 'DROP TYPE', sql: 'DROP TYPE lone' },
        { label: 'DROP COLLATION', sql: 'DROP COLLATION colx' },
      ],
    },
    {
      id: 'domain.drop-cascade',
      node: 'DropStmt',
      of: 'OBJECT_DOMAIN',
      form: 'DROP DOMAIN … CASCADE that columns use',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['usesdom'] },
      examples: ['DROP DOMAIN dom CASCADE'],
    },
    {
      id: 'enum.create',
      node: 'CreateEnumStmt',
      form: 'CREATE TYPE … AS ENUM',
      roles: {},
      examples: ["CREATE TYPE n AS ENUM ('a')"],
    },
    {
      id: 'enum.add',
      node: 'AlterEnumStmt',
      form: 'ALTER TYPE … ADD VALUE',
      roles: {},
      examples: ["ALTER TYPE mood ADD VALUE 'calm'"],
    },
    {
      id: 'enum.rename',
      node: 'AlterEnumStmt',
      form: 'ALTER TYPE … RENAME VALUE',
      roles: {},
      examples: ["ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"],
    },
    {
      id: 'type.composite',
      node: 'CompositeTypeStmt',
      form: 'CREATE TYPE … AS ( )',
      roles: {},
      examples: ['CREATE TYPE n AS (a int)'],
    },
    {
      id: 'type.range',
      node: 'CreateRangeStmt',
      form: 'CREATE TYPE … AS RANGE',
      roles: {},
      examples: ['CREATE TYPE n AS RANGE (subtype = int4)'],
    },
    {
      id: 'type.create-in-catalog',
      node: 'DefineStmt',
      of: ['OBJECT_TYPE', 'OBJECT_COLLATION'],
      form: 'CREATE of what is in the catalog alone',
      roles: {},
      examples: [
        { label: 'CREATE TYPE, base type', sql: 'CREATE TYPE n' },
        { label: 'CREATE COLLATION', sql: 'CREATE COLLATION n FROM "C"' },
      ],
    },
    {
      id: 'type.alter',
      node: 'AlterTypeStmt',
      form: 'ALTER TYPE … SET ( )',
      roles: {},
      examples: ['ALTER TYPE citext SET (storage = extended)'],
    },
    {
      id: 'type.rename-composite',
      node: 'RenameStmt',
      of: 'OBJECT_TYPE',
      form: 'RENAME of a composite type',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['duo'] },
      examples: ['ALTER TYPE duo RENAME TO z'],
    },
    {
      id: 'type.drop-cascade',
      node: 'DropStmt',
      of: 'OBJECT_TYPE',
      form: 'DROP TYPE … CASCADE that columns use',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['ty'] },
      examples: ['DROP TYPE mood CASCADE'],
    },
    {
      id: 'type.drop-composite',
      node: 'DropStmt',
      of: 'OBJECT_TYPE',
      form: 'DROP TYPE of a composite type',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['duo'] },
      examples: ['DROP TYPE duo'],
    },
    {
      id: 'sequence.create',
      node: 'CreateSeqStmt',
      form: 'CREATE SEQUENCE',
      roles: {},
      examples: ['CREATE SEQUENCE n'],
    },
    {
      id: 'sequence.create-owned',
      node: 'CreateSeqStmt',
      form: 'CREATE SEQUENCE … OWNED BY',
      roles: { source: { mode: 'AccessShareLock' } },
      on: { source: ['t'] },
      examples: ['CREATE SEQUENCE n OWNED BY t.a'],
    },
    {
      id: 'sequence.alter',
      node: 'AlterSeqStmt',
      form: 'ALTER SEQUENCE',
      roles: { sequence: { mode: 'ShareRowExclusiveLock' } },
      on: { sequence: ['sq'] },
      examples: ['ALTER SEQUENCE sq INCREMENT 2'],
    },
    {
      id: 'sequence.restart',
      node: 'AlterSeqStmt',
      form: 'ALTER SEQUENCE … RESTART',
      roles: { sequence: { mode: 'ShareRowExclusiveLock' } },
      on: { sequence: ['sq'] },
      examples: ['ALTER SEQUENCE sq RESTART'],
    },
    {
      id: 'sequence.owned',
      node: 'AlterSeqStmt',
      form: 'ALTER SEQUENCE … OWNED BY',
      roles: { sequence: { mode: 'ShareRowExclusiveLock' }, source: { mode: 'AccessShareLock' } },
      on: { sequence: ['sq'], source: ['t'] },
      examples: ['ALTER SEQUENCE sq OWNED BY t.a'],
    },
    {
      id: 'sequence.owner',
      node: 'AlterTableStmt',
      of: 'AT_ChangeOwner',
      form: 'OWNER TO of a sequence',
      roles: { sequence: { mode: 'AccessExclusiveLock' } },
      on: { sequence: ['sq'] },
      examples: ['ALTER SEQUENCE sq OWNER TO ferrata_facts'],
    },
    {
      id: 'sequence.logged',
      node: 'AlterTableStmt',
      of: 'AT_SetUnLogged',
      form: 'SET UNLOGGED of a sequence',
      roles: { sequence: { mode: 'AccessExclusiveLock' } },
      on: { sequence: ['sq'] },
      since: 15,
      examples: ['ALTER SEQUENCE sq SET UNLOGGED'],
    },
    {
      id: 'sequence.drop',
      node: 'DropStmt',
      of: 'OBJECT_SEQUENCE',
      form: 'DROP SEQUENCE',
      roles: { sequence: { mode: 'AccessExclusiveLock' } },
      on: { sequence: ['sq2'] },
      examples: ['DROP SEQUENCE sq2'],
    },
    {
      id: 'sequence.drop-cascade',
      node: 'DropStmt',
      of: 'OBJECT_SEQUENCE',
      form: 'DROP SEQUENCE CASCADE that a default uses',
      roles: { target: { mode: 'AccessExclusiveLock' } },
      on: { target: ['ser'] },
      examples: ['DROP SEQUENCE ser_n_seq CASCADE'],
    },
    {
      id: 'collation.refresh',
      node: 'AlterCollationStmt',
      form: 'ALTER COLLATION … REFRESH VERSION',
      roles: {},
      examples: ['ALTER COLLATION colx REFRESH VERSION'],
    },
  ],
} as const satisfies FactFamily;
