/** Names that need care: case, spaces, dots, quotes, reserved words, other scripts, the longest there are. */
import type { MatrixRow } from './row.ts';

const long = (letter: string): string => letter.repeat(63);
const wide = 'é'.repeat(31);

export const rows: readonly MatrixRow[] = [
  {
    name: 'reserved words everywhere',
    base: 'CREATE SCHEMA "user"',
    change:
      'CREATE TABLE "user"."table" ("select" int PRIMARY KEY, "from" text DEFAULT \'x\', CONSTRAINT "check" CHECK ("select" > 0), CONSTRAINT "unique" UNIQUE ("from")); CREATE INDEX "index" ON "user"."table" ("from", "select"); CREATE VIEW "user"."view" AS SELECT "select" AS "where" FROM "user"."table"; CREATE SEQUENCE "user"."order"; COMMENT ON COLUMN "user"."table"."select" IS \'s\'',
  },
  {
    name: 'dots, spaces, quotes, case',
    base: 'CREATE SCHEMA "a.b"',
    change:
      'CREATE TABLE "a.b"."c.d" ("e.f" int, "g ""h" text, "İ" int, CONSTRAINT "p.k" PRIMARY KEY ("e.f"), CONSTRAINT "c ""k" CHECK ("g ""h" <> \'"\')); CREATE INDEX "i.x" ON "a.b"."c.d" ("g ""h"); CREATE TABLE "a.b"."Child" ("r" int REFERENCES "a.b"."c.d"); CREATE VIEW "a.b"."V w" AS SELECT "e.f" AS "x.y" FROM "a.b"."c.d"; COMMENT ON COLUMN "a.b"."V w"."x.y" IS \'v\'; CREATE RULE "r u" AS ON INSERT TO "a.b"."V w" DO INSTEAD NOTHING; CREATE POLICY "p.p" ON "a.b"."c.d" USING ("e.f" > 0)',
  },
  {
    name: 'dots, spaces, quotes, case: changed',
    base: 'CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."c.d" ("e.f" int, "g ""h" text, CONSTRAINT "p.k" PRIMARY KEY ("e.f")); CREATE INDEX "i.x" ON "a.b"."c.d" ("g ""h"); ALTER TABLE "a.b"."c.d" CLUSTER ON "i.x"',
    change:
      'ALTER TABLE "a.b"."c.d" REPLICA IDENTITY USING INDEX "p.k"; ALTER TABLE "a.b"."c.d" CLUSTER ON "p.k"; ALTER TABLE "a.b"."c.d" ALTER "e.f" TYPE bigint, ALTER "g ""h" SET NOT NULL; ALTER INDEX "a.b"."i.x" RENAME TO "I.X"',
  },
  {
    name: 'identity and serial of odd names',
    base: '',
    change:
      'CREATE TABLE "T.x" ("I d" int GENERATED ALWAYS AS IDENTITY, "S""e" serial); CREATE INDEX ON "T.x" ("S""e")',
  },
  {
    name: 'identity and serial of odd names taken away',
    base: 'CREATE TABLE "T.x" ("I d" int GENERATED ALWAYS AS IDENTITY, "S""e" serial); INSERT INTO "T.x" DEFAULT VALUES',
    change:
      'ALTER TABLE "T.x" ALTER "I d" DROP IDENTITY, ALTER "S""e" DROP DEFAULT; DROP SEQUENCE "T.x_S""e_seq"',
  },
  {
    name: 'names of 63 bytes',
    base: '',
    change: `CREATE TABLE ${long('t')} (${long('a')} int NOT NULL, ${long('b')} serial, PRIMARY KEY (${long('a')}), UNIQUE (${long('b')})); CREATE INDEX ON ${long('t')} (${long('a')}, ${long('b')}); CREATE VIEW ${long('v')} AS SELECT ${long('a')} FROM ${long('t')}`,
  },
  {
    name: 'names of 63 bytes renamed in a circle',
    base: `CREATE TABLE ${long('t')} (a int NOT NULL); CREATE TABLE ${long('u')} (b int)`,
    change: `ALTER TABLE ${long('t')} RENAME TO x; ALTER TABLE ${long('u')} RENAME TO ${long('t')}; ALTER TABLE x RENAME TO ${long('u')}`,
    back: { lacks: [/DROP|CREATE/] },
  },
  {
    name: 'names of other scripts, cut at 63 bytes',
    base: '',
    change: `CREATE TABLE "${wide}" ("${wide}" int NOT NULL, "日本語" text UNIQUE, "Ω" serial); CREATE INDEX ON "${wide}" ("日本語"); ALTER TABLE "${wide}" ADD CHECK ("日本語" <> 'ß')`,
  },
  {
    name: 'domain and enum of other scripts',
    base: '',
    change: `CREATE DOMAIN "größe" AS int CHECK (VALUE > 0); CREATE TYPE "Farbe.1" AS ENUM ('rot', 'it''s', 'grün'); CREATE TABLE t ("g.r" "größe" DEFAULT 3, f "Farbe.1" DEFAULT 'grün', "F[]" "Farbe.1"[])`,
  },
  {
    name: 'table and index of names that look like types',
    base: '',
    change:
      'CREATE TABLE "integer" ("int" int, "text" text, "char" "char", "current_user" text, "null" int); CREATE INDEX "btree" ON "integer" ("int"); ALTER TABLE "integer" ADD CONSTRAINT "null" CHECK ("null" IS NULL)',
  },
  {
    name: 'backslashes, dollars and line breaks in texts',
    base: 'CREATE TABLE t (a text)',
    change: `ALTER TABLE t ALTER a SET DEFAULT E'a\\\\b\\n$$x$$'; COMMENT ON TABLE t IS E'\\\\ $$ '' \\n %s'; ALTER TABLE t ADD CHECK (a <> E'\\\\')`,
  },
  {
    name: 'NOT NULL names that the server has to number',
    base: `CREATE TABLE ${long('a')} (${long('b').slice(1)}1 int NOT NULL, ${long('b').slice(1)}2 int NOT NULL, ${long('b').slice(1)}3 int NOT NULL);
      CREATE TABLE o_i (c int NOT NULL); CREATE TABLE o (i_c int NOT NULL, x int NOT NULL)`,
    change: `ALTER TABLE ${long('a')} RENAME TO ${long('z')}; ALTER TABLE o RENAME TO p`,
  },
  {
    name: 'NOT NULL names that the server has to number, renamed',
    base: 'CREATE TABLE o_i (c int NOT NULL); CREATE TABLE o (i_c int NOT NULL, x int NOT NULL)',
    change: `ALTER TABLE o RENAME CONSTRAINT o_i_c_not_null1 TO n; COMMENT ON CONSTRAINT n ON o IS 'c'`,
    minMajor: 18,
  },
];
