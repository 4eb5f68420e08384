import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unseenWrites } from '../../src/execute/action.ts';
import { dropCapture, installCaptures, removeCaptures } from '../../src/execute/undo/capture.ts';
import { replay } from '../../src/execute/undo/replay.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';
import { contents, step, traces, undo } from './undo-support.ts';

describe.each([18, 15])('undo on PostgreSQL %i', (major) => {
  let connector: Connector;
  let connection: Connection;

  beforeEach(async () => {
    connector = await (await testServer(major)).createDatabase();
    connection = await connector.connect('test');
  });
  afterEach(async () => {
    await connection.close();
  });

  /** Runs the change with captures, takes it back, and expects everything to be as it was. */
  async function thereAndBack(schema: string, change: string | string[], captures: string[]): Promise<void> {
    await connection.script(schema);
    const before = await contents(connection);
    const outcome = await step(connection, change, captures);
    expect(await contents(connection), 'the change changed nothing').not.toEqual(before);
    expect(unseenWrites(outcome, captures)).toEqual([]);
    const back = await undo(connection);
    expect(back.conflicts).toEqual([]);
    expect(await contents(connection)).toEqual(before);
    expect(await traces(connection)).toEqual([]);
  }

  it('puts values of every awkward kind back', async () => {
    await thereAndBack(
      `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text);
       CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE DOMAIN small AS positive;
       CREATE TABLE t (id int PRIMARY KEY, j json, jb jsonb, f float8, r real, n numeric, nn numeric(10,2), b bytea,
         a int[], c char(5), m mood, p pair, ts timestamptz, d date, i interval, x xml, dm positive, ds small,
         ms mood[], ps pair[], dp positive[], pt point, rg int4range, bt bit varying, ch "char", u uuid, txt text);
       INSERT INTO t (id, j, jb, f, r, n, nn, b, a, c, m, p, ts, d, i, x, dm, ds, ms, ps, dp, pt, rg, bt, ch, txt) VALUES
        (1, 'null', 'null', 'NaN', '-0', 'NaN', 1.10, '\\x00ff', '[2:3]={7,NULL}', 'ab', 'ok', '(1,"x, ""y")', 'infinity', '-infinity',
         '1 mon 2 days', '<a/>', 1, 2, '{sad,ok}', '{"(1,a)","(,)"}', '{3}', '(1,2)', '[1,5)', B'101', 'q', ''),
        (2, NULL, NULL, '-Infinity', 'Infinity', 1.000, NULL, '', '{}', '', NULL, NULL, '2020-01-01 00:00:00.123456+00', NULL,
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'empty', NULL, NULL, NULL),
        (3, '{"b":1, "a": 1,"a":2}', '{"a": [1, 1.0]}', 1e-320, 1.1, '-0.00', 0.10, NULL, '{{1,2},{3,4}}', NULL, 'sad', '(,)',
         NULL, '4714-11-24 BC', NULL, NULL, NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL, E'tab\\tnewline\\n"quote');`,
      [
        'UPDATE t SET j = NULL, jb = NULL, f = 1, r = 0, n = 1, nn = 5, b = NULL, a = NULL, c = NULL, m = NULL, p = NULL, ts = now(), d = NULL, x = NULL, dm = 9, ds = 9, ms = NULL, ps = NULL, dp = NULL, pt = NULL, rg = NULL, txt = NULL',
        'DELETE FROM t WHERE id = 3',
        `INSERT INTO t (id, j, n) VALUES (4, 'null', 'NaN')`,
        `UPDATE t SET j = 'null' WHERE id = 2`,
      ],
      ['t'],
    );
  });

  it('undoes key changes, repeated updates, update then delete, delete then insert', async () => {
    await thereAndBack(
      `CREATE TABLE t (id int PRIMARY KEY, v text, n int UNIQUE);
       INSERT INTO t SELECT i, 'v' || i, i FROM generate_series(1, 20) i`,
      [
        'UPDATE t SET id = -id',
        'UPDATE t SET id = -id + 100',
        `UPDATE t SET v = v || '!' WHERE id = 101`,
        `UPDATE t SET v = v || '?' WHERE id = 101`,
        `UPDATE t SET v = 'gone' WHERE id = 105`,
        'DELETE FROM t WHERE id = 105',
        `INSERT INTO t VALUES (105, 'new', 999)`,
        'UPDATE t SET n = n + 1000 WHERE id > 110',
        'DELETE FROM t WHERE id = 120',
      ],
      ['public.t'],
    );
  });

  it('undoes a shift over a unique key, and a swap', async () => {
    await thereAndBack(
      `CREATE TABLE t (pos int PRIMARY KEY, v text);
       INSERT INTO t SELECT i, 'v' || i FROM generate_series(50, 1, -1) i;
       CREATE TABLE s (id int PRIMARY KEY, u int UNIQUE DEFERRABLE);
       INSERT INTO s VALUES (1, 1), (2, 2)`,
      ['UPDATE t SET pos = pos + 1', 'UPDATE s SET u = 3 - u'],
      ['t', 's'],
    );
  });

  it('undoes TRUNCATE, with what it truncates beside', async () => {
    await thereAndBack(
      `CREATE TABLE p (id int PRIMARY KEY, v text); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p);
       INSERT INTO p VALUES (1, 'a'), (2, NULL); INSERT INTO c VALUES (1, 1), (2, 2), (3, NULL)`,
      ['TRUNCATE p CASCADE', `INSERT INTO p VALUES (1, 'other')`],
      ['p', 'c'],
    );
  });

  it('undoes deletes and updates that cascade', async () => {
    await thereAndBack(
      `CREATE TABLE p (id int PRIMARY KEY);
       CREATE TABLE c (id int PRIMARY KEY, p int NOT NULL REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE);
       CREATE TABLE g (id int PRIMARY KEY, c int REFERENCES c ON DELETE SET NULL, p int REFERENCES p ON DELETE SET NULL ON UPDATE CASCADE);
       CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE);
       INSERT INTO p SELECT generate_series(1, 10); INSERT INTO c SELECT i, (i + 1) / 2 FROM generate_series(1, 20) i;
       INSERT INTO g SELECT i, i, (i + 1) / 2 FROM generate_series(1, 20) i;
       INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 3), (5, 1)`,
      [
        'DELETE FROM p WHERE id < 4',
        'UPDATE p SET id = id + 100 WHERE id > 7',
        'DELETE FROM tree WHERE id = 2',
      ],
      ['p', 'c', 'g', 'tree'],
    );
  });

  it('undoes inserts of rows that refer to each other', async () => {
    await thereAndBack(
      `CREATE TABLE p (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
       CREATE TABLE c (id serial PRIMARY KEY, p int REFERENCES p, up int REFERENCES c);
       INSERT INTO p (v) VALUES ('old')`,
      [
        `WITH n AS (INSERT INTO p (v) VALUES ('a'), ('b') RETURNING id) INSERT INTO c (p) SELECT id FROM n`,
        'INSERT INTO c (p, up) SELECT p, id FROM c',
        'INSERT INTO c (p, up) SELECT p, max(id) FROM c GROUP BY p',
        `UPDATE p SET v = 'new'`,
      ],
      ['p', 'c'],
    );
  });

  it('works with composite keys, quoted names, generated columns and no columns at all', async () => {
    await thereAndBack(
      `CREATE SCHEMA "My Schema";
       CREATE TABLE "My Schema"."Order's" ("the ID" int, "b.c" text COLLATE "C", "select" numeric, total numeric GENERATED ALWAYS AS ("select" * 2) STORED,
         PRIMARY KEY ("the ID", "b.c"));
       INSERT INTO "My Schema"."Order's" VALUES (1, 'a"b', 1), (1, 'c', NULL), (2, 'a"b', 3);
       CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES`,
      [
        `UPDATE "My Schema"."Order's" SET "select" = 7, "b.c" = "b.c" || 'x' WHERE "the ID" = 1`,
        `DELETE FROM "My Schema"."Order's" WHERE "the ID" = 2`,
        'DELETE FROM nothing',
      ],
      [`"My Schema"."Order's"`, 'nothing'],
    );
  });

  it('needs no key: equal rows are counted', async () => {
    await thereAndBack(
      `CREATE TABLE t (a int, j json); INSERT INTO t SELECT i % 3, '{}' FROM generate_series(1, 30) i; INSERT INTO t VALUES (NULL, NULL), (NULL, 'null')`,
      [
        'DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 1 LIMIT 4)',
        'UPDATE t SET a = 1 WHERE a = 2',
        `INSERT INTO t VALUES (1, '{}'), (1, '{}'), (5, NULL)`,
        'UPDATE t SET a = a + 1',
        `UPDATE t SET j = '[]' WHERE a IS NULL`,
      ],
      ['t'],
    );
  });

  it('sees partitions, whichever way they are written, and rows that move between them', async () => {
    await thereAndBack(
      `CREATE TABLE m (id int, at int, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
       CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (0) TO (10);
       CREATE TABLE m2 (v text, at int NOT NULL, gone int, id int NOT NULL); ALTER TABLE m2 DROP COLUMN gone;
       ALTER TABLE m ATTACH PARTITION m2 FOR VALUES FROM (10) TO (20);
       CREATE TABLE m3 PARTITION OF m FOR VALUES FROM (20) TO (40) PARTITION BY LIST (at);
       CREATE TABLE m31 PARTITION OF m3 DEFAULT;
       INSERT INTO m SELECT i, i, 'v' || i FROM generate_series(0, 39) i`,
      [
        `UPDATE m SET v = 'x' WHERE id % 5 = 0`,
        'UPDATE m SET at = at + 7 WHERE id < 20',
        `UPDATE m2 SET v = 'direct'`,
        'DELETE FROM m31 WHERE id > 30',
        `INSERT INTO m3 VALUES (100, 25, 'n')`,
        'TRUNCATE m1',
        `INSERT INTO m VALUES (0, 0, 'again')`,
        'DELETE FROM m WHERE id = 12',
      ],
      ['m'],
    );
  });

  it('sees inheritance trees with the columns of the children', async () => {
    await thereAndBack(
      `CREATE TABLE base (id int PRIMARY KEY, v text); CREATE TABLE child (extra text, PRIMARY KEY (id)) INHERITS (base);
       INSERT INTO base VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (10, 'c', 'kept'), (11, 'd', 'too')`,
      [
        `UPDATE base SET v = v || '!'`,
        'DELETE FROM base WHERE id IN (1, 10)',
        `INSERT INTO child VALUES (12, 'n', 'n')`,
      ],
      ['base', 'child'],
    );
  });

  it('sees writes of triggers, and switches them off on the way back', async () => {
    await thereAndBack(
      `CREATE TABLE t (id int PRIMARY KEY, v text, changed int DEFAULT 0); CREATE TABLE log (id serial PRIMARY KEY, what text);
       CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := NEW.changed + 1; RETURN NEW; END $$;
       CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO log (what) VALUES (TG_OP); 
         IF pg_trigger_depth() < 2 THEN UPDATE t SET v = v || '+' WHERE id = COALESCE(NEW.id, OLD.id); END IF; RETURN NULL; END $$;
       CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
       CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();
       CREATE TRIGGER quiet AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
       ALTER TABLE t ENABLE ALWAYS TRIGGER touch; ALTER TABLE t DISABLE TRIGGER quiet;
       INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')`,
      [`UPDATE t SET v = 'x' WHERE id < 3`, 'DELETE FROM t WHERE id = 3', `INSERT INTO t VALUES (4, 'd')`],
      ['t', 'log'],
    );
    const enabled = await connection.rows(
      `SELECT tgname::text, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`,
    );
    expect(enabled).toEqual([
      ['note', 'O'],
      ['quiet', 'D'],
      ['touch', 'A'],
    ]);
  });

  it('follows a table that the step alters in between', async () => {
    await connection.script(
      `CREATE TABLE t (id int PRIMARY KEY, a int, b text); INSERT INTO t SELECT i, i, 'b' || i FROM generate_series(1, 5) i`,
    );
    const before = await contents(connection);
    await step(
      connection,
      [
        'UPDATE t SET a = a + 1',
        'ALTER TABLE t ADD COLUMN c text',
        `UPDATE t SET c = b, a = a + 1`,
        'ALTER TABLE t ALTER COLUMN a TYPE bigint',
        'UPDATE t SET a = a + 3000000000 WHERE id > 2',
        'ALTER TABLE t RENAME COLUMN b TO bb',
        'ALTER TABLE t RENAME TO u',
        `UPDATE u SET bb = 'renamed' WHERE id < 4`,
        'DELETE FROM u WHERE id = 5',
      ],
      ['t'],
    );
    // As the derived rollback has it: shape first, then the rows. The values above the old type go with USING.
    await connection.transaction(async () => {
      await connection.script(
        'ALTER TABLE u RENAME TO t; ALTER TABLE t RENAME COLUMN bb TO b; ALTER TABLE t DROP COLUMN c',
      );
    });
    const back = await undo(connection);
    expect(back.conflicts).toEqual([]);
    await connection.script('ALTER TABLE t ALTER COLUMN a TYPE int');
    expect(await contents(connection)).toEqual(before);
  });

  it('leaves and lists what the application has changed since', async () => {
    await connection.script(
      `CREATE TABLE p (id int PRIMARY KEY, v text, j json); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE);
       INSERT INTO p SELECT i, 'v' || i, '{"a": 1}' FROM generate_series(1, 9) i`,
    );
    await step(
      connection,
      [
        `UPDATE p SET v = 'x' WHERE id < 5`,
        `UPDATE p SET v = 'y' WHERE id < 3`,
        'DELETE FROM p WHERE id IN (7, 8, 9)',
        `INSERT INTO p VALUES (20, 'n', NULL), (21, 'n', NULL), (22, 'n', NULL), (23, 'n', NULL)`,
      ],
      ['p', 'c'],
    );
    await connection.script(
      `UPDATE p SET v = 'mine' WHERE id = 2; UPDATE p SET j = '{"a":1}' WHERE id = 3; DELETE FROM p WHERE id = 4;
       INSERT INTO p VALUES (7, 'taken', NULL); INSERT INTO p VALUES (8, 'v8', '{"a": 1}');
       UPDATE p SET v = 'kept' WHERE id = 20; INSERT INTO c VALUES (1, 21); DELETE FROM p WHERE id = 22`,
    );
    const back = await undo(connection);
    expect(back.conflicts?.map(({ key }) => key).sort()).toEqual([
      'id=2',
      'id=20',
      'id=21',
      'id=3',
      'id=4',
      'id=7',
    ]);
    expect(await connection.rows('SELECT id, v FROM p ORDER BY id')).toEqual([
      [1, 'v1'],
      [2, 'mine'],
      [3, 'x'],
      [5, 'v5'],
      [6, 'v6'],
      [7, 'taken'],
      [8, 'v8'],
      [9, 'v9'],
      [20, 'kept'],
      [21, 'n'],
    ]);
    expect(await connection.rows('SELECT * FROM c')).toEqual([[1, 21]]);
    // The records of what stayed are kept; a second undo does nothing.
    expect((await traces(connection)).length).toBeGreaterThan(0);
    expect(await undo(connection)).toMatchObject({ restored: 0, conflicts: [] });
  });

  it('lists the row that a foreign key refuses, and puts the others back', async () => {
    await connection.script(
      `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p, u int UNIQUE);
       INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1, 1), (2, 2, 2), (3, 1, 3)`,
    );
    await step(connection, ['DELETE FROM c'], ['c']);
    await connection.script('DELETE FROM p WHERE id = 2; INSERT INTO c VALUES (9, NULL, 3)');
    const back = await undo(connection);
    expect(back.conflicts?.map(({ key }) => key)).toEqual(['id=2', 'id=3']);
    expect(back.conflicts?.[0]?.what).toContain('foreign key');
    expect(await connection.rows('SELECT id FROM c ORDER BY id')).toEqual([[1], [9]]);
  });

  it('records nothing that another session writes, and nothing after the step', async () => {
    await connection.script('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)');
    await step(connection, 'INSERT INTO t VALUES (2)', ['t']);
    await connection.script('INSERT INTO t VALUES (3)');
    await undo(connection);
    expect(await connection.rows('SELECT id FROM t ORDER BY id')).toEqual([[1], [3]]);
  });

  it('leaves a trigger disabled where a reader holds the table, and drops it with the next use', async () => {
    await connection.script('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)');
    const reader = await connector.connect('reader');
    try {
      await reader.script('BEGIN; SELECT * FROM t');
      await step(connection, 'INSERT INTO t VALUES (2)', ['t']);
      expect(
        await connection.rows(`SELECT DISTINCT tgenabled::text FROM pg_trigger WHERE NOT tgisinternal`),
      ).toEqual([['D']]);
      await reader.script('COMMIT');
    } finally {
      await reader.close();
    }
    await connection.script('INSERT INTO t VALUES (3)');
    await undo(connection);
    await step(connection, 'INSERT INTO t VALUES (4)', ['t']);
    await undo(connection);
    expect(await connection.rows('SELECT id FROM t ORDER BY id')).toEqual([[1], [3]]);
    expect(await traces(connection)).toEqual([]);
  });

  it('sees what a MERGE on a partitioned table did, in the text and in a function', async () => {
    const merge = `MERGE INTO t USING generate_series(1, 10) AS k ON t.id = k
      WHEN MATCHED AND v = 'a' THEN UPDATE SET v = 'b', id = CASE k WHEN 7 THEN 70 ELSE id END
      WHEN MATCHED AND k = 8 THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (k, 'm')`;
    const schema = `CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
      CREATE TABLE low PARTITION OF t FOR VALUES FROM (MINVALUE) TO (8);
      CREATE TABLE high (v text, id int NOT NULL); ALTER TABLE t ATTACH PARTITION high FOR VALUES FROM (8) TO (MAXVALUE);
      INSERT INTO t VALUES (3, 'a'), (5, 'a'), (7, 'a'), (8, 'x'), (9, 'a')`;
    // In the order of k: rows are inserted before others are updated.
    const inOrder = ['SET LOCAL enable_hashjoin = off', 'SET LOCAL enable_mergejoin = off'];
    await thereAndBack(schema, [...inOrder, merge], ['t']);
    const inFunction = `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ${merge}; END $$`;
    await thereAndBack(`DROP TABLE t; ${schema}; ${inFunction}`, [...inOrder, 'SELECT f()'], ['t']);
  });

  it('needs no superuser: the tables belong to the role that runs the step', async () => {
    const role = `owner_${Math.random().toString(36).slice(2)}`;
    const [database] = await connection.rows<[string]>('SELECT quote_ident(current_database())');
    await connection.script(
      `CREATE ROLE ${role}; GRANT CREATE ON DATABASE ${database?.[0]} TO ${role}; GRANT ALL ON SCHEMA public TO ${role}; SET SESSION AUTHORIZATION ${role}`,
    );
    await thereAndBack(
      `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE);
       INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1), (2, 2)`,
      ['DELETE FROM p WHERE id = 1', 'UPDATE c SET id = 5', 'TRUNCATE c'],
      ['p', 'c'],
    );
    await connection.script('RESET SESSION AUTHORIZATION');
    await connection.script(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });

  it('may be installed twice, for more tables, and forgotten', async () => {
    await connection.script('CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE s (id int PRIMARY KEY)');
    await connection.transaction(async () => {
      await installCaptures(connection, 'twice', ['t', 'missing', 'no.schema'], []);
      await connection.script('INSERT INTO t VALUES (1)');
      await installCaptures(connection, 'twice', ['t', 's', 'public.t'], []);
      await connection.script('INSERT INTO s VALUES (1)');
      await removeCaptures(connection, 'twice', ['t', 's']);
    });
    expect((await traces(connection)).filter((trace) => trace.startsWith('entry'))).toHaveLength(2);
    const back = await connection.transaction(() => replay(connection, 'twice'));
    expect(back).toEqual({ restored: 2, conflicts: [] });
    await step(connection, 'INSERT INTO t VALUES (2)', ['t'], 'other');
    await connection.transaction(() => dropCapture(connection, 'other'));
    expect(await traces(connection)).toEqual([]);
    expect(await connection.rows('SELECT id FROM t')).toEqual([[2]]);
  });

  it('mixes large and small updates of the same rows', async () => {
    const loop = `DO $$ BEGIN FOR i IN 1..50 LOOP UPDATE t SET n = 1 - n WHERE id % 7 = i % 7; END LOOP; END $$`;
    await thereAndBack(
      'CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT i, i % 2 FROM generate_series(1, 400) i',
      [
        loop,
        'UPDATE t SET n = n + 1',
        loop,
        'UPDATE t SET n = n - 1 WHERE id = 3',
        'UPDATE t SET n = 1 - n',
        loop,
        'DELETE FROM t WHERE id % 5 = 0',
      ],
      ['t'],
    );
  });

  it('counts TRUNCATE and writes of functions; tells unseen ones', async () => {
    await connection.script(
      `CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE e (id int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (2)`,
    );
    const outcome = await step(
      connection,
      [
        'DO $$ BEGIN TRUNCATE a; INSERT INTO b VALUES (3); CREATE TABLE made (x int); INSERT INTO made VALUES (1); TRUNCATE e; END $$',
      ],
      ['b'],
    );
    expect(outcome.writes).toEqual([
      { table: 'public.a', rows: 1 },
      { table: 'public.b', rows: 1 },
    ]);
    expect(unseenWrites(outcome, ['b'])).toEqual(['public.a']);
    expect(unseenWrites(outcome, ['"public"."b"', 'a'])).toEqual([]);
  });

  it('restores rows under forced row security and through rules', async () => {
    await thereAndBack(
      `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b');
       CREATE RULE no_delete AS ON DELETE TO t WHERE OLD.v = 'n' DO INSTEAD NOTHING;
       ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY none ON t USING (false)`,
      [`INSERT INTO t VALUES (3, 'n')`, `UPDATE t SET v = 'z' WHERE id = 1`],
      ['t'],
    );
  });
});
