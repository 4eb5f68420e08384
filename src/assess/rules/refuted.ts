import type { Danger } from './rule.ts';

/** What is called a danger elsewhere, and is none, or none that SQL could tell. */
export interface Refutation {
  readonly id: string;
  readonly title: string;
  /** What PostgreSQL does instead, and where the manual says so. */
  readonly why: string;
  readonly example: {
    readonly schema: string;
    /** Its assessment raises nothing. */
    readonly harmless: string;
    /** What the server would have to show, and does not. */
    readonly danger: Danger;
  };
}

export const REFUTED: readonly Refutation[] = [
  {
    id: 'alter-type-no-rewrite-whitelist',
    title: 'A type change that leaves the stored values as they are is instant',
    why: 'A longer varchar, varchar to text, a wider numeric of the same scale, more digits of a timestamp’s seconds: the stored values are those of the new type already, so PostgreSQL changes the catalog alone; table and indexes stay as they are (PostgreSQL manual, ALTER TABLE, notes). It takes an AccessExclusiveLock, as any ALTER TABLE, for the moment.',
    example: {
      schema:
        "CREATE TABLE t (id int PRIMARY KEY, a varchar(50), b varchar(50), c numeric(8, 2)); CREATE INDEX ON t (a); INSERT INTO t VALUES (1, 'x', 'y', 2.5);",
      harmless:
        'ALTER TABLE t ALTER COLUMN a TYPE varchar(100); ALTER TABLE t ALTER COLUMN b TYPE text; ALTER TABLE t ALTER COLUMN c TYPE numeric(12, 2);',
      danger: { kind: 'rewrite', relation: 't' },
    },
  },
  {
    id: 'add-column-constant-default-old-pg',
    title: 'A new column with a constant default costs nothing',
    why: 'Since PostgreSQL 11 a default that is no volatile expression is worked out once, when the statement runs, and kept in the catalog: old rows read it from there, and the table is not written (PostgreSQL manual, ALTER TABLE, notes). now() is not volatile: every old row gets the time of the statement. Ferrata supports PostgreSQL 13 and newer, so none is left that would write the table.',
    example: {
      schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
      harmless:
        "ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT 'new', ADD COLUMN b timestamptz DEFAULT now();",
      danger: { kind: 'rewrite', relation: 't' },
    },
  },
  {
    id: 'add-inheritance-or-special-column',
    title: 'No name of a column means anything to PostgreSQL',
    why: 'Some ORMs give a meaning to certain names: a column called type makes Rails look for a class of that name in each row, and programs that do not know of it fail when they load one. To the server it is a column like any other, old queries go on, and the migration’s SQL does not tell which ORM reads the table. What the models of a program make of a changed table, ferrata assess --app looks for in its source.',
    example: {
      schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
      harmless: 'ALTER TABLE t ADD COLUMN type text;',
      danger: { kind: 'breaks', query: 'SELECT id FROM t', sqlstate: '42703' },
    },
  },
];
