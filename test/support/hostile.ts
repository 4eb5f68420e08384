/** Casts that a database may have and that nobody who reads it may ever run. */

/** A cast to `target` from every type of the server that has none yet; each of them fails, and says which it is. */
export function failingCasts(target: string): string {
  return `CREATE SCHEMA IF NOT EXISTS hostile;
    DO $do$ DECLARE t record; BEGIN
      FOR t IN SELECT y.oid, format_type(y.oid, NULL) AS name FROM pg_type y
        WHERE y.oid < 16384 AND y.typtype IN ('b', 'e', 'r', 'm') AND y.typnamespace = 'pg_catalog'::regnamespace
          AND (y.typelem = 0 OR y.typelem IN (SELECT e.oid FROM pg_type e WHERE e.typtype = 'b' AND e.typarray = y.oid)
            OR y.typname ~ 'vector$')
          AND y.oid <> '${target}'::regtype
          AND NOT EXISTS (SELECT FROM pg_cast c WHERE c.castsource = y.oid AND c.casttarget = '${target}'::regtype)
      LOOP
        EXECUTE format('CREATE FUNCTION hostile.%I(x %s) RETURNS ${target} LANGUAGE plpgsql AS $f$ BEGIN
          RAISE EXCEPTION ''the cast from %s to ${target} was run''; END $f$', 'to_${target.replace(/\W/g, '_')}', t.name, t.name);
        EXECUTE format('CREATE CAST (%s AS ${target}) WITH FUNCTION hostile.%I(%s)', t.name,
          'to_${target.replace(/\W/g, '_')}', t.name);
      END LOOP; END $do$`;
}

/**
 * What many databases have since 8.3 took the implicit casts to text away. They make `text || integer` ambiguous.
 */
export const IMPLICIT_CASTS = [
  'integer',
  'smallint',
  'bigint',
  'oid',
  'numeric',
  'date',
  'timestamptz',
  'regclass',
]
  .map((type) => `CREATE CAST (${type} AS text) WITH INOUT AS IMPLICIT`)
  .join(';\n');

/** Casts of a user's own types, whose results are wrong: each value looks like every other. */
export const LYING_CASTS = `CREATE SCHEMA own; SET search_path = own;
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN word AS text;
  CREATE FUNCTION lie(mood) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
  CREATE FUNCTION lie(mood[]) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
  CREATE FUNCTION lie(text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
  CREATE FUNCTION lie(pair) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
  CREATE FUNCTION lie_json(pair) RETURNS json LANGUAGE sql AS $$ SELECT '1'::json $$;
  CREATE FUNCTION lie_json(mood) RETURNS json LANGUAGE sql AS $$ SELECT '1'::json $$;
  CREATE FUNCTION lie_jsonb(mood) RETURNS jsonb LANGUAGE sql AS $$ SELECT '1'::jsonb $$;
  CREATE CAST (mood AS text) WITH FUNCTION lie(mood) AS IMPLICIT;
  CREATE CAST (mood[] AS text) WITH FUNCTION lie(mood[]) AS IMPLICIT;
  CREATE CAST (text[] AS text) WITH FUNCTION lie(text[]) AS IMPLICIT;
  CREATE CAST (pair AS text) WITH FUNCTION lie(pair) AS ASSIGNMENT;
  CREATE CAST (pair AS json) WITH FUNCTION lie_json(pair);
  CREATE CAST (mood AS json) WITH FUNCTION lie_json(mood);
  CREATE CAST (mood AS jsonb) WITH FUNCTION lie_jsonb(mood);
  CREATE FUNCTION length(mood) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
  CREATE TABLE held (id int PRIMARY KEY, m mood, ms mood[], ts text[], p pair, ps pair[], w word, e text DEFAULT 'x');
  INSERT INTO held VALUES (1, 'sad', '{sad}', '{a}', '(1,a)', '{"(1,a)"}', 'a'), (2, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 'ok', '{}', '{}', ROW(NULL, NULL), '{}', '')`;
