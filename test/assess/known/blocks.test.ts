/** What is still known after code that nobody replays; what a server then has must never contradict it. */
import { describe, expect, it } from 'vitest';
import { KnownSchema } from '../../../src/assess/known/schema.ts';
import { replayScript } from '../../../src/assess/replay.ts';
import type { ColumnProperties } from '../../../src/catalog/model.ts';
import { parseScript } from '../../../src/sql/parse.ts';

const START = `
  CREATE TABLE t (id int PRIMARY KEY, a varchar(50), b int NOT NULL);
  CREATE TABLE u (id int PRIMARY KEY, a int);
  CREATE FUNCTION plain() RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET b = 1; RETURN 1; END $$;
  CREATE FUNCTION widens() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE t ALTER COLUMN a TYPE text; END $$;
  CREATE PROCEDURE deep() LANGUAGE plpgsql AS $$ BEGIN PERFORM widens(); END $$;
`;

/** The type of t.a, of u.a, and whether t.b is NOT NULL, as far as they are known after `sql`. */
async function after(sql: string) {
  const known = KnownSchema.empty();
  replayScript(await parseScript(START + sql, 'x.sql'), known);
  const column = (name: string) =>
    (known.get('column', name)?.properties as ColumnProperties | undefined) ?? null;
  return {
    t: column('public.t.a')?.type ?? null,
    u: column('public.u.a')?.type ?? null,
    b: column('public.t.b')?.notNull ?? null,
    complete: known.complete,
  };
}

const KEPT = { t: 'character varying(50)', u: 'integer', b: true, complete: true };
const NOTHING = { t: null, u: null, b: null, complete: false };
const NOT_A = { ...KEPT, t: null };

const CASES: readonly (readonly [what: string, sql: string, known: object])[] = [
  ['a block that writes rows', 'DO $$ BEGIN UPDATE t SET b = 2; END $$', KEPT],
  ['a block that changes a column', 'DO $$ BEGIN ALTER TABLE t ALTER a TYPE text; END $$', NOT_A],
  [
    'a block that changes it under a condition',
    `DO $$ DECLARE n int; BEGIN IF n > 1 THEN ALTER TABLE t ALTER COLUMN a TYPE varchar(10); END IF; END $$`,
    NOT_A,
  ],
  ['EXECUTE of a text', `DO $$ BEGIN EXECUTE 'ALTER TABLE t ALTER COLUMN a TYPE text'; END $$`, NOT_A],
  [
    'EXECUTE of format with known arguments',
    `DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE text', 't', 'a'); END $$`,
    NOT_A,
  ],
  [
    'EXECUTE over tables that only the block knows',
    `DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE format('ALTER TABLE %I ALTER COLUMN a TYPE text', r.x); END LOOP; END $$`,
    { ...KEPT, t: null, u: null },
  ],
  [
    'EXECUTE that gives rights',
    `DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE 'GRANT SELECT ON ' || quote_ident(r.x) || ' TO PUBLIC'; END LOOP; END $$`,
    KEPT,
  ],
  [
    'EXECUTE that gives owners and row security',
    `DO $$ BEGIN EXECUTE format('ALTER TABLE %I OWNER TO CURRENT_USER', x); EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', x); END $$`,
    KEPT,
  ],
  ['EXECUTE of anything', 'DO $$ DECLARE s text; BEGIN EXECUTE s; END $$', NOTHING],
  ['EXECUTE of a piece', `DO $$ BEGIN EXECUTE 'ALTER TABLE ' || s; END $$`, NOTHING],
  [
    'a type that is made unless it is there',
    `DO $$ BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    KEPT,
  ],
  [
    'NOT NULL in a block',
    'DO $$ BEGIN ALTER TABLE t ALTER COLUMN b DROP NOT NULL; END $$',
    { ...KEPT, b: null },
  ],
  ['DROP in a block', 'DO $$ BEGIN DROP TABLE IF EXISTS t; END $$', { ...KEPT, t: null, b: null }],
  ['DROP SCHEMA in a block', 'DO $$ BEGIN DROP SCHEMA x CASCADE; END $$', NOTHING],
  ['a function that writes rows', 'SELECT plain()', KEPT],
  ['a function that changes a column', 'SELECT widens()', NOT_A],
  ['a procedure that calls it', 'CALL deep()', NOT_A],
  ['a block that calls it', 'DO $$ BEGIN PERFORM widens(); END $$', NOT_A],
  ['the server’s own functions', `SELECT set_config('x.y', 'z', false), count(*), pg_sleep(0)`, KEPT],
  ['somebody’s function, told a table', `SELECT create_hypertable('t', 'id')`, { ...KEPT, t: null, b: null }],
  ['somebody’s function', 'SELECT reorganise()', NOTHING],
  ['somebody’s function for each row', 'SELECT reorganise(a) FROM u', NOTHING],
  ['a query over a table', 'SELECT lower(a::text) FROM u', KEPT],
  ['somebody’s function in what is written', 'INSERT INTO u SELECT some_id(1)', KEPT],
  [
    'a column that is added where it is missing',
    `DO $$ BEGIN IF true THEN ALTER TABLE t ADD COLUMN c int; END IF; END $$`,
    KEPT,
  ],
];

describe('what is known after', () => {
  it.each(CASES)('%s', async (_what, sql, known) => {
    expect(await after(sql)).toEqual(known);
  });
});
