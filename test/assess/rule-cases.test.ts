/**
 * Rules beyond their examples: what exactly is found in a statement, and that whatever is recommended for it runs. Each case
 * is assessed against the catalog of a real server, and run there.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES, SCRIPT_RULES } from '../../src/assess/rules/index.ts';
import { compareCatalogs } from '../../src/catalog/compare.ts';
import type { Catalog } from '../../src/catalog/model.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { newestMajor } from '../support/servers.ts';
import { Playground } from './danger.ts';
import { assess } from './support.ts';

/** What these cases are about; time-outs, structure and taste have their own. */
const ABOUT =
  /^(index|reindex|add-column|alter-column|alter-type|drop|rename|change|set-not-null|not-null|pg18|add-check|add-fk|fk|multiple-fks)/;

const SCHEMA = `
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN plain AS int;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN required AS text NOT NULL;
CREATE DOMAIN code AS varchar(10) DEFAULT 'x' CHECK (VALUE <> '') CHECK (length(VALUE) > 0);
CREATE FUNCTION volatile_one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION stable_one() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE TABLE r (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE s (id bigint PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int, b int DEFAULT 1, c text NOT NULL, d varchar(50), e mood, r_id int, doc jsonb, n numeric(8, 2) CONSTRAINT t_n_check CHECK (n > 0), n2 numeric(8, 2), at timestamp, CONSTRAINT t_b_check CHECK (b > 0));
CREATE INDEX t_a_b ON t (a, b);
CREATE INDEX t_d_lower ON t (lower(d));
CREATE TABLE child (id int PRIMARY KEY, t_id int CONSTRAINT child_t_fkey REFERENCES t, r_id int CONSTRAINT child_r_fkey REFERENCES r, s_id bigint CONSTRAINT child_s_fkey REFERENCES s);
CREATE VIEW v AS SELECT id, c FROM t;
CREATE MATERIALIZED VIEW m AS SELECT id, d FROM t;
CREATE TABLE p (id int NOT NULL, at date NOT NULL, x int, r_id int) PARTITION BY RANGE (at);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO (MAXVALUE) PARTITION BY RANGE (id);
CREATE TABLE p21 PARTITION OF p2 FOR VALUES FROM (MINVALUE) TO (100);
CREATE TABLE p22 PARTITION OF p2 FOR VALUES FROM (100) TO (MAXVALUE);
CREATE INDEX p_x ON p (x);
CREATE SCHEMA "Odd one";
CREATE TABLE "Odd one"."Select" ("Id" int PRIMARY KEY, "from" int);
CREATE SEQUENCE seq;
INSERT INTO r VALUES (1, 'one');
INSERT INTO s VALUES (1);
INSERT INTO t SELECT n, n, n, 'c', 'dd', 'sad', 1, '{}', 1.5, 1.5, '2025-01-01' FROM generate_series(1, 30) AS n;
INSERT INTO child VALUES (1, 1, 1, 1);
INSERT INTO p VALUES (1, '2024-01-01', 1, 1), (2, '2025-01-01', 1, 1), (200, '2025-01-01', 1, 1);
INSERT INTO "Odd one"."Select" VALUES (1, 1);
ANALYZE;
`;

interface Case {
  readonly sql: string;
  /** All that is found, in order. */
  readonly found: readonly string[];
  /** A query that returns a row once what is recommended has run. */
  readonly shows?: string;
  /** The first major that understands it. */
  readonly since?: number;
  /** Found on majors before. */
  readonly before?: { readonly major: number; readonly found: readonly string[] };
  /** Words of a message. */
  readonly says?: string;
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  indexes: [
    { sql: 'CREATE INDEX ON t (a, c)', found: ['index-create-blocking'] },
    {
      sql: 'CREATE UNIQUE INDEX t_u ON t (id) INCLUDE (b) WHERE b > 0',
      found: ['index-create-blocking'],
      shows: "SELECT FROM pg_index WHERE indexrelid = 't_u'::regclass AND indisvalid AND indpred IS NOT NULL",
    },
    {
      sql: 'CREATE INDEX t_x ON t (lower(c), b DESC NULLS LAST) WITH (fillfactor = 70)',
      found: ['index-create-blocking'],
      shows: "SELECT FROM pg_class WHERE relname = 't_x' AND reloptions = '{fillfactor=70}'",
    },
    { sql: 'CREATE INDEX IF NOT EXISTS t_a_b ON t (a, b)', found: [] },
    { sql: 'CREATE INDEX IF NOT EXISTS t_new ON t (c)', found: ['index-create-blocking'] },
    {
      sql: 'CREATE TABLE fresh (id int PRIMARY KEY, a int); CREATE INDEX ON fresh (a); CREATE INDEX ON fresh (a, id)',
      found: [],
    },
    { sql: 'CREATE TEMPORARY TABLE tmp (a int); CREATE INDEX ON tmp (a)', found: [] },
    { sql: 'CREATE INDEX m_d ON m (d)', found: ['index-create-blocking'] },
    { sql: 'CREATE INDEX p1_id ON p1 (id)', found: ['index-create-blocking'] },
    { sql: 'CREATE INDEX p_id ON ONLY p (id)', found: [] },
    {
      sql: 'CREATE INDEX p_id ON p (id)',
      found: ['index-on-partitioned-parent-cascades'],
      shows: "SELECT FROM pg_index WHERE indexrelid = 'p_id'::regclass AND indisvalid",
    },
    { sql: 'CREATE INDEX CONCURRENTLY p_id ON p (id)', found: ['index-concurrently-on-partitioned-parent'] },
    { sql: 'CREATE INDEX "Odd one" ON "Odd one"."Select" ("from")', found: ['index-create-blocking'] },
    { sql: 'DROP INDEX t_a_b', found: ['index-drop-blocking'] },
    { sql: 'DROP INDEX IF EXISTS nothing_of_this_name', found: [] },
    { sql: 'DROP INDEX p_x', found: ['index-drop-blocking'], says: 'all partitions' },
    { sql: 'DROP INDEX CONCURRENTLY p_x', found: ['index-drop-concurrently-invalid-form'] },
    {
      sql: 'DROP INDEX CONCURRENTLY r_code_key',
      found: ['index-drop-concurrently-invalid-form'],
      says: 'belongs to a constraint',
    },
    { sql: 'DROP INDEX CONCURRENTLY t_a_b CASCADE', found: ['index-drop-concurrently-invalid-form'] },
    { sql: 'CREATE INDEX CONCURRENTLY t_a ON t (a)', found: ['index-redundant'], says: 't_a_b begins' },
    {
      sql: 'CREATE INDEX CONCURRENTLY t_again ON t (a, b)',
      found: ['index-redundant'],
      says: 'on the same columns',
    },
    { sql: 'CREATE INDEX CONCURRENTLY t_id ON t (id)', found: ['index-redundant'] },
    { sql: 'CREATE INDEX CONCURRENTLY t_b ON t (b)', found: [] },
    { sql: 'CREATE INDEX CONCURRENTLY t_a_desc ON t (a DESC)', found: [] },
    { sql: 'CREATE INDEX CONCURRENTLY t_a_some ON t (a) WHERE b > 5', found: [] },
    { sql: 'CREATE INDEX CONCURRENTLY t_doc ON t USING gin (doc)', found: [] },
    { sql: 'CREATE INDEX CONCURRENTLY t_doc ON t (doc)', found: ['index-method-params'] },
    { sql: 'REINDEX INDEX t_a_b', found: ['reindex-blocking'] },
    { sql: 'REINDEX TABLE t', found: ['reindex-blocking'] },
    { sql: 'REINDEX TABLE CONCURRENTLY t', found: [] },
    { sql: 'ALTER TABLE t_a_b RENAME TO t_a_b_idx', found: ['index-rename-via-alter-table'] },
    { sql: 'ALTER INDEX t_a_b RENAME TO t_a_b_idx', found: [] },
    {
      sql: 'DROP INDEX CONCURRENTLY t_a_b; CREATE INDEX CONCURRENTLY t_a_c ON t (a, c)',
      found: ['index-replace-gap'],
    },
    {
      sql: 'BEGIN; ALTER TABLE t ADD COLUMN x int; CREATE INDEX CONCURRENTLY t_x ON t (x); COMMIT',
      found: ['index-concurrently-in-transaction'],
    },
  ],
  'new columns': [
    { sql: "ALTER TABLE t ADD COLUMN x text DEFAULT 'new' NOT NULL", found: [] },
    { sql: 'ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now()', found: [] },
    { sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT stable_one()', found: [] },
    { sql: 'ALTER TABLE t ADD COLUMN x plain', found: [] },
    { sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT volatile_one()', found: ['add-column-volatile-default'] },
    {
      sql: 'ALTER TABLE t ADD COLUMN x double precision DEFAULT random() NOT NULL',
      found: ['add-column-volatile-default'],
      shows:
        "SELECT FROM t HAVING count(x) = 30 AND (SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'x')",
    },
    {
      sql: 'ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid() UNIQUE',
      found: ['add-column-inline-unique-pk', 'add-column-volatile-default'],
      shows: "SELECT FROM pg_constraint WHERE conname = 't_x_key' AND contype = 'u'",
    },
    { sql: 'ALTER TABLE t ADD COLUMN IF NOT EXISTS b int DEFAULT volatile_one()', found: [] },
    {
      sql: 'ALTER TABLE t ADD COLUMN x bigserial',
      found: ['add-column-serial'],
      shows: "SELECT FROM t HAVING count(x) = 30 AND pg_get_serial_sequence('t', 'x') IS NOT NULL",
    },
    { sql: 'ALTER TABLE "Odd one"."Select" ADD COLUMN "N n" smallserial', found: ['add-column-serial'] },
    {
      sql: 'ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS IDENTITY UNIQUE',
      found: ['add-column-identity', 'add-column-inline-unique-pk'],
      shows:
        "SELECT FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'x' AND attidentity = 'a' AND attnotnull",
    },
    {
      sql: 'ALTER TABLE t ADD COLUMN x text GENERATED ALWAYS AS (c || \'x\' || "d") STORED',
      found: ['add-column-generated-stored'],
      shows: "SELECT FROM t WHERE x = 'cxdd' HAVING count(*) = 30",
    },
    { sql: 'ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2) VIRTUAL', found: [], since: 18 },
    { sql: 'ALTER TABLE t ADD COLUMN x positive', found: ['add-column-domain-constrained'] },
    {
      sql: 'ALTER TABLE t ADD COLUMN x code',
      found: ['add-column-domain-constrained'],
      shows: "SELECT FROM t WHERE x = 'x' HAVING count(*) = 30",
    },
    { sql: "ALTER TABLE t ADD COLUMN x required DEFAULT 'x'", found: ['add-column-domain-constrained'] },
    {
      sql: 'ALTER TABLE t ADD COLUMN x required',
      found: ['add-column-domain-constrained', 'add-column-required'],
    },
    { sql: 'ALTER TABLE t ADD COLUMN x int NOT NULL', found: ['add-column-required'] },
    { sql: 'ALTER TABLE t ADD COLUMN x int NOT NULL DEFAULT NULL', found: ['add-column-required'] },
    {
      sql: 'CREATE TABLE fresh (id int); ALTER TABLE fresh ADD COLUMN x int NOT NULL, ADD COLUMN y serial',
      found: [],
    },
    {
      sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT 3 CONSTRAINT x_small CHECK (x < 10) NOT NULL',
      found: ['add-column-inline-check'],
      shows: "SELECT FROM pg_constraint WHERE conname = 'x_small' AND convalidated",
    },
    {
      sql: 'ALTER TABLE t ADD COLUMN x int REFERENCES r',
      found: ['add-column-inline-fk', 'fk-missing-index'],
      shows: "SELECT FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'f' AND convalidated",
    },
    {
      sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT 1 REFERENCES r; CREATE INDEX CONCURRENTLY t_x ON t (x)',
      found: ['add-column-inline-fk'],
    },
    {
      sql: 'ALTER TABLE t ADD COLUMN x int REFERENCES t (id); CREATE INDEX CONCURRENTLY t_x ON t (x)',
      found: [],
    },
    { sql: 'ALTER TABLE t ADD COLUMN x text UNIQUE', found: ['add-column-inline-unique-pk'] },
    { sql: 'ALTER TABLE t ADD COLUMN x json', found: ['add-column-json'] },
    { sql: 'CREATE TABLE fresh (x json, y jsonb)', found: ['add-column-json'] },
    {
      sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT 0 NOT NULL; COMMIT; ALTER TABLE t ALTER COLUMN x DROP DEFAULT',
      found: ['add-column-drop-default-early'],
    },
    { sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT 0; ALTER TABLE t ALTER COLUMN x DROP DEFAULT', found: [] },
  ],
  'what goes': [
    { sql: 'ALTER TABLE t DROP COLUMN doc', found: ['drop-column'] },
    { sql: 'ALTER TABLE t DROP COLUMN IF EXISTS nothing_of_this_name', found: [] },
    { sql: 'ALTER TABLE t ADD COLUMN x int; UPDATE t SET x = a; ALTER TABLE t DROP COLUMN x', found: [] },
    {
      sql: 'ALTER TABLE t DROP COLUMN b',
      found: ['drop-column', 'drop-column-dependents'],
      says: 'index public.t_a_b',
    },
    {
      sql: 'ALTER TABLE t DROP COLUMN c',
      found: ['drop-column', 'drop-column-dependents'],
      says: 'view public.v',
    },
    {
      sql: 'ALTER TABLE t DROP COLUMN c CASCADE',
      found: ['drop-cascade', 'drop-column'],
      says: 'view public.v',
    },
    { sql: 'ALTER TABLE t DROP COLUMN doc CASCADE', found: ['drop-column'] },
    { sql: 'DROP TABLE t', found: ['drop-table'], says: 'The statement fails: ' },
    {
      sql: 'DROP TABLE t CASCADE',
      found: ['drop-cascade', 'drop-table'],
      says: 'constraint child_t_fkey of public.child',
    },
    { sql: 'DROP TABLE child', found: ['drop-table', 'drop-table-multiple-fk'] },
    { sql: 'DROP TABLE child CASCADE', found: ['drop-table', 'drop-table-multiple-fk'] },
    { sql: 'DROP TABLE IF EXISTS nothing_of_this_name', found: [] },
    { sql: 'CREATE TABLE fresh (id int); DROP TABLE fresh CASCADE', found: [] },
    { sql: 'DROP TABLE p', found: ['drop-table'], says: 'with its partitions' },
    { sql: 'DROP SCHEMA "Odd one" CASCADE', found: ['drop-schema'], says: 'table "Odd one"."Select"' },
    { sql: 'DROP SCHEMA "Odd one"', found: ['drop-schema'], says: 'The statement fails' },
    { sql: 'CREATE SCHEMA fresh; DROP SCHEMA fresh', found: [] },
    { sql: 'DROP TYPE mood CASCADE', found: ['drop-type-or-enum-value'], says: 'column e of public.t' },
    { sql: 'DROP TYPE mood', found: ['drop-type-or-enum-value'], says: 'The statement fails' },
    { sql: 'DROP DOMAIN positive', found: [] },
    { sql: 'DROP VIEW v', found: ['drop-matview-or-view'] },
    { sql: 'DROP VIEW v; CREATE VIEW v AS SELECT id FROM t', found: [] },
    {
      sql: 'DROP VIEW v; COMMIT; CREATE VIEW v AS SELECT id FROM t',
      found: ['drop-matview-or-view'],
      says: 'From here until line',
    },
    { sql: 'DROP MATERIALIZED VIEW m', found: ['drop-matview-or-view'] },
    { sql: 'DROP SEQUENCE seq', found: ['drop-sequence'] },
    { sql: 'CREATE SEQUENCE fresh; COMMIT; DROP SEQUENCE fresh', found: [] },
    {
      sql: 'ALTER TABLE child DROP CONSTRAINT child_r_fkey',
      found: ['drop-constraint'],
      says: 'public.r is locked',
    },
    {
      sql: 'ALTER TABLE child DROP CONSTRAINT child_r_fkey, ADD CONSTRAINT child_r_fkey FOREIGN KEY (r_id) REFERENCES r ON DELETE CASCADE NOT VALID; CREATE INDEX CONCURRENTLY child_r ON child (r_id)',
      found: [],
    },
    { sql: 'ALTER TABLE t DROP CONSTRAINT t_b_check', found: ['drop-constraint'] },
    { sql: 'ALTER TABLE r DROP CONSTRAINT r_code_key', found: ['drop-constraint'] },
    { sql: 'ALTER TABLE t ALTER COLUMN c DROP NOT NULL', found: ['drop-not-null'] },
    { sql: 'ALTER TABLE t ALTER COLUMN a DROP NOT NULL', found: [] },
    { sql: 'ALTER TABLE t ALTER COLUMN b DROP DEFAULT', found: ['change-default'], says: 'get NULL' },
    { sql: 'ALTER TABLE t ALTER COLUMN b SET DEFAULT 2', found: ['change-default'], says: 'than 1' },
    { sql: 'ALTER TABLE t ALTER COLUMN a SET DEFAULT 2', found: [] },
    { sql: 'ALTER TABLE t ADD COLUMN x int; ALTER TABLE t ALTER COLUMN x SET DEFAULT 2', found: [] },
  ],
  names: [
    {
      sql: 'ALTER TABLE t RENAME COLUMN a TO z',
      found: ['rename-column'],
      shows: 'SELECT FROM t WHERE z = a HAVING count(*) = 30',
    },
    { sql: 'ALTER TABLE "Odd one"."Select" RENAME COLUMN "from" TO "To"', found: ['rename-column'] },
    { sql: 'ALTER VIEW v RENAME COLUMN c TO z', found: ['rename-column'] },
    { sql: 'ALTER TABLE t RENAME TO u', found: ['rename-table'] },
    { sql: 'ALTER VIEW v RENAME TO w', found: ['rename-table'] },
    { sql: 'ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT * FROM u', found: [] },
    {
      sql: 'CREATE TABLE t_new (id int); COMMIT; ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t',
      found: ['rename-table'],
      says: 'public.t_new',
    },
    { sql: 'CREATE TABLE fresh (id int); ALTER TABLE fresh RENAME TO fresher', found: [] },
    { sql: 'ALTER TABLE r SET SCHEMA "Odd one"', found: ['rename-or-move-schema'] },
    {
      sql: 'ALTER SCHEMA "Odd one" RENAME TO odd',
      found: ['rename-or-move-schema'],
      shows: 'SELECT FROM "Odd one"."Select"',
    },
    {
      sql: 'ALTER TABLE r RENAME CONSTRAINT r_code_key TO r_code',
      found: ['rename-constraint'],
      says: 'ON CONFLICT',
    },
    { sql: 'ALTER TABLE t RENAME CONSTRAINT t_b_check TO b_positive', found: ['rename-constraint'] },
    { sql: "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", found: ['rename-enum-value'] },
    { sql: "ALTER TYPE mood ADD VALUE 'calm'", found: [] },
  ],
  types: [
    {
      sql: 'ALTER TABLE t ALTER COLUMN r_id TYPE bigint',
      found: ['alter-type-drops-stats', 'alter-type-rewrite'],
      shows:
        "SELECT FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'r_id' AND atttypid = 'bigint'::regtype",
    },
    {
      sql: 'ALTER TABLE t ALTER COLUMN a TYPE bigint',
      found: ['alter-type-drops-stats', 'alter-type-rewrite'],
      shows: "SELECT FROM pg_index WHERE indexrelid = 't_a_b_new'::regclass AND indisvalid",
    },
    {
      sql: 'ALTER TABLE t ALTER COLUMN b TYPE bigint',
      found: ['alter-type-drops-stats', 'alter-type-rewrite'],
    },
    {
      sql: 'ALTER TABLE t ALTER COLUMN a TYPE text USING a::text',
      found: ['alter-type-drops-stats', 'alter-type-rewrite'],
    },
    {
      sql: 'ALTER TABLE t ALTER COLUMN id TYPE bigint',
      found: ['alter-type-dependents', 'alter-type-fk-column', 'alter-type-rewrite'],
    },
    {
      sql: 'ALTER TABLE child ALTER COLUMN r_id TYPE bigint',
      found: ['alter-type-drops-stats', 'alter-type-fk-column', 'alter-type-rewrite'],
    },
    {
      sql: 'ALTER TABLE s ALTER COLUMN id TYPE int',
      found: ['alter-type-drops-stats', 'alter-type-fk-column', 'alter-type-narrowing', 'alter-type-rewrite'],
    },
    {
      sql: 'ALTER TABLE t ALTER COLUMN n TYPE numeric(6, 2)',
      found: ['alter-type-drops-stats', 'alter-type-narrowing', 'alter-type-rewrite'],
    },
    {
      sql: 'ALTER TABLE t ALTER COLUMN n TYPE numeric(12, 2)',
      found: ['alter-type-with-check-or-expr-index'],
    },
    { sql: 'ALTER TABLE t ALTER COLUMN n2 TYPE numeric(12, 2)', found: [] },
    {
      sql: 'ALTER TABLE t ALTER COLUMN c TYPE varchar',
      found: ['alter-type-dependents'],
      shows: "SELECT FROM pg_views WHERE viewname = 'v'",
    },
    { sql: 'ALTER TABLE t ALTER COLUMN at TYPE timestamptz', found: ['alter-type-timezone-dependent'] },
    { sql: "SET LOCAL timezone = 'UTC'; ALTER TABLE t ALTER COLUMN at TYPE timestamptz", found: [] },
    {
      sql: "ALTER TABLE t ALTER COLUMN at TYPE timestamptz USING at AT TIME ZONE 'UTC'",
      found: ['alter-type-drops-stats', 'alter-type-rewrite'],
    },
    { sql: 'ALTER TABLE t ALTER COLUMN r_id TYPE bigint; ANALYZE t', found: ['alter-type-rewrite'] },
    {
      sql: 'ALTER TABLE t ALTER COLUMN e TYPE text',
      found: ['alter-type-drops-stats', 'alter-type-rewrite'],
    },
    { sql: 'CREATE TABLE fresh (a int); ALTER TABLE fresh ALTER COLUMN a TYPE bigint', found: [] },
  ],
  constraints: [
    {
      sql: 'ALTER TABLE t ALTER COLUMN a SET NOT NULL',
      found: ['set-not-null-scan'],
      shows: "SELECT FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a' AND attnotnull",
    },
    { sql: 'ALTER TABLE t ALTER COLUMN c SET NOT NULL', found: [] },
    {
      sql: 'ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID; COMMIT; ALTER TABLE t VALIDATE CONSTRAINT k; COMMIT; ALTER TABLE t ALTER COLUMN a SET NOT NULL; ALTER TABLE t DROP CONSTRAINT k',
      found: ['not-null-check-breaks-writers', 'pg18-prefer-native-not-null'],
      before: { major: 18, found: ['not-null-check-breaks-writers'] },
    },
    { sql: 'ALTER TABLE t ADD CONSTRAINT k NOT NULL a', found: ['set-not-null-scan'], since: 18 },
    {
      sql: 'ALTER TABLE t ADD CONSTRAINT k NOT NULL a NOT VALID; UPDATE t SET a = 0 WHERE a IS NULL',
      found: ['not-null-check-breaks-writers'],
      since: 18,
      says: 'Until line',
    },
    {
      sql: 'UPDATE t SET a = 0 WHERE a IS NULL; COMMIT; ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID',
      found: ['pg18-prefer-native-not-null'],
      before: { major: 18, found: [] },
    },
    {
      sql: 'UPDATE t SET a = 0 WHERE a IS NULL; ALTER TABLE t ALTER COLUMN a SET NOT NULL',
      found: ['change-null-with-default-update', 'set-not-null-scan'],
    },
    { sql: 'ALTER TABLE t ADD CHECK (a > 0)', found: ['add-check-scan'] },
    { sql: 'ALTER TABLE t ADD CHECK (a > 0) NOT VALID', found: [] },
    {
      sql: 'ALTER TABLE t ADD FOREIGN KEY (r_id) REFERENCES r',
      found: ['add-fk-scan', 'fk-missing-index', 'fk-orphans'],
    },
    {
      sql: 'CREATE INDEX CONCURRENTLY t_r ON t (r_id) WHERE r_id IS NOT NULL; ALTER TABLE t ADD FOREIGN KEY (r_id) REFERENCES r NOT VALID',
      found: [],
    },
    {
      sql: 'ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (r_id) REFERENCES r',
      found: ['add-fk-scan', 'fk-missing-index', 'fk-orphans'],
      shows: "SELECT FROM pg_constraint WHERE conname = 'k' AND convalidated HAVING count(*) = 5",
    },
    {
      sql: 'ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (r_id) REFERENCES r NOT VALID',
      found: ['fk-missing-index'],
      before: { major: 18, found: ['add-fk-partitioned', 'fk-missing-index'] },
    },
    { sql: 'CREATE TABLE fresh (id int PRIMARY KEY, r_id int REFERENCES r)', found: ['fk-missing-index'] },
    { sql: 'CREATE TABLE fresh (r_id int REFERENCES r PRIMARY KEY)', found: [] },
    {
      sql: 'CREATE TABLE fresh (id int, r_id int REFERENCES r, s_id int REFERENCES s, PRIMARY KEY (r_id, s_id)); CREATE INDEX ON fresh (s_id)',
      found: ['fk-type-mismatch', 'multiple-fks-one-tx'],
    },
    {
      sql: 'ALTER TABLE t ADD COLUMN x bigint REFERENCES r (id); CREATE INDEX CONCURRENTLY t_x ON t (x)',
      found: ['add-column-inline-fk'],
    },
    {
      sql: 'CREATE TABLE fresh (id int PRIMARY KEY, up int REFERENCES fresh); CREATE INDEX ON fresh (up); UPDATE t SET a = 1',
      found: [],
    },
    {
      sql: 'CREATE TABLE fresh (id int PRIMARY KEY, r_id int UNIQUE REFERENCES r); UPDATE t SET a = 1 WHERE id > 0',
      found: ['fk-in-create-table'],
    },
    {
      sql: 'CREATE TABLE fresh (id int PRIMARY KEY, r_id int UNIQUE REFERENCES r); COMMIT; UPDATE t SET a = 1 WHERE id > 0',
      found: [],
    },
  ],
};

/** These tell a part of the way, or what to look at. */
const PARTS = new Set(['fk-orphans', 'fk-missing-index', 'alter-type-narrowing', 'alter-type-drops-stats']);

/** The statements in front of the one that is found: what is recommended stands in its place. */
async function textsBefore(sql: string, line: number, column: number): Promise<readonly string[]> {
  const { statements } = await parseScript(sql, 'case.sql');
  return statements.filter((one) => one.line === line && one.column < column).map((one) => one.text);
}

describe.each(newestMajor().map((major) => [major] as const))('PostgreSQL %i', (major) => {
  let playground: Playground;
  let catalog: Catalog;
  beforeAll(async () => {
    playground = await Playground.open(major);
    await playground.make(SCHEMA);
    catalog = await readCatalog(playground.main);
  });
  afterAll(() => playground.close());

  describe.each(Object.entries(CASES))('%s', (_group, cases) => {
    it.each(cases.filter(({ since = 0 }) => since <= major).map((one) => [one.sql, one] as const))(
      '%s',
      async (sql, { found, shows, before, says }) => {
        const findings = (await assess(sql, { catalog })).findings.filter(({ id }) => ABOUT.test(id));
        const expected = before !== undefined && major < before.major ? before.found : found;
        expect(findings.map(({ id }) => id).sort()).toEqual([...expected].sort());
        if (says !== undefined) expect(findings.map(({ message }) => message).join('\n')).toContain(says);
        for (const { id, safeSql, line, column } of findings) {
          if (safeSql.length === 0) continue;
          await playground.make(SCHEMA);
          const script = [...(await textsBefore(sql, line, column)), ...safeSql].join(';\n');
          const { errors } = await playground.run(script, { kind: 'convention', reason: '' });
          expect(errors, `${id}:\n${script}`).toEqual([]);
          if (shows !== undefined && !PARTS.has(id)) {
            expect(await playground.main.rows(shows), `after ${id}:\n${script}`).not.toEqual([]);
          }
        }
      },
    );
  });
});

/** Statements whose steps must end where the statement itself would have: the same schema, and the same rows. */
const SAME: readonly { readonly sql: string; readonly id: string; readonly rows: string }[] = [
  {
    sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT volatile_one() NOT NULL',
    id: 'add-column-volatile-default',
    rows: 'SELECT id, x FROM t ORDER BY id',
  },
  {
    sql: 'ALTER TABLE t ADD COLUMN x serial',
    id: 'add-column-serial',
    rows: 'SELECT count(DISTINCT x), min(x), max(x) FROM t',
  },
  {
    sql: 'ALTER TABLE t ADD COLUMN x bigint GENERATED ALWAYS AS IDENTITY',
    id: 'add-column-identity',
    rows: 'SELECT count(DISTINCT x), min(x), max(x) FROM t',
  },
  {
    sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT 3 CONSTRAINT x_small CHECK (x < 10) NOT NULL',
    id: 'add-column-inline-check',
    rows: 'SELECT id, x FROM t ORDER BY id',
  },
  {
    sql: 'ALTER TABLE t ADD COLUMN x int DEFAULT 1 CONSTRAINT x_r REFERENCES r ON DELETE CASCADE',
    id: 'add-column-inline-fk',
    rows: 'SELECT id, x FROM t ORDER BY id',
  },
  { sql: 'ALTER TABLE t ADD COLUMN x text UNIQUE', id: 'add-column-inline-unique-pk', rows: 'SELECT 1' },
  { sql: 'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)', id: 'add-check-scan', rows: 'SELECT 1' },
  {
    sql: 'ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (r_id) REFERENCES r',
    id: 'add-fk-scan',
    rows: 'SELECT 1',
  },
  {
    sql: 'ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (r_id) REFERENCES r',
    id: 'add-fk-scan',
    rows: 'SELECT 1',
  },
  { sql: 'ALTER TABLE t ALTER COLUMN a SET NOT NULL', id: 'set-not-null-scan', rows: 'SELECT 1' },
  { sql: 'CREATE UNIQUE INDEX t_u ON t (id, c) WHERE b > 0', id: 'index-create-blocking', rows: 'SELECT 1' },
  { sql: 'CREATE INDEX p_id ON p (id)', id: 'index-on-partitioned-parent-cascades', rows: 'SELECT 1' },
  {
    sql: 'ALTER TABLE t ALTER COLUMN c TYPE varchar',
    id: 'alter-type-dependents',
    rows: 'SELECT id, c FROM t ORDER BY id',
  },
];

describe.each(newestMajor().map((major) => [major] as const))(
  'on PostgreSQL %i the steps end in the same',
  (major) => {
    it.each(SAME.map((one) => [one.sql, one] as const))('%s', async (sql, { id, rows }) => {
      const playground = await Playground.open(major);
      try {
        await playground.make(SCHEMA);
        const before = await readCatalog(playground.main);
        const found = (await assess(sql, { catalog: before })).findings.find((finding) => finding.id === id);
        const direct =
          id === 'alter-type-dependents' ? `DROP VIEW v; ${sql}; CREATE VIEW v AS SELECT id, c FROM t` : sql;
        await playground.main.script(direct);
        const wanted = [await readCatalog(playground.main), await playground.main.rows(rows)] as const;
        await playground.make(SCHEMA);
        const { errors } = await playground.run((found?.safeSql ?? []).join(';\n'), {
          kind: 'convention',
          reason: '',
        });
        expect(errors).toEqual([]);
        const { differences } = compareCatalogs(wanted[0], await readCatalog(playground.main), {
          sameDatabase: false,
        });
        expect(differences.filter(({ cosmetic }) => !cosmetic)).toEqual([]);
        expect(await playground.main.rows(rows)).toEqual(wanted[1]);
      } finally {
        await playground.close();
      }
    });
  },
);

it('knows the rules that it speaks of', () => {
  const ids = new Set([...RULES, ...SCRIPT_RULES].map(({ id }) => id));
  const named = Object.values(CASES).flatMap((cases) =>
    cases.flatMap(({ found, before }) => [...found, ...(before?.found ?? [])]),
  );
  expect(named.filter((id) => !ids.has(id))).toEqual([]);
});
