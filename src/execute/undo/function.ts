/**
 * The server's side of a capture: its registry, and the function behind every capture trigger. The function finds its
 * way by the catalog of the moment, because the step that it watches may add, drop, rename or retype columns between
 * two of its statements: each shape that a table takes on gets a store of its own.
 */
import { ATTIC_SCHEMA, CAPTURE_PREFIX } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { ensureAttic } from '../attic/schema.ts';

/** Raise with every change of the SQL below: a function that is in use is never replaced. */
const VERSION = 2;
export const CAPTURE_FUNCTION = `${ATTIC_SCHEMA}.${CAPTURE_PREFIX}write_v${VERSION}`;
const STORE_FUNCTION = `${ATTIC_SCHEMA}.${CAPTURE_PREFIX}store_v${VERSION}`;
export const REGISTRY = `${ATTIC_SCHEMA}.captures`;
export const SEQUENCE = `${ATTIC_SCHEMA}.capture_order`;

/**
 * A store per capture, relation and shape: `seq` orders statements over all stores, `pos` rows within a statement, `op`
 * is I, U or D; `o<attnum>` and `n<attnum>` hold the row before and after, typed as the column (of a domain its base
 * type). NULL where the operation has no such row.
 */
const SETUP = `
CREATE TABLE IF NOT EXISTS ${REGISTRY} (
  capture text NOT NULL,
  store text NOT NULL,
  relation oid NOT NULL,
  schema_name text NOT NULL,
  table_name text NOT NULL,
  -- [{"num": attnum, "name": …, "type": as format_type has it}], in the order of the store's columns
  columns jsonb NOT NULL,
  state text NOT NULL DEFAULT 'active',
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  -- Written by the statements of a backfill, not by triggers; of an UPDATE it holds the key and what was assigned.
  by_statement boolean NOT NULL DEFAULT false,
  PRIMARY KEY (capture, store)
);
ALTER TABLE ${REGISTRY} ADD COLUMN IF NOT EXISTS by_statement boolean NOT NULL DEFAULT false;
CREATE SEQUENCE IF NOT EXISTS ${SEQUENCE};

CREATE FUNCTION ${STORE_FUNCTION}(
  wanted text, rel oid, OUT store text, OUT old_columns text, OUT new_columns text, OUT reads text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $ferrata$
DECLARE
  shape jsonb;
  definition text;
BEGIN
  WITH RECURSIVE col AS (
    SELECT a.attnum, a.attname, a.atttypid, a.atttypmod FROM pg_attribute a
    WHERE a.attrelid = rel AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  ), base AS (
    SELECT attnum, attname, atttypid, atttypmod FROM col
    UNION ALL
    SELECT b.attnum, b.attname, t.typbasetype, t.typtypmod FROM base b JOIN pg_type t ON t.oid = b.atttypid
    WHERE t.typtype = 'd'
  ), shaped AS (
    SELECT b.attnum, b.attname, format_type(b.atttypid, b.atttypmod) AS type
    FROM base b JOIN pg_type t ON t.oid = b.atttypid WHERE t.typtype <> 'd'
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('num', attnum, 'name', attname, 'type', type) ORDER BY attnum), '[]'),
         string_agg(format('o%s %s, n%s %s', attnum, type, attnum, type), ', ' ORDER BY attnum),
         string_agg(format('o%s', attnum), ', ' ORDER BY attnum),
         string_agg(format('n%s', attnum), ', ' ORDER BY attnum),
         string_agg(format('ferrata_row.%I', attname), ', ' ORDER BY attnum)
  INTO shape, definition, old_columns, new_columns, reads
  FROM shaped;

  SELECT c.store INTO store FROM ${REGISTRY} c
  WHERE c.capture = wanted AND c.relation = rel AND c.columns = shape AND c.state = 'active';
  IF FOUND THEN RETURN; END IF;

  store := format('u%s_%s', wanted, (SELECT count(*) + 1 FROM ${REGISTRY} c WHERE c.capture = wanted));
  EXECUTE format('CREATE TABLE ${ATTIC_SCHEMA}.%I (seq bigint NOT NULL, pos bigint NOT NULL, op "char" NOT NULL%s)',
                 store, coalesce(', ' || definition, ''));
  INSERT INTO ${REGISTRY} (capture, store, relation, schema_name, table_name, columns)
  SELECT wanted, store, rel, n.nspname, c.relname, shape
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel;
END $ferrata$;

CREATE FUNCTION ${CAPTURE_FUNCTION}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = off AS $ferrata$
DECLARE
  s record;
  seq bigint;
  olds text;
  news text;
  sources text;
BEGIN
  -- Only what the step's own session writes belongs to the step; a backfill has many sessions, and they say so.
  IF TG_ARGV[1] ~ '^[0-9]+$' THEN
    IF pg_backend_pid() <> TG_ARGV[1]::int THEN RETURN NULL; END IF;
  ELSIF current_setting('ferrata.capture', true) IS DISTINCT FROM TG_ARGV[1] THEN
    RETURN NULL;
  END IF;
  SELECT * INTO s FROM ${STORE_FUNCTION}(TG_ARGV[0], TG_RELID);
  seq := nextval('${SEQUENCE}');
  olds := coalesce(', ' || s.old_columns, '');
  news := coalesce(', ' || s.new_columns, '');
  sources := coalesce(', ' || s.reads, '');

  IF TG_OP = 'TRUNCATE' THEN
    EXECUTE format('INSERT INTO ${ATTIC_SCHEMA}.%I (seq, pos, op%s)
                    SELECT $1, row_number() OVER (), ''D''%s FROM ONLY %s ferrata_row',
                   s.store, olds, sources, TG_RELID::regclass) USING seq;
  ELSIF TG_LEVEL = 'ROW' THEN
    -- Of an inheritance tree: each row goes to the store of the very table that holds it.
    IF TG_OP = 'INSERT' THEN
      EXECUTE format('INSERT INTO ${ATTIC_SCHEMA}.%I (seq, pos, op%s) SELECT $1, 1, ''I''%s', s.store, news,
                     replace(sources, 'ferrata_row.', '($2).')) USING seq, NEW;
    ELSIF TG_OP = 'DELETE' THEN
      EXECUTE format('INSERT INTO ${ATTIC_SCHEMA}.%I (seq, pos, op%s) SELECT $1, 1, ''D''%s', s.store, olds,
                     replace(sources, 'ferrata_row.', '($2).')) USING seq, OLD;
    ELSIF NOT OLD *= NEW THEN
      EXECUTE format('INSERT INTO ${ATTIC_SCHEMA}.%I (seq, pos, op%s%s) SELECT $1, 1, ''U''%s%s', s.store, olds, news,
                     replace(sources, 'ferrata_row.', '($2).'), replace(sources, 'ferrata_row.', '($3).'))
      USING seq, OLD, NEW;
    END IF;
  ELSIF TG_OP = 'INSERT' THEN
    EXECUTE format('INSERT INTO ${ATTIC_SCHEMA}.%I (seq, pos, op%s)
                    SELECT $1, row_number() OVER (), ''I''%s FROM ferrata_new ferrata_row',
                   s.store, news, sources) USING seq;
  ELSIF TG_OP = 'DELETE' THEN
    EXECUTE format('INSERT INTO ${ATTIC_SCHEMA}.%I (seq, pos, op%s)
                    SELECT $1, row_number() OVER (), ''D''%s FROM ferrata_old ferrata_row',
                   s.store, olds, sources) USING seq;
  ELSIF s.reads IS NOT NULL THEN
    -- The executor writes the two images of a row into the two transition tables at the same moment, so the n-th of
    -- one belongs to the n-th of the other: this holds without a key, and where the key itself is changed.
    EXECUTE format('INSERT INTO ${ATTIC_SCHEMA}.%I (seq, pos, op%s%s)
                    SELECT $1, o.pos, ''U''%s%s
                    FROM (SELECT row_number() OVER ()%s FROM ferrata_old ferrata_row) o (pos%s)
                    JOIN (SELECT row_number() OVER ()%s FROM ferrata_new ferrata_row) n (pos%s) ON n.pos = o.pos
                    WHERE NOT record_image_eq(ROW(%s), ROW(%s))',
                   s.store, olds, news, olds, news, sources, olds, sources, news, s.old_columns, s.new_columns) USING seq;
  END IF;
  RETURN NULL;
END $ferrata$;
REVOKE ALL ON FUNCTION ${CAPTURE_FUNCTION}() FROM PUBLIC;
REVOKE ALL ON FUNCTION ${STORE_FUNCTION}(text, oid) FROM PUBLIC`;

/** Makes the registry and the functions where they are missing. */
export async function ensureCaptureFunction(connection: Connection): Promise<void> {
  await ensureAttic(connection);
  const [row] = await connection.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regprocedure('${CAPTURE_FUNCTION}()') IS NOT NULL AS there`,
  );
  if (row?.there !== true) await connection.script(SETUP);
}
