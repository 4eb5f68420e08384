import { createHash } from 'node:crypto';
import type { Plan } from './model.ts';

/**
 * SHA-256, hex, over what decides what runs: canonical JSON (keys sorted) of the plan without measurements (`expects`),
 * remarks (`notes`), and what the policy and today's table sizes say about it (`risk`, `rollbackWindowHours`).
 */
export function planChecksum(plan: Plan): string {
  const { risk: _risk, rollbackWindowHours: _hours, steps, ...rest } = plan;
  const bound = { ...rest, steps: steps.map(({ expects: _expects, notes: _notes, ...step }) => step) };
  return createHash('sha256').update(canonicalJson(bound)).digest('hex');
}

/** JSON with the keys of every object in order of their code units. Members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
