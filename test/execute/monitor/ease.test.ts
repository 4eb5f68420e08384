import { expect, it } from 'vitest';
import { Ease } from '../../../src/execute/monitor/ease.ts';

const latency = (value: number | null, limit: number | null = 2) => [
  { signal: 'latency' as const, value, limit },
];

it('slows down before the limit that pauses, and gets faster again slowly', () => {
  const ease = new Ease();
  ease.see(latency(1.1));
  expect(ease.factor).toBe(1);
  ease.see(latency(1.5));
  ease.see(latency(1.5));
  const slow = ease.factor;
  expect(slow).toBeLessThan(0.5);
  ease.see(latency(1.15));
  expect(ease.factor, 'between the two it stays').toBe(slow);
  ease.see(latency(1));
  expect(ease.factor).toBeGreaterThan(slow);
  expect(ease.factor).toBeLessThan(slow * 1.5);
  for (let n = 0; n < 100; n++) ease.see(latency(1));
  expect(ease.factor).toBe(1);
});

it('never stops, and takes no notice of what has no limit, no value, or is not about speed', () => {
  const ease = new Ease();
  ease.see(latency(9, null));
  ease.see(latency(null));
  ease.see([{ signal: 'waiting-sessions', value: 3, limit: 0 }]);
  expect(ease.factor).toBe(1);
  for (let n = 0; n < 100; n++) ease.see(latency(9));
  expect(ease.factor).toBeGreaterThan(0);
  const lag = new Ease();
  lag.see([{ signal: 'replication-lag', value: 3000, limit: 5000 }]);
  expect(lag.factor).toBeLessThan(1);
});
