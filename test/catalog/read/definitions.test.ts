/** Kinds that are one definition: what was dropped by `drop` and made again by `definition` is what was there. */
import { expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { outerMajors, testServer } from '../../support/servers.ts';

/** Each leaves one object behind that nothing else needs. */
const OBJECTS: readonly (readonly [key: string, sql: string, from?: number])[] = [
  [
    'aggregate s.plain(integer)',
    `CREATE AGGREGATE plain(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = safe)`,
  ],
  ['aggregate s.noarg()', `CREATE AGGREGATE noarg(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0')`],
  [
    'aggregate s.moving(double precision)',
    `CREATE AGGREGATE moving(float8) (SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}',
      MSFUNC = float8_accum, MINVFUNC = un, MSTYPE = float8[], MFINALFUNC = float8_avg, MINITCOND = '{0,0,0}')`,
  ],
  [
    'aggregate s.ordered(double precision, anyelement)',
    `CREATE AGGREGATE ordered(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
      FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)`,
  ],
  [
    'aggregate s.sorted(integer)',
    'CREATE AGGREGATE sorted(int) (SFUNC = int4larger, STYPE = int, SORTOP = >)',
  ],
  [
    'operator s.===(integer, integer)',
    'CREATE OPERATOR === (FUNCTION = same, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ===, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES)',
  ],
  ['operator s.!!!(NONE, integer)', 'CREATE OPERATOR !!! (FUNCTION = one, RIGHTARG = int)'],
  [
    'operator family s.loose USING btree',
    'CREATE OPERATOR FAMILY loose USING btree; ALTER OPERATOR FAMILY loose USING btree ADD OPERATOR 1 < (int4, int2), FUNCTION 1 (int4, int2) btint42cmp(int4, int2)',
  ],
  [
    'operator class s.cl USING btree',
    'CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS cl FOR TYPE int USING btree FAMILY fam AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)',
  ],
  ['cast (s.e AS integer)', `CREATE CAST (e AS int) WITH FUNCTION e_int(e) AS IMPLICIT`],
  ['cast (s.e AS text)', `CREATE CAST (e AS text) WITH INOUT AS ASSIGNMENT`],
  ['collation s.plain', `CREATE COLLATION plain (provider = libc, lc_collate = 'C', lc_ctype = 'C')`],
  ['conversion s.con', `CREATE CONVERSION con FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`],
  [
    'text search dictionary s.di',
    `CREATE TEXT SEARCH DICTIONARY di (TEMPLATE = simple, STOPWORDS = english, ACCEPT = false)`,
  ],
  ['text search configuration s.co', `CREATE TEXT SEARCH CONFIGURATION co (COPY = english)`],
  ['statistics s.st', 'CREATE STATISTICS st (ndistinct, mcv) ON a, b FROM t'],
  ['statistics s.sx', 'CREATE STATISTICS sx ON (a + 1), (b || $$x$$) FROM t', 14],
  [
    'publication pall',
    `CREATE PUBLICATION pall FOR ALL TABLES WITH (publish = 'insert, truncate', publish_via_partition_root)`,
  ],
  ['publication pone', 'CREATE PUBLICATION pone FOR TABLE t'],
  ['publication pcols', 'CREATE PUBLICATION pcols FOR TABLE t (id, a) WHERE (id > 5)', 15],
  ['publication pnone', `CREATE PUBLICATION pnone WITH (publish = '')`],
  ['publication pmany', 'CREATE PUBLICATION pmany FOR TABLE t WHERE (id > 5), TABLES IN SCHEMA other', 15],
  [
    'event trigger ev',
    `CREATE EVENT TRIGGER ev ON ddl_command_end WHEN TAG IN ('DROP VIEW', 'DROP TABLE') EXECUTE FUNCTION evf(); ALTER EVENT TRIGGER ev ENABLE REPLICA`,
  ],
  ['foreign data wrapper fw', `CREATE FOREIGN DATA WRAPPER fw OPTIONS (debug 'it''s', "Odd" 'b=c')`],
  [
    'server se',
    `CREATE FOREIGN DATA WRAPPER fw2; CREATE SERVER se TYPE 'x' VERSION '1.0' FOREIGN DATA WRAPPER fw2 OPTIONS (host 'a')`,
  ],
  [
    'user mapping FOR PUBLIC SERVER se2',
    `CREATE FOREIGN DATA WRAPPER fw3; CREATE SERVER se2 FOREIGN DATA WRAPPER fw3; CREATE USER MAPPING FOR PUBLIC SERVER se2 OPTIONS (name 'x')`,
  ],
  [
    'default privileges pg_monitor in s on TABLES',
    'ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor IN SCHEMA s GRANT SELECT, INSERT ON TABLES TO pg_read_all_stats WITH GRANT OPTION',
  ],
  [
    'default privileges pg_monitor on FUNCTIONS',
    'ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
  ],
  [
    'language la',
    'CREATE TRUSTED LANGUAGE la HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator',
  ],
  ['access method am', 'CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler'],
  [
    'database current',
    `DO $do$ DECLARE d text := quote_ident(current_database()); BEGIN
      EXECUTE 'ALTER DATABASE ' || d || ' SET search_path = "A b", public'; EXECUTE 'COMMENT ON DATABASE ' || d || $q$ IS 'it''s \\ ours'$q$;
      EXECUTE 'ALTER DATABASE ' || d || ' SET app.tenant = $x$1$x$'; EXECUTE 'ALTER ROLE ' || quote_ident(current_user) || ' IN DATABASE ' || d || ' SET work_mem = $x$9MB$x$'; END $do$`,
  ],
];

const SETUP = `CREATE SCHEMA other; CREATE SCHEMA s; SET search_path = s; CREATE TABLE t (id int PRIMARY KEY, a int, b text);
  CREATE FUNCTION un(float8[], float8) RETURNS float8[] IMMUTABLE STRICT LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION same(int, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2';
  CREATE FUNCTION one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE TYPE e AS ENUM ('a');
  CREATE FUNCTION e_int(e) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION evf() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`;

test.each([...outerMajors()])(
  'PostgreSQL %i: every definition makes again what its drop took away',
  async (wanted) => {
    const server = await testServer(wanted);
    const connection = await (await server.createDatabase()).connect('test');
    await connection.script(SETUP);
    const present = OBJECTS.filter(([, , from]) => from === undefined || server.major >= from);
    for (const [, sql] of present) await connection.script(`SET search_path = s; ${sql}`);
    const before = await readCatalog(connection);
    await connection.script('RESET search_path');
    for (const [key] of present) {
      const object = before.objects.get(key);
      expect(object, key).toBeDefined();
      const { definition, drop } = object?.properties ?? {};
      await connection.script(String(drop));
      expect((await readCatalog(connection)).objects.has(key), key).toBe(false);
      await connection.script(String(definition));
      expect(compareCatalogs(before, await readCatalog(connection)).differences, key).toEqual([]);
    }
    await connection.close();
  },
);

test('a password in a user mapping is not shown', async () => {
  const server = await testServer(18);
  const connection = await (await server.createDatabase()).connect('test');
  await connection.script(
    `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER x FOREIGN DATA WRAPPER w;
     CREATE USER MAPPING FOR PUBLIC SERVER x OPTIONS (name 'x', password 'hunter2')`,
  );
  const mapping = (await readCatalog(connection)).objects.get('user mapping FOR PUBLIC SERVER x');
  expect(mapping?.properties).toMatchObject({
    definition: null,
    secretOptions: ['password'],
    options: ['name=x'],
  });
  expect(JSON.stringify(mapping)).not.toContain('hunter2');
  await connection.close();
});
