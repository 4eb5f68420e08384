import { describe, expect, it } from 'vitest';
import { readStats, readTarget } from '../../src/assess/read-stats.ts';
import { parseStats, sizesIn, statsToJson, targetFacts } from '../../src/assess/stats.ts';
import { testServer } from '../support/servers.ts';

describe.each([18, 13])('statistics of a target (PostgreSQL %i)', (major) => {
  it('holds sizes, rates between two samples and publications, and no values', async () => {
    const database = await (await testServer(major)).createDatabase();
    const connection = await database.connect();
    const writer = await database.connect();
    try {
      await connection.script(`
        CREATE SCHEMA "My Shop";
        CREATE TABLE "My Shop"."Orders" (id int PRIMARY KEY, secret text, kind int);
        INSERT INTO "My Shop"."Orders" SELECT n, 'hunter2', n % 4 FROM generate_series(1, 8000) n;
        CREATE INDEX ON "My Shop"."Orders" (kind);
        CREATE TABLE par (id int) PARTITION BY RANGE (id);
        CREATE TABLE par1 PARTITION OF par FOR VALUES FROM (0) TO (1000);
        CREATE TABLE par2 PARTITION OF par FOR VALUES FROM (1000) TO (2000);
        INSERT INTO par SELECT n FROM generate_series(0, 1999) n;
        CREATE TABLE never (id int);
        INSERT INTO never SELECT generate_series(1, 100);
        CREATE MATERIALIZED VIEW mv AS SELECT * FROM par;
        CREATE VIEW v AS SELECT 1 AS a;
        CREATE SCHEMA ferrata; CREATE TABLE ferrata.runs (id int);
        CREATE PUBLICATION pub FOR TABLE par1;
        ANALYZE "My Shop"."Orders"; ANALYZE par; ANALYZE par1; ANALYZE par2; ANALYZE mv;`);
      const stats = await readStats(connection, 'production', {
        seconds: 2,
        columns: true,
        // In place of waiting: the writes of two seconds, told to the statistics before the second look.
        sleep: async () => {
          await writer.query('INSERT INTO par SELECT n % 2000 FROM generate_series(1, 400) n');
          await writer.query('UPDATE "My Shop"."Orders" SET secret = $1 WHERE id <= 50', ['hunter3']);
          await writer.close();
          await new Promise((resolve) => setTimeout(resolve, 2000));
        },
      });
      expect(Object.keys(stats.relations)).toEqual([
        '"My Shop"."Orders"',
        'public.mv',
        'public.never',
        'public.par',
        'public.par1',
        'public.par2',
      ]);
      expect(stats).toMatchObject({ ferrata: 1, environment: 'production', sampledSeconds: 2, replicas: 0 });
      const { 'public.par': par, '"My Shop"."Orders"': orders, 'public.never': never } = stats.relations;
      expect(par).toMatchObject({ kind: 'partitioned table', publications: ['pub'] });
      expect(par?.rows).toBeGreaterThan(1900);
      expect(par?.perSecond.inserted).toBeGreaterThan(50);
      expect(par?.perSecond.inserted).toBeLessThan(201);
      expect(orders).toMatchObject({ kind: 'table', rows: 8000, indexes: 2, publications: [] });
      expect(orders?.perSecond.updated).toBeGreaterThan(5);
      expect(orders?.indexBytes).toBeGreaterThan(100_000);
      expect(orders?.columns?.id).toEqual({ distinctPerRow: 1, nulls: 0 });
      expect(orders?.columns?.kind?.distinctPerRow).toBeCloseTo(4 / 8000, 5);
      expect(never?.rows).toBeNull();
      expect(stats.settings.statement_timeout).toBe('0');
      expect(stats.extensions.plpgsql).toBe('1.0');

      const text = statsToJson(stats);
      expect(text).not.toMatch(/hunter|localhost|127\.0|postgres:/);
      expect(await parseStats(text, 'x')).toEqual(stats);
      expect(sizesIn(targetFacts(stats)).get('"My Shop"."Orders"')).toMatchObject({ rows: 8000, indexes: 2 });
      expect(targetFacts(stats).relations['public.par1']?.publications).toEqual(['pub']);
    } finally {
      await connection.close();
    }
  });

  it('says of a live server what holds for the moment', async () => {
    const database = await (await testServer(major)).createDatabase();
    const [connection, other] = [await database.connect(), await database.connect()];
    try {
      await connection.script(`CREATE SEQUENCE s START 10 INCREMENT 5; CREATE SEQUENCE "T t"; SELECT nextval('s');
        ALTER ROLE CURRENT_USER IN DATABASE ${connection.server.database} SET lock_timeout = '3s'`);
      await other.script('BEGIN; SELECT pg_current_xact_id()');
      const fresh = await database.connect();
      const target = await readTarget(fresh).finally(() => fresh.close());
      expect(target.nextValues).toEqual({ 'public.s': 15, 'public."T t"': 1 });
      expect(target.settings).toMatchObject({ lock_timeout: '3s', statement_timeout: '0' });
      expect(target.oldestTransactionSeconds).toBeGreaterThan(0);
    } finally {
      await connection.close();
      await other.close();
    }
  });
});

describe('a statistics file', () => {
  const refused = async (text: string): Promise<string> => {
    const error: unknown = await parseStats(text, 'ferrata.stats.json').catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'stats-invalid' });
    return (error as Error).message;
  };

  it('that is none is refused with the place', async () => {
    expect(await refused('{')).toContain('not JSON');
    expect(await refused('[]')).toContain('no statistics file');
    expect(await refused('{"ferrata": 2}')).toContain('newer version');
    const whole = {
      ferrata: 1,
      environment: 'p',
      takenAt: '',
      sampledSeconds: 1,
      serverVersionNum: 180000,
      replicas: 0,
      settings: {},
      extensions: {},
      relations: { 'public.t': { rows: -5 } },
    };
    expect(await refused(JSON.stringify(whole))).toContain('relations.public.t');
  });
});
