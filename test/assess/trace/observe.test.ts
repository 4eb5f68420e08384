/** What the observer says of one statement, on real servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Observation, observe } from '../../../src/assess/trace/observe.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { testMajors, testServer } from '../../support/servers.ts';

const SCHEMA = `
CREATE TABLE r (id int PRIMARY KEY);
INSERT INTO r SELECT generate_series(1, 20);
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(50), r_id int);
INSERT INTO t SELECT n, n, 'b' || n, n FROM generate_series(1, 20) n;
CREATE INDEX t_b ON t (b);
CREATE TABLE par (id int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE par1 PARTITION OF par FOR VALUES IN (1);
CREATE TABLE par2 PARTITION OF par DEFAULT;
CREATE TABLE par3 (id int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE par31 PARTITION OF par3 FOR VALUES IN (1);
CREATE TYPE mood AS ENUM ('ok');
CREATE FUNCTION touch() RETURNS void LANGUAGE sql AS 'UPDATE t SET a = a + 1';
`;

for (const major of testMajors()) {
  describe(`PostgreSQL ${major}`, () => {
    let connection: Connection;
    let second: Connection;

    beforeAll(async () => {
      const database = await (await testServer(major)).createDatabase();
      connection = await database.connect();
      second = await database.connect();
      await connection.script(SCHEMA);
    });
    afterAll(async () => {
      await connection?.close();
      await second?.close();
    });

    const undone = (sql: string): Promise<Observation> =>
      observe(connection, sql, { second, keep: false, transactional: true });
    const lockOn = ({ locks }: Observation, relation: string) =>
      locks.find((lock) => lock.relation === relation);

    it('a type change that rewrites', async () => {
      const seen = await undone('ALTER TABLE t ALTER COLUMN a TYPE bigint');
      expect(lockOn(seen, 'public.t')).toEqual({
        relation: 'public.t',
        mode: 'AccessExclusiveLock',
        role: 'target',
      });
      expect(seen).toMatchObject({
        rewrites: ['public.t'],
        scans: ['public.t'],
        builds: expect.arrayContaining(['public.t_pkey', 'public.t_b']),
        columns: [{ column: 'public.t.a', type: ['integer', 'bigint'] }],
        created: [],
        dropped: [],
        error: null,
      });
    });

    it('a type change that does not', async () => {
      const seen = await undone('ALTER TABLE t ALTER COLUMN b TYPE varchar(100)');
      expect(seen).toMatchObject({ rewrites: [], scans: [], builds: [], validates: [], error: null });
      expect(seen.columns).toEqual([
        {
          relation: 'public.t',
          column: 'public.t.b',
          type: ['character varying(50)', 'character varying(100)'],
          nullable: [true, true],
        },
      ]);
    });

    it('from citext: written anew where a length is checked, its index alone built where not', async () => {
      await connection.script(`CREATE EXTENSION IF NOT EXISTS citext; CREATE TABLE words (a citext, b text);
        CREATE INDEX words_a ON words (a); CREATE INDEX words_b ON words (b); INSERT INTO words VALUES ('A', 'b')`);
      const limited = await undone('ALTER TABLE words ALTER COLUMN a TYPE varchar(100)');
      expect(limited).toMatchObject({
        rewrites: ['public.words'],
        scans: ['public.words'],
        created: [],
        dropped: [],
      });
      expect([...limited.builds].sort()).toEqual(['public.words_a', 'public.words_b']);
      const free = await undone('ALTER TABLE words ALTER COLUMN a TYPE text');
      expect(free).toMatchObject({ rewrites: [], scans: ['public.words'], builds: ['public.words_a'] });
      await connection.script('DROP TABLE words');
    });

    it('a partition that is attached is read, unless a CHECK proves its bound', async () => {
      await connection.script(`CREATE TABLE new5 (id int NOT NULL); INSERT INTO new5 VALUES (5);
        CREATE TABLE new6 (id int NOT NULL CHECK (id = 6)); INSERT INTO new6 VALUES (6)`);
      const read = await undone('ALTER TABLE par3 ATTACH PARTITION new5 FOR VALUES IN (5)');
      expect(read.scans).toEqual(['public.new5']);
      expect(lockOn(read, 'public.par3')).toMatchObject({ mode: 'ShareUpdateExclusiveLock', role: 'target' });
      expect(lockOn(read, 'public.new5')).toMatchObject({ mode: 'AccessExclusiveLock', role: 'partition' });
      const proved = await undone('ALTER TABLE par3 ATTACH PARTITION new6 FOR VALUES IN (6)');
      expect(proved.scans).toEqual([]);
      await connection.script('DROP TABLE new5, new6');
    });

    it('a foreign key: both tables, validated', async () => {
      const seen = await undone('ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (r_id) REFERENCES r');
      expect(lockOn(seen, 'public.t')).toMatchObject({ mode: 'ShareRowExclusiveLock', role: 'target' });
      expect(lockOn(seen, 'public.r')).toMatchObject({ mode: 'ShareRowExclusiveLock', role: 'referenced' });
      expect(seen.validates).toEqual(['public.t.k']);
      expect([...seen.scans].sort()).toEqual(['public.r', 'public.t']);
      expect(seen.created).toContain('public.t.k');
    });

    it('SET NOT NULL, and after a CHECK that proves it', async () => {
      const plain = await undone('ALTER TABLE t ALTER COLUMN a SET NOT NULL');
      expect(plain.scans).toEqual(['public.t']);
      expect(plain.columns[0]?.nullable).toEqual([true, false]);
      await connection.script('BEGIN; ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL)');
      const proved = await observe(connection, 'ALTER TABLE t ALTER COLUMN a SET NOT NULL', {
        second,
        keep: true,
        transactional: true,
        inTransaction: true,
      });
      await connection.script('ROLLBACK');
      expect(proved.scans).toEqual([]);
      expect(proved.messages.join()).toContain('sufficient to prove');
    });

    it('a DO block and a function by what they do', async () => {
      const block = await undone('DO $$ BEGIN ALTER TABLE t ALTER a TYPE bigint; END $$');
      expect(block.rewrites).toEqual(['public.t']);
      expect(lockOn(block, 'public.t')).toMatchObject({ mode: 'AccessExclusiveLock', role: 'target' });
      const call = await undone('SELECT touch()');
      expect(lockOn(call, 'public.t')).toMatchObject({ mode: 'RowExclusiveLock' });
      expect(call.written).toEqual({ 'public.t': 20 });
    });

    it('TRUNCATE writes nothing anew; VACUUM FULL does', async () => {
      const emptied = await undone('TRUNCATE t');
      expect(emptied).toMatchObject({ rewrites: [], scans: [], builds: [] });
      const full = await observe(connection, 'VACUUM FULL t', { second, keep: true, transactional: false });
      expect(full.rewrites).toEqual(['public.t']);
    });

    it('partitions, made and dropped', async () => {
      const made = await undone('CREATE TABLE par4 PARTITION OF par FOR VALUES IN (3)');
      expect(lockOn(made, 'public.par')).toMatchObject({ mode: 'AccessExclusiveLock', role: 'parent' });
      expect(made.created).toContain('public.par4');
      expect(lockOn(made, 'public.par2')).toMatchObject({
        mode: 'AccessExclusiveLock',
        role: 'default partition',
      });
      const added = await undone('ALTER TABLE par ADD COLUMN x int');
      expect(lockOn(added, 'public.par2')).toMatchObject({ role: 'partition' });
      const dropped = await undone('DROP TABLE par1');
      expect(lockOn(dropped, 'public.par')).toMatchObject({ mode: 'AccessExclusiveLock', role: 'parent' });
      expect(dropped.dropped).toContain('public.par1');
    });

    it('CONCURRENTLY, seen from outside', async () => {
      const seen = await observe(connection, 'CREATE INDEX CONCURRENTLY t_a ON t (a)', {
        second,
        keep: true,
        transactional: false,
      });
      expect(lockOn(seen, 'public.t')).toMatchObject({ mode: 'ShareUpdateExclusiveLock', role: 'target' });
      expect(seen).toMatchObject({ builds: ['public.t_a'], scans: ['public.t'], rewrites: [], error: null });
      await connection.script('DROP INDEX t_a');
    });

    const outside = (sql: string): Promise<Observation> =>
      observe(connection, sql, { second, keep: true, transactional: false });

    it('what else is seen from outside', async () => {
      const locksOf = ({ locks }: Observation) =>
        Object.fromEntries(
          locks
            .filter(({ role }) => role !== 'index')
            .map(({ relation, mode, role }) => [relation, `${role} ${mode}`]),
        );
      const again = await outside('REINDEX INDEX CONCURRENTLY t_b');
      expect(locksOf(again)).toEqual({ 'public.t': 'target ShareUpdateExclusiveLock' });
      expect(again).toMatchObject({ builds: ['public.t_b'], scans: ['public.t'], rewrites: [] });
      expect(locksOf(await outside('VACUUM t'))).toEqual({ 'public.t': 'target ShareUpdateExclusiveLock' });
      const block = await outside('DO $$ BEGIN UPDATE t SET a = 0; COMMIT; END $$');
      expect(locksOf(block)).toEqual({ 'public.t': 'target RowExclusiveLock' });
      if (major >= 14) {
        const detached = await outside('ALTER TABLE par3 DETACH PARTITION par31 CONCURRENTLY');
        expect(locksOf(detached)).toEqual({
          'public.par3': 'target ShareUpdateExclusiveLock',
          'public.par31': 'partition AccessExclusiveLock',
        });
      }
      const dropped = await outside('DROP INDEX CONCURRENTLY t_b');
      expect(locksOf(dropped)).toEqual({ 'public.t': 'target ShareUpdateExclusiveLock' });
      expect(dropped.dropped).toEqual(['public.t_b']);
    });

    it('an error, and the session afterwards', async () => {
      await connection.script("SET client_min_messages = warning; SET lock_timeout = '250ms'");
      const seen = await undone('ALTER TABLE t ADD CONSTRAINT k CHECK (a > 5)');
      expect(seen.error?.sqlstate).toBe('23514');
      expect(seen.lockTimeoutMs).toBe(250);
      const kept = await observe(connection, 'SET client_min_messages = error', {
        second,
        keep: true,
        transactional: true,
      });
      expect(kept.error).toBeNull();
      const [row] = await connection.script('SHOW client_min_messages');
      expect(row).toEqual([['error']]);
      await connection.script('RESET ALL');
    });
  });
}
