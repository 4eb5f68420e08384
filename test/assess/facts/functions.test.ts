/** The names of functions that come with PostgreSQL, against servers: one that is missing would be taken for somebody's own. */
import { expect, it } from 'vitest';
import {
  STEADY_FUNCTIONS,
  VOLATILE_CONTRIB,
  VOLATILE_FUNCTIONS,
} from '../../../src/assess/facts/functions.ts';
import { testMajors, testServer } from '../../support/servers.ts';

/** The most volatile of the overloads by name; without what stands behind types, operators, indexes and aggregates. */
const FUNCTIONS = `
  SELECT proname, max(CASE provolatile WHEN 'v' THEN 1 ELSE 0 END) FROM pg_proc p
  WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind <> 'p'
    AND prorettype NOT IN ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype, 'event_trigger'::regtype,
      'language_handler'::regtype, 'fdw_handler'::regtype, 'index_am_handler'::regtype)
    AND NOT proargtypes::oid[] && ARRAY['internal'::regtype::oid, 'cstring'::regtype::oid]
    AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
    AND proname !~ '(sel|_ops|_cmp|_sortsupport|_support|_accum|_combine|_serialize|_deserialize|_transfn|_finalfn|_hash|_hash_extended)$'
    AND proname !~ '^(bt|gin_|gist_|spg_|brin_|hash)'
  GROUP BY 1`;

/** AT LOCAL is volatile by the word of the catalog, AT TIME ZONE is not, and both are this. */
const BOTH = ['timezone'];

it.each(testMajors())('knows the functions of PostgreSQL %i', async (major) => {
  const connection = await (await testServer(major)).connector.connect();
  try {
    const rows = await connection.rows<[string, number]>(FUNCTIONS);
    const names = (kind: number) =>
      rows.filter(([name, volatile]) => volatile === kind && !BOTH.includes(name)).map(([name]) => name);
    expect(names(1).filter((name) => !VOLATILE_FUNCTIONS.has(name))).toEqual([]);
    // Another major may have made one volatile.
    const known = (name: string) => STEADY_FUNCTIONS.has(name) || VOLATILE_FUNCTIONS.has(name);
    expect(names(0).filter((name) => !known(name))).toEqual([]);
  } finally {
    await connection.close();
  }
});

it('knows which functions of extensions give another value each time', () => {
  expect([...VOLATILE_CONTRIB]).toEqual(
    expect.arrayContaining(['uuid_generate_v4', 'gen_random_bytes', 'gen_salt']),
  );
});
