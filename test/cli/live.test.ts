import { describe, expect, it } from 'vitest';
import { visibleLength } from '../../src/cli/print/layout.ts';
import { afterEvent, type LiveRun, renderLive } from '../../src/cli/print/live.ts';
import { createPalette } from '../../src/cli/print/palette.ts';
import type { FerrataEvent } from '../../src/events.ts';

const EVENTS: readonly FerrataEvent[] = [
  { type: 'run-started', run: 'r1', migration: '20260101000000_status', direction: 'up', steps: 3 },
  { type: 'step-started', run: 'r1', step: 's1', title: 'ALTER TABLE orders ADD COLUMN status' },
  { type: 'step-finished', run: 'r1', step: 's1', ms: 4, rows: null },
  { type: 'step-started', run: 'r1', step: 's2', title: 'UPDATE orders SET status = …' },
  {
    type: 'backfill-progress',
    run: 'r1',
    step: 's2',
    direction: 'up',
    done: 2_500_000,
    changed: 2_400_000,
    estimate: 10_000_000,
    rowsPerSecond: 81_234.5,
    etaMs: 92_000,
    batchSize: 5_000,
    throttle: null,
  },
  {
    type: 'monitor-sample',
    run: 'r1',
    samples: [
      { signal: 'replication-lag', value: 800, state: 'ok', detail: 'replica_b is 0.8 s behind' },
      { signal: 'waiting-sessions', value: 0, state: 'ok', detail: 'nobody waits' },
      { signal: 'latency', value: 2.4, state: 'pause', detail: 'p99 24.0 ms, 2.4 × the 10.0 ms before' },
    ],
  },
  {
    type: 'throttled',
    run: 'r1',
    decision: 'pause',
    reason: 'latency: p99 24.0 ms, 2.4 × the 10.0 ms before',
  },
];

const replay = (events: readonly FerrataEvent[]): LiveRun | null =>
  events.reduce<LiveRun | null>((live, event) => afterEvent(live, event, 0), null);

describe('the live view', () => {
  it('shows step, bar, pace, signals, and why it waits', () => {
    const live = replay(EVENTS);
    if (live === null) throw new Error('no run');
    expect(renderLive(live, 31_000, 100, createPalette(false))).toEqual([
      'up 20260101000000_status run r1, 31.0 s',
      'step 2 of 3 UPDATE orders SET status = …',
      '██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 25 % of about 10,000,000 rows',
      '81,235 rows/s · 1 min 32 s left · batches of 5,000 · 2,400,000 changed',
      'replication-lag: replica_b is 0.8 s behind · waiting-sessions: nobody waits',
      'latency: p99 24.0 ms, 2.4 × the 10.0 ms before',
      'waiting: latency: p99 24.0 ms, 2.4 × the 10.0 ms before',
      'Ctrl-C pauses; ferrata pause, throttle, abort from elsewhere; ferrata down takes it back',
    ]);
  });

  it.each([20, 40, 60, 79])('is never wider than a terminal of %i columns, colours or not', (width) => {
    const live = replay(EVENTS);
    if (live === null) throw new Error('no run');
    for (const colours of [false, true]) {
      const lines = renderLive(live, 31_000, width, createPalette(colours));
      expect(lines.filter((line) => visibleLength(line) > width)).toEqual([]);
    }
  });

  it('ends with its run', () => {
    expect(
      replay([...EVENTS, { type: 'run-finished', run: 'r1', migration: 'm', state: 'completed', ms: 1 }]),
    ).toBeNull();
  });

  it('lets go of what it waited for', () => {
    expect(
      replay([...EVENTS, { type: 'throttled', run: 'r1', decision: 'go', reason: '' }])?.waiting,
    ).toBeNull();
  });
});
