/** Whole scripts on a copy: transactions, refusals, what does not run. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Observation } from '../../../src/assess/trace/observe.ts';
import { partsOf } from '../../../src/assess/trace/parts.ts';
import { type TracedStatement, type TraceRequest, traceScript } from '../../../src/assess/trace/run.ts';
import type { Connection, Connector } from '../../../src/postgres/connection.ts';
import { parseScript } from '../../../src/sql/parse.ts';
import { outerMajors, testServer } from '../../support/servers.ts';

const SCHEMA = `
CREATE TABLE r (id int PRIMARY KEY);
INSERT INTO r SELECT generate_series(1, 20);
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(50), ok boolean);
INSERT INTO t SELECT n, CASE WHEN n < 15 THEN n END, 'b' || n, n % 2 = 0 FROM generate_series(1, 20) n;
CREATE TYPE mood AS ENUM ('fine');
CREATE TABLE moody (id int, m mood);
`;

for (const major of outerMajors()) {
  describe(`PostgreSQL ${major}`, () => {
    let template: string;
    let admin: Connector;
    let connection: Connection;
    let second: Connection;
    let copies = 0;

    beforeAll(async () => {
      const server = await testServer(major);
      admin = server.connector;
      const database = await server.createDatabase();
      const first = await database.connect();
      template = first.server.database;
      await first.script(SCHEMA);
      await first.close();
    });
    beforeEach(async () => {
      const name = `${template}_${++copies}`;
      const first = await admin.connect();
      await first.script(`CREATE DATABASE ${name} TEMPLATE ${template}`);
      await first.close();
      connection = await admin.forDatabase(name).connect();
      second = await admin.forDatabase(name).connect();
    });
    afterEach(async () => {
      await connection.close();
      await second.close();
    });
    afterAll(async () => {
      const first = await admin.connect();
      for (let n = 1; n <= copies; n++) await first.script(`DROP DATABASE ${template}_${n} WITH (FORCE)`);
      await first.close();
    });

    const trace = async (
      sql: string,
      options: Partial<TraceRequest> = {},
    ): Promise<readonly (TracedStatement | undefined)[]> => {
      const script = await parseScript(sql, 'up.sql');
      const traced = await traceScript({
        script,
        parts: partsOf(script),
        connection,
        second,
        ownServer: true,
        hasSchema: true,
        ...options,
      });
      return script.statements.map((_, index) => traced.get(index));
    };
    const seen = (traced: TracedStatement | undefined): Observation => {
      if (traced?.state !== 'observed') throw new Error(`not observed: ${JSON.stringify(traced)}`);
      return traced.observation;
    };
    const modeOn = ({ locks }: Observation, relation: string) =>
      locks.find((lock) => lock.relation === relation)?.mode;
    const count = async (sql: string) => Number((await connection.query<{ n: string }>(sql))[0]?.n);

    it('a transaction of its own: each statement with the locks that it takes itself', async () => {
      const traced = await trace(`
        BEGIN;
        ALTER TABLE t ADD COLUMN x int;
        CREATE TABLE fresh (id int);
        ALTER TABLE t VALIDATE CONSTRAINT t_pkey;
        DO $$ BEGIN ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE fresh ADD y int; END $$;
        COMMIT;
        CREATE INDEX CONCURRENTLY t_x ON t (x);`).catch((error: unknown) => error);
      // VALIDATE of a primary key is an error: nothing after it runs.
      const failing = traced as readonly TracedStatement[];
      expect(failing[3]).toMatchObject({ state: 'failed' });
      expect(failing[4]).toEqual({ state: 'untraced', reason: 'line 5 fails before it' });
      expect(failing[6]).toMatchObject({ state: 'untraced' });
      expect(await count(`SELECT count(*) AS n FROM pg_class WHERE relname = 'fresh'`)).toBe(0);

      const [, add, make, , block, , index] = await trace(`
        BEGIN;
        ALTER TABLE t ADD COLUMN x int;
        CREATE TABLE fresh (id int);
        ALTER TABLE fresh RENAME TO later;
        DO $$ BEGIN ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE later ADD y int; END $$;
        COMMIT;
        CREATE INDEX CONCURRENTLY t_x ON t (x);`);
      expect(modeOn(seen(add), 'public.t')).toBe('AccessExclusiveLock');
      expect(seen(make).created).toContain('public.fresh');
      // Hidden by the first ALTER's lock in one transaction; and what the transaction made itself does not count.
      expect(seen(block).locks.filter(({ role }) => role !== 'index')).toEqual([
        { relation: 'public.t', mode: 'AccessExclusiveLock', role: 'target' },
      ]);
      expect(seen(block).rewrites).toEqual(['public.t']);
      expect(modeOn(seen(index), 'public.t')).toBe('ShareUpdateExclusiveLock');
      expect(await count(`SELECT count(*) AS n FROM pg_class WHERE relname IN ('later', 't_x')`)).toBe(2);
    });

    it('temporary tables are nobody else’s, and a savepoint that is not there fails', async () => {
      const [, write, drop] = await trace(
        'CREATE TEMP TABLE scratch (id int); INSERT INTO scratch SELECT id FROM t; DROP TABLE scratch;',
      );
      expect(
        seen(write)
          .locks.map(({ relation }) => relation)
          .filter((name) => !/^public/.test(name)),
      ).toEqual([]);
      expect(seen(drop).dropped).toEqual([]);
      const broken = await trace('BEGIN; ALTER TABLE t ADD COLUMN x int; ROLLBACK TO nowhere; COMMIT;');
      expect(broken[2]).toMatchObject({ state: 'failed', error: { sqlstate: '3B001' } });
    });

    it('a new enum label: alone it is usable, in its own transaction it is not', async () => {
      const [add, use] = await trace(`
        ALTER TYPE mood ADD VALUE 'better';
        INSERT INTO moody VALUES (1, 'better');`);
      expect(seen(add).error).toBeNull();
      expect(seen(use).written).toEqual({ 'public.moody': 1 });
      const [, , unsafe] = await trace(`
        BEGIN;
        ALTER TYPE mood ADD VALUE 'best';
        INSERT INTO moody VALUES (1, 'best');
        COMMIT;`);
      expect(unsafe).toMatchObject({ state: 'failed', error: { sqlstate: '55P04' } });
    });

    it('what only holds together in one transaction', async () => {
      const bound = await trace(`
        BEGIN;
        SET LOCAL lock_timeout = '3s';
        LOCK TABLE t IN SHARE MODE;
        SAVEPOINT s;
        UPDATE t SET a = 1;
        ROLLBACK TO s;
        ALTER TABLE r ADD COLUMN x int;
        COMMIT;`);
      expect(modeOn(seen(bound[2]), 'public.t')).toBe('ShareLock');
      expect(seen(bound[2]).lockTimeoutMs).toBe(3000);
      expect(seen(bound[4]).written).toEqual({ 'public.t': 20 });
      expect(modeOn(seen(bound[6]), 'public.r')).toBe('AccessExclusiveLock');
      expect(await count('SELECT count(*) AS n FROM t WHERE a = 1')).toBe(1);
      expect(await count(`SELECT count(x) AS n FROM r`)).toBe(0);

      // Pending events of a deferred key stand in the way of ALTER TABLE, in the same transaction alone.
      const [key, , update, alter] = await trace(`
        ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r DEFERRABLE INITIALLY DEFERRED;
        BEGIN;
        UPDATE t SET a = 2;
        ALTER TABLE t ADD COLUMN z int NOT NULL DEFAULT random() * 10;
        COMMIT;`);
      expect(seen(key).validates).toEqual(['public.t.t_a_fkey']);
      expect(seen(update).error).toBeNull();
      expect(alter).toMatchObject({ state: 'failed', error: { sqlstate: '55006' } });
    });

    it('rows of the copy that a change refuses are taken away', async () => {
      const [notNull, unique, concurrently] = await trace(`
        ALTER TABLE t ALTER COLUMN a SET NOT NULL;
        ALTER TABLE t ADD UNIQUE (ok);
        CREATE UNIQUE INDEX CONCURRENTLY t_ok ON t (ok);`);
      expect(seen(notNull)).toMatchObject({ scans: ['public.t'], error: null });
      expect(seen(unique)).toMatchObject({ builds: ['public.t_ok_key'] });
      expect(seen(concurrently)).toMatchObject({ builds: ['public.t_ok'] });
    });

    it('rows that a change needs, and that are not there, prove nothing', async () => {
      const [insert, next] = await trace(`
        INSERT INTO t (id, a) SELECT 1/0, 2;
        ALTER TABLE r ADD COLUMN y int;`);
      expect(insert).toMatchObject({ state: 'untraced', reason: expect.stringContaining('do not fit') });
      expect(modeOn(seen(next), 'public.r')).toBe('AccessExclusiveLock');
    });

    it('a plan by an index is one; without an index the table is read', async () => {
      const [byKey, byNothing, copy, join] = await trace(
        `
        UPDATE t SET a = 1 WHERE id = 3;
        UPDATE t SET a = 1 WHERE b = 'b3';
        INSERT INTO r SELECT id + 100 FROM t ORDER BY id;
        UPDATE t SET a = 1 FROM r WHERE r.id = t.id AND t.b = 'b4';`,
        { rows: { 'public.t': 20, 'public.r': 20 } },
      );
      expect(seen(byKey).scans).toEqual([]);
      expect(seen(byNothing).scans).toEqual(['public.t']);
      expect(seen(copy).scans).toEqual(['public.t']);
      // One of the two is gone through, the other looked up by its key.
      expect(seen(join).scans).toHaveLength(1);
    });

    it('a procedure that commits, and statements under another role', async () => {
      const sql = `
        CREATE PROCEDURE pieces() LANGUAGE plpgsql AS
          $$ BEGIN UPDATE t SET a = 1 WHERE id = 1; COMMIT; UPDATE t SET a = 2 WHERE id = 2; COMMIT; END $$;
        CALL pieces();
        SET ROLE pg_monitor;
        SELECT count(*) FROM pg_stat_activity;
        RESET ROLE;
        ALTER TABLE t ADD COLUMN later int;`;
      const [, call, role, select, , alter] = await trace(sql);
      expect(seen(call).error).toBeNull();
      expect(modeOn(seen(call), 'public.t')).toBe('RowExclusiveLock');
      expect([role?.state, select?.state]).toEqual(['observed', 'observed']);
      expect(modeOn(seen(alter), 'public.t')).toBe('AccessExclusiveLock');
      // In a transaction that something else has opened it fails, as it would there.
      const [, , , inside] = await trace(`BEGIN; SELECT 1; SAVEPOINT s; CALL pieces(); COMMIT;`);
      expect(inside).toMatchObject({ state: 'failed', error: { sqlstate: '2D000' } });
    });

    it('when the time is over the rest does not run', async () => {
      const [never] = await trace('ALTER TABLE t ADD COLUMN x int', { deadline: performance.now() });
      expect(never).toEqual({ state: 'untraced', reason: 'the time for the trace was over' });
      const inside = await trace(
        `BEGIN; ALTER TABLE t ADD COLUMN z int; SELECT pg_sleep(1.5); ALTER TABLE r ADD COLUMN y int; COMMIT;`,
        { deadline: performance.now() + 1200 },
      );
      expect(inside.map((one) => one?.state)).toEqual([
        undefined,
        'observed',
        'observed',
        'untraced',
        undefined,
      ]);
      const columns = `SELECT count(*) AS n FROM pg_attribute WHERE attname IN ('x', 'y', 'z') AND attnum > 0 AND attrelid IN ('t'::regclass, 'r'::regclass)`;
      expect(await count(columns)).toBe(0);
    });

    it('what reaches beyond the database does not run', async () => {
      const traced = await trace(
        `
        COPY t TO PROGRAM 'cat > /dev/null';
        SELECT pg_read_file('postgresql.conf');
        DO $$ BEGIN EXECUTE 'COPY t TO PROGRAM ''false'''; END $$;
        ALTER SYSTEM SET work_mem = '64MB';
        CREATE ROLE somebody_else;
        CREATE FUNCTION away() RETURNS text LANGUAGE sql AS $$ SELECT pg_read_file('postgresql.conf') $$;
        SELECT away();
        ALTER TABLE t ADD COLUMN last int;`,
        { ownServer: false },
      );
      const states = traced.map((one) => one?.state);
      expect(states).toEqual([...Array(5).fill('untraced'), 'observed', 'untraced', 'observed']);
      expect(await count(`SELECT count(*) AS n FROM pg_roles WHERE rolname = 'somebody_else'`)).toBe(0);
    });

    it('without the schema what is missing says nothing', async () => {
      const [missing, make, alter] = await trace(
        `ALTER TABLE nowhere ADD COLUMN x int; CREATE TABLE fresh (id int); ALTER TABLE fresh ALTER id TYPE text;`,
        { hasSchema: false },
      );
      expect(missing).toMatchObject({
        state: 'untraced',
        reason: expect.stringContaining('schema is not known'),
      });
      expect(seen(make).created).toContain('public.fresh');
      expect(seen(alter).columns).toHaveLength(1);
      const [failed] = await trace('ALTER TABLE nowhere ADD COLUMN x int');
      expect(failed).toMatchObject({ state: 'failed', error: { sqlstate: '42P01' } });
    });
  });
}
