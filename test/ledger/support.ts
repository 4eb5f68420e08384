import type { Plan, Step } from '../../src/plan/model.ts';
import type { Proof } from '../../src/prepare/model.ts';

/** A step of plain SQL; `s<n>`. */
export function sqlStep(n: number, sql: readonly string[], more: Partial<Step> = {}): Step {
  return {
    id: `s${n}`,
    kind: 'ddl',
    title: sql[0]?.slice(0, 40) ?? '',
    transactional: true,
    forward: sql.map((text) => ({ type: 'sql', sql: text, at: null })),
    inverse: null,
    inverseTransactional: true,
    inverseRefusals: [],
    captures: [],
    done: { type: 'ledger' },
    expects: [],
    fingerprintAfter: null,
    ...more,
  };
}

export function planOf(migration: string, steps: readonly Step[], more: Partial<Plan> = {}): Plan {
  return {
    ferrata: 1,
    migration,
    checksum: `checksum-of-${migration}`,
    pattern: 'direct',
    type: 'ddl',
    risk: 'low',
    rollbackWindowHours: 24,
    serverMajor: null,
    startFingerprint: null,
    endFingerprint: null,
    steps,
    down: null,
    ...more,
  };
}

export function proofOf(plan: Plan, more: Partial<Proof> = {}): Proof {
  return {
    migration: plan.migration,
    migrations: [plan.migration],
    outcome: 'proved',
    level: 2,
    dataSource: 'synthetic',
    unfilled: [],
    rows: {},
    rollbackPoints: [],
    redo: 'equal',
    redoDifferences: [],
    locks: [],
    measures: [],
    error: null,
    derivedRollback: null,
    notes: [],
    checksum: plan.checksum,
    planChecksum: 'plan-checksum',
    startFingerprint: 'start',
    endFingerprint: null,
    serverMajor: 18,
    targetMajor: 18,
    scratch: 'scratch',
    provedAt: '2026-11-21T00:00:00.000Z',
    ms: 1,
    ...more,
  };
}
