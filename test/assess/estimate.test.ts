/** Durations: from sizes and rates, from rehearsals, from past runs. */
import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/assess/analyse.ts';
import { assessScript } from '../../src/assess/assess.ts';
import { AssessContext } from '../../src/assess/context.ts';
import type { Pace } from '../../src/assess/estimate.ts';
import type { RelationSize } from '../../src/assess/model.ts';
import { corrected, ORDINARY, ratesFrom, type Sample } from '../../src/assess/rates.ts';
import { measureRates } from '../../src/assess/trace/measure.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { outerMajors, testServer } from '../support/servers.ts';
import { policy } from './support.ts';

const MB = 1024 * 1024;
const size = (relation: string, megabytes: number, rows: number, indexes = 1): [string, RelationSize] => [
  relation,
  { relation, rows, bytes: megabytes * MB, indexes },
];
const SIZES = new Map([size('public.big', 1000, 10_000_000, 2), size('public.small', 1, 10_000)]);

async function estimates(sql: string, pace?: Pace, sizes = SIZES) {
  const script = await parseScript(sql, 'up.sql');
  const options = pace === undefined ? {} : { pace };
  return analyse(script, new AssessContext(null), sizes, undefined, options).map(
    ({ facts }) => facts.estimate,
  );
}

describe('from sizes', () => {
  it('grows with the table, and keeps low below middle below high', async () => {
    const statements = [
      'ALTER TABLE %t ALTER COLUMN a TYPE bigint',
      'ALTER TABLE %t ADD CHECK (a > 0)',
      'CREATE INDEX ON %t (a)',
      'UPDATE %t SET a = 1',
      'UPDATE %t SET a = 1 WHERE b = 2',
    ];
    for (const sql of statements) {
      const [big] = await estimates(sql.replace('%t', 'big'));
      const [small] = await estimates(sql.replace('%t', 'small'));
      const [low = 0, middle = 0, high = 0] = big?.workMs ?? [];
      expect(low, sql).toBeLessThan(middle);
      expect(middle, sql).toBeLessThan(high);
      expect(middle, sql).toBeGreaterThan(20 * (small?.workMs[1] ?? 0));
    }
  });

  it('a condition leaves it open how many rows are written', async () => {
    const [all] = await estimates('UPDATE big SET a = 1');
    const [some] = await estimates('UPDATE big SET a = 1 WHERE b = 2');
    expect(some?.workMs[2]).toBe(all?.workMs[2]);
    expect(some?.workMs[1]).toBeLessThan((all?.workMs[1] ?? 0) / 4);
    const [listed] = await estimates('INSERT INTO big VALUES (1), (2), (3)');
    expect(listed?.workMs[2]).toBeLessThan(20);
  });

  it('is not given where a size is not known', async () => {
    expect(await estimates('UPDATE nowhere SET a = 1')).toEqual([null]);
    expect(await estimates('DROP TABLE nowhere')).toEqual([{ lockMs: [0, 1, 10], workMs: [0, 1, 10] }]);
  });

  it('a lock is held to the end of its transaction', async () => {
    const sql =
      'ALTER TABLE small ADD COLUMN x int; UPDATE big SET a = 1; CREATE INDEX CONCURRENTLY ON big (a);';
    const assessed = async (migration: string | null) => {
      const script = await parseScript(sql, 'up.sql');
      const facts = { catalog: null, sizes: SIZES, policy, migration, hasDown: false };
      return (await assessScript(script, facts)).statements.map(({ estimate }) => estimate);
    };
    const [alter, update, index] = await assessed('1_native');
    expect(alter?.lockMs[1]).toBe((alter?.workMs[1] ?? 0) + (update?.workMs[1] ?? 0));
    expect(index?.lockMs).toEqual([0, 0, 0]);
    // psql commits after every statement.
    const [alone] = await assessed(null);
    expect(alone?.lockMs).toEqual(alone?.workMs);
  });
});

describe('from what was measured', () => {
  it.each(outerMajors())('rates of a server, PostgreSQL %i', async (major) => {
    const connection = await (await (await testServer(major)).createDatabase()).connect();
    try {
      const measured = await measureRates(connection);
      if (measured === null) throw new Error('nothing was measured');
      const rates = ratesFrom(measured, 'another machine');
      for (const [low, middle, high] of Object.values(rates)) {
        expect(low).toBeGreaterThan(0);
        expect(low).toBeLessThan(middle);
        expect(middle).toBeLessThan(high);
      }
      const left = await connection.rows(`SELECT 1 FROM pg_namespace WHERE nspname = 'ferrata_measure'`);
      expect(left).toEqual([]);
      await connection.script(`CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
        CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()`);
      expect(await measureRates(connection)).toBeNull();
      await connection.script('DROP EVENT TRIGGER no');
    } finally {
      await connection.close();
    }
  });

  it('a rehearsal on real rows counts more than rates, scaled to the target', async () => {
    const rehearsed = new Map([[1, { ms: 500, rows: { 'public.big': 1_000_000 } }]]);
    const [seen] = await estimates('UPDATE big SET a = 1', { rates: ORDINARY, rehearsed });
    expect(seen?.workMs).toEqual([2500, 5000, 12_500]);
    const few = new Map([[1, { ms: 500, rows: { 'public.big': 24 } }]]);
    expect(await estimates('UPDATE big SET a = 1', { rates: ORDINARY, rehearsed: few })).toEqual(
      await estimates('UPDATE big SET a = 1'),
    );
  });

  it('past runs correct their own kind of work alone, and narrow it', () => {
    const samples: Sample[] = [2, 2.5, 3].map((ratio) => ({ kind: 'rewrite', ratio }));
    const rates = corrected(ORDINARY, samples);
    expect(rates.scan).toEqual(ORDINARY.scan);
    expect(rates.rewrite[1]).toBeCloseTo(ORDINARY.rewrite[1] * 2.5);
    const spread = ([low, , high]: readonly number[]) => (high ?? 0) / (low ?? 1);
    expect(spread(rates.rewrite)).toBeLessThan(spread(ORDINARY.rewrite));
    const wild = corrected(ORDINARY, [{ kind: 'write', ratio: 100_000 }]);
    expect(wild.write[1]).toBe(ORDINARY.write[1] * 20);
  });
});
