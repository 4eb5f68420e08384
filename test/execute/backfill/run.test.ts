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
});
