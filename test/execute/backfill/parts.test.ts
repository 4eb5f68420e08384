/** The engine's parts by themselves. */
import { describe, expect, it } from 'vitest';
import { between, orderBy, segmentsAfter, upTo } from '../../../src/execute/backfill/key.ts';
import { Progress, type ProgressEvent } from '../../../src/execute/backfill/progress.ts';
import { BatchSize } from '../../../src/execute/backfill/size.ts';
import type { BackfillKey } from '../../../src/plan/backfill.ts';
import { keyOf } from './support.ts';

describe('the size of a batch', () => {
  it('starts small, grows slowly, never beyond the most', () => {
    const size = new BatchSize(10_000, 200);
    const sizes: number[] = [];
    for (let n = 0; n < 12; n++) {
      sizes.push(size.rows());
      size.committed(size.rows(), 10);
    }
    expect(sizes[0]).toBe(1000);
    for (const [n, rows] of sizes.entries())
      expect(rows).toBeLessThanOrEqual((sizes[n - 1] ?? rows) * 1.5 + 2);
    expect(sizes.at(-1)).toBe(10_000);
    expect(size.rows(0.01)).toBe(100);
    expect(size.rows(0)).toBe(1);
  });

  it('settles where a batch takes the time it should', () => {
    const size = new BatchSize(50_000, 200);
    // 20 rows in a millisecond.
    for (let n = 0; n < 60; n++) size.committed(size.rows(), size.rows() / 20);
    expect(size.rows()).toBeGreaterThan(3000);
    expect(size.rows()).toBeLessThan(5000);
  });

  it('halves at once on trouble, and waits before it grows again', () => {
    const size = new BatchSize(1000, 200);
    for (let n = 0; n < 20; n++) size.committed(size.rows(), 1);
    expect(size.rows()).toBe(1000);
    size.trouble();
    size.trouble();
    expect(size.rows()).toBe(250);
    for (let n = 0; n < 5; n++) size.committed(size.rows(), 1);
    expect(size.rows()).toBe(250);
    size.committed(250, 1);
    expect(size.rows()).toBeGreaterThan(250);
    for (let n = 0; n < 20; n++) size.trouble();
    expect(size.rows()).toBe(1);
  });

  it('does not grow for a batch that was smaller than it might have been', () => {
    const size = new BatchSize(1000, 200);
    size.committed(3, 1);
    expect(size.rows()).toBe(100);
  });
});

describe('progress', () => {
  it('tells the rate of late, and when it will be done', () => {
    let now = 0;
    const told: ProgressEvent[] = [];
    const head = { run: 'r', step: 's1', direction: 'up' } as const;
    const progress = new Progress(
      head,
      { done: 0, changed: 0, estimate: 100_000 },
      (event) => told.push(event),
      () => now,
    );
    for (let n = 0; n < 20; n++) {
      now += 1000;
      progress.next(500 + n);
      progress.add(n < 10 ? 10 : 1000, n < 10 ? 5 : 500);
    }
    expect(told.length).toBe(20);
    expect(told.at(-1)).toMatchObject({
      done: 10_100,
      changed: 5_050,
      estimate: 100_000,
      batchSize: 519,
      throttle: null,
    });
    expect(told.at(-1)?.rowsPerSecond).toBeGreaterThan(900);
    expect(told.at(-1)?.rowsPerSecond).toBeLessThanOrEqual(1000);
    expect(told.at(-1)?.etaMs).toBeGreaterThan(80_000);
    expect(told.at(-1)?.etaMs).toBeLessThan(100_000);
    progress.throttled('lag');
    progress.throttled('lag');
    progress.throttled(null);
    expect(told.slice(20).map(({ throttle }) => throttle)).toEqual(['lag', null]);
    progress.finish();
    expect(told.at(-1)).toMatchObject({ done: 10_100, estimate: 10_100 });
  });

  it('tells no more often than anybody can read, and never more done than there is', () => {
    let now = 0;
    const told: ProgressEvent[] = [];
    const head = { run: 'r', step: 's1', direction: 'down' } as const;
    const progress = new Progress(
      head,
      { done: 0, changed: 0, estimate: 10 },
      (event) => told.push(event),
      () => now,
    );
    for (let n = 0; n < 1000; n++) {
      now += 1;
      progress.add(1, 1);
    }
    expect(told.length).toBeLessThan(5);
    expect(told.every(({ done, estimate }) => done <= estimate)).toBe(true);
  });
});

describe('the SQL of a key', () => {
  const two = keyOf({ a: 'int', b: 'text' });
  const mixed: BackfillKey = {
    index: 'public.i',
    columns: [
      { name: 'a', type: 'int', collation: null, descending: false, nullsFirst: false },
      { name: 'B c', type: 'text', collation: '"C"', descending: true, nullsFirst: true },
    ],
  };

  it('is one comparison of rows where all columns run the same way', () => {
    expect(segmentsAfter(two, 't', ['1', "it's"])).toEqual([`(t.a, t.b) > ('1'::int, 'it''s'::text)`]);
    expect(upTo(two, 't', ['2', 'x'])).toBe(`(t.a, t.b) <= ('2'::int, 'x'::text)`);
    expect(between(keyOf({ id: 'bigint' }), 't', null, ['7'])).toBe(`t.id <= '7'::bigint`);
    expect(segmentsAfter(two, 't', null)).toEqual(['true']);
  });

  it('is ranges of the index, one behind the other, where they do not', () => {
    expect(orderBy(mixed, 't')).toBe('t.a ASC NULLS LAST, t."B c" COLLATE "C" DESC NULLS FIRST');
    expect(orderBy(mixed, 't', true)).toBe('t.a DESC NULLS FIRST, t."B c" COLLATE "C" ASC NULLS LAST');
    expect(segmentsAfter(mixed, 't', ['1', 'x'])).toEqual([
      `t.a = '1'::int AND t."B c" COLLATE "C" < 'x'::text`,
      `t.a > '1'::int`,
    ]);
    // Within one value of the first column it is one range.
    expect(between(mixed, 't', ['1', 'x'], ['1', 'b'])).toBe(
      `t.a = '1'::int AND t."B c" COLLATE "C" < 'x'::text AND t."B c" COLLATE "C" >= 'b'::text`,
    );
    expect(between(mixed, 't', ['1', 'x'], ['3', 'b'])).toBe(
      `t.a >= '1'::int AND ((t.a = '1'::int AND t."B c" COLLATE "C" < 'x'::text) OR (t.a > '1'::int)) AND ` +
        `t.a <= '3'::int AND ((t.a = '3'::int AND t."B c" COLLATE "C" >= 'b'::text) OR (t.a < '3'::int))`,
    );
  });
});
