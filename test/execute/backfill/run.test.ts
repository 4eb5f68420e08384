import { afterEach, describe, expect, it } from 'vitest';
import { testMajors } from '../../support/servers.ts';
import { POLICY, Stage } from '../support.ts';
import { traces } from '../undo-support.ts';
import { backfillPlan, specOf } from './support.ts';

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

async function stageWith(sql: string, major = 18): Promise<Stage> {
  const stage = await Stage.open(major);
  stages.push(stage);
  await stage.connection.script(sql);
  return stage;
}

const T = `CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text);
  INSERT INTO t SELECT g, 0, 'row ' || g FROM generate_series(1, 1000) g`;
const SMALL = { ...POLICY, batchSize: 70 };

describe('an UPDATE in batches', () => {
  for (const major of testMajors()) {
    it(`changes each row once, keeps what it was, and leads back (PostgreSQL ${major})`, async () => {
      const on = await stageWith(T, major);
      const before = await on.value('SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM t');
      const done = await on.up(backfillPlan(specOf()), { policy: SMALL });
      expect(done).toMatchObject({ state: 'completed', steps: [{ step: 's1', rows: 1000 }] });
      expect(await on.value('SELECT count(*)::int FROM t WHERE n = 1')).toBe(1000);
      const checkpoints = await on.connection.query(
        'SELECT phase, rows::int, seen::int, batches::int > 10 AS many, last FROM ferrata.backfill',
      );
      expect(checkpoints).toEqual([
        { phase: 'done', rows: 1000, seen: expect.any(Number), many: true, last: ['1000'] },
      ]);
      const back = await on.down(done.run, { policy: SMALL });
      expect(back).toMatchObject({ state: 'rolled_back', conflicts: [] });
      expect(await on.value('SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM t')).toBe(before);
      expect(await traces(on.connection)).toEqual([]);
    });
  }

  it('goes back in smaller batches than it came, where the policy says so', async () => {
    const on = await stageWith(T);
    const steady = { ...POLICY, batchTargetMs: 600_000 };
    const done = await on.up(backfillPlan(specOf()), { policy: { ...steady, batchSize: 400 } });
    await on.down(done.run, { policy: { ...steady, batchSize: 30 } });
    expect(await on.value('SELECT max(n) FROM t')).toBe(0);
    expect(
      await on.connection.query(
        `SELECT rows::int, batches::int BETWEEN 34 AND 36 AS batches FROM ferrata.backfill WHERE direction = 'down'`,
      ),
    ).toEqual([{ rows: 1000, batches: true }]);
  });

  it('leaves alone, and names, what the application has changed since; other columns may change', async () => {
    const on = await stageWith(T);
    const done = await on.up(backfillPlan(specOf()), { policy: SMALL });
    await on.connection.script(
      `UPDATE t SET n = 5 WHERE id = 7; UPDATE t SET note = 'mine' WHERE id = 8; DELETE FROM t WHERE id = 9`,
    );
    const back = await on.down(done.run, { policy: SMALL });
    expect(back.conflicts).toEqual([
      { table: 'public.t', key: 'id=7', what: 'changed since: left as it is' },
      { table: 'public.t', key: 'id=9', what: 'deleted or given another key since: not put back' },
    ]);
    expect(
      await on.connection.rows('SELECT id::int, n, note FROM t WHERE id BETWEEN 6 AND 10 ORDER BY id'),
    ).toEqual([
      [6, 0, 'row 6'],
      [7, 5, 'row 7'],
      [8, 0, 'mine'],
      [10, 0, 'row 10'],
    ]);
  });

  it('does not put rows back where it could not tell them apart', async () => {
    const on = await stageWith(T);
    const done = await on.up(backfillPlan(specOf()), { policy: SMALL });
    await on.connection.script('ALTER TABLE t DROP CONSTRAINT t_pkey');
    await expect(on.down(done.run, { policy: SMALL })).rejects.toMatchObject({
      code: 'rollback-unavailable',
    });
    expect(await on.value('SELECT min(n) FROM t')).toBe(1);
    await on.connection.script('ALTER TABLE t ADD PRIMARY KEY (id)');
    const open = await on.ledger.unfinished();
    if (open === null) throw new Error('the run is not open');
    await on.down(open, { policy: SMALL });
    expect(await on.value('SELECT max(n) FROM t')).toBe(0);
  });
});
